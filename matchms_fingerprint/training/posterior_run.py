"""Fit a posterior for a model: learn fragments on `train`, collect evidence on `val`, weigh it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from matchms_fingerprint.annotation.evidence.fragment_scores import FragmentScores
from matchms_fingerprint.annotation.posterior.artifact import PosteriorCard, save_posterior
from matchms_fingerprint.annotation.posterior.conditional_logit import ConditionalLogit
from matchms_fingerprint.annotation.posterior.evidence_table import EvidenceTable
from matchms_fingerprint.annotation.posterior.posterior import SHORTLIST, shares_of
from matchms_fingerprint.candidates import CandidateLibrary
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.evaluation.competition import tell_nobody
from matchms_fingerprint.evaluation.posterior.ablation import Shares
from matchms_fingerprint.evaluation.posterior.collect import Advance
from matchms_fingerprint.evaluation.posterior.confidence import describe_confidence, top_hits_of
from matchms_fingerprint.evaluation.posterior.evidence_set import NEAREST, EvidenceCollection, EvidenceSet
from matchms_fingerprint.evaluation.posterior.labelled_table import LabelledTable
from matchms_fingerprint.evaluation.posterior.rankings import measures
from matchms_fingerprint.evaluation.retrieval import benchmark_rows
from matchms_fingerprint.features.labelled import LabelledSpectra
from matchms_fingerprint.io.artifacts import atomic_file
from matchms_fingerprint.models import FingerprintModel
from matchms_fingerprint.training.fit_candidate_network import prepare_networks, train_networks
from matchms_fingerprint.training.fit_conditional_logit import Penalty, fit_weights, flatten
from matchms_fingerprint.training.fit_posterior import MISSING_SHARE, FittedPosterior, fit_posterior, looked_at
from matchms_fingerprint.training.fragment_scores import LEARNED_WITH, fit_fragment_scores

ABLATION_NETWORKS = 2
"""Networks that weigh some of the evidence, to see what it brings."""


KNOWN_SHARE = 0.35
"""Share of known compounds among the spectra that evidence is weighed on."""


@dataclass(frozen=True)
class PosteriorRun:
    """What is needed to fit a posterior.

    Parameters
    ----------
    data, folds
        Labelled spectra, and the fold of each.
    model
        The fingerprint model, trained on the fold `train`.
    library
        Where candidates come from.
    cache
        Folder where evidence is kept, so that what was interrupted goes on; None keeps nothing.
    advance
        Told about the progress.
    known
        A run on other folds of the same spectra, whose model has seen other spectra of its validation compounds. Where
        no compound of `val` is known, a known candidate is never the right one; weighing evidence on such spectra alone
        would learn just that.
    """

    data: LabelledSpectra
    folds: NDArray[np.str_]
    model: FingerprintModel
    library: CandidateLibrary
    cache: Path | None = None
    advance: Advance = tell_nobody
    known: PosteriorRun | None = None

    def rows(self, fold: str) -> NDArray[np.int64]:
        """Return the spectra of a fold that are looked at: at most 3 a structure, none of fewer than 3 peaks.

        Raises
        ------
        SettingsError
            If there is none.
        """
        peaks = np.diff(self.data.spectra.offsets)
        rows = benchmark_rows(np.flatnonzero(self.folds == fold), self.data.structure, peaks)
        if not rows.size:
            raise SettingsError(f"no spectrum of at least 3 peaks is in fold {fold!r}; give other folds")
        return rows

    def collection(self, fragments: FragmentScores) -> EvidenceCollection:
        """Return what collects evidence, given what was learned of fragments."""
        train = np.flatnonzero(self.folds == "train")
        evidence = EvidenceSet.of(self.model, fragments, self.data, train)
        about = {"fragments": digest_of(fragments.tensors())}
        return EvidenceCollection(self.model, evidence, self.data, self.library, about, self.cache, self.advance)


def learn_fragments(run: PosteriorRun) -> FragmentScores:
    """Learn on the fold `train` what an explained peak is worth; from the cache where it is there."""
    train = np.flatnonzero(run.folds == "train")
    path = None
    if run.cache is not None:
        key = hashlib.sha256(train.tobytes() + f"{run.library.path} {len(run.library)} {LEARNED_WITH}".encode())
        for spectra in (run.data.spectra.mz, run.data.structure):
            key.update(np.ascontiguousarray(spectra).tobytes())
        path = run.cache / f"fragments-{key.hexdigest()[:16]}.safetensors"
        if path.is_file():
            return FragmentScores.from_tensors(load_file(path))
    run.advance("learning fragments", 0, 1)
    scores = fit_fragment_scores(run.data, train, run.library)
    if path is not None:
        contiguous = {name: np.ascontiguousarray(tensor) for name, tensor in scores.tensors().items()}
        with atomic_file(path) as partial:
            save_file(contiguous, partial)
    return scores


def fit_run(
    run: PosteriorRun, fragments: FragmentScores, missing_share: float = MISSING_SHARE
) -> tuple[FittedPosterior, dict[str, Any]]:
    """Collect the evidence on the validation spectra, and fit a posterior to it.

    Returns
    -------
    tuple
        The posterior, and how it does on validation structures that it was fitted without.
    """
    collection = run.collection(fragments)
    lists = validation_lists(run, collection)
    evidence = collection.evidence
    fitted = fit_posterior(lists, evidence.cheap_columns, evidence.columns, NEAREST, missing_share, run.advance)
    known = top_hits_of(fitted.left_out, fitted.lists)
    removed = [item.without_truth() for item in fitted.lists]
    removed_hits = top_hits_of(fitted.left_out_removed, [item for item in removed if len(item)])
    confidence = describe_confidence(known, removed_hits, missing_share)
    hits = measures(fitted.lists, [judged.logits for judged in fitted.left_out])
    figures = {
        "n_spectra": len(lists),
        "n_structures": len({item.structure for item in lists}),
        **{name: round(float(values.mean()), 4) for name, values in hits.items()},
        "ece": confidence["reliability"]["ece"],
        "auroc_none": confidence["none"]["auroc"],
    }
    return fitted, figures | {"fit": fitted.figures}


def validation_lists(run: PosteriorRun, collection: EvidenceCollection) -> list[LabelledTable]:
    """Return all evidence on the validation spectra, and on some of known compounds where there is a run with those.

    Compounds that the run is tested on are not among the known ones.
    """
    own = _lists_of(run, collection, run.rows("val"))
    if run.known is None:
        return own
    rows = run.known.rows("val")
    held_out = np.unique(run.data.structure[run.folds == "test"])
    rows = rows[~np.isin(run.data.structure[rows], held_out)]
    most = round(KNOWN_SHARE / (1.0 - KNOWN_SHARE) * len(own))
    rows = np.sort(np.random.default_rng(0).permutation(rows)[:most])
    return [*own, *_lists_of(run.known, run.known.collection(learn_fragments(run.known)), rows)]


def _lists_of(run: PosteriorRun, collection: EvidenceCollection, rows: NDArray[np.int64]) -> list[LabelledTable]:
    """Return all evidence on some validation spectra; the short lists follow cheap weights fitted on the same."""
    queries = collection.ask(rows)
    cheap = collection.cheap(queries, "val")
    flat, start = flatten([item for item in cheap if len(item)], collection.evidence.cheap_columns, NEAREST)
    logit = fit_weights(flat, start, Penalty())
    return collection.full(queries, cheap, shortlist_of(logit), "val")


def shortlist_of(logit: ConditionalLogit) -> Callable[[EvidenceTable], NDArray[np.int64]]:
    """Return what chooses the best candidates by cheap evidence."""
    return lambda table: np.argsort(-logit.logits(table), kind="stable")[:SHORTLIST]


def fit_shares(lists: Sequence[LabelledTable], cheap_columns: tuple[str, ...], columns: tuple[str, ...]) -> Shares:
    """Weigh some columns with weights and networks as a posterior does, and return what gives the shares."""
    nearest = NEAREST if NEAREST in columns else ""
    held = [item for item in lists if len(item)]
    flat, start = flatten(held, cheap_columns, nearest)
    cheap = fit_weights(flat, start, Penalty())
    seen = looked_at(held, tuple(name for name in columns if name not in cheap_columns))
    prepared = prepare_networks(seen, columns, nearest)
    full = train_networks(prepared, np.ones(len(seen), bool), ABLATION_NETWORKS)
    return lambda table: shares_of(cheap, full, table)


def digest_of(tensors: Mapping[str, NDArray[Any]]) -> str:
    """Return what tells one set of tensors from another."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(name.encode() + np.ascontiguousarray(tensors[name]).tobytes())
    return digest.hexdigest()[:16]


def write_posterior(
    folder: str | Path,
    fitted: FittedPosterior,
    fragments: FragmentScores,
    card: PosteriorCard,
    overwrite: bool = False,
) -> None:
    """Write a fitted posterior with what was learned of fragments."""
    save_posterior(folder, fitted.posterior, card, fragments.tensors(), overwrite)
