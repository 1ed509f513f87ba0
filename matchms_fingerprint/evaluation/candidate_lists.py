"""Where the candidates of a spectrum come from: a library, by mass or by formula."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from matchms_fingerprint.candidates import CandidateLibrary
from matchms_fingerprint.constants import DEFAULT_TOLERANCE_PPM
from matchms_fingerprint.evaluation.retrieval import CandidateList
from matchms_fingerprint.features.labelled import LabelledSpectra

ONE_SOURCE = "bio"
"""Source of the candidates that are also ranked alone: molecules that somebody measured are nearly all among them."""


class CandidateSource(Protocol):
    """Gives the lists of candidates in which a structure is looked for."""

    def kinds(self) -> dict[str, str]:
        """Return the kinds of lists, each with a description in words."""

    def lists(self, structure: int) -> Mapping[str, CandidateList]:
        """Return one list for each kind."""

    def optional(self) -> frozenset[str]:
        """Return the kinds that are left out of a report where all their lists are empty."""


def is_formula_given(kind: str) -> bool:
    """Tell whether the formula counts as given in lists of this kind, so that a model may use it."""
    return kind.startswith("formula")


class LibraryCandidates:
    """Lists from a library: `mass`, `formula`, and of both those of one source alone, such as `mass bio`.

    Parameters
    ----------
    library
        The library.
    data
        The structures that are looked for.
    tolerance_ppm
        Mass window around the true exact mass.
    source
        Source that is also ranked alone, where the library has it; see `ONE_SOURCE`.
    """

    def __init__(
        self,
        library: CandidateLibrary,
        data: LabelledSpectra,
        tolerance_ppm: float = DEFAULT_TOLERANCE_PPM,
        source: str | None = ONE_SOURCE,
    ) -> None:
        self.library = library
        self.data = data
        self.tolerance_ppm = tolerance_ppm
        self.source = source

    def kinds(self) -> dict[str, str]:
        """Return the kinds of lists, each with a description in words."""
        kinds = {}
        for kind, text in (
            ("mass", f"candidates within {self.tolerance_ppm:g} ppm"),
            ("formula", "candidates of the same formula, which counts as given"),
        ):
            kinds[kind] = text
            if self.source:
                kinds[f"{kind} {self.source}"] = f"{text}, from the source {self.source} alone"
        return kinds

    def lists(self, structure: int) -> dict[str, CandidateList]:
        """Return one list for each kind."""
        data, result = self.data, {}
        mass = float(data.masses[structure])
        for kind, found in (
            ("mass", self.library.search(neutral_mass=mass, tolerance_ppm=self.tolerance_ppm)),
            ("formula", self.library.search(formula=data.formulas[structure])),
        ):
            correct = np.array([key[:14] == data.inchikeys[structure][:14] for key in found.inchikeys], bool)
            result[kind] = CandidateList(found.fingerprints, correct)
            if self.source:
                chosen = found.is_from(self.source)
                result[f"{kind} {self.source}"] = CandidateList(found.fingerprints[chosen], correct[chosen])
        return result

    def optional(self) -> frozenset[str]:
        """Return the kinds of one source alone, which many libraries do not have."""
        return frozenset(kind for kind in self.kinds() if kind not in ("mass", "formula"))
