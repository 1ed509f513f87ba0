"""Which fingerprint bits belong together: those that the same structures have."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from matchms_fingerprint.errors import SettingsError

_N_COMPONENTS = 128
_SUBSPACE_ROUNDS = 4
_STARTS = 3
_TRIALS = 6
_KMEANS_ROUNDS = 20
_ROOM = 1.5


def group_bits(bits: NDArray[np.uint8], n_groups: int, seed: int = 0) -> NDArray[np.int64]:
    """Group bits by co-occurrence: spectral clustering on their phi coefficients, in groups of limited size.

    Each bit becomes a point in the space of the leading eigenvectors of the matrix of phi coefficients (the Pearson
    correlation of two bits over the structures), found by subspace iteration (Halko et al., SIAM Review 2011) without
    forming the matrix; k-means by cosine parts the points. A group has at most 1.5 times the mean size, so that no
    group dwarfs the others. The result follows from the arguments alone.

    Parameters
    ----------
    bits
        Bits of distinct structures, shape (n_structures, n_bits).
    n_groups
        Number of groups, at most `n_bits`; none is empty.
    seed
        Seed of the draws.

    Returns
    -------
    ndarray of shape (n_bits,), int64
        Group of each bit, from 0 to `n_groups` - 1. Bits that no structure or every structure has correlate with
        nothing: they fill the smaller groups.

    Raises
    ------
    SettingsError
        If there are fewer bits than groups.
    """
    n_bits = bits.shape[1]
    if not 1 <= n_groups <= n_bits:
        raise SettingsError(f"{n_bits} bits cannot be parted into {n_groups} groups; choose 1 to {n_bits}")
    rng = np.random.default_rng(seed)
    points = _correlation_space(bits, min(_N_COMPONENTS, n_bits), rng)
    room = int(np.ceil(_ROOM * n_bits / n_groups))
    best, best_sum = np.empty(0, np.int64), -np.inf
    for _ in range(_STARTS):
        group, closeness = _k_means(points, _first_centres(points, n_groups, rng), room)
        if closeness > best_sum:
            best, best_sum = group, closeness
    return _without_empty_groups(best, n_groups)


def _correlation_space(bits: NDArray[np.uint8], n_components: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a unit vector for each bit; their products approach the phi coefficients. Zero for constant bits."""
    table = sparse.csr_array(bits != 0, dtype=np.float64)
    n_structures = max(1, table.shape[0])
    mean = np.asarray(table.sum(axis=0)).ravel() / n_structures
    deviation = np.sqrt(mean * (1 - mean))
    scale = np.divide(1.0, deviation, out=np.zeros_like(mean), where=deviation > 0)[:, None]

    def correlate(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        scaled = scale * vectors
        per_structure = table @ scaled - mean @ scaled
        return scale * (table.T @ per_structure - np.outer(mean, per_structure.sum(axis=0))) / n_structures

    basis = rng.normal(size=(bits.shape[1], n_components))
    for _ in range(_SUBSPACE_ROUNDS):
        basis = np.linalg.qr(correlate(basis))[0]
    values, vectors = np.linalg.eigh(basis.T @ correlate(basis))
    return _unit_rows(scale.astype(bool) * (basis @ vectors) * np.sqrt(np.maximum(values, 0.0)))


def _unit_rows(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 1e-9)


def _k_means(points: NDArray[np.float64], centres: NDArray[np.float64], room: int) -> tuple[NDArray[np.int64], float]:
    """Return the group of each point, and the sum of the cosines of the points with their centres."""
    group = np.full(len(points), -1)
    for _ in range(_KMEANS_ROUNDS):
        before, group = group, _assign(points @ centres.T, room)
        if np.array_equal(before, group):
            break
        sums = np.zeros_like(centres)
        np.add.at(sums, group, points)
        centres = _unit_rows(sums)
    return group, float((points * centres[group]).sum())


def _first_centres(points: NDArray[np.float64], n_groups: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Choose centres far from each other, as greedy k-means++ does (Arthur and Vassilvitskii 2007).

    Of several points drawn by their squared distance to the nearest centre, that becomes a centre which brings all
    points closest.
    """
    nearest = np.where(points.any(axis=1), 2.0, 0.0)
    centres = np.zeros((n_groups, points.shape[1]))
    for i in range(n_groups):
        if nearest.sum() <= 1e-9:
            break
        drawn = points[rng.choice(len(points), _TRIALS, p=nearest / nearest.sum())]
        distances = np.minimum(nearest[:, None], np.maximum(2 - 2 * (points @ drawn.T), 0.0))
        chosen = distances.sum(axis=0).argmin()
        centres[i], nearest = drawn[chosen], distances[:, chosen]
    return centres


def _assign(similarity: NDArray[np.float64], room: int) -> NDArray[np.int64]:
    """Give each row the most similar column that has room; a column takes the rows that are most similar to it.

    Rows without any similarity come last, to the columns with most room.
    """
    n_rows, n_columns = similarity.shape
    group = np.full(n_rows, -1)
    sizes = np.zeros(n_columns, np.int64)
    waiting = np.flatnonzero(similarity.any(axis=1))
    while waiting.size:
        open_similarity = np.where(sizes < room, similarity[waiting], -np.inf)
        wish = open_similarity.argmax(axis=1)
        order = np.lexsort((-open_similarity[np.arange(waiting.size), wish], wish))
        first = np.searchsorted(wish[order], np.arange(n_columns))
        place = np.arange(waiting.size) - first[wish[order]]
        accepted = order[place < (room - sizes)[wish[order]]]
        group[waiting[accepted]] = wish[accepted]
        sizes += np.bincount(wish[accepted], minlength=n_columns)
        waiting = np.delete(waiting, accepted)
    for row in np.flatnonzero(group < 0):
        group[row] = sizes.argmin()
        sizes[group[row]] += 1
    return group


def _without_empty_groups(group: NDArray[np.int64], n_groups: int) -> NDArray[np.int64]:
    """Give each empty group a bit of the largest one."""
    sizes = np.bincount(group, minlength=n_groups)
    for empty in np.flatnonzero(sizes == 0):
        largest = int(sizes.argmax())
        group[np.flatnonzero(group == largest)[-1]] = empty
        sizes[largest] -= 1
        sizes[empty] += 1
    return group
