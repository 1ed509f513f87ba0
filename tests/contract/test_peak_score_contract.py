"""What matchms demands of a score, asked of every exported score of two fields: score and matches."""

from __future__ import annotations

import copy
import inspect
import json
import pickle
from typing import Any

import numpy as np
import pytest
from known_spectra import known_spectra, known_spectrum
from matchms import Pipeline, Spectrum, calculate_scores
from matchms.exporting import save_as_mgf
from matchms.importing import scores_from_json
from matchms.Pipeline import create_workflow
from matchms.similarity import CosineGreedy
from matchms.similarity.BaseSimilarity import BaseSimilarity
from matchms_tables import registered

from matchms_fingerprint import similarity
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.similarity import progress

SCORES = [
    score
    for score in (getattr(similarity, name) for name in similarity.__all__)
    if isinstance(score, type)
    and issubclass(score, BaseSimilarity)
    and np.dtype(score.score_datatype).names is not None
]


@pytest.fixture(params=SCORES, ids=lambda cls: cls.__name__)
def score(request: pytest.FixtureRequest) -> Any:
    return request.param()


@pytest.fixture
def references() -> list[Spectrum]:
    """Five references, one without peaks, one in two versions."""
    empty = Spectrum(np.empty(0), np.empty(0), {"precursor_mz": 100.0})
    half = known_spectrum("cocaine")
    half = Spectrum(half.peaks.mz[::2], half.peaks.intensities[::2], half.metadata)
    return [known_spectrum("aspirin"), known_spectrum("cocaine"), empty, known_spectrum("salicin"), half]


@pytest.fixture
def queries() -> list[Spectrum]:
    empty = Spectrum(np.empty(0), np.empty(0), {"precursor_mz": 200.1})
    return [known_spectrum("salicin"), empty, known_spectrum("cocaine"), known_spectrum("glucose")]


def assert_same(ours: Any, expected: Any) -> None:
    np.testing.assert_array_equal(ours["matches"], expected["matches"])
    np.testing.assert_allclose(ours["score"], expected["score"], rtol=0, atol=1e-12)


def dense_of(sparse: Any) -> np.ndarray:
    """Return a stacked sparse array as a dense one of two fields."""
    scores = np.zeros(sparse.shape[:2], CosineGreedy.score_datatype)
    for name, field in zip(sparse.data.dtype.names, ("score", "matches"), strict=True):
        scores[field][sparse.row, sparse.col] = sparse.data[name]
    return scores


def test_scores_are_exported() -> None:
    """Guards the tests below against looking at nothing."""
    assert {"FastCosineGreedy", "FastModifiedCosineGreedy"} <= {cls.__name__ for cls in SCORES}


def test_pair_matrix_and_sparse_array_agree(score: Any, references: list[Spectrum], queries: list[Spectrum]) -> None:
    dense = score.matrix(references, queries, progress_bar=False)
    assert np.count_nonzero(dense["score"]) >= 3
    pairs = [[score.pair(reference, query)[()] for query in queries] for reference in references]
    assert_same(dense, np.array(pairs, dtype=dense.dtype))
    assert_same(dense_of(score.matrix(references, queries, array_type="sparse", progress_bar=False)), dense)
    rows, columns = np.indices(dense.shape).reshape(2, -1)
    listed = score.sparse_array(references, queries, rows, columns, progress_bar=False)
    assert_same(listed.reshape(dense.shape), dense)


def test_arrays_of_spectra_serve_as_lists(score: Any, references: list[Spectrum], queries: list[Spectrum]) -> None:
    """`Scores` hands object arrays to a score, `Pipeline` hands it lists."""
    arrays, pairs = (np.asarray(references), np.asarray(queries)), (np.array([3, 0]), np.array([0, 3]))
    expected = score.matrix(references, queries, progress_bar=False)
    np.testing.assert_array_equal(score.matrix(*arrays, progress_bar=False), expected)
    np.testing.assert_array_equal(
        score.sparse_array(*arrays, *pairs, progress_bar=False),
        score.sparse_array(references, queries, *pairs, progress_bar=False),
    )


@pytest.mark.parametrize("array_type", ["numpy", "sparse"])
def test_symmetric_is_the_same_as_not(score: Any, array_type: str) -> None:
    spectra = known_spectra()
    assert score.is_commutative
    first, second = (
        score.matrix(spectra, spectra, array_type=array_type, is_symmetric=flag, progress_bar=False)
        for flag in (True, False)
    )
    assert_same(*((first, second) if array_type == "numpy" else map(dense_of, (first, second))))


def test_identical_spectra_survive_in_sparse_results(score: Any) -> None:
    spectra = [known_spectrum("cocaine"), known_spectrum("salicin")]
    scores = calculate_scores(spectra, spectra, score, array_type="sparse", is_symmetric=True)
    assert {(0, 0), (1, 1)} <= set(zip(scores.scores.row.tolist(), scores.scores.col.tolist(), strict=True))
    assert scores.score_names == tuple(f"{type(score).__name__}_{field}" for field in ("score", "matches"))


def test_spectra_without_peaks_score_zero(score: Any, references: list[Spectrum], queries: list[Spectrum]) -> None:
    zero = (0.0, 0)
    assert {tuple(one) for one in score.matrix(references, queries, progress_bar=False)[:, 1].tolist()} == {zero}
    assert score.pair(references[2], queries[1]).tolist() == zero
    only_empty = score.matrix([references[2]], [queries[1]], array_type="sparse", progress_bar=False)
    assert len(only_empty.row) == 0


def test_one_by_one_through_calculate_scores(score: Any) -> None:
    reference, query = known_spectrum("salicin"), known_spectrum("salicin")
    scores = calculate_scores([reference], [query], score, array_type="sparse")
    (value,) = scores.scores.data[f"{type(score).__name__}_score"]
    assert value == pytest.approx(1.0)


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.float64])
def test_no_pairs_and_no_spectra(score: Any, references: list[Spectrum], dtype: type) -> None:
    nothing = np.array([], dtype=dtype)
    assert score.sparse_array(references, references, nothing, nothing, progress_bar=False).shape == (0,)
    for rows, columns in ((references, []), ([], references), ([], [])):
        for array_type in ("numpy", "sparse"):
            scores = score.matrix(rows, columns, array_type=array_type, progress_bar=False)
            assert scores.shape[:2] == (len(rows), len(columns))


def test_pairs_in_any_order_and_more_than_once(score: Any, references: list[Spectrum], queries: list[Spectrum]) -> None:
    rows = np.array([3, 0, 3, 1, 3, 4, 2, 0], dtype=np.int32)
    columns = np.array([2, 0, 2, 2, 0, 1, 2, 0], dtype=np.int32)
    scores = score.sparse_array(references, queries, rows, columns, progress_bar=False)
    assert_same(scores, score.matrix(references, queries, progress_bar=False)[rows, columns])
    assert scores[0] == scores[2]


def test_types_are_those_of_matchms(score: Any, references: list[Spectrum], queries: list[Spectrum]) -> None:
    theirs = CosineGreedy()
    for ask in (
        lambda one: one.pair(references[1], queries[2]),
        lambda one: one.matrix(references, queries, progress_bar=False),
        lambda one: one.sparse_array(references, queries, np.array([0]), np.array([0]), progress_bar=False),
    ):
        ours, expected = ask(score), ask(theirs)
        assert type(ours) is type(expected)
        assert (ours.dtype, ours.shape) == (expected.dtype, expected.shape)
    assert score.score_datatype == theirs.score_datatype
    assert score.keep_score(score.pair(references[1], queries[2]))
    assert not score.keep_score(score.pair(references[1], queries[1]))
    ours, expected = (one.matrix(references, queries, "sparse", progress_bar=False) for one in (score, theirs))
    assert (ours.row.dtype, ours.col.dtype, ours.data.dtype) == (
        expected.row.dtype,
        expected.col.dtype,
        expected.data.dtype,
    )


def test_the_same_call_gives_the_same_numbers(score: Any, references: list[Spectrum], queries: list[Spectrum]) -> None:
    first, second = (score.matrix(references, queries, progress_bar=False) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert np.isfinite(first["score"]).all()


def test_to_dict_is_flat_json_that_rebuilds_the_score(score: Any) -> None:
    saved = json.loads(json.dumps(score.to_dict()))
    assert saved.pop("__Similarity__") == type(score).__name__
    assert set(saved) == set(inspect.signature(type(score)).parameters)
    assert type(score)(**saved).to_dict() == score.to_dict()
    for name, value in saved.items():
        assert f"{name}={value!r}" in repr(score)


@pytest.mark.parametrize("copied", [lambda x: pickle.loads(pickle.dumps(x)), copy.deepcopy], ids=["pickle", "deepcopy"])
def test_copies_give_the_same_scores(score: Any, references: list[Spectrum], copied: Any) -> None:
    expected = score.matrix(references, references, progress_bar=False)
    np.testing.assert_array_equal(copied(score).matrix(references, references, progress_bar=False), expected)


def test_scores_survive_json(score: Any, references: list[Spectrum], queries: list[Spectrum], tmp_path: Any) -> None:
    with_peaks = [spectrum for spectrum in references if len(spectrum.peaks)]  # matchms drops the others on reading
    scores = calculate_scores(with_peaks, [queries[0], queries[2]], score, array_type="sparse")
    scores.to_json(str(tmp_path / "scores.json"))
    read = scores_from_json(str(tmp_path / "scores.json"))
    np.testing.assert_array_equal(read.to_array(), scores.to_array())


def test_progress_bar_is_honoured(
    score: Any, references: list[Spectrum], queries: list[Spectrum], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []

    def record(items: Any, description: str, **_: Any) -> Any:
        shown.append(description)
        return items

    monkeypatch.setattr(progress, "track", record)
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich then takes stderr for a terminal
    pairs = (np.array([0, 1]), np.array([0, 2]))
    for bar in (False, True):
        score.matrix(references, queries, progress_bar=bar)
        score.matrix(references, queries, array_type="sparse", progress_bar=bar)
        score.sparse_array(references, queries, *pairs, progress_bar=bar)
        score.top_k(queries, references, 2, progress_bar=bar)
        score.pair(references[0], queries[0])
        assert len(shown) == (4 if bar else 0)


def test_nothing_is_written_where_nobody_watches(
    score: Any, references: list[Spectrum], queries: list[Spectrum], capsys: pytest.CaptureFixture[str]
) -> None:
    score.matrix(references, queries)
    score.sparse_array(references, queries, np.array([0, 1]), np.array([0, 2]))
    score.top_k(queries, references, 2)
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


def test_signatures_are_those_of_matchms(score: Any) -> None:
    for method in ("pair", "matrix", "sparse_array", "keep_score", "to_dict"):
        ours = inspect.signature(getattr(type(score), method)).parameters.values()
        theirs = inspect.signature(getattr(BaseSimilarity, method)).parameters.values()
        assert [(one.name, one.default) for one in ours] == [(one.name, one.default) for one in theirs]
    assert not callable(score)


def test_requests_that_cannot_be_met(score: Any, references: list[Spectrum], queries: list[Spectrum]) -> None:
    with pytest.raises(SettingsError, match="'dense' is not known; use one of numpy, sparse"):
        score.matrix(references, queries, array_type="dense")
    with pytest.raises(SettingsError, match="5 references and 4 queries"):
        score.matrix(references, queries, is_symmetric=True)
    with pytest.raises(SettingsError, match="of one length"):
        score.sparse_array(references, queries, np.array([0, 1]), np.array([0]))


@pytest.mark.parametrize("cls", SCORES)
def test_pipeline_takes_the_score_as_class_and_by_name(cls: Any, tmp_path: Any) -> None:
    """First over all pairs, then on what the first score left over."""
    save_as_mgf(known_spectra(), str(tmp_path / "known.mgf"))
    with registered():
        for name in (cls, cls.__name__.lower()):
            for before in ([], [["precursormzmatch", {"tolerance": 100.0}]]):
                workflow = create_workflow(query_filters=[], score_computations=[*before, [name, {"tolerance": 0.05}]])
                pipeline = Pipeline(workflow, progress_bar=False)
                pipeline.run(str(tmp_path / "known.mgf"))
                assert f"{cls.__name__}_score" in pipeline.scores.score_names
                diagonal = pipeline.scores.to_array(f"{cls.__name__}_score").diagonal()
                assert diagonal == pytest.approx(np.ones(6))
