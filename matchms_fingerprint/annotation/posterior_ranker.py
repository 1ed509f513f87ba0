"""Ranks candidates by all evidence: cheap evidence for all of them, fragments for the best of these."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.annotation.answers.classes import class_shares
from matchms_fingerprint.annotation.answers.substructures import shared_substructures
from matchms_fingerprint.annotation.evidence.evidence import Candidates, Evidence, Query
from matchms_fingerprint.annotation.evidence.fingerprint import FingerprintEvidence
from matchms_fingerprint.annotation.evidence.formula import FormulaEvidence
from matchms_fingerprint.annotation.evidence.fragment_scores import FragmentScores
from matchms_fingerprint.annotation.evidence.fragments import FragmentEvidence
from matchms_fingerprint.annotation.evidence.isotopes import IsotopeEvidence, bounded
from matchms_fingerprint.annotation.evidence.learned_score import LearnedScoreEvidence
from matchms_fingerprint.annotation.evidence.neighbours import NeighbourEvidence
from matchms_fingerprint.annotation.evidence.priors import PriorEvidence
from matchms_fingerprint.annotation.evidence.reference_spectra import ReferenceSpectra
from matchms_fingerprint.annotation.pool import CandidatePool
from matchms_fingerprint.annotation.posterior.artifact import MANIFEST, PosteriorArtifact
from matchms_fingerprint.annotation.posterior.decisions import likely_similarity
from matchms_fingerprint.annotation.posterior.evidence_table import EvidenceTable, QueryDescription
from matchms_fingerprint.annotation.posterior.posterior import log_of
from matchms_fingerprint.annotation.ranked import Ranked
from matchms_fingerprint.annotation.ranking import softmax
from matchms_fingerprint.features.arrays import join_arrays
from matchms_fingerprint.io.artifacts import sha256_of
from matchms_fingerprint.models import FingerprintModel
from matchms_fingerprint.records import ExplainedPeak

COVERED = 0.998
"""Share of the cheap evidence's probability whose candidates are fragmented."""
FEWEST, MOST = 20, 100
"""Candidates that are fragmented at least, where there are so many, and at most."""


class PosteriorRanker:
    """Ranks by a posterior over the candidates.

    To the evidence that the posterior weighs come priors that no public library tells: of the adduct where several
    compete, of the mass error, of the isotope pattern where MS1 peaks are there, and of the number of sources where
    that is asked for.

    Parameters
    ----------
    artifact
        The posterior, fitted for the model.
    model
        Predicts fingerprints and embeddings.
    references
        Reference spectra beside those that the model remembers.
    popular
        Multiply the odds of each candidate by 1 + the number of its sources.

    Raises
    ------
    ModelError
        If the posterior was fitted for another model.
    """

    def __init__(
        self,
        artifact: PosteriorArtifact,
        model: FingerprintModel,
        references: ReferenceSpectra | None = None,
        popular: bool = False,
    ) -> None:
        artifact.check_model(model.name, model.sha256)
        self.posterior, self.card = artifact.posterior, artifact.card
        self.sha256 = sha256_of(artifact.folder / MANIFEST)
        self.cheap: tuple[Evidence, ...] = (
            FingerprintEvidence(model.bit_frequencies),
            *LearnedScoreEvidence.of_model(model),
            FormulaEvidence(),
        )
        remembered = ReferenceSpectra.of_model(model)
        if remembered is not None and references is not None:
            references = remembered.joined(references)
        found = references or remembered
        self.neighbours = None if found is None else NeighbourEvidence(found)
        self.fragments = FragmentEvidence(FragmentScores.from_tensors(artifact.fragments))
        self.priors, self.isotopes = PriorEvidence(), IsotopeEvidence()
        self.popular = popular

    def begin(self, queries: Sequence[Query]) -> PosteriorBatch:
        """Find the neighbours of all spectra of a batch at once."""
        if self.neighbours is None:
            return PosteriorBatch(self, queries, [self.cheap] * len(queries))
        spectra = join_arrays([query.spectrum for query in queries])
        embeddings = np.stack([query.embedding for query in queries])
        found = self.neighbours.begin(spectra, embeddings, [query.accuracy for query in queries])
        return PosteriorBatch(self, queries, [(*self.cheap, neighbours) for neighbours in found])

    def describe(self) -> dict[str, Any]:
        """Return all that decides the ranking."""
        return {
            "kind": "posterior",
            "name": self.card.name,
            "version": self.card.version,
            "sha256": self.sha256,
            "reference_spectra": 0 if self.neighbours is None else len(self.neighbours.references),
            "popular": self.popular,
        }


class PosteriorBatch:
    """Ranks the candidates of the features of one batch.

    Parameters
    ----------
    ranker
        With what all batches share.
    queries
        The spectra.
    cheap
        The cheap evidence of each.
    """

    def __init__(
        self, ranker: PosteriorRanker, queries: Sequence[Query], cheap: Sequence[tuple[Evidence, ...]]
    ) -> None:
        self.ranker, self.queries, self.cheap = ranker, queries, cheap

    def rank(self, place: int, pool: CandidatePool) -> Ranked:
        """Rank the candidates of one feature."""
        query, candidates, posterior = self.queries[place], pool.candidates(), self.ranker.posterior
        isotopes = self.ranker.isotopes.of(query, candidates)
        priors = pool.log_priors + self._log_priors(query, candidates) + bounded(isotopes[:, 0])
        table = self._table(place, query, candidates, priors)
        judgement = posterior.judge(table)
        shares = softmax(judgement.logits + priors)
        probabilities = (1.0 - judgement.probability_none) * shares
        likely, expected = likely_similarity(probabilities, candidates.fingerprints)
        smiles = [candidates.smiles[i] for i in likely]
        fragments = self.ranker.fragments

        def peaks(index: int) -> tuple[ExplainedPeak, ...]:
            adduct = candidates.adducts[candidates.adduct_of[index]]
            return fragments.explain(query, candidates.smiles[index], adduct)

        def evidence(index: int) -> dict[str, float]:
            values = zip(
                (*table.columns, *IsotopeEvidence.columns), (*table.values[index], *isotopes[index]), strict=True
            )
            return {name: float(value) for name, value in values if np.isfinite(value)}

        return Ranked(
            logits=log_of(shares),
            probabilities=probabilities,
            scores=table.select(("fingerprint_cosine",))[:, 0],
            evidence=evidence,
            expected=dict(zip(likely.tolist(), expected.tolist(), strict=True)),
            probability_none=judgement.probability_none,
            peaks=peaks,
            classes=class_shares(smiles, probabilities[likely].tolist(), pool.classes(likely)),
            substructures=shared_substructures(smiles, probabilities[likely].tolist()),
        )

    def _table(self, place: int, query: Query, candidates: Candidates, priors: NDArray[np.float64]) -> EvidenceTable:
        """Return the evidence: cheap for all candidates, fragments for the best of these."""
        described = QueryDescription.of(query)
        cheap = self.cheap[place]
        columns = tuple(name for one in cheap for name in one.columns)
        table = EvidenceTable(columns, np.column_stack([one.of(query, candidates) for one in cheap]), described)
        best = that_matter(softmax(self.ranker.posterior.cheap.logits(table) + priors))
        fragments = self.ranker.fragments
        values = np.full((len(candidates), len(fragments.columns)), np.nan)
        values[best] = fragments.of(query, candidates.take(best))
        return EvidenceTable((*columns, *fragments.columns), np.column_stack([table.values, values]), described)

    def _log_priors(self, query: Query, candidates: Candidates) -> NDArray[np.float64]:
        sources, mass_error = self.ranker.priors.of(query, candidates).T
        return mass_error + sources if self.ranker.popular else mass_error


def that_matter(shares: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the candidates that hold `COVERED` of the shares, best first; `FEWEST` at least, and `MOST` at most."""
    order = np.argsort(-shares, kind="stable")
    n = int(np.searchsorted(np.cumsum(shares[order]), COVERED)) + 1
    return order[: min(max(n, FEWEST), MOST)]
