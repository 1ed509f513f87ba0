"""Any list of pairs gets the numbers of the whole matrix."""

from typing import Any

import numpy as np
import pytest
from builders import make_spectrum, random_spectra, tiny_model
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from matchms import Spectrum

from matchms_fingerprint import EmbeddingSimilarity, FingerprintRetrieval

PAIRS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 4)), max_size=40)


def some_references() -> list[Spectrum]:
    return [*random_spectra(5), make_spectrum(), make_spectrum([], [], smiles="CCO")]


def some_queries() -> list[Spectrum]:
    return [*random_spectra(4, seed=1), make_spectrum([], [])]


@pytest.fixture(
    scope="module",
    params=[
        (FingerprintRetrieval, {"score": "cosine"}),
        (FingerprintRetrieval, {"score": "log_likelihood"}),
        (EmbeddingSimilarity, {"similarity": "cosine"}),
        (EmbeddingSimilarity, {"similarity": "euclidean"}),
    ],
    ids=lambda param: "-".join([param[0].__name__, *param[1].values()]),
)
def scored(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, np.ndarray]:
    """A score, and its matrix of all references and queries."""
    cls, arguments = request.param
    score = cls(str(tiny_model(tmp_path_factory.mktemp("model"))), **arguments)
    return score, score.matrix(some_references(), some_queries(), progress_bar=False)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pairs=PAIRS)
def test_pairs_are_entries_of_the_matrix(scored: tuple[Any, np.ndarray], pairs: list[tuple[int, int]]) -> None:
    score, matrix = scored
    rows, columns = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    scores = score.sparse_array(some_references(), some_queries(), rows, columns, progress_bar=False)
    np.testing.assert_allclose(scores, matrix[rows, columns], atol=1e-5)


def test_scores_stay_in_their_range(scored: tuple[Any, np.ndarray]) -> None:
    score, matrix = scored
    lowest = -1 if getattr(score, "similarity", "") == "cosine" else 0
    assert matrix.min() >= lowest
    assert matrix.max() <= 1
