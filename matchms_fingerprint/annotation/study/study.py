"""All that is asked of the samples of a study: a map, and whether its groups differ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.annotation.projection import Projection, project
from matchms_fingerprint.annotation.study.groups import GroupTest, check_groups, tell_groups_apart
from matchms_fingerprint.annotation.study.labels import SampleLabels
from matchms_fingerprint.annotation.study.samples import FEWEST_SAMPLES, StudySamples
from matchms_fingerprint.errors import InputFileError


@dataclass(frozen=True, eq=False)
class Study:
    """What was found.

    Parameters
    ----------
    samples
        All of them.
    labels
        What is known of them, if anything.
    projection
        Their places on the map, shape (n_samples, 2); NaN for samples without features.
    test
        Whether groups can be told apart; None where that was not asked or cannot be.
    no_test
        Why there is no test; empty where there is one.
    is_tested
        The samples in the test, those with features and a label, shape (n_samples,), bool; in the order of
        `test.predicted`.
    """

    samples: StudySamples
    labels: SampleLabels | None
    projection: Projection
    test: GroupTest | None
    no_test: str
    is_tested: NDArray[np.bool_]


def why_no_test(labels: SampleLabels | None, n_permutations: int) -> str:
    """Return why there is nothing to test; empty where there is."""
    if labels is None:
        return "no metadata, so no groups to tell apart"
    if not n_permutations:
        return "no permutations asked for"
    if labels.numbers is not None:
        return (
            f"{labels.column} holds numbers: the map has a scale of them; a classifier needs groups, so write them as"
            " words where they are names of groups"
        )
    return ""


def check_study(labels: SampleLabels | None, n_permutations: int) -> None:
    """Raise `SettingsError` before the work if the groups cannot be tested."""
    if labels is not None and not why_no_test(labels, n_permutations):
        check_groups([value for value in labels.values if value])


def analyse_study(
    samples: StudySamples,
    labels: SampleLabels | None = None,
    method: str = "pca",
    n_permutations: int = 199,
    seed: int = 0,
    on_permutation: Callable[[int, int], None] = lambda done, total: None,
) -> Study:
    """Lay samples out on a map, and test whether their groups can be told apart.

    Parameters
    ----------
    samples
        As `embed_samples` gives them. One without features has no place on the map.
    labels
        What is known of the samples; text makes groups, of which those samples without a label are no part.
    method
        "pca", or "umap" with the extra `umap`.
    n_permutations
        How often labels are shuffled for the test; 0 for no test.
    seed
        Of UMAP, of folds and of permutations.
    on_permutation
        As in `tell_groups_apart`.

    Raises
    ------
    InputFileError
        If fewer than three samples have features.
    SettingsError
        If groups cannot be tested, see `tell_groups_apart`, or the method is not known or not installed.
    """
    has_features = samples.n_features > 0
    if has_features.sum() < FEWEST_SAMPLES:
        raise InputFileError(
            f"{has_features.sum()} samples have features with a spectrum, a map needs {FEWEST_SAMPLES}; is the"
            " quantification table of the same export?"
        )
    projection = project(samples.embeddings[has_features], method, seed)
    points = np.full((len(has_features), 2), np.nan)
    points[has_features] = projection.points
    test, is_tested = None, np.zeros(len(has_features), np.bool_)
    no_test = why_no_test(labels, n_permutations)
    if labels is not None and not no_test:
        is_tested = has_features & labels.is_known
        groups = [value for value, is_in in zip(labels.values, is_tested, strict=True) if is_in]
        test = tell_groups_apart(samples.embeddings[is_tested], groups, n_permutations, seed, on_permutation)
    return Study(samples, labels, replace(projection, points=points), test, no_test, is_tested)
