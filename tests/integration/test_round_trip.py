"""Every file that goes back to MZmine, for every real export, read back by the rules of its readers."""

import logging
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from annotated_features import awkward_annotations, make_annotation
from builders import make_spectrum
from matchms import Spectrum
from matchms.importing import load_from_mgf, load_from_msp
from mzmine_rules import (
    Row,
    annotate_rows,
    read_compounds,
    read_gnps_results,
    read_mgf_library,
    read_msp_library,
    read_network,
)
from mztab_rules import read_mztab

from matchms_fingerprint import (
    Annotation,
    CandidateLibrary,
    EmbeddingSimilarity,
    annotate,
    load_model,
    load_spectra,
)
from matchms_fingerprint.annotation.annotator import Annotator
from matchms_fingerprint.annotation.results import annotate_to_folder
from matchms_fingerprint.annotation.round_trip import (
    FILES,
    RoundTripSettings,
    round_trip,
    round_trip_writer,
    write_round_trip,
)
from matchms_fingerprint.annotation.settings import AnnotationSettings
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.io.mztab_metadata import MzTabSource
from matchms_fingerprint.io.quant_table import QuantTable

EXPORTS = (
    ("fermo_mzmine3.9.0", True),
    ("fermo_mzmine4.5.37", True),
    ("fermo_mzmine4.5.37", False),
    ("mascot-rs_001_gnps", False),
    ("mascot-rs_001_sirius", False),
    ("edge_cases", False),
)
"""Names of the exports, and whether their quantification table is given."""

N_SPECTRA = 60

SETTINGS = RoundTripSettings(graphml_ranks=3, edges_knn=5, edges_min_score=0.0)


class Exported:
    """A run over one export, with all files written."""

    def __init__(self, shared: Path, name: str, with_quant: bool, model: Path, folder: Path) -> None:
        self.name = name
        path = shared / "mzmine" / f"{name}.mgf"
        self.quant = QuantTable.read(path.with_suffix(".csv")) if with_quant else None
        self.spectra = list(islice(load_spectra(path, ion_mode="positive"), N_SPECTRA))
        self.annotations = list(annotate(self.spectra, "starter", model, top_k=3, min_peaks=1))
        embeddings = EmbeddingSimilarity(str(model)).compute_embeddings(self.spectra)
        source = MzTabSource(path, "starter", "0.1.0", settings=("top_k = 3",), quant=self.quant)
        self.folder = folder
        write_round_trip(folder, zip(self.annotations, self.spectra, embeddings, strict=True), source, SETTINGS)

    @property
    def annotated(self) -> list[Annotation]:
        return [annotation for annotation in self.annotations if annotation.hits]

    @property
    def rows(self) -> list[Row]:
        """The feature list of MZmine: as its table has it, else with the digits of its MGF."""
        if self.quant is not None:
            places = zip(self.quant.row_ids, self.quant.mz, self.quant.retention_times_s, strict=True)
            return [Row(int(row_id), float(mz), float(time) / 60) for row_id, mz, time in places]
        return [
            Row(int(one.feature_id), one.precursor_mz or 0.0, (one.retention_time_s or 0.0) / 60)
            for one in self.annotations
        ]

    def __truediv__(self, kind: str) -> Path:
        return self.folder / FILES[kind]


@pytest.fixture(scope="module", params=EXPORTS, ids=[f"{name}-{'quant' if quant else ''}" for name, quant in EXPORTS])
def exported(
    request: pytest.FixtureRequest, shared: Path, wide_model: Path, tmp_path_factory: pytest.TempPathFactory
) -> Exported:
    name, with_quant = request.param
    found = Exported(shared, name, with_quant, wide_model, tmp_path_factory.mktemp("round_trip") / "results")
    assert found.annotated
    return found


@pytest.mark.shared
class TestRealExports:
    def test_all_files_are_there_and_no_other(self, exported: Exported) -> None:
        assert {path.name for path in exported.folder.iterdir()} == set(SETTINGS.file_names)
        assert {"gnps_results_2.graphml", "gnps_results_3.graphml", *FILES.values()} == set(SETTINGS.file_names)

    def test_compound_search_shows_the_hits_of_each_row_best_first(self, exported: Exported) -> None:
        found = annotate_rows(read_compounds(exported / "compounds"), exported.rows)
        for annotation in exported.annotated:
            shown = found[int(annotation.feature_id)]
            own = [one for one in shown if one.values["internal_id"] == annotation.feature_id]
            assert [one.values["smiles"] for one in own] == [hit.candidate.smiles for hit in annotation.hits]
            if annotation.retention_time_s is not None and exported.name != "edge_cases":  # all of one m/z there
                assert shown[: len(own)] == own
        rows = {int(annotation.feature_id) for annotation in exported.annotated}
        assert rows <= {row_id for row_id, shown in found.items() if shown}

    def test_gnps_results_by_row_id(self, exported: Exported) -> None:
        for rank in (1, 2, 3):
            name = FILES["graphml"] if rank == 1 else f"gnps_results_{rank}.graphml"
            matches = read_gnps_results(exported.folder / name)
            hits = {int(one.feature_id): one.hits[rank - 1] for one in exported.annotated if len(one.hits) >= rank}
            assert matches.keys() == hits.keys()
            for row_id, hit in hits.items():
                assert matches[row_id]["MQScore"] == pytest.approx(hit.score, abs=1e-6)
                assert (matches[row_id]["Smiles"], matches[row_id]["Adduct"]) == (hit.candidate.smiles, hit.adduct)

    def test_edges_between_rows_of_the_list(self, exported: Exported) -> None:
        edges = read_network(exported / "edges", [row.row_id for row in exported.rows])
        n = len([spectrum for spectrum in exported.spectra if len(spectrum.peaks)])
        assert n * 5 / 2 <= len(edges) <= n * 5
        assert all(edge.id1 < edge.id2 and 0 <= edge.score <= 1 for edge in edges)

    @pytest.mark.parametrize("kind", ["mgf", "msp"])
    def test_libraries(self, exported: Exported, kind: str) -> None:
        entries = {"mgf": read_mgf_library, "msp": read_msp_library}[kind](exported / kind)
        ours = list(load_spectra(exported / kind))
        theirs = list({"mgf": load_from_mgf, "msp": load_from_msp}[kind](str(exported / kind)))
        assert len(entries) == len(ours) == len(theirs) == len(exported.annotated)
        by_id = {one.get("feature_id"): one for one in exported.spectra}
        for entry, our, their, annotation in zip(entries, ours, theirs, exported.annotated, strict=True):
            hit = annotation.hits[0]
            assert entry.fields["FEATURE_ID"] == our.get("feature_id") == their.get("feature_id")
            assert entry.fields["SMILES"] == our.get("smiles") == their.get("smiles") == hit.candidate.smiles
            assert entry.fields["ION_TYPE"] == our.get("adduct") == their.get("adduct") == hit.adduct
            assert our.get("ionmode") == their.get("ionmode") == annotation.ion_mode
            spectrum = by_id[annotation.feature_id]
            self._same_peaks(our, spectrum)
            np.testing.assert_allclose([mz for mz, _ in entry.peaks], our.peaks.mz)

    @staticmethod
    def _same_peaks(found: Spectrum, expected: Spectrum) -> None:
        above = expected.peaks.intensities > 0
        np.testing.assert_allclose(found.peaks.mz, expected.peaks.mz[above], atol=1e-6)
        np.testing.assert_allclose(found.peaks.intensities, expected.peaks.intensities[above], rtol=1e-6)

    def test_mztab(self, exported: Exported) -> None:
        table = read_mztab(exported / "mztab")
        with_mz = [annotation.feature_id for annotation in exported.annotations if annotation.precursor_mz]
        assert [row["opt_global_feature_id"] for row in table.molecules] == with_mz
        assert len(table.evidence) == sum(len(annotation.hits) for annotation in exported.annotated)
        library = read_mgf_library(exported / "mgf")
        for row in table.evidence:
            place = int(row["spectra_ref"].split("index=")[1])
            assert library[place].fields["FEATURE_ID"] == row["opt_global_feature_id"]
        if exported.quant is not None:
            assert table.metadata["assay[1]"] == exported.quant.samples[0]
            assert any(row["abundance_study_variable[1]"] != "null" for row in table.molecules)


def written(folder: Path, annotations: list[Annotation], settings: RoundTripSettings) -> set[str]:
    with round_trip_writer(folder, MzTabSource(Path("x.mgf"), "starter", "0.1.0"), settings) as add:
        for place, annotation in enumerate(annotations):
            add(annotation, make_spectrum(), np.array([1.0, place / 20], dtype=np.float32))
    return {path.name for path in folder.iterdir()}


def test_awkward_features_go_into_all_files_with_one_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    annotations = awkward_annotations()
    with caplog.at_level(logging.WARNING, logger="matchms_fingerprint"):
        assert written(tmp_path, annotations, SETTINGS) == set(SETTINGS.file_names)
    (record,) = caplog.records
    assert record.message.startswith("4 features are no rows of MZmine's feature list")
    rows = [row_id for row_id in range(1, 24) if row_id not in range(11, 20)]
    assert {edge.id1 for edge in read_network(tmp_path / FILES["edges"], rows)} <= set(rows)
    n_annotated = len([annotation for annotation in annotations if annotation.hits])
    compounds = read_compounds(tmp_path / FILES["compounds"])
    assert len({compound.values["internal_id"] for compound in compounds}) == n_annotated
    assert len(read_gnps_results(tmp_path / FILES["graphml"])) == n_annotated - 4
    assert len(read_msp_library(tmp_path / FILES["msp"])) == n_annotated
    read_mztab(tmp_path / FILES["mztab"])


def test_only_what_is_asked_for_is_written(tmp_path: Path) -> None:
    assert written(tmp_path / "a", [make_annotation()], RoundTripSettings(("compounds",))) == {"mzmine_compounds.csv"}
    with_mgf = {"annotations.mztab", "annotated_spectra.mgf"}
    assert written(tmp_path / "b", [make_annotation()], RoundTripSettings(("mztab",))) == with_mgf


def test_features_without_spectrum_or_embedding(tmp_path: Path) -> None:
    with round_trip_writer(tmp_path, MzTabSource(Path("x.mgf"), "starter", "0.1.0")) as add:
        add(make_annotation("1"), None, None)
        add(make_annotation("2", ()), make_spectrum(), np.array([np.nan, np.nan], dtype=np.float32))
    assert read_network(tmp_path / FILES["edges"], [1, 2]) == []
    assert read_mgf_library(tmp_path / FILES["mgf"]) == []
    assert read_mztab(tmp_path / FILES["mztab"]).evidence[0]["spectra_ref"] == "ms_run[2]"
    assert len(read_compounds(tmp_path / FILES["compounds"])) == 2


def test_nothing_appears_where_a_run_fails(tmp_path: Path) -> None:
    def features() -> Iterator[tuple[Annotation, Spectrum, None]]:
        yield make_annotation("1"), make_spectrum(), None
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_round_trip(tmp_path / "a", features(), MzTabSource(Path("x.mgf"), "starter", "0.1.0"))
    assert list((tmp_path / "a").iterdir()) == []


def test_the_same_features_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        written(tmp_path / name, awkward_annotations(), SETTINGS)
    for name in SETTINGS.file_names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


@pytest.mark.parametrize(
    "settings",
    [{"formats": ("xml",)}, {"graphml_ranks": 0}, {"graphml_ranks": 11}, {"edges_knn": 0}, {"edges_min_score": 2.0}],
)
def test_settings_are_checked(settings: dict) -> None:
    with pytest.raises(SettingsError, match=next(iter(settings))):
        RoundTripSettings(**settings)


def test_a_run_writes_them_beside_its_table(
    tmp_path: Path, features_mgf: Path, small_library: Path, tiny_bundle: Path
) -> None:
    model = load_model(tiny_bundle)
    annotator = Annotator(CandidateLibrary.open(small_library), model, AnnotationSettings(top_k=3))
    writer = round_trip(MzTabSource(features_mgf, "small", "0.1.0"), SETTINGS)
    for name in ("a", "b"):
        annotate_to_folder(features_mgf, annotator, tmp_path / name, writers=[writer])
    assert set(SETTINGS.file_names) < {path.name for path in (tmp_path / "a").iterdir()}
    for name in SETTINGS.file_names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    compounds = read_compounds(tmp_path / "a" / FILES["compounds"])
    assert {compound.values["internal_id"] for compound in compounds} == {"annotated", "annotated-negative"}
    assert read_gnps_results(tmp_path / "a" / FILES["graphml"]) == {}  # ids in words are no rows
    assert len(read_mgf_library(tmp_path / "a" / FILES["mgf"])) == 2
    read_mztab(tmp_path / "a" / FILES["mztab"])
