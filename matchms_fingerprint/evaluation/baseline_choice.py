"""The baselines by the names under which `evaluate --baseline` knows them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.evaluation.baselines import MeanFingerprint, NearestNeighbourFingerprint
from matchms_fingerprint.evaluation.contestants import Contestant
from matchms_fingerprint.evaluation.predictor import ArrayPredictor
from matchms_fingerprint.features.labelled import LabelledSpectra

Build = Callable[[LabelledSpectra, NDArray[np.int64]], ArrayPredictor]


@dataclass(frozen=True)
class BaselineChoice:
    """One baseline that can be named.

    Parameters
    ----------
    title
        Its name in tables.
    build
        Makes it of labelled spectra and the training spectra among them.
    reads_formula
        Whether it uses a given formula.
    copies
        Whether it copies bits, so that no threshold has to be chosen.
    """

    title: str
    build: Build
    reads_formula: bool = False
    copies: bool = False


_TEN_STRUCTURES: dict[str, Any] = {"k": 10, "weights": "softmax", "distinct_structures": True}

BASELINES: dict[str, BaselineChoice] = {
    "nearest": BaselineChoice("nearest neighbour", NearestNeighbourFingerprint, copies=True),
    "nearest-formula": BaselineChoice(
        "nearest neighbour of the same formula",
        lambda data, train: NearestNeighbourFingerprint(data, train, restriction="same_formula"),
        reads_formula=True,
        copies=True,
    ),
    "nearest-conditions": BaselineChoice(
        "nearest neighbour of the same adduct and analyser",
        lambda data, train: NearestNeighbourFingerprint(data, train, restriction="same_conditions"),
        copies=True,
    ),
    "nearest-entropy": BaselineChoice(
        "nearest neighbour by spectral entropy",
        lambda data, train: NearestNeighbourFingerprint(data, train, similarity="entropy"),
        copies=True,
    ),
    "nearest-modified": BaselineChoice(
        "nearest neighbour by modified cosine",
        lambda data, train: NearestNeighbourFingerprint(data, train, similarity="modified_cosine"),
        copies=True,
    ),
    "nearest-ten": BaselineChoice(
        "ten nearest structures, weighted",
        lambda data, train: NearestNeighbourFingerprint(data, train, **_TEN_STRUCTURES),
    ),
    "nearest-modified-ten": BaselineChoice(
        "ten nearest structures by modified cosine, weighted",
        lambda data, train: NearestNeighbourFingerprint(data, train, similarity="modified_cosine", **_TEN_STRUCTURES),
    ),
    "mean": BaselineChoice("mean fingerprint", MeanFingerprint),
}
"""Name -> baseline; the first one is the default."""


def build_baseline(
    name: str, data: LabelledSpectra, train: NDArray[np.int64], validation: NDArray[np.int64]
) -> Contestant:
    """Return a baseline as a contestant.

    Parameters
    ----------
    name
        One of `BASELINES`.
    data, train
        Where it takes its answers from.
    validation
        Where the threshold of its bits is chosen, if it has one to choose and there are any.

    Raises
    ------
    SettingsError
        If there is no such baseline.
    """
    if name not in BASELINES:
        raise SettingsError(f"unknown baseline {name!r}; known are {', '.join(BASELINES)}")
    choice = BASELINES[name]
    predictor = choice.build(data, train)
    if validation.size and not choice.copies:
        predictor.choose_threshold(data, validation)
    return Contestant(
        choice.title,
        predictor.predict_probabilities,
        predictor.bit_threshold,
        reads_formula=choice.reads_formula,
    )
