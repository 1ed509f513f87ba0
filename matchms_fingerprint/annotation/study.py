"""Samples by what is in them: embeddings of whole samples, and whether they tell groups of samples apart."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.errors import InputFileError, SettingsError

FEWEST_OF_GROUP = 3
"""Samples that each group needs."""
MOST_FOLDS = 5
_SAMPLE_COLUMNS = ("filename", "sample", "sample_name", "file")
_SEPARATORS = ("\t", ",", ";")


def sample_embeddings(
    embeddings: NDArray[np.floating], intensities: NDArray[np.floating], power: float = 0.5
) -> NDArray[np.float64]:
    """Average the embeddings of the features of each sample, weighted by their intensities.

    Parameters
    ----------
    embeddings
        Of the features, shape (n_features, n_embedding), as `model.embed` gives them.
    intensities
        Of each feature in each sample, shape (n_features, n_samples); 0 or NaN where it was not found.
    power
        Of the intensities; below 1, so that a few large features do not speak for the whole sample.

    Returns
    -------
    ndarray of shape (n_samples, n_embedding), float64
        Unit vectors; zeros for a sample without features.

    Raises
    ------
    SettingsError
        If the numbers of features differ, or an intensity is negative.
    """
    x = np.asarray(embeddings, np.float64)
    weights = np.nan_to_num(np.asarray(intensities, np.float64))
    if x.ndim != 2 or weights.ndim != 2 or len(x) != len(weights):
        raise SettingsError(
            f"embeddings of shape {x.shape} and intensities of shape {weights.shape}: give one row a feature in both"
        )
    if (weights < 0).any():
        raise SettingsError("some intensities are negative; give peak areas or heights")
    sums = (weights**power).T @ x
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.divide(sums, lengths, out=np.zeros_like(sums), where=lengths > 0)


def read_sample_labels(path: str | Path, column: str, samples: Sequence[str]) -> list[str]:
    """Read a column of a metadata table, one row a sample, in the order of `samples`.

    Parameters
    ----------
    path
        Tab- or comma-separated table with a line of names. Its samples stand in the column "filename" (as GNPS has it)
        or "sample", else in the first one; endings such as ".mzML" do not count.
    column
        Its column to read. "ATTRIBUTE_" at its beginning, as GNPS asks for, may be left out.
    samples
        Names of the samples, as a quantification table has them.

    Raises
    ------
    InputFileError
        If the file is missing or is no such table, has no such column, or a sample is not in it.
    """
    path = Path(path)
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        raise InputFileError(f"{path}: no such file") from None
    except UnicodeDecodeError:
        raise InputFileError(f"{path}: not a text file in UTF-8") from None
    separator = max(_SEPARATORS, key=lines[0].count) if lines else ","
    rows = [
        {(name or "").strip(): (value or "").strip() for name, value in row.items() if isinstance(value, str)}
        for row in csv.DictReader(lines, delimiter=separator)
    ]
    if not rows:
        raise InputFileError(f"{path}: holds no rows; give a table with a line of names and one row a sample")
    names = {name.lower(): name for name in rows[0]}
    wanted = names.get(column.lower()) or names.get(f"attribute_{column.lower()}")
    if wanted is None:
        raise InputFileError(f"{path}: has no column {column}; it has {', '.join(rows[0])}")
    of_sample = next((names[name] for name in _SAMPLE_COLUMNS if name in names), next(iter(rows[0])))
    labels = {_bare(row.get(of_sample, "")): row.get(wanted, "") for row in rows}
    missing = [sample for sample in samples if _bare(sample) not in labels]
    if missing:
        raise InputFileError(f"{path}: does not hold the samples {', '.join(missing[:5])} in its column {of_sample}")
    return [labels[_bare(sample)] for sample in samples]


def _bare(sample: str) -> str:
    """Return the name of a sample without its folder and ending."""
    name = sample.strip().replace("\\", "/").rsplit("/", 1)[-1].lower()
    stem, dot, ending = name.rpartition(".")
    return stem if dot and ending in ("mzml", "mzxml", "raw", "d", "wiff", "cdf") else name


@dataclass(frozen=True, eq=False)
class GroupTest:
    """How well samples can be told apart by their embeddings.

    Parameters
    ----------
    groups
        Their names, sorted.
    predicted
        Group that was predicted for each sample by a model that had not seen it.
    accuracy
        Balanced accuracy: the mean of the shares of each group that were predicted right.
    permuted
        The same for shuffled labels, shape (n_permutations,), float64, in ascending order.
    p_value
        Share of the shuffled labels that do as well or better, the real ones counted among them.
    """

    groups: tuple[str, ...]
    predicted: tuple[str, ...]
    accuracy: float
    permuted: NDArray[np.float64]
    p_value: float


def tell_groups_apart(
    embeddings: NDArray[np.floating], labels: Sequence[str], n_permutations: int = 199, seed: int = 0
) -> GroupTest:
    """Predict the group of each sample from the others, and test whether that is better than chance.

    A logistic regression on standardized embeddings, cross-validated with up to five folds that keep the shares of the
    groups. The permutation test repeats all of it with shuffled labels (Ojala and Garriga, J. Mach. Learn. Res. 2010,
    11, 1833), so that few samples and many dimensions are accounted for.

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

    Raises
    ------
    SettingsError
        If there are fewer than two groups, fewer than three samples in one, not as many labels as samples, or
        scikit-learn is not installed.
    """
    x, y = np.asarray(embeddings, np.float64), np.asarray(labels, np.str_)
    if len(x) != len(y):
        raise SettingsError(f"{len(y)} labels for {len(x)} samples; give one for each")
    groups, counts = np.unique(y, return_counts=True)
    if len(groups) < 2:
        raise SettingsError("all samples are of one group; give a column with two groups or more")
    if counts.min() < FEWEST_OF_GROUP:
        rare = ", ".join(
            f"{name} ({count})" for name, count in zip(groups, counts, strict=True) if count < FEWEST_OF_GROUP
        )
        raise SettingsError(f"too few samples in {rare}; each group needs {FEWEST_OF_GROUP}")
    if n_permutations < 1:
        raise SettingsError(f"n_permutations is {n_permutations}; give 1 or more")
    predict = _cross_validation(x, min(MOST_FOLDS, int(counts.min())), seed)
    rng = np.random.default_rng(seed)
    predicted = predict(y)
    accuracy = _balanced_accuracy(y, predicted)
    permuted = np.sort([_balanced_accuracy(z, predict(z)) for z in (rng.permutation(y) for _ in range(n_permutations))])
    p_value = (1 + int((permuted >= accuracy - 1e-12).sum())) / (n_permutations + 1)
    return GroupTest(tuple(groups.tolist()), tuple(predicted.tolist()), accuracy, permuted, p_value)


def _cross_validation(x: NDArray[np.float64], n_folds: int, seed: int) -> Any:
    """Return a function from labels to those that are predicted for samples left out."""
    try:
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import StratifiedKFold, cross_val_predict
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
    except ImportError:
        raise SettingsError("scikit-learn is not installed; pip install 'matchms_fingerprint[study]'") from None
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, class_weight="balanced", max_iter=1000))
    folds = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    return lambda y: cross_val_predict(model, x, y, cv=folds)


def _balanced_accuracy(y: NDArray[np.str_], predicted: NDArray[np.str_]) -> float:
    return float(np.mean([(predicted[y == group] == group).mean() for group in np.unique(y)]))
