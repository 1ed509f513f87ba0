"""What a posterior has to stand beside: the nearest neighbour, a ranking that sees no spectrum, and another rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.annotation.posterior.decisions import likely_similarity
from matchms_fingerprint.annotation.posterior.posterior import Judgement
from matchms_fingerprint.candidates import CandidateLibrary
from matchms_fingerprint.constants import DEFAULT_TOLERANCE_PPM
from matchms_fingerprint.evaluation.baseline_choice import build_baseline
from matchms_fingerprint.evaluation.contestants import BLIND, blind_ranking
from matchms_fingerprint.evaluation.posterior.labelled_table import LabelledTable
from matchms_fingerprint.features.labelled import LabelledSpectra
from matchms_fingerprint.kernels.tanimoto import SCORES


@dataclass(frozen=True)
class Rivals:
    """Scores of other rankings, and the answers of another rule.

    Parameters
    ----------
    rankings
        Name -> scores of each list.
    most_similar
        The candidate of the highest expected similarity of each list, shape (n_lists,), int64; -1 without candidates.
    expected
        What similarity it expects, shape (n_lists,), float64.
    """

    rankings: dict[str, list[NDArray[np.float64]]]
    most_similar: NDArray[np.int64]
    expected: NDArray[np.float64]


def rank_rivals(
    data: LabelledSpectra,
    train: NDArray[np.int64],
    library: CandidateLibrary,
    lists: Sequence[LabelledTable],
    judgements: Sequence[Judgement],
    baselines: Sequence[str] = ("nearest",),
    tolerance_ppm: float = DEFAULT_TOLERANCE_PPM,
) -> Rivals:
    """Rank the candidates of lists by baselines and without a spectrum.

    Parameters
    ----------
    data, train
        Labelled spectra, and those that baselines take their answers from.
    library
        Where the candidates come from.
    lists, judgements
        The lists, and what the posterior says of them.
    baselines
        Names of `BASELINES`.
    tolerance_ppm
        Mass window of the candidates.
    """
    rows = np.array([item.row for item in lists], np.int64)
    contestants = [build_baseline(name, data, train, np.empty(0, np.int64)) for name in baselines]
    spectra = data.spectra.take(rows)
    predicted = {one.name: np.concatenate([one.predict(part) for part in spectra.batches(1024)]) for one in contestants}
    blind = blind_ranking(data, train, library, np.ones(rows.size, bool))
    rankings: dict[str, list[NDArray[np.float64]]] = {name: [] for name in (*predicted, BLIND)}
    most_similar, expected = np.full(rows.size, -1, np.int64), np.zeros(rows.size)
    previous, packed = -1, np.empty((0, 0), np.uint64)
    nothing = np.zeros(0, np.float32)
    for i, (item, judged) in enumerate(zip(lists, judgements, strict=True)):
        if item.structure != previous:
            mass, previous = float(data.masses[item.structure]), item.structure
            packed = library.search(neutral_mass=mass, tolerance_ppm=tolerance_ppm).fingerprints
        for name, probabilities in predicted.items():
            rankings[name].append(np.asarray(SCORES["tanimoto"](probabilities[i], packed), np.float64))
        rankings[BLIND].append(np.asarray(blind.score(nothing, packed), np.float64))
        if len(item):
            contenders, similarity = likely_similarity(judged.shares, packed)
            most_similar[i], expected[i] = contenders[similarity.argmax()], similarity.max()
    return Rivals(rankings, most_similar, expected)
