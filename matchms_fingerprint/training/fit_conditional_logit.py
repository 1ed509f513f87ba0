"""Fit the weights of evidence: those with which the right candidates of validation spectra are most probable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from matchms_fingerprint.annotation.posterior.conditional_logit import (
    DESCRIPTORS,
    SIDES,
    ConditionalLogit,
    describe,
    terms,
)
from matchms_fingerprint.evaluation.posterior.labelled_table import LabelledTable, balanced_weights

NO_SLOPES = float("inf")
"""Penalty of slopes under which weights are the same for all queries."""

_FIRST_WEIGHT = 0.2
_LOG_WEIGHT_BOUNDS = (-9.0, 3.0)
_SLOPE_BOUNDS = (-1.0, 1.0)
_FARTHEST = 3.0
_MOST_STEPS = 200


@dataclass(frozen=True)
class Penalty:
    """How strongly weights are held back; of the mean loss of a list.

    Parameters
    ----------
    weights
        Times the sum of squared weights.
    slopes
        Times the sum of squared slopes; `NO_SLOPES` leaves them at 0.
    """

    weights: float = 1e-3
    slopes: float = NO_SLOPES


@dataclass(frozen=True)
class FlatLists:
    """Many lists, one after the other, as the fit reads them.

    Parameters
    ----------
    evidence
        What weights are multiplied with, shape (n_candidates, n_weights), float64; see `terms`.
    lengths
        Number of candidates of each list, at least one, shape (n_lists,), int64.
    correct
        Which candidates are right, shape (n_candidates,), bool.
    described
        Standardised descriptors of the queries, shape (n_lists, n_descriptors).
    balance
        How much each list counts, shape (n_lists,), of mean 1.
    """

    evidence: NDArray[np.float64]
    lengths: NDArray[np.int64]
    correct: NDArray[np.bool_]
    described: NDArray[np.float64]
    balance: NDArray[np.float64]

    @property
    def starts(self) -> NDArray[np.int64]:
        """First candidate of each list, shape (n_lists,)."""
        return np.cumsum(self.lengths) - self.lengths

    def take(self, lists: NDArray[np.bool_]) -> FlatLists:
        """Return the lists where a mask is True."""
        rows = np.repeat(lists, self.lengths)
        return FlatLists(
            self.evidence[rows], self.lengths[lists], self.correct[rows], self.described[lists], self.balance[lists]
        )

    def logits(self, logit: ConditionalLogit) -> NDArray[np.float64]:
        """Return the logit of each candidate, shape (n_candidates,)."""
        return self.weighted(np.exp(logit.log_weights + self.described @ logit.slopes.T), bool(logit.slopes.any()))

    def weighted(self, of_list: NDArray[np.float64], differs: bool) -> NDArray[np.float64]:
        """Return the evidence times the weights of its list, (n_lists, n_weights), which may be the same for all."""
        if not differs and len(of_list):
            return np.asarray(self.evidence @ of_list[0])
        return np.asarray(np.einsum("ij,ij->i", self.evidence, np.repeat(of_list, self.lengths, axis=0)))

    def share_of_right(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the softmax share of the right candidates of each list, shape (n_lists,)."""
        if not self.lengths.size:
            return np.empty(0)
        return np.asarray(np.add.reduceat(np.where(self.correct, self.softmax(logits), 0.0), self.starts))

    def softmax(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the softmax within each list, shape (n_candidates,)."""
        raised = np.exp(logits - np.repeat(np.maximum.reduceat(logits, self.starts), self.lengths))
        return np.asarray(raised / np.repeat(np.add.reduceat(raised, self.starts), self.lengths))


def flatten(
    lists: Sequence[LabelledTable], columns: tuple[str, ...], nearest: str = ""
) -> tuple[FlatLists, ConditionalLogit]:
    """Prepare lists for the fit.

    Parameters
    ----------
    lists
        Of at least one candidate each.
    columns
        The evidence to use.
    nearest
        Column that tells how near the nearest library spectrum is; "" for none.

    Returns
    -------
    tuple
        The lists, and a logit with their scales and its first weights.
    """
    values = [item.table.select(columns) for item in lists]
    described = np.array([describe(item.table, nearest) for item in lists]).reshape(-1, len(DESCRIPTORS))
    start = ConditionalLogit(
        columns=columns,
        scales=_usual_spreads(values, len(columns)),
        log_weights=np.full(SIDES * len(columns), np.log(_FIRST_WEIGHT)),
        slopes=np.zeros((SIDES * len(columns), len(DESCRIPTORS))),
        means=described.mean(axis=0) if len(lists) else np.zeros(len(DESCRIPTORS)),
        spreads=np.maximum(described.std(axis=0), 1e-3) if len(lists) else np.ones(len(DESCRIPTORS)),
        nearest=nearest,
    )
    flat = FlatLists(
        evidence=np.concatenate([np.empty((0, SIDES * len(columns))), *(terms(part, start.scales) for part in values)]),
        lengths=np.array([len(item) for item in lists], np.int64),
        correct=np.concatenate([np.empty(0, bool), *(item.correct for item in lists)]),
        described=np.clip((described - start.means) / start.spreads, -_FARTHEST, _FARTHEST),
        balance=balanced_weights(lists),
    )
    return flat, start


def fit_weights(flat: FlatLists, start: ConditionalLogit, penalty: Penalty) -> ConditionalLogit:
    """Fit weights by maximum likelihood.

    Parameters
    ----------
    flat
        The lists; those without the right structure, or of right ones alone, say nothing.
    start
        Where to begin.
    penalty
        How strongly weights are held back.
    """
    if not flat.lengths.size or not start.columns:
        return start
    n_right = np.add.reduceat(flat.correct.astype(np.int64), flat.starts)
    told = flat.take((n_right > 0) & (n_right < flat.lengths))
    if not told.lengths.size:
        return start
    n, m = start.slopes.shape
    has_slopes = bool(np.isfinite(penalty.slopes))
    first = np.concatenate([start.log_weights, start.slopes.ravel() if has_slopes else []])
    bounds = [_LOG_WEIGHT_BOUNDS] * n + [_SLOPE_BOUNDS] * (first.size - n)
    found = minimize(
        _loss,
        first,
        args=(told, penalty, n, m),
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": _MOST_STEPS, "ftol": 1e-7},
    ).x
    slopes = found[n:].reshape(n, m) if has_slopes else np.zeros((n, m))
    return replace(start, log_weights=found[:n], slopes=slopes)


def _loss(
    parameters: NDArray[np.float64], flat: FlatLists, penalty: Penalty, n: int, m: int
) -> tuple[float, NDArray[np.float64]]:
    """Return the mean negative log-likelihood of the right candidates with its penalties, and the gradient."""
    has_slopes = parameters.size > n
    slopes = parameters[n:].reshape(n, m) if has_slopes else np.zeros((n, m))
    of_list = np.exp(parameters[:n] + flat.described @ slopes.T)
    shares = flat.softmax(flat.weighted(of_list, has_slopes))
    right = np.where(flat.correct, shares, 0.0)
    of_right = np.maximum(np.add.reduceat(right, flat.starts), 1e-300)
    weights = flat.balance / flat.balance.sum()
    pull = (shares - right / np.repeat(of_right, flat.lengths)) * np.repeat(weights, flat.lengths)
    squares = np.exp(2.0 * parameters[:n])
    loss = -float(weights @ np.log(of_right)) + penalty.weights * float(squares.sum())
    if not has_slopes:
        return loss, (pull @ flat.evidence) * of_list[0] + 2.0 * penalty.weights * squares
    gradient = np.add.reduceat(pull[:, None] * flat.evidence, flat.starts, axis=0) * of_list
    of_slopes = gradient.T @ flat.described + 2.0 * penalty.slopes * slopes
    loss += penalty.slopes * float((slopes**2).sum())
    return loss, np.concatenate([gradient.sum(axis=0) + 2.0 * penalty.weights * squares, of_slopes.ravel()])


def fit_sharpness(logits: NDArray[np.float64], flat: FlatLists) -> NDArray[np.float64]:
    """Fit by how much to multiply logits, for each kind of query.

    Parameters
    ----------
    logits
        Of weights that were fitted on other structures, shape (n_candidates,).
    flat
        The lists.

    Returns
    -------
    ndarray of shape (1 + n_descriptors,), float64
        Logarithm of the factor of the average query, and its slopes.
    """
    m = flat.described.shape[1]
    start = ConditionalLogit(("logit",), np.ones(1), np.zeros(1), np.zeros((1, m)), np.zeros(m), np.ones(m))
    found = fit_weights(replace(flat, evidence=logits[:, None]), start, Penalty(0.0, 0.01))
    return np.concatenate([found.log_weights, found.slopes[0]])


def sharpened(logit: ConditionalLogit, sharpness: NDArray[np.float64]) -> ConditionalLogit:
    """Return the logit with all its weights multiplied as `fit_sharpness` says."""
    return replace(logit, log_weights=logit.log_weights + sharpness[0], slopes=logit.slopes + sharpness[1:])


def _usual_spreads(values: Sequence[NDArray[np.float64]], n: int) -> NDArray[np.float64]:
    """Return the median over lists of the standard deviation of each column, 1 where it never differs."""
    spreads: list[list[float]] = [[] for _ in range(n)]
    for part in values:
        for column, found in enumerate(part.T):
            known = found[np.isfinite(found)]
            if known.size > 1 and np.ptp(known) > 0:
                spreads[column].append(float(known.std()))
    return np.array([max(float(np.median(found)), 1e-9) if found else 1.0 for found in spreads])
