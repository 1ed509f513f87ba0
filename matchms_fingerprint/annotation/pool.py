"""The candidates of one feature, under all adducts that it may have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Protocol, TypeVar

import numpy as np

from matchms_fingerprint.annotation.evidence.evidence import Candidates
from matchms_fingerprint.annotation.features import Feature
from matchms_fingerprint.annotation.posterior.isomers import isomer_ranks, number_tied
from matchms_fingerprint.annotation.ranked import Ranked
from matchms_fingerprint.annotation.ranking import best_first, each_once, place_among_equals
from matchms_fingerprint.annotation.settings import AnnotationSettings
from matchms_fingerprint.candidates.search import CandidateSlice
from matchms_fingerprint.chem import Adduct
from matchms_fingerprint.constants import ELECTRON_MASS
from matchms_fingerprint.records import Hit

EXPLAINED_HITS = 3
"""Hits of a feature of which the explained peaks are told."""

_NOTHING_DA = 1e-6  # less than any atom weighs, more than rounding

Value = TypeVar("Value")
ScoreFunction = Callable[[np.ndarray, np.ndarray], np.ndarray]


class Searchable(Protocol):
    """Answers as `CandidateLibrary.search` does."""

    def search(
        self, *, precursor_mz: float, adduct: Adduct, tolerance_ppm: float, tolerance_da: float | None
    ) -> CandidateSlice:
        """Return the candidates of an ion, in ascending exact mass."""


class CandidatePool:
    """The candidates in the mass windows of several adducts; each candidate counts once.

    A permanent ion is a candidate under the adduct that adds nothing to it, [M]+ or [M]-, of its own charge. A neutral
    structure is one under such an adduct only where it is known that the feature has it, since radical ions are rare.

    Where a candidate fits under two adducts, the one with the higher prior is taken, of equal ones that with the
    smaller absolute mass error.

    Parameters
    ----------
    windows
        The adducts with their candidates.
    precursor_mz
        Measured m/z.
    log_priors
        Logarithm of the prior of each adduct; None where there is no choice of adducts.
    is_adduct_given
        The adduct is known and no guess.
    """

    def __init__(
        self,
        windows: Sequence[tuple[Adduct, CandidateSlice]],
        precursor_mz: float,
        log_priors: dict[str, float] | None = None,
        is_adduct_given: bool = False,
    ) -> None:
        self._windows = [(adduct, candidates) for adduct, candidates in windows if len(candidates)]
        masses = [candidates.exact_masses for _, candidates in self._windows]
        calculated = [ion_mz(adduct, mass) for (adduct, _), mass in zip(self._windows, masses, strict=True)]
        errors = _joined([1e6 * (precursor_mz - mz) / mz for mz in calculated])
        places = _joined([place_among_equals(mass) for mass in masses])
        self._has_priors = log_priors is not None
        prior_of = log_priors or {}
        priors = _joined(
            [
                np.full(len(mass), prior_of.get(adduct.name, 0.0))
                for (adduct, _), mass in zip(self._windows, masses, strict=True)
            ]
        )
        possible = _joined([can_be(adduct, found.charges, is_adduct_given) for adduct, found in self._windows])
        rows = np.flatnonzero(possible)
        self._kept = rows[each_once(_joined(masses)[rows], places[rows], priors[rows], errors[rows])]
        self._starts = np.cumsum([0, *(len(mass) for mass in masses[:-1])], dtype=np.int64)
        self._errors = errors
        self.mass_errors_ppm = errors[self._kept]
        """(measured - calculated) m/z over the calculated one, ndarray of shape (n,), float64, parts per million."""
        self.log_priors = priors[self._kept]
        """Logarithm of the prior of the adduct, ndarray of shape (n,), float64; 0 where there is no choice."""

    @classmethod
    def of(
        cls,
        feature: Feature,
        library: Searchable,
        settings: AnnotationSettings,
        log_priors: dict[str, float] | None = None,
    ) -> CandidatePool:
        """Look up the candidates of a feature that has a precursor m/z."""
        mz = feature.precursor_mz or 0.0
        ppm, da = settings.tolerance_ppm, settings.tolerance_da
        windows = [
            (adduct, library.search(precursor_mz=mz, adduct=adduct, tolerance_ppm=ppm, tolerance_da=da))
            for adduct in feature.adducts
        ]
        if settings.formula is not None:
            windows = [(adduct, _of_formula(found, settings.formula)) for adduct, found in windows]
        return cls(windows, mz, log_priors, feature.is_adduct_given)

    def __len__(self) -> int:
        return len(self._kept)

    def scores(self, function: ScoreFunction, fingerprint: np.ndarray) -> np.ndarray:
        """Score all candidates against a predicted fingerprint.

        Parameters
        ----------
        function
            One of `kernels.tanimoto.SCORES`.
        fingerprint
            ndarray of shape (n_bits,), float32.

        Returns
        -------
        ndarray of shape (n,), float64
        """
        return _joined([function(fingerprint, candidates.fingerprints) for _, candidates in self._windows])[self._kept]

    def candidates(self) -> Candidates:
        """Return the candidates as evidence sees them."""
        windows = [(number, *window) for number, window in enumerate(self._windows)]
        adduct_of = _joined([np.full(len(found), number) for number, _, found in windows]).astype(np.int64)
        return Candidates(
            fingerprints=np.concatenate([found.fingerprints for _, _, found in windows]),
            smiles=[smiles for _, _, found in windows for smiles in found.smiles],
            inchikeys=[key for _, _, found in windows for key in found.inchikeys],
            formulas=self._formulas,
            masses=_joined([found.exact_masses for _, _, found in windows]),
            charges=_joined([found.charges for _, _, found in windows]).astype(np.int8),
            adducts=tuple(adduct for _, adduct, _ in windows),
            adduct_of=adduct_of,
            mass_errors_ppm=self._errors,
            n_sources=_joined([found.n_sources for _, _, found in windows]).astype(np.int64),
        ).take(self._kept)

    def names(self) -> list[list[str]]:
        """Return all names of each candidate."""
        every = [names for _, candidates in self._windows for names in candidates.names]
        return [every[i] for i in self._kept]

    def classes(self, indices: np.ndarray) -> list[list[str]] | None:
        """Return the compound classes of some candidates as the library gives them; None where it has no classes."""
        if not any(found.has_classes for _, found in self._windows):
            return None
        return self._of(indices, lambda found: found.classes)

    def hits(self, ranked: Ranked, top_k: int) -> tuple[Hit, ...]:
        """Return the hits of the highest logits, best first.

        Parameters
        ----------
        ranked
            What was made of these candidates.
        top_k
            How many hits at most.
        """
        best = best_first(ranked.logits, self.mass_errors_ppm, self._inchikeys, top_k)
        isomers = isomer_ranks(ranked.logits, [self._formulas[i] for i in self._kept])
        tied = number_tied(ranked.logits)
        hits = []
        for rank, (index, window, place) in enumerate(zip(best.tolist(), *self._located(best), strict=True), start=1):
            adduct, candidates = self._windows[window]
            evidence = ranked.evidence(index)
            if self._has_priors:
                evidence["log_adduct_prior"] = float(self.log_priors[index])
            hits.append(
                Hit(
                    rank=rank,
                    score=float(ranked.scores[index]),
                    probability=float(ranked.probabilities[index]),
                    candidate=candidates[place],
                    adduct=adduct.name,
                    mass_error_ppm=float(self.mass_errors_ppm[index]),
                    evidence=evidence,
                    expected_similarity=ranked.expected.get(index),
                    peaks=ranked.peaks(index) if rank <= EXPLAINED_HITS else (),
                    isomer_rank=float(isomers[index]),
                    n_tied=int(tied[index]),
                )
            )
        return tuple(hits)

    @cached_property
    def _formulas(self) -> list[str]:
        """The formulas of all windows, which `candidates` and `hits` need both."""
        return [formula for _, candidates in self._windows for formula in candidates.formulas]

    def _located(self, indices: np.ndarray) -> tuple[list[int], list[int]]:
        """Return the window of each candidate, and its place there."""
        found = self._kept[indices]
        windows = np.searchsorted(self._starts, found, side="right") - 1
        return windows.tolist(), (found - self._starts[windows]).tolist()

    def _inchikeys(self, indices: np.ndarray) -> list[str]:
        return self._of(indices, lambda found: found.inchikeys)

    def _of(self, indices: np.ndarray, read: Callable[[CandidateSlice], list[Value]]) -> list[Value]:
        """Return a column for some candidates, one look into each window that is concerned."""
        windows, places = self._located(indices)
        known: dict[tuple[int, int], Value] = {}
        for window in set(windows):
            here = [place for number, place in zip(windows, places, strict=True) if number == window]
            taken = read(self._windows[window][1].take(here))
            known |= {(window, place): value for place, value in zip(here, taken, strict=True)}
        return [known[found] for found in zip(windows, places, strict=True)]


def can_be(adduct: Adduct, charges: np.ndarray, is_adduct_given: bool) -> np.ndarray:
    """Tell which structures can be an ion of this adduct.

    Parameters
    ----------
    adduct
        The adduct.
    charges
        Permanent charges of the structures, ndarray of shape (n,), integers.
    is_adduct_given
        The adduct is known, so that a neutral structure under [M]+ or [M]- is a radical ion.

    Returns
    -------
    ndarray of shape (n,), bool
    """
    is_bare = abs(adduct.mass_shift + adduct.charge * ELECTRON_MASS) < _NOTHING_DA
    if not is_bare:
        return np.equal(charges, 0)
    is_ion = np.equal(charges.astype(np.int64) * adduct.n_molecules, adduct.charge)
    return is_ion | np.equal(charges, 0) if is_adduct_given else is_ion


def ion_mz(adduct: Adduct, neutral_masses: np.ndarray) -> np.ndarray:
    """Return the m/z of ions, ndarray of shape (n,), from the masses (Da) of their molecules."""
    return np.asarray(adduct.precursor_mz(neutral_masses))  # type: ignore[arg-type]  # plain arithmetic


def _of_formula(found: CandidateSlice, formula: str) -> CandidateSlice:
    """Return the candidates of a formula, permanent ions of this composition among them."""
    return found.take([i for i, text in enumerate(found.formulas) if text.split("+")[0].split("-")[0] == formula])


def _joined(parts: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts) if parts else np.empty(0)
