"""How far fingerprint similarity and hit rate pull apart on given candidates.

What is best for the hit rate is the most probable candidate k; what is best for the similarity of the answer is the
candidate s of the highest expected similarity. With posterior probabilities eta, similarities between candidates from
smin to smax, and D = smax - smin, s loses at most (1 - eta_k - eta_s) D / (1 - smax) of the hit rate. Where all
candidates are equally similar the two agree; near-duplicates beside strangers set them apart. The losses and the
observation are those of De Waele et al. 2026 (arXiv 2602.16507).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.kernels.packed_similarity import packed_similarity

_QUANTILES = (0.05, 0.95)
_MOST_CANDIDATES = 512


def similarity_range(packed: NDArray[np.uint64], metric: str = "tanimoto", seed: int = 0) -> tuple[float, float]:
    """Return the 5 % and the 95 % quantile of the similarities between the candidates of a list.

    Parameters
    ----------
    packed
        Packed fingerprints, shape (n_candidates, n_words), uint64. Of very long lists some are drawn.
    metric
        One of `kernels.packed_similarity.METRICS`.
    seed
        Of that draw.

    Returns
    -------
    tuple of float
        NaN for fewer than two candidates.
    """
    if len(packed) > _MOST_CANDIDATES:
        packed = packed[np.random.default_rng(seed).choice(len(packed), _MOST_CANDIDATES, replace=False)]
    if len(packed) < 2:
        return float("nan"), float("nan")
    pairs = packed_similarity(packed, packed, metric)[np.triu_indices(len(packed), 1)]
    low, high = np.quantile(pairs, _QUANTILES)
    return float(low), float(high)


def conflict_index(low: float, high: float) -> float:
    """Return min(1, D / (1 - smax)) for similarities from `low` = smin to `high` = smax, D = smax - smin.

    The share of the probability beyond the two best candidates that a choice for similarity can cost in hit rate. 0
    where all candidates are equally similar, or there is only one (NaN).
    """
    width = high - low
    if not width > 0:
        return 0.0
    return 1.0 if width >= 1.0 - high else width / (1.0 - high)


@dataclass(frozen=True)
class ConflictSummary:
    """The conflict in a set of candidate lists.

    Parameters
    ----------
    n_lists, n_single
        Number of lists, and of those with fewer than two candidates, where there is nothing to choose.
    median_candidates
        Median length of the lists.
    low, high
        Medians of the 5 % and 95 % quantiles of the similarities within a list.
    kappa, kappa_low, kappa_high
        Median, 25 % and 75 % quantile of the conflict index, lists of several candidates alone; NaN without any.
    """

    n_lists: int
    n_single: int
    median_candidates: float
    low: float
    high: float
    kappa: float
    kappa_low: float
    kappa_high: float

    def to_dict(self) -> dict[str, float | None]:
        """Return JSON-safe values, rounded."""
        return {name: None if np.isnan(value) else round(value, 4) for name, value in asdict(self).items()}


def summarize_conflict(lists: Iterable[NDArray[np.uint64]], metric: str = "tanimoto", seed: int = 0) -> ConflictSummary:
    """Measure the conflict in each candidate list, and return the quantiles.

    Parameters
    ----------
    lists
        Packed fingerprints of the candidates of each spectrum, shape (n_candidates, n_words), uint64.
    metric, seed
        As in `similarity_range`.
    """
    sizes, ranges = [], []
    for packed in lists:
        sizes.append(len(packed))
        ranges.append(similarity_range(packed, metric, seed))
    several = [pair for pair, size in zip(ranges, sizes, strict=True) if size > 1]
    kappas = [conflict_index(*pair) for pair in several]
    quantiles = np.quantile(kappas, (0.25, 0.5, 0.75)).tolist() if kappas else [float("nan")] * 3
    low, high = np.median(several, axis=0).tolist() if several else [float("nan")] * 2
    return ConflictSummary(
        n_lists=len(sizes),
        n_single=len(sizes) - len(several),
        median_candidates=float(np.median(sizes)) if sizes else 0.0,
        low=low,
        high=high,
        kappa=quantiles[1],
        kappa_low=quantiles[0],
        kappa_high=quantiles[2],
    )
