"""Our scores and filters inside matchms pipelines, from Python and from YAML, with files on disk."""

from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import tiny_model
from known_spectra import known_spectra, known_spectrum
from matchms import Pipeline, calculate_scores
from matchms.exporting import save_as_mgf
from matchms.Pipeline import create_workflow
from matchms.similarity import CosineGreedy
from matchms.yaml_file_functions import load_workflow_from_yaml_file
from matchms_tables import registered

from matchms_fingerprint import EmbeddingSimilarity, FingerprintRetrieval, filters

NAMES = (
    "PrecursorMzMatch",
    "CosineGreedy_score",
    "CosineGreedy_matches",
    "FingerprintRetrieval",
    "EmbeddingSimilarity",
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tiny_model(tmp_path_factory.mktemp("model") / "tiny"))


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """Queries (three spectra, one an MS1) and references (all known spectra)."""
    queries = [
        known_spectrum("cocaine", ms_level="2", smiles=None),
        known_spectrum("salicin", collision_energy="35 NCE"),
    ]
    paths = str(tmp_path / "queries.mgf"), str(tmp_path / "references.mgf")
    save_as_mgf([*queries, known_spectrum("glucose", ms_level="1")], paths[0])
    save_as_mgf(known_spectra(), paths[1])
    return paths


def run(workflow: OrderedDict[str, Any], *paths: str, **settings: Any) -> Pipeline:
    pipeline = Pipeline(workflow, progress_bar=False)
    pipeline.run(*paths, **settings)
    return pipeline


def retrieval(model: str) -> list[Any]:
    return [FingerprintRetrieval, {"model": model}]


def embedding(model: str) -> list[Any]:
    return [EmbeddingSimilarity, {"model": model}]


def our_filters(model: str) -> list[Any]:
    with_model = {"add_predicted_fingerprint_summary": {"model": model}}
    return [(getattr(filters, name), with_model.get(name, {})) for name in filters.__all__]


def test_all_scores_side_by_side(files: tuple[str, str], model: str) -> None:
    workflow = create_workflow(
        score_computations=[
            ["precursormzmatch", {"tolerance": 0.01}],
            ["cosinegreedy", {"tolerance": 0.01}],
            retrieval(model),
            embedding(model),
        ]
    )
    pipeline = run(workflow, *files)
    scores = pipeline.scores
    assert scores.score_names == NAMES
    # each query meets the reference of its own precursor m/z, itself
    assert scores.scores.row.tolist() == [1, 2, 5]
    assert scores.scores.col.tolist() == [0, 2, 1]
    for i, (row, column) in enumerate(zip(scores.scores.row, scores.scores.col, strict=True)):
        reference, query = pipeline.spectra_references[row], pipeline.spectra_queries[column]
        for name, score in (
            ("FingerprintRetrieval", FingerprintRetrieval(model)),
            ("EmbeddingSimilarity", EmbeddingSimilarity(model)),
            ("CosineGreedy_score", CosineGreedy(0.01)),
        ):
            expected = score.pair(reference, query)
            expected = expected["score"] if name.startswith("Cosine") else expected
            assert scores.scores.data[name][i] == pytest.approx(float(expected), abs=1e-5)
    # the model also looks at the collision energy, in which the third differs from its reference
    np.testing.assert_allclose(scores.scores.data["EmbeddingSimilarity"][:2], 1, atol=1e-5)


@pytest.mark.parametrize("create_report", [True, False])
@pytest.mark.parametrize("first", [retrieval, embedding], ids=["retrieval", "embedding"])
def test_first_score_with_filters(files: tuple[str, str], model: str, first: Any, create_report: bool) -> None:
    workflow = create_workflow(
        query_filters=our_filters(model),
        score_computations=[first(model), ["cosinegreedy", {"tolerance": 0.01}]],
    )
    pipeline = run(workflow, *files, create_report=create_report)
    assert len(pipeline.spectra_queries) == 2  # the MS1 spectrum is gone
    name = first(model)[0].__name__
    assert pipeline.scores.score_names == (name, "CosineGreedy_score", "CosineGreedy_matches")
    expected = first(model)[0](model=model).matrix(
        pipeline.spectra_references, pipeline.spectra_queries, progress_bar=False
    )
    np.testing.assert_allclose(pipeline.scores.to_array(name), expected, atol=1e-5)


def test_filters_leave_their_mark(files: tuple[str, str], model: str) -> None:
    pipeline = run(create_workflow(query_filters=our_filters(model), score_computations=[retrieval(model)]), *files)
    cocaine, salicin = pipeline.spectra_queries
    assert salicin.get("collision_energy") == pytest.approx(35 * salicin.get("precursor_mz") / 500, abs=1e-4)
    for spectrum in (cocaine, salicin):
        assert {"fragmentation_level", "predicted_substructures"} <= set(spectrum.metadata)
    assert np.abs(cocaine.peaks.mz - cocaine.get("precursor_mz")).min() > 17


@pytest.mark.parametrize("first", [retrieval, embedding], ids=["retrieval", "embedding"])
def test_all_against_all(files: tuple[str, str], model: str, first: Any) -> None:
    """One file: matchms sets is_symmetric and hands the same spectra over twice."""
    second = embedding if first is retrieval else retrieval
    workflow = create_workflow(score_computations=[first(model), second(model)])
    scores = run(workflow, files[1]).scores
    assert scores.shape == (6, 6, 2)
    assert len(scores.scores.row) == 36


def test_no_pair_survives(files: tuple[str, str], model: str) -> None:
    workflow = create_workflow(
        score_computations=[
            ["precursormzmatch", {"tolerance": 0.01}],
            ["filter_by_range", {"name": "PrecursorMzMatch", "low": 2}],
            retrieval(model),
            embedding(model),
        ]
    )
    scores = run(workflow, *files).scores
    assert scores.score_names == ("PrecursorMzMatch", "FingerprintRetrieval", "EmbeddingSimilarity")
    assert len(scores.scores.row) == 0


def test_references_without_structure_vanish_from_a_first_score(tmp_path: Path, model: str) -> None:
    references = [known_spectrum("cocaine"), known_spectrum("salicin", smiles=None)]
    save_as_mgf(references, str(tmp_path / "references.mgf"))
    save_as_mgf([known_spectrum("glucose")], str(tmp_path / "queries.mgf"))
    workflow = create_workflow(score_computations=[retrieval(model), embedding(model)])
    scores = run(workflow, str(tmp_path / "queries.mgf"), str(tmp_path / "references.mgf")).scores
    assert scores.scores.row.tolist() == [0]


@pytest.mark.parametrize("smiles", ["CCO", None], ids=["with structure", "without"])
def test_one_against_one(tmp_path: Path, model: str, smiles: str | None) -> None:
    """The first score goes through `pair`, the second through `sparse_array`."""
    save_as_mgf([known_spectrum("cocaine", smiles=smiles)], str(tmp_path / "references.mgf"))
    save_as_mgf([known_spectrum("glucose")], str(tmp_path / "queries.mgf"))
    workflow = create_workflow(score_computations=[retrieval(model), embedding(model)])
    scores = run(workflow, str(tmp_path / "queries.mgf"), str(tmp_path / "references.mgf")).scores
    assert len(scores.scores.row) == (1 if smiles else 0)


def test_one_class_twice_needs_names(model: str) -> None:
    """matchms names a layer after the class and cannot hold two of one name; `Scores.calculate` takes a name."""
    spectra = known_spectra()
    scores = calculate_scores(spectra, spectra, FingerprintRetrieval(model), array_type="sparse")
    scores.calculate(FingerprintRetrieval(model, score="tanimoto"), name="tanimoto")
    assert scores.score_names == ("FingerprintRetrieval", "tanimoto")
    expected = FingerprintRetrieval(model, score="tanimoto").matrix(spectra, spectra, progress_bar=False)
    np.testing.assert_allclose(scores.to_array("tanimoto"), expected, atol=1e-5)


def test_scores_can_be_masked(files: tuple[str, str], model: str) -> None:
    workflow = create_workflow(
        score_computations=[embedding(model), ["filter_by_range", {"name": "EmbeddingSimilarity", "low": 0.999}]]
    )
    scores = run(workflow, *files).scores
    assert list(zip(scores.scores.row.tolist(), scores.scores.col.tolist(), strict=True)) == [(1, 0), (2, 2)]


def test_yaml_round_trip(files: tuple[str, str], model: str, tmp_path: Path) -> None:
    path = str(tmp_path / "workflow.yaml")
    in_yaml = [
        [name, {"model": model}] if name == "add_predicted_fingerprint_summary" else name for name in filters.__all__
    ]
    with registered():
        create_workflow(
            yaml_file_name=path,
            query_filters=in_yaml,
            reference_filters=["normalize_intensities"],
            score_computations=[
                ["precursormzmatch", {"tolerance": 0.01}],
                ["cosinegreedy", {"tolerance": 0.01}],
                ["fingerprintretrieval", {"model": model, "score": "tanimoto"}],
                ["filter_by_range", {"name": "FingerprintRetrieval", "low": 0.0}],
                ["embeddingsimilarity", {"model": model}],
            ],
        )
        pipeline = run(load_workflow_from_yaml_file(path), *files)
        assert [function.__name__ for function in pipeline.processing_queries.filters] == [
            "require_ms2",
            "normalize_collision_energy",
            "add_fragmentation_level",
            "remove_precursor_window",
            "add_neutral_losses_summary",
            "add_predicted_fingerprint_summary",
        ]
    assert pipeline.scores.score_names == NAMES
    assert pipeline.scores.scores.row.tolist() == [1, 5]


def test_hand_written_yaml(files: tuple[str, str], model: str, tmp_path: Path) -> None:
    path = tmp_path / "workflow.yaml"
    path.write_text(
        f"""
        query_filters: [require_ms2, [remove_precursor_window, {{window_da: 0.5}}]]
        reference_filters: []
        score_computations:
          - [fingerprintretrieval, {{model: "{model}", score: log_likelihood, on_missing_structure: skip}}]
          - [embeddingsimilarity, {{model: "{model}", similarity: euclidean}}]
        """
    )
    with registered():
        scores = run(load_workflow_from_yaml_file(str(path)), *files).scores
    assert scores.score_names == ("FingerprintRetrieval", "EmbeddingSimilarity")
    assert scores.shape[:2] == (6, 2)


def test_names_are_unknown_without_registration() -> None:
    with pytest.raises(ValueError, match="Unknown score computation: fingerprintretrieval"):
        Pipeline(create_workflow(score_computations=[["fingerprintretrieval", {}]]))
