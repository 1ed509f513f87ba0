"""Measure a posterior on a held-out fold, with ablations that are fitted on `val`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.annotation.evidence.fragment_scores import FragmentScores
from matchms_fingerprint.annotation.posterior.artifact import PosteriorArtifact
from matchms_fingerprint.evaluation.baseline_choice import BASELINES
from matchms_fingerprint.evaluation.contestants import FOREIGN, NO_PEAKS, without_peaks
from matchms_fingerprint.evaluation.controls import foreign_spectra
from matchms_fingerprint.evaluation.posterior.ablation import ALL, ablate
from matchms_fingerprint.evaluation.posterior.dilution import NOISE_LEVELS, dilute
from matchms_fingerprint.evaluation.posterior.evidence_set import EvidenceCollection
from matchms_fingerprint.evaluation.posterior.labelled_table import LabelledTable
from matchms_fingerprint.evaluation.posterior.measure import (
    Judged,
    confidence_of,
    describe_dilution,
    describe_groups,
    describe_isomer_groups,
    describe_rules,
    summarize_posterior,
    table_of_lists,
)
from matchms_fingerprint.evaluation.posterior.queries import join_queries
from matchms_fingerprint.evaluation.posterior.rivals import rank_rivals
from matchms_fingerprint.evaluation.result_table import ResultTable
from matchms_fingerprint.evaluation.spectrum_columns import describe_spectra
from matchms_fingerprint.training.posterior_run import PosteriorRun, fit_shares, validation_lists

BASELINE_NAMES = ("nearest", "nearest-modified")

MOST_VARIED = 300
"""Structures of which a spectrum is exchanged, emptied and diluted."""


@dataclass(frozen=True)
class PosteriorEvaluation:
    """What was measured.

    Parameters
    ----------
    summary
        All figures, ready for JSON.
    spectra
        One row a spectrum.
    """

    summary: dict[str, Any]
    spectra: ResultTable


def evaluate_run(run: PosteriorRun, artifact: PosteriorArtifact, fold: str = "test") -> PosteriorEvaluation:
    """Measure a posterior.

    Parameters
    ----------
    run
        Data, folds, model, library.
    artifact
        The posterior, fitted for the model or for one that was trained again in the same way.
    fold
        The fold to measure; `val`, which it was fitted on, gives figures that are too good.
    """
    posterior = artifact.posterior
    collection = run.collection(FragmentScores.from_tensors(artifact.fragments))
    validation = validation_lists(run, collection)
    lists, controls, diluted = _collect(run, collection, artifact, fold)
    run.advance("ranking", 0, 1)
    judged = Judged.of(posterior, lists)
    evidence = collection.evidence
    train = np.flatnonzero(run.folds == "train")
    rivals = rank_rivals(run.data, train, run.library, lists, judged.judgements, BASELINE_NAMES)
    baseline = BASELINES[BASELINE_NAMES[0]].title
    rankings = ablate(fit_shares, validation, lists, evidence.cheap_columns, evidence.columns)
    retrieval, columns = summarize_posterior(judged, rankings, controls, posterior, rivals, baseline)
    rows = np.array([item.row for item in lists], np.int64)
    table = ResultTable(describe_spectra(run.data, rows, train, np.ones(rows.size, bool)))
    breakdown, errors = describe_groups(judged, table, columns, baseline, posterior.missing_share)
    on_validation = confidence_of(Judged.of(posterior, validation), posterior.missing_share)
    threshold = on_validation["best_f1"]["threshold"]
    alone = {name: scores for name, scores in rankings.items() if name.endswith(" alone")}
    summary = {
        "posterior": {"name": artifact.card.name, "version": artifact.card.version},
        "model": {"name": run.model.name, "version": run.model.version, "sha256": run.model.sha256},
        "fold": fold,
        "candidates": {"name": run.library.path.name, "n": len(run.library)},
        "retrieval": retrieval,
        "confidence": confidence_of(judged, posterior.missing_share),
        "calibration_by_group": errors,
        "breakdown": breakdown,
        "rules": describe_rules(judged, rivals),
        "isomers": describe_isomer_groups(judged, {**alone, **rivals.rankings}),
        "dilution": {"threshold_from_val": threshold, "levels": describe_dilution(posterior, diluted, threshold)},
    }
    kept = {name: columns[name] for name in (ALL, *alone, *rivals.rankings)}
    return PosteriorEvaluation(summary, table_of_lists(judged, table.columns, kept, rivals))


def _collect(
    run: PosteriorRun, collection: EvidenceCollection, artifact: PosteriorArtifact, fold: str
) -> tuple[list[LabelledTable], dict[str, list[LabelledTable]], dict[float, list[LabelledTable]]]:
    """Return the evidence of the fold; of controls; and of diluted spectra, one a structure of some structures.

    All are asked in one go, so that the fragments of a candidate are found once.
    """
    rows = run.rows(fold)
    one_each = rows[np.unique(run.data.structure[rows], return_index=True)[1]]
    one_each = np.sort(np.random.default_rng(0).permutation(one_each)[:MOST_VARIED])
    spectra = run.data.spectra
    foreign = foreign_spectra(spectra.precursor_mz, run.data.structure, spectra.ion_mode, one_each)
    shown = {FOREIGN: spectra.take(foreign), NO_PEAKS: without_peaks(spectra.take(one_each))}
    own = spectra.take(one_each)
    noisy = {level: dilute(own, level) for level in NOISE_LEVELS}
    queries = [collection.ask(rows)]
    queries += [collection.ask(one_each, some) for some in (*shown.values(), *noisy.values())]
    together = join_queries(queries)
    cheap = collection.cheap(together, fold)
    found = collection.full(together, cheap, artifact.posterior.shortlist, fold)
    ends = np.cumsum([len(part) for part in queries])
    parts = [found[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]
    diluted = {0.0: _of_rows(parts[0], one_each)} | dict(zip(noisy, parts[1 + len(shown) :], strict=True))
    return parts[0], dict(zip(shown, parts[1:], strict=False)), diluted


def _of_rows(lists: Sequence[LabelledTable], rows: NDArray[np.int64]) -> list[LabelledTable]:
    place = {item.row: item for item in lists}
    return [place[row] for row in rows.tolist()]
