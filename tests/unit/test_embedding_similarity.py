"""EmbeddingSimilarity: its numbers, how often it works, and matchms' nearest-neighbour index."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import tiny_model
from known_spectra import known_spectra, known_spectrum
from matchms import Spectrum
from sklearn.metrics.pairwise import cosine_similarity, euclidean_distances

from matchms_fingerprint import EmbeddingSimilarity, load_model
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.similarity import embedding, model_score


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tiny_model(tmp_path_factory.mktemp("model") / "tiny"))


def shifted_spectra(n: int, seed: int = 0) -> list[Spectrum]:
    """Return `n` spectra of random peaks."""
    rng = np.random.default_rng(seed)
    return [
        Spectrum(np.sort(rng.uniform(50, 400, 12)), rng.uniform(0.1, 1, 12), {"precursor_mz": 450.0, "id": i})
        for i in range(n)
    ]


def test_cosine_is_that_of_the_embeddings(model: str) -> None:
    spectra = known_spectra()
    embeddings = load_model(model).embed(spectra)
    scores = EmbeddingSimilarity(model).matrix(spectra, spectra[:4], progress_bar=False)
    np.testing.assert_allclose(scores, cosine_similarity(embeddings, embeddings[:4]), atol=1e-5)
    assert scores.min() >= -1
    assert scores.max() <= 1


def test_euclidean_is_one_minus_half_the_distance(model: str) -> None:
    spectra = known_spectra()
    embeddings = load_model(model).embed(spectra).astype(np.float64)
    scores = EmbeddingSimilarity(model, similarity="euclidean").matrix(spectra, spectra, progress_bar=False)
    off_diagonal = ~np.eye(len(spectra), dtype=bool)
    expected = 1 - euclidean_distances(embeddings) / 2
    np.testing.assert_allclose(scores[off_diagonal], expected[off_diagonal], atol=1e-5)
    np.testing.assert_allclose(scores.diagonal(), 1, atol=1e-7)


def test_embeddings_are_unit_vectors_or_nothing(model: str) -> None:
    empty = Spectrum(np.empty(0), np.empty(0), {})
    embeddings = EmbeddingSimilarity(model).compute_embeddings(iter([empty, known_spectrum("cocaine")]))
    assert embeddings.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), [0, 1], atol=1e-5)
    assert EmbeddingSimilarity(model).compute_embeddings([]).shape == (0, embeddings.shape[1])


class CountingModel:
    """Passes everything on to a model and notes the spectra that it is asked to embed."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.seen: list[Spectrum] = []

    def embed(self, spectra: list[Spectrum]) -> np.ndarray:
        self.seen += spectra
        embeddings: np.ndarray = self.model.embed(spectra)
        return embeddings


@pytest.fixture
def counted(model: str) -> tuple[EmbeddingSimilarity, CountingModel]:
    score = EmbeddingSimilarity(model)
    counting = CountingModel(load_model(model))
    score._loaded = counting  # type: ignore[assignment]
    return score, counting


def test_each_spectrum_is_embedded_once(
    counted: tuple[EmbeddingSimilarity, CountingModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_score, "BATCH_SIZE", 4)
    score, counting = counted
    spectra = known_spectra()
    score.matrix(spectra, spectra[2:], progress_bar=False)
    assert counting.seen == spectra


def test_symmetric_embeds_once_even_where_the_queries_are_copies(
    counted: tuple[EmbeddingSimilarity, CountingModel],
) -> None:
    score, counting = counted
    spectra, copies = known_spectra(), known_spectra()
    score.matrix(spectra, copies, is_symmetric=True, progress_bar=False)
    score.sparse_array(spectra, copies, [0, 1, 2], [1, 1, 4], is_symmetric=True, progress_bar=False)
    assert counting.seen == [*spectra, spectra[0], spectra[1], spectra[2], spectra[4]]


def test_sparse_array_embeds_what_its_pairs_name(counted: tuple[EmbeddingSimilarity, CountingModel]) -> None:
    score, counting = counted
    references, queries = shifted_spectra(5), known_spectra()
    score.sparse_array(references, queries, [3, 3, 1], [0, 5, 0], progress_bar=False)
    assert counting.seen == [references[1], references[3], queries[0], queries[5]]


def test_many_pairs_are_cut_into_pieces(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "_PAIRS_AT_A_TIME", 7)
    score, spectra = EmbeddingSimilarity(model), shifted_spectra(9)
    rows, columns = np.indices((9, 9)).reshape(2, -1)
    listed = score.sparse_array(spectra, spectra, rows, columns, progress_bar=False)
    np.testing.assert_allclose(listed.reshape(9, 9), score.matrix(spectra, spectra, progress_bar=False), atol=1e-6)


# pynndescent compiles its metric at the first index of each process
@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.slow) for name in ("cosine", "euclidean")])
def indexed(request: pytest.FixtureRequest, model: str) -> tuple[EmbeddingSimilarity, list[Spectrum]]:
    score, references = EmbeddingSimilarity(model, similarity=request.param), shifted_spectra(40)
    score.build_ann_index(references, k=8, random_state=0)
    return score, references


def test_nearest_neighbours_are_those_of_the_matrix(indexed: tuple[EmbeddingSimilarity, list[Spectrum]]) -> None:
    score, references = indexed
    queries = shifted_spectra(6, seed=1)
    neighbours, scores = score.get_anns(queries, k=3)
    dense = score.matrix(references, queries, progress_bar=False).T
    assert neighbours.shape == scores.shape == (6, 3)
    np.testing.assert_allclose(scores, np.take_along_axis(dense, neighbours, axis=1), atol=1e-4)
    best = np.sort(dense, axis=1)[:, :-4:-1]
    assert np.isclose(scores, best, atol=1e-4).mean() > 0.8  # the search is approximate


def test_neighbours_within_the_index(indexed: tuple[EmbeddingSimilarity, list[Spectrum]]) -> None:
    score, references = indexed
    neighbours, scores = score.get_index_anns()
    dense = score.matrix(references, references, progress_bar=False)
    np.testing.assert_allclose(scores, np.take_along_axis(dense, neighbours, axis=1), atol=1e-3)


def test_index_is_saved_and_loaded(
    indexed: tuple[EmbeddingSimilarity, list[Spectrum]], model: str, tmp_path: Path
) -> None:
    score, _ = indexed
    queries = shifted_spectra(4, seed=2)
    score.save_ann_index(tmp_path / "index.pickle")
    other = EmbeddingSimilarity(model, similarity=score.similarity)
    other.load_ann_index(tmp_path / "index.pickle")
    for expected, got in zip(score.get_anns(queries, k=3), other.get_anns(queries, k=3), strict=True):
        np.testing.assert_allclose(got, expected, atol=1e-6)


def test_index_travels_with_the_pickle(indexed: tuple[EmbeddingSimilarity, list[Spectrum]]) -> None:
    score, _ = indexed
    queries = shifted_spectra(4, seed=3)
    neighbours, _ = pickle.loads(pickle.dumps(score)).get_anns(queries, k=2)
    np.testing.assert_array_equal(neighbours, score.get_anns(queries, k=2)[0])


@pytest.mark.slow
def test_stored_embeddings_serve_the_index(model: str, tmp_path: Path) -> None:
    score, spectra = EmbeddingSimilarity(model), shifted_spectra(20)
    path = tmp_path / "embeddings.npy"
    np.testing.assert_array_equal(score.get_embeddings(spectra, path), np.load(path))
    score.build_ann_index(embeddings_path=path, k=5, random_state=0)
    neighbours, scores = score.get_anns(np.load(path), k=1)
    np.testing.assert_array_equal(neighbours[:, 0], np.arange(20))
    np.testing.assert_allclose(scores, 1, atol=1e-4)


@pytest.mark.parametrize(
    ("references", "words"),
    [
        ([known_spectrum("cocaine"), None], "reference spectrum 1 is None"),
        ([{"precursor_mz": 1.0}], "reference spectrum 0 is a dict"),
        (known_spectrum("cocaine"), "reference spectra: one spectrum was given; give a list"),
    ],
)
def test_what_is_no_spectrum_is_named_by_its_position(model: str, references: Any, words: str) -> None:
    score, queries = EmbeddingSimilarity(model), [known_spectrum("cocaine")]
    with pytest.raises(SettingsError, match=words):
        score.matrix(references, queries, progress_bar=False)
    with pytest.raises(SettingsError, match=words.replace("reference", "query")):
        score.sparse_array(queries, references, [0], [0], progress_bar=False)
    with pytest.raises(SettingsError, match=words.replace("reference", "input")):
        score.compute_embeddings(references)
    with pytest.raises(SettingsError, match="query spectrum 0 is None"):
        score.pair(queries[0], None)
