"""Whether groups of samples can be told apart, tested against shuffled labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from matchms_fingerprint.errors import SettingsError

FEWEST_OF_GROUP = 3
"""Samples that each group needs."""
MOST_FOLDS = 5
PENALTY = 0.1
"""`C` of the logistic regression: stronger than the default of scikit-learn, since samples are few."""
_ROUNDING = 1e-12

Scores = Callable[[NDArray[np.int64]], tuple[NDArray[np.int64], float, float]]
"""From groups to those predicted for samples left out, balanced accuracy and area under the curve."""


@dataclass(frozen=True, eq=False)
class AgainstChance:
    """A figure beside what chance gives.

    Parameters
    ----------
    value
        With the real labels.
    chance
        What is expected of predictions that know nothing.
    permuted
        With shuffled labels, shape (n_permutations,), float64, in ascending order.
    """

    value: float
    chance: float
    permuted: NDArray[np.float64]

    @property
    def p_value(self) -> float:
        """Share of the shuffled labels that do as well or better, the real ones counted among them."""
        n_as_good = int((self.permuted >= self.value - _ROUNDING).sum())
        return (1 + n_as_good) / (1 + len(self.permuted))


@dataclass(frozen=True, eq=False)
class GroupTest:
    """How well samples can be told apart by their embeddings.

    Parameters
    ----------
    groups
        Their names, sorted.
    counts
        Samples in each.
    predicted
        Group that was predicted for each sample by a model that had not seen it.
    recalls
        Share of the samples of each group that were predicted right.
    n_folds
        Of the cross-validation.
    accuracy
        Balanced accuracy, the mean of `recalls`: chance is one by the number of groups, however unequal they are. This
        is what is tested.
    auroc
        Area under the ROC curve, of each group against the others, in the mean of groups and folds.
    """

    groups: tuple[str, ...]
    counts: tuple[int, ...]
    predicted: tuple[str, ...]
    recalls: tuple[float, ...]
    n_folds: int
    accuracy: AgainstChance
    auroc: AgainstChance


def check_groups(labels: Sequence[str]) -> None:
    """Raise `SettingsError` unless there are two groups or more, of three samples or more each."""
    groups, counts = np.unique(np.asarray(labels, np.str_), return_counts=True)
    if len(groups) < 2:
        raise SettingsError(
            "all samples are of one group; give a column with two groups or more, or leave the test out"
            " (--permutations 0)"
        )
    if counts.min() < FEWEST_OF_GROUP:
        few = [f"{name} ({count})" for name, count in zip(groups, counts, strict=True) if count < FEWEST_OF_GROUP]
        more = f" and {len(few) - 5} more" if len(few) > 5 else ""
        raise SettingsError(
            f"too few samples in {', '.join(few[:5])}{more}; a test needs {FEWEST_OF_GROUP} in each group: give another"
            " column, or leave the test out (--permutations 0)"
        )


def tell_groups_apart(
    embeddings: NDArray[np.floating],
    labels: Sequence[str],
    n_permutations: int = 199,
    seed: int = 0,
    on_permutation: Callable[[int, int], None] = lambda done, total: None,
) -> GroupTest:
    """Predict the group of each sample from the others, and test whether that is better than chance.

    A logistic regression on embeddings that are standardized by the samples it learns from, cross-validated with up to
    five folds that keep the shares of the groups. The permutation test repeats all of it with shuffled labels (Ojala
    and Garriga, J. Mach. Learn. Res. 2010, 11, 1833), so that few samples and many dimensions are accounted for.

    Parameters
    ----------
    embeddings
        Of the samples, shape (n_samples, n_embedding).
    labels
        Group of each sample.
    n_permutations
        How often labels are shuffled; the smallest p value is 1 / (n_permutations + 1).
    seed
        Of folds and permutations.
    on_permutation
        Called after each permutation, with how many are done and how many there are.

    Raises
    ------
    SettingsError
        If there are fewer than two groups, fewer than three samples in one, not as many labels as samples, or
        scikit-learn is not installed.
    """
    x = np.asarray(embeddings, np.float64)
    if len(x) != len(labels):
        raise SettingsError(f"{len(labels)} labels for {len(x)} samples; give one for each")
    if n_permutations < 1:
        raise SettingsError(f"n_permutations is {n_permutations}; give 1 or more")
    check_groups(labels)
    groups, y, counts = np.unique(np.asarray(labels, np.str_), return_inverse=True, return_counts=True)
    n_folds = min(MOST_FOLDS, int(counts.min()))
    scores, one_thread = _cross_validation(x, len(groups), n_folds, seed)
    rng = np.random.default_rng(seed)
    permuted = np.empty((n_permutations, 2))
    with one_thread:
        predicted, accuracy, auroc = scores(y)
        for i in range(n_permutations):
            permuted[i] = scores(rng.permutation(y))[1:]
            on_permutation(i + 1, n_permutations)
    permuted.sort(axis=0)
    return GroupTest(
        groups=tuple(groups.tolist()),
        counts=tuple(counts.tolist()),
        predicted=tuple(groups[predicted].tolist()),
        recalls=tuple(_recalls(y, predicted, len(groups)).tolist()),
        n_folds=n_folds,
        accuracy=AgainstChance(accuracy, 1 / len(groups), permuted[:, 0]),
        auroc=AgainstChance(auroc, 0.5, permuted[:, 1]),
    )


def _cross_validation(
    x: NDArray[np.float64], n_groups: int, n_folds: int, seed: int
) -> tuple[Scores, AbstractContextManager[object]]:
    """Return what predicts samples left out, and how to run it: threads that wait cost such small matrices 15 times."""
    try:
        from sklearn.linear_model import LogisticRegression
        from sklearn.metrics import roc_auc_score
        from sklearn.model_selection import StratifiedKFold
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
    except ImportError:
        raise SettingsError("scikit-learn is not installed; pip install 'matchms_fingerprint[study]'") from None
    model = make_pipeline(StandardScaler(), LogisticRegression(C=PENALTY, class_weight="balanced", max_iter=1000))
    folds = StratifiedKFold(n_folds, shuffle=True, random_state=seed)

    def scores(y: NDArray[np.int64]) -> tuple[NDArray[np.int64], float, float]:
        predicted, areas = np.empty_like(y), []
        for seen, left_out in folds.split(x, y):
            probabilities = model.fit(x[seen], y[seen]).predict_proba(x[left_out])
            predicted[left_out] = probabilities.argmax(axis=1)
            # each fold holds each group, since there are no more folds than samples of the smallest one
            of_groups = probabilities[:, 1] if n_groups == 2 else probabilities
            areas.append(roc_auc_score(y[left_out], of_groups, multi_class="ovr"))
        return predicted, float(_recalls(y, predicted, n_groups).mean()), float(np.mean(areas))

    return scores, threadpool_limits(1)


def _recalls(y: NDArray[np.int64], predicted: NDArray[np.int64], n_groups: int) -> NDArray[np.float64]:
    return np.array([(predicted[y == group] == group).mean() for group in range(n_groups)])
