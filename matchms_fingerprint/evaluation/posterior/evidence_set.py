"""The evidence that a posterior weighs, collected for labelled spectra in two stages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.annotation.evidence.evidence import Evidence
from matchms_fingerprint.annotation.evidence.fingerprint import FingerprintEvidence
from matchms_fingerprint.annotation.evidence.formula import FormulaEvidence
from matchms_fingerprint.annotation.evidence.fragment_scores import FragmentScores
from matchms_fingerprint.annotation.evidence.fragments import FragmentEvidence
from matchms_fingerprint.annotation.evidence.learned_score import LearnedScoreEvidence
from matchms_fingerprint.annotation.evidence.neighbours import NeighbourEvidence
from matchms_fingerprint.annotation.evidence.reference_spectra import ReferenceSpectra
from matchms_fingerprint.annotation.posterior.evidence_table import EvidenceTable
from matchms_fingerprint.candidates import CandidateLibrary
from matchms_fingerprint.evaluation.competition import tell_nobody
from matchms_fingerprint.evaluation.posterior.collect import Advance, Collector, joined
from matchms_fingerprint.evaluation.posterior.labelled_table import LabelledTable
from matchms_fingerprint.evaluation.posterior.queries import Queries, ask
from matchms_fingerprint.features.arrays import SpectrumArrays
from matchms_fingerprint.features.labelled import LabelledSpectra
from matchms_fingerprint.models import FingerprintModel

NEAREST = "neighbours_cosine"
"""Column that tells how near the nearest reference spectrum is."""

Shortlist = Callable[[EvidenceTable], NDArray[np.int64]]
"""Chooses the candidates for which costly evidence is computed."""


@dataclass(frozen=True)
class EvidenceSet:
    """The evidence of one model.

    Parameters
    ----------
    cheap
        Computed for all candidates.
    costly
        Computed for a short list.
    """

    cheap: tuple[Evidence, ...]
    costly: tuple[Evidence, ...]

    @classmethod
    def of(
        cls,
        model: FingerprintModel,
        fragments: FragmentScores,
        data: LabelledSpectra,
        train: NDArray[np.int64],
    ) -> EvidenceSet:
        """Return the evidence; references are what the model remembers, else the training spectra.

        Parameters
        ----------
        model
            Predicts fingerprints and embeddings.
        fragments
            What was learned of fragments on the training spectra.
        data, train
            Labelled spectra, and those that the model was trained on.
        """
        references = ReferenceSpectra.of_model(model)
        if references is None:
            known = replace(
                data, spectra=data.spectra.take(train), ids=data.ids[train], structure=data.structure[train]
            )
            references = ReferenceSpectra.of_labelled(known, model)
        predicted: tuple[Evidence, ...] = (
            FingerprintEvidence(model.bit_frequencies),
            *LearnedScoreEvidence.of_model(model),
        )
        cheap = (*predicted, FormulaEvidence(), NeighbourEvidence(references))
        return cls(cheap, (FragmentEvidence(fragments),))

    @property
    def cheap_columns(self) -> tuple[str, ...]:
        """Names of the cheap evidence."""
        return tuple(name for one in self.cheap for name in one.columns)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of all evidence."""
        return (*self.cheap_columns, *(name for one in self.costly for name in one.columns))


@dataclass(frozen=True)
class EvidenceCollection:
    """Collects all evidence of labelled spectra.

    Parameters
    ----------
    model
        Predicts fingerprints and embeddings.
    evidence
        The evidence.
    data, library
        Labelled spectra, and where the candidates come from.
    about
        What the evidence depends on beside the model, such as the sha256 of what was learned of fragments.
    cache
        Folder where blocks are kept; None keeps nothing.
    advance
        Told about the progress.
    """

    model: FingerprintModel
    evidence: EvidenceSet
    data: LabelledSpectra
    library: CandidateLibrary
    about: Mapping[str, Any]
    cache: Path | None = None
    advance: Advance = tell_nobody

    def ask(self, rows: NDArray[np.int64], shown: SpectrumArrays | None = None) -> Queries:
        """Let the model predict; see `queries.ask`."""
        return ask(self.model, self.data, rows, shown, self.cache, self.advance)

    def cheap(self, queries: Queries, name: str) -> list[LabelledTable]:
        """Return the cheap evidence of queries; `name` stands for them in messages."""
        return self._collector({}).collect(queries, self.evidence.cheap, f"evidence on {name}")

    def full(
        self, queries: Queries, cheap: Sequence[LabelledTable], shortlist: Shortlist, name: str
    ) -> list[LabelledTable]:
        """Return all evidence: what is costly for those candidates alone that cheap evidence puts on a short list."""
        chosen = [np.sort(shortlist(item.table)) if len(item) else np.empty(0, np.int64) for item in cheap]
        collector = self._collector(dict(self.about))
        return joined(cheap, collector.collect(queries, self.evidence.costly, f"fragments of {name}", chosen))

    def _collector(self, about: dict[str, Any]) -> Collector:
        about = about | {"model": self.model.sha256}
        return Collector(self.data, self.library, about, self.cache, advance=self.advance)
