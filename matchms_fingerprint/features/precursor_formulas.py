"""The formula of each spectrum's molecule: as given, or the best of those that the precursor's mass allows.

A candidate is scored by how much of the spectrum its sub-formulas explain, by its mass error and by how common such a
composition is, as SIRIUS (Dührkop et al. 2019, doi 10.1038/s41592-019-0344-8) and BUDDY (Xing et al. 2023,
doi 10.1038/s41592-023-01850-x) do with far more elaborate scores. The weights are those of a conditional logistic
regression (softmax over the candidates of a precursor) on training spectra.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.chem.adducts import Adduct, get_adduct
from matchms_fingerprint.chem.formulas import hill_formula, parse_formula
from matchms_fingerprint.chem.ions import adduct_atoms
from matchms_fingerprint.errors import StructureError
from matchms_fingerprint.features.arrays import ADDUCTS, SpectrumArrays
from matchms_fingerprint.features.formula_candidates import (
    ELEMENTS,
    N_ELEMENTS,
    Candidates,
    candidate_formulas,
    commonness,
)
from matchms_fingerprint.features.instruments import ANALYZERS
from matchms_fingerprint.features.peak_tokens import strongest_peaks
from matchms_fingerprint.kernels.subformula import subformulae
from matchms_fingerprint.kernels.threads import in_threads
from matchms_fingerprint.kernels.types import IntArray

PRECURSOR_PPM = 6.0
"""Formulas are looked for within so many ppm of the precursor, and within `PRECURSOR_DA` if that is more."""

PRECURSOR_DA = 0.0005

_TOLERANCES = {"unknown": (12.0, 0.0012), "orbitrap": (6.0, 0.0005), "tof": (15.0, 0.0015), "unit": (15.0, 0.0015)}

FRAGMENT_PPM, FRAGMENT_DA = (np.array([_TOLERANCES[name][column] for name in ANALYZERS]) for column in (0, 1))
"""Tolerance of fragments by analyser, the larger one counts: nine in ten of MassBank's strong peaks lie within."""

EVIDENCE_PEAKS, EVIDENCE_INTENSITY = 15, 0.005
"""Candidates are compared by so many of the strongest peaks, down to this share of the base peak."""

GRID_DA = 0.1
"""Fragments that are all multiples of this are rounded; they have no sub-formulas."""

_CHARGE = re.compile(r"[+-]\d*$")
_UNKNOWN_ADDUCT = {1: "[M+H]+", -1: "[M-H]-", 0: "[M+H]+"}
_CHUNK = 128


@dataclass(frozen=True)
class Ions:
    """What the adducts of spectra mean.

    Parameters
    ----------
    adducts
        Adduct of each spectrum.
    n_molecules, charges
        Molecules in the ion and its charge, shape (n_spectra,), int64.
    changes
        Atoms that the ion has more than its molecules, shape (n_spectra, N_ELEMENTS), int64.
    """

    adducts: list[Adduct]
    n_molecules: NDArray[np.int64]
    charges: NDArray[np.int64]
    changes: NDArray[np.int64]

    def atoms(self, molecules: IntArray, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the atoms of the ions of molecules that belong to the spectra `rows`; negative ones are impossible."""
        return molecules * self.n_molecules[rows, None] + self.changes[rows]


def read_formula(text: str) -> NDArray[np.int16] | None:
    """Return the atoms of a formula, shape (N_ELEMENTS,), or None if it has other elements or is none."""
    row = _read_formula(str(text))
    return None if row is None else np.array(row, np.int16)


@lru_cache(maxsize=65536)
def _read_formula(text: str) -> tuple[int, ...] | None:
    try:
        counts = parse_formula(_CHARGE.sub("", text.strip()))[0]
    except StructureError:
        return None
    if not ELEMENTS_SET.issuperset(counts):
        return None
    return tuple(counts.get(symbol, 0) for symbol in ELEMENTS.symbols)


ELEMENTS_SET = frozenset(ELEMENTS.symbols)


@lru_cache(maxsize=256)
def _adduct_row(name: str) -> tuple[Adduct, tuple[int, ...]]:
    changes = dict(adduct_atoms(name)[1])
    return get_adduct(name), tuple(changes.get(symbol, 0) for symbol in ELEMENTS.symbols)


def ions_of(names: list[str]) -> Ions:
    """Return what adducts mean; they must consist of the elements in `ELEMENTS`."""
    rows = [_adduct_row(name) for name in names]
    return Ions(
        [adduct for adduct, _ in rows],
        np.array([adduct.n_molecules for adduct, _ in rows], np.int64),
        np.array([adduct.charge for adduct, _ in rows], np.int64),
        np.array([changes for _, changes in rows], np.int64).reshape(-1, N_ELEMENTS),
    )


def adduct_names(spectra: SpectrumArrays) -> list[str]:
    """Return the adduct of each spectrum; where it is not known, the most frequent one of the ion mode."""
    return [
        ADDUCTS[adduct] if adduct else _UNKNOWN_ADDUCT[mode]
        for adduct, mode in zip(spectra.adduct.tolist(), spectra.ion_mode.tolist(), strict=True)
    ]


def fragment_tolerances(spectra: SpectrumArrays) -> NDArray[np.float64]:
    """Return the tolerance in Da of each peak, shape (n_peaks,); 0 in spectra whose peaks are rounded to 0.1 Da."""
    rows = spectra.rows
    off_grid = np.abs(spectra.mz / GRID_DA - np.round(spectra.mz / GRID_DA)) * GRID_DA > 1e-5
    is_accurate = np.bincount(rows, weights=off_grid, minlength=len(spectra)) > 0
    return np.where(is_accurate[rows], _tolerances(spectra), 0.0)


def _tolerances(spectra: SpectrumArrays) -> NDArray[np.float64]:
    analyzer = spectra.analyzer[spectra.rows]
    return np.maximum(FRAGMENT_PPM[analyzer] * 1e-6 * spectra.mz, FRAGMENT_DA[analyzer])


@dataclass(frozen=True)
class ScoredCandidates:
    """Candidates of each spectrum with what their score is made of.

    Parameters
    ----------
    candidates
        Formulas of the molecules of each spectrum.
    features
        Shape (n, 5); see `evidence_features`.
    """

    candidates: Candidates
    features: NDArray[np.float64]

    def scores(self) -> NDArray[np.float64]:
        """Return log odds against the other candidates of the spectrum, up to a constant; shape (n,)."""
        return self.features @ EVIDENCE_WEIGHTS


EVIDENCE_WEIGHTS = np.array([1.32, 3.23, 0.47, -0.45, 1.2])
"""Weights of `evidence_features`; fitted as `COMPOSITION_WEIGHTS`, on one spectrum of each structure."""


def score_candidates(spectra: SpectrumArrays, precursor_ppm: float = PRECURSOR_PPM) -> ScoredCandidates:
    """Enumerate the formulas of the precursors and compare them with the peaks.

    Parameters
    ----------
    spectra
        At most a few hundred, since all is held at once.
    precursor_ppm
        Largest mass error of a precursor.
    """
    ions = ions_of(adduct_names(spectra))
    candidates = _candidates(spectra, ions, precursor_ppm)
    rows = candidates.rows
    atoms = ions.atoms(candidates.counts, rows)
    return ScoredCandidates(candidates, evidence_features(spectra, candidates, atoms, np.sign(ions.charges)))


def _candidates(spectra: SpectrumArrays, ions: Ions, precursor_ppm: float) -> Candidates:
    """Enumerate each mass once; many spectra of a corpus have the same precursor."""
    masses = np.array(
        [adduct.neutral_mass(mz) for adduct, mz in zip(ions.adducts, spectra.precursor_mz.tolist(), strict=True)]
    )
    masses = np.nan_to_num(masses, nan=-1.0)
    # the error of the ion is larger, relative to the molecule, where the adduct is heavy
    ppm = np.maximum(precursor_ppm * 1e-6 * spectra.precursor_mz, PRECURSOR_DA) / np.maximum(masses, 1.0) * 1e6
    ppm = np.nan_to_num(ppm)
    ppm *= np.abs(ions.charges) / ions.n_molecules
    charged = np.array([not np.any(row) for row in ions.changes], bool)
    keys, inverse = np.unique(np.column_stack([masses, ppm, charged]), axis=0, return_inverse=True)
    tables = []
    for parity, chosen in (("integer", keys[:, 2] == 0), ("any", keys[:, 2] == 1)):
        tables.append(candidate_formulas(np.where(chosen, keys[:, 0], np.nan), keys[:, 1], parity))
    joined = _stack(tables, keys[:, 2].astype(int))
    found = joined.take(inverse.reshape(-1))
    possible = (ions.atoms(found.counts, found.rows) >= 0).all(axis=1) & found.counts.any(axis=1)
    lengths = np.bincount(found.rows[possible], minlength=len(spectra))
    return Candidates(np.concatenate([[0], np.cumsum(lengths)]), found.counts[possible], found.errors_ppm[possible])


def _stack(tables: list[Candidates], which: NDArray[np.int64]) -> Candidates:
    """Take the formulas of each mass from the table `which` says."""
    n = which.size
    both = Candidates(
        np.concatenate([tables[0].offsets, tables[0].offsets[-1] + tables[1].offsets[1:]]),
        np.concatenate([table.counts for table in tables]),
        np.concatenate([table.errors_ppm for table in tables]),
    )
    return both.take(np.arange(n) + n * which)


def complete_formulas(spectra: SpectrumArrays, precursor_ppm: float = PRECURSOR_PPM) -> SpectrumArrays:
    """Fill in the formula of each spectrum that has none, with the confidence in it.

    Costs about 2 ms a spectrum on one core; the cores share the work.
    Spectra that were looked at before are left alone: a corpus is completed once, before training draws from it.

    Parameters
    ----------
    spectra
        Spectra; a formula that is there counts as given.
    precursor_ppm
        Largest mass error of a precursor.

    Returns
    -------
    The spectra with `formula` and `formula_confidence`: the softmax of the best candidate's score over all candidates,
    0 where there is no candidate.
    """
    open_rows = np.flatnonzero((spectra.formula == "") & np.isnan(spectra.formula_confidence))
    if not open_rows.size:
        return spectra
    formulas, confidence = spectra.formula.astype(object), spectra.formula_confidence.copy()
    chunks = [open_rows[start : start + _CHUNK] for start in range(0, open_rows.size, _CHUNK)]
    found = in_threads([partial(_best, spectra.take(chunk), precursor_ppm) for chunk in chunks])
    for chunk, (texts, shares) in zip(chunks, found, strict=True):
        formulas[chunk], confidence[chunk] = np.array(texts, object), shares
    return replace(spectra, formula=formulas.astype(np.str_), formula_confidence=confidence)


def _best(spectra: SpectrumArrays, precursor_ppm: float) -> tuple[list[str], NDArray[np.float32]]:
    scored = score_candidates(spectra, precursor_ppm)
    scores, offsets = scored.scores(), scored.candidates.offsets
    texts, shares = [""] * len(spectra), np.zeros(len(spectra), np.float32)
    for row, (start, stop) in enumerate(pairwise(offsets.tolist())):
        if stop > start:
            best = start + int(np.argmax(scores[start:stop]))
            texts[row] = write_formula(scored.candidates.counts[best])
            shares[row] = 1.0 / np.exp(scores[start:stop] - scores[best]).sum()
    return texts, shares


def write_formula(counts: IntArray) -> str:
    """Write the atoms of a molecule, shape (N_ELEMENTS,), as a formula in Hill order."""
    return hill_formula({symbol: int(n) for symbol, n in zip(ELEMENTS.symbols, counts, strict=True) if n})


def evidence_features(
    spectra: SpectrumArrays,
    candidates: Candidates,
    atoms: NDArray[np.int64],
    charges: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Describe how candidates fit their spectra.

    Returns
    -------
    ndarray of shape (n, 5), float64
        Share of the square roots of the intensities below the precursor that sub-formulas explain; the same with each
        peak counted less the larger its error; number of explained peaks; square of the precursor's error in units of
        2 ppm; logarithm of how common the composition is.
    """
    usable = (spectra.mz < spectra.precursor_mz[spectra.rows] - 0.5) & (fragment_tolerances(spectra) > 0)
    chosen = replace(spectra, intensity=np.where(usable, spectra.intensity, np.float32(0.0)))
    rows = candidates.rows
    tiled = strongest_peaks(chosen, EVIDENCE_PEAKS, EVIDENCE_INTENSITY).take(rows)
    found, _, errors = subformulae(
        tiled.mz,
        tiled.offsets,
        atoms,
        charges[rows],
        ELEMENTS.masses,
        ELEMENTS.valences,
        tolerance_ppm=float(FRAGMENT_PPM.max()),
        tolerance_da=float(FRAGMENT_DA.max()),
        best_only=True,
    )
    has_one = np.diff(found) > 0
    closeness = np.zeros(tiled.mz.size)
    closeness[has_one] = 1.0 - (errors / _tolerances(tiled)[has_one]) ** 2
    explained = closeness > 0
    weight, owner = np.sqrt(tiled.intensity.astype(np.float64)), tiled.rows
    total = np.maximum(np.bincount(owner, weight, rows.size), 1e-9)
    return np.column_stack(
        [
            np.bincount(owner, weight * explained, rows.size) / total,
            np.bincount(owner, weight * np.maximum(closeness, 0.0), rows.size) / total,
            np.bincount(owner, explained, rows.size),
            (candidates.errors_ppm / 2.0) ** 2,
            commonness(candidates.counts),
        ]
    )
