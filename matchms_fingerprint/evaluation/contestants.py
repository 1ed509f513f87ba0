"""Who takes part in an evaluation: the model, the baselines, and the controls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.candidates import CandidateLibrary
from matchms_fingerprint.evaluation.competition import Advance, Ranking
from matchms_fingerprint.evaluation.controls import SpectrumBlind, foreign_spectra
from matchms_fingerprint.evaluation.learned_score import LearnedScore
from matchms_fingerprint.evaluation.predictions import BATCH
from matchms_fingerprint.features.arrays import SpectrumArrays
from matchms_fingerprint.features.labelled import LabelledSpectra
from matchms_fingerprint.kernels.tanimoto import SCORES

Predict = Callable[[SpectrumArrays], NDArray[np.float32]]
FOREIGN = "control: another spectrum of this mass"
NO_PEAKS = "control: no peaks"
BLIND = "control: spectrum-blind"


@dataclass(frozen=True)
class Contestant:
    """A model or a baseline.

    Parameters
    ----------
    name
        Such as "model" or "nearest neighbour".
    predict
        Spectra -> probabilities, shape (n_spectra, n_bits), float32.
    bit_threshold
        Probability above which a bit counts as set.
    scores
        Names of the scores to rank candidates by, of `SCORES`; the first one stands for the contestant.
    temperatures
        Temperature of the softmax of each score, where there is one.
    reads_formula
        Whether a formula in the spectra may change what it predicts.
    learned
        The score that it has learned to rank candidates with, beside `scores`; None without.
    """

    name: str
    predict: Predict
    bit_threshold: float = 0.5
    scores: Sequence[str] = ("tanimoto",)
    temperatures: Mapping[str, float] = field(default_factory=dict)
    reads_formula: bool = True
    learned: LearnedScore | None = None

    def ranking_name(self, score: str | None = None) -> str:
        """Return the name of one of its rankings, by default of the first."""
        return f"{self.name}, {score or self.scores[0]}"

    def rankings(self, predictions: Mapping[bool, NDArray[np.float32]]) -> list[Ranking]:
        """Return its rankings, given what it predicts without and with the formula."""
        everywhere = np.ones(len(predictions[False]), bool)
        return [
            Ranking(self.ranking_name(s), predictions, SCORES[s], everywhere, s, self._temperature(s))
            for s in self.scores
        ]

    def _temperature(self, score: str) -> float | None:
        """Return the temperature of the score that stands for the contestant; the others show no probabilities."""
        return self.temperatures.get(score) if score == self.scores[0] else None


def predict_in_parts(
    predict: Predict, spectra: SpectrumArrays, stage: str, advance: Advance = lambda *_: None
) -> NDArray[np.float32]:
    """Return the probabilities of many spectra, a batch at a time."""
    parts, n_done = [], 0
    for batch in spectra.batches(BATCH):
        parts.append(np.asarray(predict(batch), np.float32))
        n_done += len(batch)
        advance(stage, n_done, len(spectra))
    return np.concatenate(parts)


def with_formulas(spectra: SpectrumArrays, data: LabelledSpectra, structure: NDArray[np.int64]) -> SpectrumArrays:
    """Return the spectra with the true formula of their structures, which then counts as given."""
    given = np.full(len(spectra), np.nan, np.float32)
    return replace(spectra, formula=np.array(data.formulas, np.str_)[structure], formula_confidence=given)


def predict_both_ways(
    contestant: Contestant,
    data: LabelledSpectra,
    rows: NDArray[np.int64],
    formula_matters: bool,
    advance: Advance = lambda *_: None,
    spectra: SpectrumArrays | None = None,
) -> dict[bool, NDArray[np.float32]]:
    """Predict without and, where that is asked for, with the formula given.

    Parameters
    ----------
    contestant
        Who predicts.
    data, rows
        Spectra with the structures that are looked for.
    formula_matters
        Whether there are lists for which the formula counts as given.
    advance
        Told about the progress.
    spectra
        What is shown instead of the spectra at `rows`, as controls do it.

    Returns
    -------
    dict
        Whether the formula is given -> probabilities.
    """
    shown = data.spectra.take(rows) if spectra is None else spectra
    predictions = {False: predict_in_parts(contestant.predict, shown, f"{contestant.name} predicts", advance)}
    if formula_matters and not contestant.reads_formula:
        predictions[True] = predictions[False]
    elif formula_matters:
        given = with_formulas(shown, data, data.structure[rows])
        stage = f"{contestant.name} predicts, formula given"
        predictions[True] = predict_in_parts(contestant.predict, given, stage, advance)
    return predictions


def learned_rankings(
    contestant: Contestant,
    data: LabelledSpectra,
    rows: NDArray[np.int64],
    formula_matters: bool,
    advance: Advance = lambda *_: None,
) -> list[Ranking]:
    """Return the ranking by the score that a contestant has learned, if it has one; see `predict_both_ways`."""
    learned = contestant.learned
    if learned is None:
        return []
    name = contestant.ranking_name(learned.name)
    asked = replace(contestant, name=name, predict=learned.outputs)
    outputs = predict_both_ways(asked, data, rows, formula_matters, advance)
    return [Ranking(name, outputs, learned.score, np.ones(rows.size, bool))]


def control_rankings(
    model: Contestant,
    data: LabelledSpectra,
    rows: NDArray[np.int64],
    takes_part: NDArray[np.bool_],
    formula_matters: bool,
    advance: Advance = lambda *_: None,
) -> list[Ranking]:
    """Return the rankings of the model where it is shown another spectrum, and where it is shown none.

    Parameters
    ----------
    model
        The model.
    data, rows
        The spectra.
    takes_part
        Which of `rows` are ranked, shape (n_rows,).
    formula_matters
        Whether there are lists for which the formula counts as given.
    advance
        Told about the progress.
    """
    chosen, score = rows[takes_part], model.scores[0]
    foreign = foreign_spectra(data.spectra.precursor_mz, data.structure, data.spectra.ion_mode, chosen)
    shown = {FOREIGN: data.spectra.take(foreign), NO_PEAKS: without_peaks(data.spectra.take(chosen))}
    return [
        Ranking(
            f"{name}, {score}",
            predict_both_ways(replace(model, name=name), data, chosen, formula_matters, advance, spectra),
            SCORES[score],
            takes_part,
        )
        for name, spectra in shown.items()
    ]


def blind_ranking(
    data: LabelledSpectra, train: NDArray[np.int64], library: CandidateLibrary, takes_part: NDArray[np.bool_]
) -> Ranking:
    """Return the ranking that looks at the candidates alone, fitted on the structures of the training spectra."""
    measured = np.unique(data.structure[train])
    blind = SpectrumBlind(data.fingerprints[measured], data.masses[measured], data.fingerprints, library)
    nothing = np.zeros((int(takes_part.sum()), 0), np.float32)
    return Ranking(BLIND, {False: nothing, True: nothing}, blind.score, takes_part)


def without_peaks(spectra: SpectrumArrays) -> SpectrumArrays:
    """Return the spectra without their peaks; what is left are precursor m/z, ion mode and the other metadata.

    A formula that was found by the peaks goes with them.
    """
    nothing, n = np.empty(0), len(spectra)
    return replace(
        spectra,
        mz=nothing,
        intensity=nothing.astype(np.float32),
        offsets=np.zeros(n + 1, np.int64),
        formula=np.full(n, "", np.str_),
        formula_confidence=np.full(n, np.nan, np.float32),
    )
