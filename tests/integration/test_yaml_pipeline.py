"""The annotation as a step of matchms pipelines, and the YAML file among the examples."""

from pathlib import Path

import pytest
from annotation_cases import PEAKS
from builders import make_spectrum
from matchms import Pipeline, Spectrum
from matchms.exporting import save_as_mgf
from matchms.filtering.SpectrumProcessor import SpectrumProcessor
from matchms.importing import load_from_mgf
from matchms.networking import SimilarityNetwork
from matchms.yaml_file_functions import load_workflow_from_yaml_file
from matchms_tables import registered

from matchms_fingerprint import annotate
from matchms_fingerprint.errors import LibraryError, SettingsError
from matchms_fingerprint.similarity import add_structure_annotation

WORKFLOW = Path(__file__).resolve().parents[2] / "examples" / "02_matchms_pipeline.yaml"


def caffeine(**metadata: object) -> Spectrum:
    mz, intensities = (list(column) for column in zip(*PEAKS, strict=True))
    known = {"precursor_mz": 195.0877, "adduct": None, "ms_level": "2", "feature_id": "7"}
    return make_spectrum(mz, intensities, **(known | metadata))


def test_filter_adds_the_best_hit_of_annotate(small_library: Path, tiny_bundle: Path) -> None:
    spectrum = caffeine()
    annotated = add_structure_annotation(spectrum, str(small_library), str(tiny_bundle))
    (annotation,) = annotate([spectrum], small_library, tiny_bundle, top_k=1)
    hit = annotation.hits[0]
    assert annotated.get("smiles") == hit.candidate.smiles
    assert (annotated.get("adduct"), annotated.get("feature_id")) == (hit.adduct, "7")
    assert annotated.get("mf_probability") == pytest.approx(hit.probability, rel=1e-3)
    assert annotated.get("mf_rank") == 1
    assert spectrum.get("smiles") is None
    assert add_structure_annotation(spectrum, str(small_library), str(tiny_bundle), clone=False) is spectrum
    assert spectrum.get("smiles") == hit.candidate.smiles


@pytest.mark.parametrize(
    "metadata",
    [{"smiles": "CCO"}, {"precursor_mz": 500.5}, {"precursor_mz": None}, {"precursor_mz": "x"}, {"ms_level": "1"}],
)
def test_filter_leaves_a_spectrum_alone_that_it_cannot_annotate(
    metadata: dict, small_library: Path, tiny_bundle: Path
) -> None:
    spectrum = caffeine(**metadata)
    unchanged = add_structure_annotation(spectrum, str(small_library), str(tiny_bundle))
    assert dict(unchanged.metadata) == dict(spectrum.metadata)
    assert add_structure_annotation(None, str(small_library), str(tiny_bundle)) is None


def test_filter_takes_an_ion_mode_for_spectra_without_one(small_library: Path, tiny_bundle: Path) -> None:
    spectrum = caffeine(ionmode=None, charge=None)
    assert add_structure_annotation(spectrum, str(small_library), str(tiny_bundle)).get("smiles") is None
    annotated = add_structure_annotation(spectrum, str(small_library), str(tiny_bundle), ion_mode="positive")
    assert annotated.get("smiles")


def test_wrong_settings_of_the_filter_raise(tmp_path: Path, small_library: Path, tiny_bundle: Path) -> None:
    with pytest.raises(LibraryError):
        add_structure_annotation(caffeine(), str(tmp_path / "none"), str(tiny_bundle))
    with pytest.raises(SettingsError):
        add_structure_annotation(caffeine(), str(small_library), str(tiny_bundle), ion_mode="up")


def test_filter_runs_in_a_processor_by_name(small_library: Path, tiny_bundle: Path) -> None:
    settings = {"candidates": str(small_library), "model": str(tiny_bundle)}
    with registered():
        processor = SpectrumProcessor([("add_structure_annotation", settings)])
        (processed,), _ = processor.process_spectra([caffeine()], progress_bar=False, create_report=True)
    assert processed.get("smiles")


def test_yaml_file_annotates_scores_and_makes_a_network(tmp_path: Path, wide_model: Path) -> None:
    """The file as it stands, but for the model: the tiny one takes the place of the default one."""
    text = WORKFLOW.read_text(encoding="utf-8")
    assert "model: default" in text
    (tmp_path / "workflow.yaml").write_text(text.replace("model: default", f"model: '{wide_model}'"), encoding="utf-8")
    spectra = [caffeine(feature_id=str(number), precursor_mz=195.0877 + number * 2.01565) for number in range(4)]
    save_as_mgf(spectra, str(tmp_path / "features.mgf"))
    cleaned = tmp_path / "annotated.mgf"
    with registered():
        pipeline = Pipeline(load_workflow_from_yaml_file(str(tmp_path / "workflow.yaml")), progress_bar=False)
        pipeline.run(str(tmp_path / "features.mgf"), cleaned_query_file=str(cleaned))
    assert pipeline.scores.score_names[:2] == ("EmbeddingSimilarity", "FingerprintRetrieval")
    annotated = list(load_from_mgf(str(cleaned)))
    assert len(annotated) == 4
    assert annotated[0].get("smiles")
    assert annotated[0].get("mf_probability")
    network = SimilarityNetwork("feature_id", score_cutoff=0.0)
    network.create_network(pipeline.scores, "EmbeddingSimilarity")
    assert network.graph.number_of_nodes() == 4
    assert network.graph.number_of_edges() > 0
