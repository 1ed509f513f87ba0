"""`network_edges.csv`: which edges there are, and the file as MZmine reads it."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mzmine_rules import MZmineError, read_network

from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.io.network_edges import write_network_edges
from matchms_fingerprint.kernels import nearest_neighbours
from matchms_fingerprint.kernels.nearest_neighbours import neighbour_pairs


def naive_pairs(vectors: np.ndarray, k: int, min_score: float) -> dict[tuple[int, int], float]:
    """The same, one row after the other."""
    pairs = {}
    lengths = np.linalg.norm(vectors, axis=1)
    for i in np.flatnonzero(lengths):
        scores = []
        for j in np.flatnonzero(lengths):
            cosine = round(float(np.clip(vectors[i] @ vectors[j] / (lengths[i] * lengths[j]), -1, 1)), 5)
            if i != j:
                scores.append((-cosine, int(j)))
        for cosine, j in sorted(scores)[:k]:
            if -cosine >= min_score:
                pairs[min(int(i), j), max(int(i), j)] = -cosine
    return pairs


@settings(max_examples=40)
@given(st.integers(0, 12), st.integers(1, 15), st.sampled_from([-1.0, 0.0, 0.5, 1.0]), st.integers(0, 10**6))
def test_pairs_are_those_of_a_naive_search(n: int, k: int, min_score: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.integers(-2, 3, (n, 3)).astype(np.float32)  # small numbers: ties and zero rows occur
    first, second, scores = neighbour_pairs(vectors, k, min_score)
    found = dict(zip(zip(first.tolist(), second.tolist(), strict=True), scores.tolist(), strict=True))
    assert found == pytest.approx(naive_pairs(vectors.astype(float), k, min_score), abs=1e-6)
    assert sorted(found) == list(found)


def test_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = np.random.default_rng(0).normal(size=(50, 8)).astype(np.float32)
    whole = neighbour_pairs(vectors, 3, 0.2)
    monkeypatch.setattr(nearest_neighbours, "_CELLS_AT_A_TIME", 350)
    for one, other in zip(whole, neighbour_pairs(vectors, 3, 0.2), strict=True):
        np.testing.assert_array_equal(one, other)


VECTORS = np.array([[1, 0], [0.8, 0.6], [0, 0], [0, 1], [-1, 0]], dtype=np.float32)


def test_file_is_read_by_mzmine(tmp_path: Path) -> None:
    path = tmp_path / "edges.csv"
    assert write_network_edges(path, [9, 7, 5, 3, 1], VECTORS, k=2, min_score=0.5) == 2
    assert path.read_text(encoding="utf-8") == (
        "ID1,ID2,EdgeType,Score,Annotation\n"
        "3,7,matchms_fingerprint embedding,0.6000,cos=0.6000\n"
        "7,9,matchms_fingerprint embedding,0.8000,cos=0.8000\n"
    )
    edges = read_network(path, [1, 3, 5, 7, 9])
    assert [(edge.id1, edge.id2, edge.score, edge.annotation) for edge in edges] == [
        (3, 7, 0.6, "cos=0.6000"),
        (7, 9, 0.8, "cos=0.8000"),
    ]


def test_few_features_give_a_header(tmp_path: Path) -> None:
    for n in (0, 1):
        assert write_network_edges(tmp_path / "edges.csv", list(range(n)), VECTORS[:n], 3, 0.0) == 0
        assert read_network(tmp_path / "edges.csv", range(n)) == []


@pytest.mark.parametrize(
    ("row_ids", "k", "min_score"), [([1, 1, 2, 3, 4], 1, 0), ([1, 2], 1, 0), (range(5), 0, 0), (range(5), 1, 1.5)]
)
def test_refused(tmp_path: Path, row_ids, k: int, min_score: float) -> None:
    with pytest.raises(SettingsError):
        write_network_edges(tmp_path / "edges.csv", list(row_ids), VECTORS, k, min_score)
    assert list(tmp_path.iterdir()) == []


def test_the_header_of_mzmines_help_text_would_fail(tmp_path: Path) -> None:
    path = tmp_path / "edges.csv"
    path.write_text("ID1,ID2,EdgeType,EdgeAnnotation,EdgeScore\n", encoding="utf-8")
    with pytest.raises(MZmineError, match="score"):
        read_network(path, [])
