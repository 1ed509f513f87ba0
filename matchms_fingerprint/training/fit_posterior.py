"""Fit a posterior on validation spectra: weights, their sharpness, and when none of the candidates is right.

What is fitted on some structures is judged on others: penalties are chosen, logits are sharpened, and lists without the
right structure are told from others by what weights say that were fitted on other structures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.annotation.posterior.none_of_these import NoneOfThese, list_features
from matchms_fingerprint.annotation.posterior.posterior import Judgement, Posterior, log_of, shares_of
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.evaluation.posterior.labelled_table import LabelledTable, balanced_weights
from matchms_fingerprint.training.fit_candidate_network import prepare_networks, train_networks
from matchms_fingerprint.training.fit_conditional_logit import (
    NO_SLOPES,
    FlatLists,
    Penalty,
    fit_sharpness,
    fit_weights,
    flatten,
    sharpened,
)
from matchms_fingerprint.training.fit_none_of_these import fit_none_of_these

MISSING_SHARE = 0.1
"""How often the right structure is taken to be missing from a library, unless told otherwise."""

N_NETWORKS = 4
"""Networks that are trained from different random numbers and averaged."""

MIN_STRUCTURES = 20
"""With fewer structures there is nothing to fit on."""

N_PARTS = 5
PENALTIES = tuple(Penalty(slopes=slopes) for slopes in (NO_SLOPES, 0.1, 0.03, 0.01))
"""What is tried; the one of the highest likelihood on left-out structures is taken."""


@dataclass(frozen=True)
class FittedPosterior:
    """A posterior, and how it does on structures that it was not fitted on.

    Parameters
    ----------
    posterior
        Fitted on all lists.
    lists
        Those that it was fitted on.
    left_out
        What a posterior that was fitted without its structure says of each list.
    left_out_removed
        The same of each list without the right structure; of those that have other candidates.
    figures
        The penalty that was chosen, and the likelihoods of all.
    """

    posterior: Posterior
    lists: list[LabelledTable]
    left_out: list[Judgement]
    left_out_removed: list[Judgement]
    figures: dict[str, Any]


def fit_posterior(
    lists: Sequence[LabelledTable],
    cheap_columns: tuple[str, ...],
    columns: tuple[str, ...],
    nearest: str = "",
    missing_share: float = MISSING_SHARE,
    advance: Callable[[str, int, int], None] = lambda *_: None,
    n_networks: int = N_NETWORKS,
    seed: int = 0,
) -> FittedPosterior:
    """Fit a posterior.

    Parameters
    ----------
    lists
        Evidence on the candidates of validation spectra.
    cheap_columns, columns
        The evidence that all candidates have, and all evidence.
    nearest
        Column that tells how near the nearest library spectrum is; "" for none.
    missing_share
        How often the right structure is taken to be missing from a library.
    advance
        Told about the progress.
    n_networks
        Networks to weigh all evidence with, if they do better than weights on left-out structures; 0: only weights.
    seed
        Seed of the parts into which structures are drawn.

    Raises
    ------
    SettingsError
        If there are too few structures with the right one among the candidates, or the share is not between 0 and 1.
    """
    if not 0 < missing_share < 1:
        raise SettingsError(f"the share of missing structures is {missing_share}; it must lie between 0 and 1")
    told = [item for item in lists if item.correct.any()]
    if (n := len({item.structure for item in told})) < MIN_STRUCTURES:
        raise SettingsError(
            f"the right structure is among the candidates of {n} validation structures, {MIN_STRUCTURES} are needed; "
            "give a larger library or more spectra"
        )
    part = _parts(told, seed)
    advance("fitting weights", 0, 3)
    cheap = _Stage(told, part, cheap_columns, nearest, PENALTIES[:1])
    advance("fitting weights", 1, 3)
    costly = tuple(name for name in columns if name not in cheap_columns)
    seen = looked_at(told, costly)
    weights = _Stage(seen, part, columns, nearest, PENALTIES)
    networks = _NetworkStage(seen, part, columns, nearest, n_networks, seed) if n_networks else None
    full = networks if networks and networks.log_likelihood > weights.log_likelihood else weights
    advance("fitting weights", 2, 3)
    removed = [(item.without_truth(), p) for item, p in zip(told, part.tolist(), strict=True)]
    examples = [*zip(told, part.tolist(), strict=True), *((item, p) for item, p in removed if len(item))]
    shares = [shares_of(cheap.without[p], full.without[p], item.table) for item, p in examples]
    none, left_out = _fit_none(examples, shares, len(told), columns)
    judged = [
        Judgement(share, none_without.probability(item.table, share, missing_share), log_of(share))
        for (item, _), share, none_without in zip(examples, shares, left_out, strict=True)
    ]
    posterior = Posterior(cheap.logit, full.logit, none, missing_share)
    figures = {"cheap": cheap.to_dict(), "weights": weights.to_dict()}
    if networks:
        figures["networks"] = networks.to_dict()
    return FittedPosterior(posterior, told, judged[: len(told)], judged[len(told) :], figures)


def _fit_none(
    examples: Sequence[tuple[LabelledTable, int]],
    shares: Sequence[NDArray[np.float64]],
    n_known: int,
    columns: tuple[str, ...],
) -> tuple[NoneOfThese, list[NoneOfThese]]:
    """Fit on all examples, of which the first `n_known` have the right structure, and for each without its part."""
    features = np.array(
        [list_features(item.table, share, columns) for (item, _), share in zip(examples, shares, strict=True)]
    )
    is_missing = np.arange(len(examples)) >= n_known
    weights = balanced_weights([item for item, _ in examples])
    part = np.array([p for _, p in examples])
    without = [
        fit_none_of_these(features[part != p], is_missing[part != p], weights[part != p], columns)
        for p in range(N_PARTS)
    ]
    return fit_none_of_these(features, is_missing, weights, columns), [without[p] for p in part.tolist()]


class _Stage:
    """The weights of some columns, fitted on all lists and without each part of them.

    Parameters
    ----------
    lists
        The lists.
    part
        Part of each list, shape (n_lists,).
    columns, nearest
        See `fit_posterior`.
    penalties
        What to choose from.
    """

    def __init__(
        self,
        lists: Sequence[LabelledTable],
        part: NDArray[np.int64],
        columns: tuple[str, ...],
        nearest: str,
        penalties: Sequence[Penalty],
    ) -> None:
        flat, start = flatten(lists, columns, nearest)
        plain = fit_weights(flat, start, Penalty())
        self.tried: list[tuple[Penalty, float]] = []
        best = -np.inf
        for penalty in penalties:
            without = [fit_weights(flat.take(part != p), plain, penalty) for p in range(N_PARTS)]
            logits = np.select(
                [np.repeat(part == p, flat.lengths) for p in range(N_PARTS)], [flat.logits(w) for w in without]
            )
            found = log_likelihood(flat, logits)
            self.tried.append((penalty, found))
            if found > best:
                best, self.penalty, chosen, left_out = found, penalty, without, logits
        self.log_likelihood = best
        self.sharpness = fit_sharpness(left_out, flat)
        self.without = [sharpened(logit, self.sharpness) for logit in chosen]
        self.logit = sharpened(fit_weights(flat, plain, self.penalty), self.sharpness)

    def to_dict(self) -> dict[str, Any]:
        """Return what was tried and chosen."""
        tried = [_written(penalty) | {"log_likelihood": round(found, 4)} for penalty, found in self.tried]
        return {"penalty": _written(self.penalty), "tried": tried, "log_sharpness": self.sharpness.round(4).tolist()}


class _NetworkStage:
    """Networks, trained on all lists and without each part of them.

    Parameters
    ----------
    lists, part, columns, nearest
        See `_Stage`.
    n_networks
        How many are averaged; half as many without each part.
    seed
        Of their weights.
    """

    def __init__(
        self,
        lists: Sequence[LabelledTable],
        part: NDArray[np.int64],
        columns: tuple[str, ...],
        nearest: str,
        n_networks: int,
        seed: int,
    ) -> None:
        prepared = prepare_networks(lists, columns, nearest)
        flat = prepared.flat
        without = [train_networks(prepared, part != p, -(-n_networks // 2), seed) for p in range(N_PARTS)]
        outputs = np.concatenate([without[p].outputs(item.table) for item, p in zip(lists, part.tolist(), strict=True)])
        self.log_likelihood = log_likelihood(flat, outputs)
        self.sharpness = fit_sharpness(outputs, flat)
        self.without = [replace(one, sharpness=self.sharpness) for one in without]
        trained = train_networks(prepared, np.ones(len(lists), bool), n_networks, seed)
        self.logit = replace(trained, sharpness=self.sharpness)

    def to_dict(self) -> dict[str, Any]:
        """Return how it does on left-out structures."""
        return {
            "log_likelihood": round(self.log_likelihood, 4),
            "n_networks": len(self.logit.layers),
            "log_sharpness": self.sharpness.round(4).tolist(),
        }


def log_likelihood(flat: FlatLists, logits: NDArray[np.float64]) -> float:
    """Return the mean log-likelihood of the right candidates in lists that have them, structures balanced."""
    has_right = np.add.reduceat(flat.correct.astype(np.int64), flat.starts) > 0
    shares = np.log(np.maximum(flat.share_of_right(logits), 1e-12))
    return float(np.average(shares[has_right], weights=flat.balance[has_right]))


def _written(penalty: Penalty) -> dict[str, Any]:
    return {"weights": penalty.weights, "slopes": penalty.slopes if np.isfinite(penalty.slopes) else None}


def _parts(lists: Sequence[LabelledTable], seed: int) -> NDArray[np.int64]:
    """Return for each list the part into which its structure is drawn."""
    distinct, place = np.unique([item.structure for item in lists], return_inverse=True)
    return np.asarray((np.random.default_rng(seed).permutation(distinct.size) % N_PARTS)[place])


def looked_at(lists: Sequence[LabelledTable], costly: tuple[str, ...]) -> list[LabelledTable]:
    """Return the lists with the candidates alone that have costly evidence; whole where none of them has."""
    found = []
    for item in lists:
        known = item.table.has_any(costly)
        found.append(item.take(known) if known.any() and not known.all() else item)
    return found
