"""A model on one fold, beside baselines and controls: fingerprints, retrieval, and who wins where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.candidates import CandidateLibrary
from matchms_fingerprint.chem.fingerprints import FingerprintSpec
from matchms_fingerprint.errors import LibraryError, SettingsError
from matchms_fingerprint.evaluation.bit_quality import MIN_POSITIVES, describe_bits
from matchms_fingerprint.evaluation.breakdown import break_down
from matchms_fingerprint.evaluation.candidate_lists import CandidateSource, is_formula_given
from matchms_fingerprint.evaluation.competition import Advance, Outcome, Ranking, column_name, compete
from matchms_fingerprint.evaluation.contestants import (
    Contestant,
    blind_ranking,
    control_rankings,
    learned_rankings,
    predict_both_ways,
)
from matchms_fingerprint.evaluation.estimates import (
    Columns,
    StructureBootstrap,
    agreement,
    bootstrap_mean,
    correlation_of_errors,
    summarize,
)
from matchms_fingerprint.evaluation.metrics import cosine_of_probabilities, tanimoto_of_bits
from matchms_fingerprint.evaluation.predictions import BATCH, copy_nearest
from matchms_fingerprint.evaluation.ranking import measures_of, summarize_retrieval
from matchms_fingerprint.evaluation.result_table import ResultTable
from matchms_fingerprint.evaluation.retrieval import benchmark_rows
from matchms_fingerprint.evaluation.spectrum_columns import describe_outcomes, describe_spectra
from matchms_fingerprint.features.labelled import LabelledSpectra

Predictions = Mapping[bool, NDArray[np.float32]]


@dataclass(frozen=True)
class Evaluation:
    """What was measured.

    Parameters
    ----------
    summary
        All figures, ready for JSON.
    spectra
        One row a spectrum.
    bits
        One row a bit that enough spectra have.
    """

    summary: dict[str, Any]
    spectra: ResultTable
    bits: ResultTable


class Benchmark:
    """Spectra, folds, candidates and baselines against which any number of models are measured.

    Parameters
    ----------
    data, folds
        The spectra, and the fold of each.
    fold
        The fold to measure; baselines take their answers from `train`.
    baselines
        At least one; the first one is what the model is compared with.
    source
        Where candidates come from; None measures fingerprints alone.
    library
        Where the decoys of the spectrum-blind control come from; None leaves it out.
    whole_fold
        Rank for every spectrum of the fold, and count each; else at most 3 a structure and none of fewer than 3 peaks
        are counted.
    advance
        Told about the progress.

    Raises
    ------
    SettingsError
        If the fold, or `train`, holds no spectrum, or there is no baseline.
    """

    def __init__(
        self,
        data: LabelledSpectra,
        folds: NDArray[np.str_],
        fold: str,
        baselines: Sequence[Contestant],
        source: CandidateSource | None = None,
        library: CandidateLibrary | None = None,
        whole_fold: bool = False,
        advance: Advance = lambda *_: None,
    ) -> None:
        check_folds(folds, fold)
        if not baselines:
            raise SettingsError("no baseline to compare with; name at least one")
        self.data, self.fold, self.source = data, fold, source
        self.rows, self.train = np.flatnonzero(folds == fold), np.flatnonzero(folds == "train")
        self.structure = data.structure[self.rows]
        counted = self.rows if whole_fold else benchmark_rows(self.rows, data.structure, np.diff(data.spectra.offsets))
        self.counts = np.isin(self.rows, counted)
        self.advance = advance
        self.baselines = list(baselines)
        self._predicted = {baseline.name: self._predict(baseline) for baseline in baselines}
        self._blind = []
        if source is not None and library is not None:
            self._blind = [blind_ranking(data, self.train, library, self.counts)]

    def measure(self, model: Contestant, bit_meanings: Mapping[int, str] | None = None) -> Evaluation:
        """Measure a model.

        Parameters
        ----------
        model
            The model.
        bit_meanings
            Substructure that each bit stands for, for the table of bits.
        """
        predicted = {model.name: self._predict(model)} | self._predicted
        contestants = {contestant.name: contestant for contestant in (model, *self.baselines)}
        without_formula = {name: found[False] for name, found in predicted.items()}
        fingerprints = self._fingerprint_measures(contestants, without_formula)
        outcomes = self._compete(model, predicted) if self.source is not None else {}
        table = self._table(fingerprints, outcomes)
        summary = {
            "fold": self.fold,
            "n_spectra": int(self.rows.size),
            "n_structures": int(np.unique(self.structure).size),
            "n_train_spectra": int(self.train.size),
            "n_train_structures": int(np.unique(self.data.structure[self.train]).size),
            "bit_threshold": model.bit_threshold,
            "contestants": list(contestants),
            "baseline": self.baselines[0].name,
            "ranking": model.ranking_name(),
            "baseline_ranking": self.baselines[0].ranking_name(),
            "fingerprints": self._summarize_fingerprints(fingerprints),
        }
        summary["retrieval"] = {}
        bits, summary["bits"] = self._bits(without_formula, bit_meanings or {})
        if outcomes and self.source is not None:
            summary["retrieval"] = summarize_retrieval(
                outcomes,
                self.source.kinds(),
                self.structure,
                self.baselines[0].ranking_name(),
                [model.ranking_name()],
                self.counts,
            )
        measures = self._main_measures(model, fingerprints, outcomes)
        summary["errors"] = {name: _errors(values, counts) for name, (values, counts) in measures.items()}
        summary["breakdown"] = break_down(table, measures)
        return Evaluation(summary, table, bits)

    def _predict(self, contestant: Contestant) -> Predictions:
        kinds = self.source.kinds() if self.source is not None else {}
        formula_matters = any(is_formula_given(kind) for kind in kinds)
        return predict_both_ways(contestant, self.data, self.rows, formula_matters, self.advance)

    def _fingerprint_measures(
        self, contestants: Mapping[str, Contestant], predicted: Mapping[str, NDArray[np.float32]]
    ) -> dict[str, dict[str, NDArray[np.float64]]]:
        measures = {name: {m: np.empty(self.rows.size) for m in ("tanimoto", "cosine")} for name in predicted}
        for start in range(0, self.rows.size, BATCH):
            part = slice(start, start + BATCH)
            bits = self.data.bits(self.rows[part])
            for name, probabilities in predicted.items():
                threshold = contestants[name].bit_threshold
                measures[name]["tanimoto"][part] = tanimoto_of_bits(probabilities[part] > threshold, bits)
                measures[name]["cosine"][part] = cosine_of_probabilities(probabilities[part], bits)
        return measures

    def _compete(self, model: Contestant, predicted: Mapping[str, Predictions]) -> dict[str, Outcome]:
        source = self.source
        if source is None:
            return {}
        formula_matters = any(is_formula_given(kind) for kind in source.kinds())
        rankings: list[Ranking] = []
        for contestant in (model, *self.baselines):
            rankings += contestant.rankings(predicted[contestant.name])
            rankings += learned_rankings(contestant, self.data, self.rows, formula_matters, self.advance)
        rankings += control_rankings(model, self.data, self.rows, self.counts, formula_matters, self.advance)
        rankings += self._blind
        return compete(source, self.structure, self.data.fingerprints, rankings, self.advance)

    def _table(self, fingerprints: Mapping[str, Columns], outcomes: Mapping[str, Outcome]) -> ResultTable:
        columns = describe_spectra(self.data, self.rows, self.train, self.counts)
        for name, values in fingerprints.items():
            columns |= {f"{measure}_{column_name(name)}": column for measure, column in values.items()}
        return ResultTable(columns | describe_outcomes(outcomes))

    def _summarize_fingerprints(self, fingerprints: Mapping[str, Columns]) -> dict[str, Any]:
        bootstrap = StructureBootstrap(self.structure)
        rival = fingerprints[self.baselines[0].name]
        return {name: summarize(values, bootstrap, rival) for name, values in fingerprints.items()}

    def _bits(
        self, predicted: Mapping[str, NDArray[np.float32]], bit_meanings: Mapping[int, str]
    ) -> tuple[ResultTable, dict[str, Any]]:
        self.advance("average precision of bits", 0, 1)
        described = describe_bits(
            {column_name(name): probabilities for name, probabilities in predicted.items()},
            self.data.bits(self.rows),
            self.structure,
        )
        meanings = np.array([bit_meanings.get(bit, "") for bit in described["bit"].tolist()], np.str_)
        columns = {"bit": described.pop("bit"), "substructure": meanings} | described
        means = {
            name: {
                measure: _mean(columns[f"{measure}_{column_name(name)}"]) for measure in ("average_precision", "skill")
            }
            for name in predicted
        }
        summary = {"min_spectra": MIN_POSITIVES, "n_bits": len(meanings), "mean": means}
        return ResultTable(columns), summary

    def _main_measures(
        self, model: Contestant, fingerprints: Mapping[str, Columns], outcomes: Mapping[str, Outcome]
    ) -> dict[str, tuple[Columns, NDArray[np.bool_]]]:
        """Return the measures that are broken down, of model and baseline, and which spectra they count."""
        rival = self.baselines[0]
        everywhere = np.ones(self.rows.size, bool)
        measures: dict[str, tuple[Columns, NDArray[np.bool_]]] = {
            "tanimoto": (
                {"model": fingerprints[model.name]["tanimoto"], "baseline": fingerprints[rival.name]["tanimoto"]},
                everywhere,
            )
        }
        for kind, outcome in outcomes.items():
            names = {"model": model.ranking_name(), "baseline": rival.ranking_name()}
            hits = {who: measures_of(outcome, name, everywhere)["hit@1"] for who, name in names.items()}
            measures[f"hit@1, {kind}"] = (hits, self.counts)
        return measures


def _mean(values: NDArray[np.float64]) -> float | None:
    return round(float(values.mean()), 4) if values.size else None


def _errors(values: Columns, counts: NDArray[np.bool_]) -> dict[str, Any]:
    model, baseline = values["model"][counts], values["baseline"][counts]
    result: dict[str, Any] = {
        "correlation": correlation_of_errors(model, baseline),
        "model_better": round(float((model > baseline).mean()), 4),
        "equal": round(float((model == baseline).mean()), 4),
        "baseline_better": round(float((model < baseline).mean()), 4),
    }
    if np.isin(model, (0, 1)).all() and np.isin(baseline, (0, 1)).all():
        result["right"] = agreement(model, baseline)
    return result


def compare_fingerprints(
    probabilities: NDArray[np.float32],
    bit_threshold: float,
    data: LabelledSpectra,
    folds: NDArray[np.str_],
    fold: str,
) -> dict[str, Any]:
    """Compare predicted bits with those copied from the nearest training spectrum, on all spectra of a fold.

    Parameters
    ----------
    probabilities
        Predictions for the spectra of the fold, in their order, shape (n_spectra, n_bits).
    bit_threshold
        Probability from which on a bit counts as set.
    data, folds, fold
        The data, the fold of each spectrum, and the fold to measure.

    Returns
    -------
    dict
        What `summarize_by_ion_mode` returns.
    """
    rows, train = np.flatnonzero(folds == fold), np.flatnonzero(folds == "train")
    copied = copy_nearest(data, train, rows)
    model, neighbour = np.empty(rows.size), np.empty(rows.size)
    for start in range(0, rows.size, BATCH):
        part = slice(start, start + BATCH)
        bits = data.bits(rows[part])
        model[part] = tanimoto_of_bits(probabilities[part] > bit_threshold, bits)
        neighbour[part] = tanimoto_of_bits(copied[part], bits)
    return summarize_by_ion_mode(model, neighbour, data.structure[rows], data.spectra.ion_mode[rows])


def summarize_by_ion_mode(
    model: NDArray[np.float64],
    neighbour: NDArray[np.float64],
    structures: NDArray[np.int64],
    ion_mode: NDArray[np.int8],
) -> dict[str, Any]:
    """Summarize Tanimoto similarities of model and nearest neighbour for all spectra and for each ion mode.

    Returns
    -------
    dict
        Per group of spectra (all, positive, negative): number of spectra and structures, and mean Tanimoto with a 95 %
        interval of the model, of the nearest neighbour, and of their paired difference.
    """
    result = {}
    for group, mode in (("all", 0), ("positive", 1), ("negative", -1)):
        chosen = (ion_mode == mode) | (mode == 0)
        if not chosen.any():
            continue
        groups = structures[chosen]
        result[group] = {
            "n_spectra": int(chosen.sum()),
            "n_structures": int(np.unique(groups).size),
            "model": bootstrap_mean(model[chosen], groups).to_dict(),
            "nearest_neighbour": bootstrap_mean(neighbour[chosen], groups).to_dict(),
            "difference": bootstrap_mean((model - neighbour)[chosen], groups).to_dict(),
        }
    return result


def check_folds(folds: NDArray[np.str_], fold: str) -> None:
    """Raise `SettingsError` unless there are spectra to measure, and training spectra for the baselines."""
    for name in ("train", fold):
        if not (folds == name).any():
            raise SettingsError(f"no spectrum is in fold {name!r}; give other folds")


def check_fingerprint(library: CandidateLibrary, fingerprint: FingerprintSpec) -> None:
    """Raise `LibraryError` unless the library holds this fingerprint."""
    if library.fingerprint != fingerprint:
        raise LibraryError(
            f"{library.path}: holds the fingerprint {library.fingerprint}, the model predicts {fingerprint}; build the "
            f"library again with --fingerprint {fingerprint}"
        )
