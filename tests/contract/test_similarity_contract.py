"""What matchms demands of a score, asked of everything that `similarity` exports."""

import copy
import doctest
import inspect
import json
import pickle
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from builders import tiny_model
from known_spectra import known_spectra, known_spectrum
from matchms import Spectrum, calculate_scores
from matchms.importing import scores_from_json
from matchms.similarity.BaseSimilarity import BaseSimilarity
from matchms_tables import registered

from matchms_fingerprint import models, similarity
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.models.bundle import read_bundle
from matchms_fingerprint.models.fingerprint_model import FingerprintModel
from matchms_fingerprint.similarity import progress

EXPORTED = [
    score
    for score in (getattr(similarity, name) for name in similarity.__all__)
    if isinstance(score, type) and issubclass(score, BaseSimilarity)
]
# scores of several fields (score and matches) keep the contract in test_peak_score_contract.py
SCORES = [score for score in EXPORTED if np.dtype(score.score_datatype).names is None]
# a score that is not named here is tested with its defaults
SETTINGS: dict[str, list[dict[str, Any]]] = {
    "FingerprintRetrieval": [{"score": name} for name in ("cosine", "tanimoto", "vector_tanimoto", "log_likelihood")],
    "EmbeddingSimilarity": [{"similarity": name} for name in ("cosine", "euclidean")],
}
CASES = [
    pytest.param((score, settings), id=f"{score.__name__}-{'-'.join(settings.values()) or 'default'}")
    for score in SCORES
    for settings in SETTINGS.get(score.__name__, [{}])
]
# what a model of float32 weights may differ by, when it sees the same spectra in batches of other sizes
TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tiny_model(tmp_path_factory.mktemp("model") / "tiny"))


@pytest.fixture(params=CASES)
def score(request: pytest.FixtureRequest, model: str) -> Any:
    """Every exported score, in each of its settings, with the tiny model."""
    cls, settings = request.param
    return cls(**with_model(cls, model), **settings)


def with_model(cls: type, model: str) -> dict[str, str]:
    return {"model": model} if "model" in inspect.signature(cls).parameters else {}


def bare_spectrum(**metadata: object) -> Spectrum:
    return Spectrum(np.empty(0), np.empty(0), metadata)


@pytest.fixture
def references() -> list[Spectrum]:
    """Five references: one without a structure, one without peaks, two of one structure."""
    return [
        known_spectrum("aspirin"),
        known_spectrum("cocaine", smiles=None),
        bare_spectrum(smiles="CCO", precursor_mz=47.05),
        known_spectrum("salicin"),
        known_spectrum("phenylalanine", smiles="CC(=O)Oc1ccccc1C(=O)O"),
    ]


@pytest.fixture
def queries() -> list[Spectrum]:
    """Four queries: one without peaks, one without any metadata."""
    cocaine = known_spectrum("cocaine")
    return [
        known_spectrum("salicin"),
        bare_spectrum(precursor_mz=200.1),
        Spectrum(cocaine.peaks.mz, cocaine.peaks.intensities, {}),
        known_spectrum("glucose"),
    ]


def all_pairs(score: Any, references: Sequence[Spectrum], queries: Sequence[Spectrum]) -> np.ndarray:
    return np.array([[score.pair(reference, query) for query in queries] for reference in references])


def test_scores_are_exported() -> None:
    """Guards the tests below against looking at nothing."""
    assert {"FingerprintRetrieval", "EmbeddingSimilarity"} <= {score.__name__ for score in SCORES}


def test_pair_matrix_and_sparse_array_agree(score: Any, references: list[Spectrum], queries: list[Spectrum]) -> None:
    expected = all_pairs(score, references, queries)
    assert np.count_nonzero(expected) >= 8
    dense = score.matrix(references, queries, progress_bar=False)
    np.testing.assert_allclose(dense, expected, atol=TOLERANCE)
    sparse = score.matrix(references, queries, array_type="sparse", progress_bar=False)
    np.testing.assert_array_equal(sparse.to_array(), dense)
    rows, columns = np.indices(dense.shape).reshape(2, -1)
    listed = score.sparse_array(references, queries, rows, columns, progress_bar=False)
    np.testing.assert_allclose(listed.reshape(dense.shape), dense, atol=TOLERANCE)


def test_arrays_of_spectra_serve_as_lists(score: Any, references: list[Spectrum], queries: list[Spectrum]) -> None:
    """`Scores` hands object arrays to a score, `Pipeline` hands it lists."""
    from_arrays = score.matrix(np.asarray(references), np.asarray(queries), progress_bar=False)
    np.testing.assert_array_equal(from_arrays, score.matrix(references, queries, progress_bar=False))
    pairs = (np.array([3, 0]), np.array([0, 3]))
    from_arrays = score.sparse_array(np.asarray(references), np.asarray(queries), *pairs, progress_bar=False)
    np.testing.assert_array_equal(from_arrays, score.sparse_array(references, queries, *pairs, progress_bar=False))


@pytest.mark.parametrize("array_type", ["numpy", "sparse"])
def test_symmetric_is_the_same_as_not(score: Any, array_type: str) -> None:
    spectra = known_spectra()
    both = [
        score.matrix(spectra, spectra, array_type=array_type, is_symmetric=flag, progress_bar=False)
        for flag in (True, False)
    ]
    first, second = (scores if array_type == "numpy" else scores.to_array() for scores in both)
    np.testing.assert_allclose(first, second, atol=TOLERANCE)
    if score.is_commutative:
        np.testing.assert_allclose(first, first.T, atol=1e-12)
    else:
        assert not np.allclose(first, first.T, atol=0.01)
    rows, columns = np.tril_indices(len(spectra))
    listed = score.sparse_array(spectra, spectra, rows, columns, is_symmetric=True, progress_bar=False)
    np.testing.assert_allclose(listed, first[rows, columns], atol=TOLERANCE)


def test_identical_spectra_survive_in_sparse_results(score: Any) -> None:
    """The best score must not be 0, which matchms takes for no score."""
    spectra = [known_spectrum("cocaine"), known_spectrum("salicin")]
    scores = calculate_scores(spectra, spectra, score, array_type="sparse", is_symmetric=True)
    assert {(0, 0), (1, 1)} <= set(zip(scores.scores.row.tolist(), scores.scores.col.tolist(), strict=True))


def test_spectra_without_peaks_score_zero(score: Any, references: list[Spectrum], queries: list[Spectrum]) -> None:
    assert not score.matrix(references, queries, progress_bar=False)[:, 1].any()
    assert score.pair(references[0], queries[1]) == 0
    assert score.sparse_array(references, queries, np.array([0]), np.array([1]), progress_bar=False) == [0]


def test_nothing_but_bare_spectra(score: Any) -> None:
    bare = [bare_spectrum(), bare_spectrum()]
    assert not score.matrix(bare, bare, progress_bar=False).any()
    assert len(score.matrix(bare, bare, array_type="sparse", progress_bar=False).row) == 0


def test_one_by_one_through_calculate_scores(score: Any) -> None:
    reference, query = known_spectrum("salicin"), known_spectrum("glucose")
    scores = calculate_scores([reference], [query], score, array_type="sparse")
    assert scores.score_names == (type(score).__name__,)
    np.testing.assert_allclose(scores.to_array(), [[score.pair(reference, query)]], atol=TOLERANCE)


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.float64])
def test_no_pairs(score: Any, references: list[Spectrum], queries: list[Spectrum], dtype: type) -> None:
    nothing = np.array([], dtype=dtype)
    scores = score.sparse_array(references, queries, nothing, nothing, progress_bar=False)
    assert scores.shape == (0,)
    assert scores.dtype == score.score_datatype


@pytest.mark.parametrize("array_type", ["numpy", "sparse"])
def test_no_spectra(score: Any, references: list[Spectrum], array_type: str) -> None:
    for rows, columns in ((references, []), ([], references), ([], [])):
        scores = score.matrix(rows, columns, array_type=array_type, progress_bar=False)
        assert scores.shape[:2] == (len(rows), len(columns))


def test_pairs_in_any_order_and_more_than_once(score: Any, references: list[Spectrum], queries: list[Spectrum]) -> None:
    rows = np.array([3, 0, 3, 1, 3, 4, 2, 0], dtype=np.int32)
    columns = np.array([2, 0, 2, 3, 0, 1, 2, 0], dtype=np.int32)
    scores = score.sparse_array(references, queries, rows, columns, progress_bar=False)
    expected = score.matrix(references, queries, progress_bar=False)[rows, columns]
    np.testing.assert_allclose(scores, expected, atol=TOLERANCE)
    assert scores[0] == scores[2]


def test_scores_are_of_the_stated_type(score: Any, references: list[Spectrum], queries: list[Spectrum]) -> None:
    one = score.pair(references[0], queries[0])
    assert isinstance(one, np.generic)
    assert one.dtype == score.score_datatype
    assert score.keep_score(one)
    assert not score.keep_score(score.pair(references[0], queries[1]))
    assert score.matrix(references, queries, progress_bar=False).dtype == score.score_datatype
    sparse = score.matrix(references, queries, array_type="sparse", progress_bar=False)
    assert [sparse.data.dtype[name] for name in sparse.data.dtype.names] == [np.dtype(score.score_datatype)]


def test_scores_are_finite(score: Any, references: list[Spectrum], queries: list[Spectrum]) -> None:
    assert np.isfinite(score.matrix(references, queries, progress_bar=False)).all()


def test_the_same_call_gives_the_same_numbers(score: Any, references: list[Spectrum], queries: list[Spectrum]) -> None:
    first, second = (score.matrix(references, queries, progress_bar=False) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_to_dict_is_flat_json_that_rebuilds_the_score(score: Any) -> None:
    saved = json.loads(json.dumps(score.to_dict()))
    assert saved.pop("__Similarity__") == type(score).__name__
    assert not any(isinstance(value, dict) for value in saved.values())
    settings = {name: saved.pop(name) for name in inspect.signature(type(score)).parameters}
    rebuilt = type(score)(**settings)
    assert rebuilt.to_dict() == score.to_dict()
    if "model" in settings:
        assert set(saved) == {"model_name", "model_version", "model_sha256"}
        assert len(saved["model_sha256"]) == 64


def test_repr_names_the_settings(score: Any) -> None:
    for name in inspect.signature(type(score)).parameters:
        assert f"{name}={getattr(score, name)!r}" in repr(score)


@pytest.mark.parametrize("copied", [lambda x: pickle.loads(pickle.dumps(x)), copy.deepcopy], ids=["pickle", "deepcopy"])
@pytest.mark.parametrize("used", [False, True], ids=["fresh", "used"])
def test_copies_give_the_same_scores(
    score: Any, references: list[Spectrum], queries: list[Spectrum], used: bool, copied: Any
) -> None:
    expected = score.matrix(references, queries, progress_bar=False) if used else None
    twin = copied(score)
    if expected is None:
        expected = score.matrix(references, queries, progress_bar=False)
    np.testing.assert_array_equal(twin.matrix(references, queries, progress_bar=False), expected)


def test_the_model_is_not_in_the_pickle(score: Any, references: list[Spectrum], queries: list[Spectrum]) -> None:
    score.matrix(references, queries, progress_bar=False)
    assert len(pickle.dumps(score)) < 2000


def test_scores_survive_json(score: Any, references: list[Spectrum], queries: list[Spectrum], tmp_path: Any) -> None:
    with_peaks = [spectrum for spectrum in references if len(spectrum.peaks)]  # matchms drops the others on reading
    scores = calculate_scores(with_peaks, queries[2:], score, array_type="sparse")
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
    score.matrix(references, queries, progress_bar=False)
    score.sparse_array(references, queries, *pairs, progress_bar=False)
    score.pair(references[0], queries[0])
    assert shown == []
    score.matrix(references, queries)
    in_matrix = len(shown)
    score.sparse_array(references, queries, *pairs)
    assert 0 < in_matrix < len(shown)


def test_nothing_is_written_where_nobody_watches(
    score: Any, references: list[Spectrum], queries: list[Spectrum], capsys: pytest.CaptureFixture[str]
) -> None:
    score.matrix(references, queries)
    score.sparse_array(references, queries, np.array([0, 1]), np.array([0, 2]))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == ""


def test_a_terminal_shows_progress_on_stderr_alone(
    score: Any,
    references: list[Spectrum],
    queries: list[Spectrum],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    score.matrix(references, queries)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "%" in captured.err


def test_signatures_are_those_of_matchms(score: Any) -> None:
    for method in ("pair", "matrix", "sparse_array", "keep_score", "to_dict"):
        ours = inspect.signature(getattr(type(score), method))
        theirs = inspect.signature(getattr(BaseSimilarity, method))
        assert list(ours.parameters) == list(theirs.parameters)
        assert [p.default for p in ours.parameters.values()] == [p.default for p in theirs.parameters.values()]


def test_scores_are_not_callable(score: Any) -> None:
    assert not callable(score)


def test_requests_that_cannot_be_met(score: Any, references: list[Spectrum], queries: list[Spectrum]) -> None:
    with pytest.raises(SettingsError, match="'dense' is not known; use one of numpy, sparse"):
        score.matrix(references, queries, array_type="dense")
    with pytest.raises(SettingsError, match="5 references and 4 queries"):
        score.matrix(references, queries, is_symmetric=True)
    with pytest.raises(SettingsError, match="of one length"):
        score.sparse_array(references, queries, np.array([0, 1]), np.array([0]))


@pytest.mark.parametrize("cls", EXPORTED)
def test_constructor_takes_primitives_and_refuses_nonsense(cls: type) -> None:
    for name, parameter in inspect.signature(cls).parameters.items():
        assert isinstance(parameter.default, str | int | float | bool)
        for nonsense in (None, ["nonsense"], ""):
            with pytest.raises(SettingsError, match=rf"^{cls.__name__}: {name} "):
                cls(**{name: nonsense})


@pytest.mark.parametrize("name", similarity.__all__)
def test_docstring_has_an_example_that_runs(name: str, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the tiny model in the place of the default one: what an example prints must not depend on the model."""
    monkeypatch.setattr(models, "load_model", lambda _: FingerprintModel(read_bundle(model)))
    exported = getattr(similarity, name)
    (example,) = (test for test in doctest.DocTestFinder(recurse=False).find(exported) if test.examples)
    with registered():
        results = doctest.DocTestRunner().run(example)
    assert results.attempted >= 3
    assert results.failed == 0
