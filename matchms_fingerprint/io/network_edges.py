"""The file for "Import molecular networks" of MZmine: edges between rows whose spectra are alike to the model."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.io.artifacts import atomic_file
from matchms_fingerprint.kernels.nearest_neighbours import neighbour_pairs

HEADER = ("ID1", "ID2", "EdgeType", "Score", "Annotation")
"""MZmine wants these names, and not those of its own help text."""

EDGE_TYPE = "matchms_fingerprint embedding"


def write_network_edges(
    path: str | Path, row_ids: Sequence[int], embeddings: NDArray[np.float32], k: int, min_score: float
) -> int:
    """Write an edge for each two rows of which one is among the k nearest of the other; return how many there are.

    Parameters
    ----------
    path
        The file; it appears when all of it is written.
    row_ids
        Ids of rows of the feature list, each once: MZmine gives up a file with ids that the list does not have.
    embeddings
        ndarray of shape (n, d), float32, a row each; what has no spectrum is all zero and gets no edge.
    k
        Neighbours of each row.
    min_score
        Edges of a lower cosine are left out, -1 to 1.

    Raises
    ------
    SettingsError
        If `k` or `min_score` is outside of what it accepts, or an id comes twice.
    """
    if k < 1:
        raise SettingsError(f"k {k}: must be 1 or more neighbours")
    if not -1 <= min_score <= 1:
        raise SettingsError(f"min_score {min_score}: must be a cosine, from -1 to 1")
    if len(set(row_ids)) != len(row_ids) or len(row_ids) != len(embeddings):
        raise SettingsError("row_ids: must be one for each embedding, and each once")
    order = np.argsort(np.asarray(row_ids, dtype=np.int64), kind="stable")
    ids = [row_ids[place] for place in order.tolist()]
    first, second, scores = neighbour_pairs(embeddings[order], k, min_score)
    with atomic_file(path) as partial, open(partial, "w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(HEADER)
        for one, other, score in zip(first.tolist(), second.tolist(), scores.tolist(), strict=True):
            writer.writerow((ids[one], ids[other], EDGE_TYPE, f"{score:.4f}", f"cos={score:.4f}"))
    return len(first)
