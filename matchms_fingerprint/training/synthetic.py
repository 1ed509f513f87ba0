"""Spectra of molecules that nobody measured, simulated while a model is trained, to show it more of chemistry.

A few thousand measured structures teach a model few of the substructures that it will meet. MIST (Goldman et al. 2023,
doi 10.1038/s42256-023-00708-3) adds simulated spectra of structures from databases; here they are simulated afresh at
every step, by breaking molecules at random (`kernels.random_fragments`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from matchms_fingerprint.candidates import CandidateLibrary
from matchms_fingerprint.candidates.parallel import available_cores, map_in_order
from matchms_fingerprint.candidates.search import CandidateSlice
from matchms_fingerprint.chem.fingerprints import unpack_bits
from matchms_fingerprint.errors import InputFileError, LibraryError
from matchms_fingerprint.features.arrays import ADDUCTS, SpectrumArrays
from matchms_fingerprint.features.labelled import LabelledSpectra
from matchms_fingerprint.io.mapped_arrays import map_arrays, write_arrays
from matchms_fingerprint.kernels.random_fragments import MAX_PEAKS, random_spectra
from matchms_fingerprint.kernels.types import IntArray
from matchms_fingerprint.training.breakable_molecules import BreakableMolecules, breakable_molecules, join_molecules

N_STRUCTURES = 150_000
FORMULA_SHARE = 0.75
"""Spectra of which the formula is there: for about so many measured ones the right one is found."""

LOWEST_CONFIDENCE = 0.5
MASS_BIN_DA = 25.0
"""The structures have the masses of the training structures, counted in bins of this width."""

_SPARE = 1.5  # so many more are drawn, since some are known or charged
_CHUNK = 1000
_MOLECULE_ARRAYS = tuple(item.name for item in fields(BreakableMolecules))
_OWN_ARRAYS = ("fingerprints", "formulas", "drawn", "positive_share", "n_bits", "origin")
_PROTONATED, _DEPROTONATED = ADDUCTS.index("[M+H]+"), ADDUCTS.index("[M-H]-")


@dataclass(frozen=True)
class SyntheticSpectra:
    """An endless source of simulated spectra with the fingerprints of their structures.

    Parameters
    ----------
    molecules
        Distinct structures.
    fingerprints
        Their packed fingerprints, shape (n_molecules, n_words), uint64; may be memory-mapped.
    formulas
        Their formulas, shape (n_molecules,), str.
    drawn
        Positions in `molecules`, one as likely as the other; a structure of a mass that is rare in the library may be
        there several times. Shape (n_drawn,), int64.
    positive_share
        Share of the spectra that are of [M+H]+; the others are of [M-H]-.
    n_bits
        Bits of a fingerprint.
    origin
        Tells what it was made from; see `origin_of`.
    """

    molecules: BreakableMolecules
    fingerprints: NDArray[np.uint64]
    formulas: NDArray[np.str_]
    drawn: NDArray[np.int64]
    positive_share: float
    n_bits: int
    origin: str

    @classmethod
    def build(
        cls,
        library: CandidateLibrary,
        data: LabelledSpectra,
        folds: NDArray[np.str_],
        n: int = N_STRUCTURES,
        seed: int = 0,
        n_jobs: int | None = None,
        progress: bool = False,
    ) -> SyntheticSpectra:
        """Draw structures from a library, with the masses of the training structures, and find how they break.

        No structure of the data is among them, of whatever fold.

        Parameters
        ----------
        library
            Where the structures come from.
        data
            Labelled spectra.
        folds
            train, val or test for each spectrum.
        n
            Draws; the same structure may be drawn twice, and a few that cannot be broken are left out.
        seed
            Of the draws.
        n_jobs
            Number of worker processes; None takes all cores. The result does not depend on it.
        progress
            Show a progress bar on stderr.

        Raises
        ------
        LibraryError
            If the library has another fingerprint than the data, or no structure that can be used.
        """
        if library.fingerprint != data.fingerprint:
            raise LibraryError(
                f"{library.path}: holds the fingerprint {library.fingerprint}, the data {data.fingerprint}"
            )
        masses = data.masses[np.unique(data.structure[folds == "train"])]
        pool, drawn = _draw_structures(library, data, masses, n, np.random.default_rng([seed, n]))
        molecules, usable = _break_all(pool.smiles, n_jobs or available_cores(), progress)
        if not usable.any():
            raise LibraryError(
                f"{library.path}: holds no structures to simulate spectra of, other than those of the data and of the "
                "masses of the training structures; give a larger library"
            )
        number = np.where(usable, np.cumsum(usable) - 1, -1)[drawn]
        modes = data.spectra.ion_mode[folds == "train"]
        return cls(
            molecules=molecules,
            fingerprints=pool.fingerprints[usable],
            formulas=np.array(pool.formulas)[usable].astype(np.str_),
            drawn=number[number >= 0],
            positive_share=float((modes > 0).sum() / max(1, (modes != 0).sum())),
            n_bits=data.fingerprint.n_bits,
            origin=origin_of(library, data, folds, n, seed),
        )

    def draw(self, n: int, rng: np.random.Generator) -> tuple[SpectrumArrays, NDArray[np.uint8]]:
        """Simulate spectra of structures drawn at random.

        Returns
        -------
        SpectrumArrays
            The spectra; collision energy and analyser count as unknown. Of `FORMULA_SHARE` of them the formula is
            there, with a confidence of at least `LOWEST_CONFIDENCE`, as it is estimated for measured ones; of the
            others none was found.
        ndarray of shape (n, n_bits), uint8
            Bits of their structures.
        """
        chosen = self.drawn[rng.integers(0, self.drawn.size, n)]
        modes = np.where(rng.random(n) < self.positive_share, 1, -1)
        spectra = simulate(self.molecules, chosen, modes, rng)
        found = rng.random(n) < FORMULA_SHARE
        confidence = np.where(found, rng.uniform(LOWEST_CONFIDENCE, 1.0, n), 0.0).astype(np.float32)
        formula = np.where(found, np.asarray(self.formulas)[chosen], "").astype(np.str_)
        spectra = replace(spectra, formula=formula, formula_confidence=confidence)
        return spectra, unpack_bits(self.fingerprints[chosen], self.n_bits)

    def save(self, path: str | Path) -> None:
        """Write an npz file that `load` maps; it appears when it is complete."""
        own = {name: np.asarray(getattr(self, name)).reshape(-1) for name in _OWN_ARRAYS[3:]}
        shared = {"fingerprints": self.fingerprints, "formulas": self.formulas, "drawn": self.drawn}
        write_arrays(path, {name: getattr(self.molecules, name) for name in _MOLECULE_ARRAYS} | shared | own)

    @classmethod
    def load(cls, path: str | Path) -> SyntheticSpectra:
        """Map what `save` wrote.

        Raises
        ------
        InputFileError
            If the file is missing or holds something else.
        """
        arrays = map_arrays(path)
        if set(arrays) != {*_MOLECULE_ARRAYS, *_OWN_ARRAYS}:
            raise InputFileError(f"{path}: holds {', '.join(arrays)} and no structures to simulate spectra of")
        return cls(
            molecules=BreakableMolecules(**{name: arrays[name] for name in _MOLECULE_ARRAYS}),
            fingerprints=arrays["fingerprints"],
            formulas=arrays["formulas"],
            drawn=arrays["drawn"],
            positive_share=float(arrays["positive_share"][0]),
            n_bits=int(arrays["n_bits"][0]),
            origin=str(arrays["origin"][0]),
        )


def simulate(
    molecules: BreakableMolecules, chosen: IntArray, ion_modes: IntArray, rng: np.random.Generator
) -> SpectrumArrays:
    """Simulate a spectrum of each chosen molecule.

    Parameters
    ----------
    molecules
        Molecules.
    chosen
        Positions of some of them, shape (n_spectra,).
    ion_modes
        1 for [M+H]+, -1 for [M-H]-, shape (n_spectra,).
    rng
        Source of everything that is drawn.
    """
    arrays = {name: _read_only(getattr(molecules, name)) for name in _MOLECULE_ARRAYS}
    mz, intensity, n_peaks, precursor_mz = random_spectra(
        np.asarray(chosen, np.int64), np.asarray(ion_modes, np.int64), **arrays, rng=rng
    )
    n = n_peaks.size
    is_peak = np.arange(MAX_PEAKS) < n_peaks[:, None]
    order = np.argsort(np.where(is_peak, mz, np.inf), axis=1, kind="stable")
    relative = intensity / intensity.max(axis=1, keepdims=True)
    return SpectrumArrays(
        mz=np.take_along_axis(mz, order, axis=1)[is_peak].astype(np.float64),
        intensity=np.take_along_axis(relative, order, axis=1)[is_peak].astype(np.float32),
        offsets=np.concatenate(([0], np.cumsum(n_peaks))).astype(np.int64),
        precursor_mz=precursor_mz.astype(np.float64),
        ion_mode=np.asarray(ion_modes, np.int8),
        adduct=np.where(np.asarray(ion_modes) > 0, _PROTONATED, _DEPROTONATED).astype(np.int16),
        collision_energy=np.full(n, np.nan, np.float32),
        analyzer=np.zeros(n, np.int8),
        formula=np.full(n, "", np.str_),
        formula_confidence=np.full(n, np.nan, np.float32),
    )


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    """Return a view that a kernel takes as it takes a memory-mapped array, without being compiled again."""
    view = array.view(np.ndarray)
    view.flags.writeable = False
    return view


def load_or_build(
    path: str | Path,
    library: CandidateLibrary,
    data: LabelledSpectra,
    folds: NDArray[np.str_],
    n: int = N_STRUCTURES,
    seed: int = 0,
    progress: bool = False,
) -> SyntheticSpectra:
    """Map the file at `path` if it was made from the same; else build it. Parameters as of `SyntheticSpectra.build`."""
    if Path(path).is_file():
        found = SyntheticSpectra.load(path)
        if found.origin == origin_of(library, data, folds, n, seed):
            return found
    SyntheticSpectra.build(library, data, folds, n, seed, progress=progress).save(path)
    return SyntheticSpectra.load(path)


def origin_of(library: CandidateLibrary, data: LabelledSpectra, folds: NDArray[np.str_], n: int, seed: int) -> str:
    """Return a checksum of all that a set of synthetic spectra is made from."""
    parts = [library.manifest.sha256, str(data.fingerprint), *data.inchikeys, str(n), str(seed)]
    digest = hashlib.sha256("\n".join(parts).encode())
    digest.update(data.structure[folds == "train"].tobytes() + data.spectra.ion_mode[folds == "train"].tobytes())
    return digest.hexdigest()


def _draw_structures(
    library: CandidateLibrary,
    data: LabelledSpectra,
    masses: NDArray[np.float64],
    n: int,
    rng: np.random.Generator,
) -> tuple[CandidateSlice, NDArray[np.int64]]:
    """Draw from a library; return distinct structures that are not charged and not in the data, and n draws of them."""
    low, high = masses.min() - MASS_BIN_DA, masses.max() + MASS_BIN_DA
    pool = library.search(neutral_mass=(low + high) / 2, tolerance_da=(high - low) / 2)
    weights = mass_weights(pool.exact_masses, masses)
    if not weights.any():
        return pool.take([]), np.empty(0, np.int64)
    rows, drawn = np.unique(rng.choice(len(pool), int(_SPARE * n) + 1, p=weights), return_inverse=True)
    pool = pool.take(rows)
    known = {key[:14] for key in data.inchikeys}
    is_new = np.array([key[:14] not in known for key in pool.inchikeys], bool) & (pool.charges == 0)
    drawn = drawn[is_new[drawn]][:n]
    rows, drawn = np.unique(drawn, return_inverse=True)
    return pool.take(rows), drawn.astype(np.int64)


def mass_weights(masses: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probabilities with which to draw structures, so that their masses are distributed as others are.

    Parameters
    ----------
    masses
        Masses of the structures to draw from in Da, shape (n_structures,).
    wanted
        Masses to follow, in bins of `MASS_BIN_DA`.

    Returns
    -------
    ndarray of shape (n_structures,), float64
        They sum to 1; all 0 where no mass is in a bin of the wanted ones.
    """
    bins, wanted_bins = (masses // MASS_BIN_DA).astype(np.int64), (wanted // MASS_BIN_DA).astype(np.int64)
    n_bins = int(max(bins.max(initial=0), wanted_bins.max(initial=0))) + 1
    there, asked = np.bincount(bins, minlength=n_bins), np.bincount(wanted_bins, minlength=n_bins)
    weights: NDArray[np.float64] = (asked / np.maximum(there, 1))[bins]
    return weights / weights.sum() if weights.any() else weights


def _break_all(smiles: list[str], n_jobs: int, progress: bool) -> tuple[BreakableMolecules, NDArray[np.bool_]]:
    """Return `breakable_molecules` of all, from worker processes."""
    chunks = [smiles[start : start + _CHUNK] for start in range(0, len(smiles), _CHUNK)]
    parts = map_in_order(breakable_molecules, chunks, n_jobs)
    if progress:
        # the bar has a thread, and threads do not survive the fork with which the first part comes
        parts = chain([part] if (part := next(parts, None)) else [], parts)
        console = Console(stderr=True)
        parts = iter(track(parts, "synthetic", total=len(chunks), console=console, transient=True))
    found = list(parts)
    usable = np.concatenate([np.empty(0, bool), *(is_usable for _, is_usable in found)])
    return join_molecules(molecules for molecules, _ in found), usable
