"""Many spectra as a few flat arrays: what every encoder reads, made once from matchms spectra."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

import numpy as np
from matchms import Spectrum
from numpy.typing import NDArray

from matchms_fingerprint.chem.adducts import get_adduct
from matchms_fingerprint.errors import AdductError
from matchms_fingerprint.features.collision_energy import parse_collision_energy
from matchms_fingerprint.features.instruments import analyzer_index, states_normalized_energy

ADDUCTS = (
    "unknown",
    "[M+H]+",
    "[M-H]-",
    "[M]+",
    "[M+Na]+",
    "[M+NH4]+",
    "[M-H2O+H]+",
    "[M-2H2O+H]+",
    "[M+K]+",
    "[M+HCOO]-",
    "[M+CH3COO]-",
    "[M+Cl]-",
    "[M]-",
    "[M+2H]2+",
    "[M-2H]2-",
    "[2M+H]+",
    "[2M-H]-",
)
"""Adducts that a model tells apart; every other one is `unknown` to it."""

ION_MODE_SIGN = {"positive": 1, "negative": -1}


@dataclass(frozen=True)
class SpectrumArrays:
    """A batch of spectra.

    Parameters
    ----------
    mz
        Peaks of all spectra, each spectrum sorted, shape (n_peaks,), float64, Da.
    intensity
        Intensity relative to the base peak of its spectrum, shape (n_peaks,), float32.
    offsets
        First peak of each spectrum, and the end, shape (n_spectra + 1,), int64.
    precursor_mz
        Shape (n_spectra,), float64; NaN where not known.
    ion_mode
        1, -1, or 0 where not known, shape (n_spectra,), int8.
    adduct
        Position in `ADDUCTS`, shape (n_spectra,), int16.
    collision_energy
        Energy in eV, NaN where not known, shape (n_spectra,), float32.
    analyzer
        Position in `instruments.ANALYZERS`, shape (n_spectra,), int8.
    formula
        Molecular formula where it counts as given, otherwise "", shape (n_spectra,), str. `spectrum_arrays` leaves it
        empty, whatever the metadata say: who gives the formula says so with `dataclasses.replace`.
    formula_confidence
        Probability that `formula` is right where it was estimated, 0 where none was found; NaN where it was given, or
        not looked for. Shape (n_spectra,), float32.
    """

    mz: NDArray[np.float64]
    intensity: NDArray[np.float32]
    offsets: NDArray[np.int64]
    precursor_mz: NDArray[np.float64]
    ion_mode: NDArray[np.int8]
    adduct: NDArray[np.int16]
    collision_energy: NDArray[np.float32]
    analyzer: NDArray[np.int8]
    formula: NDArray[np.str_]
    formula_confidence: NDArray[np.float32]

    def __len__(self) -> int:
        return self.offsets.size - 1

    @property
    def rows(self) -> NDArray[np.int64]:
        """Spectrum that each peak belongs to, shape (n_peaks,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))

    def batches(self, size: int) -> Iterator[SpectrumArrays]:
        """Yield the spectra in their order, at most `size` at a time; one empty batch where there are none."""
        for start in range(0, max(1, len(self)), size):
            yield self.take(np.arange(start, min(start + size, len(self))))

    def take(self, indices: NDArray[np.integer[Any]]) -> SpectrumArrays:
        """Return the spectra at `indices`, in that order."""
        lengths = np.diff(self.offsets)[indices]
        offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
        peaks = np.repeat(self.offsets[indices] - offsets[:-1], lengths) + np.arange(offsets[-1])
        per_spectrum = {f.name: getattr(self, f.name)[indices] for f in fields(self)[3:]}
        return SpectrumArrays(self.mz[peaks], self.intensity[peaks], offsets, **per_spectrum)


def join_arrays(parts: Sequence[SpectrumArrays]) -> SpectrumArrays:
    """Join batches into one, in their order."""
    lengths = np.concatenate([np.diff(part.offsets) for part in parts])
    joined = {f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(SpectrumArrays)}
    return SpectrumArrays(**(joined | {"offsets": np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)}))


def spectrum_arrays(spectra: Iterable[Spectrum]) -> SpectrumArrays:
    """Gather matchms spectra into arrays.

    Peaks that are not finite or not positive are left out; metadata that is missing or not understood is marked as
    unknown. Spectra without peaks are kept as empty rows.
    """
    masses: list[NDArray[np.float64]] = [np.empty(0)]
    intensities: list[NDArray[np.float32]] = [np.empty(0, np.float32)]
    rows: list[tuple[float, int, int, float, int]] = []
    for spectrum in spectra:
        mz, intensity = spectrum.peaks.to_numpy.T
        usable = np.isfinite(mz) & np.isfinite(intensity) & (mz > 0) & (intensity > 0)
        mz, intensity = mz[usable], intensity[usable]
        scale = intensity.max() if intensity.size else 1.0
        masses.append(mz)
        intensities.append((intensity / scale).astype(np.float32))
        rows.append(_describe(spectrum.metadata))
    columns = tuple(zip(*rows, strict=True)) if rows else ((),) * 5
    offsets = np.concatenate(([0], np.cumsum([mz.size for mz in masses[1:]]))).astype(np.int64)
    return SpectrumArrays(
        mz=np.concatenate(masses),
        intensity=np.concatenate(intensities),
        offsets=offsets,
        precursor_mz=np.array(columns[0], np.float64),
        ion_mode=np.array(columns[1], np.int8),
        adduct=np.array(columns[2], np.int16),
        collision_energy=np.array(columns[3], np.float32),
        analyzer=np.array(columns[4], np.int8),
        formula=np.full(len(rows), "", np.str_),
        formula_confidence=np.full(len(rows), np.nan, np.float32),
    )


def _describe(metadata: dict[str, Any]) -> tuple[float, int, int, float, int]:
    """Return precursor m/z, ion mode, adduct, collision energy in eV and analyser of one spectrum."""
    try:
        precursor_mz = float(metadata.get("precursor_mz") or np.nan)
    except (TypeError, ValueError, OverflowError):
        precursor_mz = np.nan
    if not precursor_mz > 0 or not np.isfinite(precursor_mz):
        precursor_mz = np.nan
    name = metadata.get("adduct")
    adduct, ion_mode = _adduct_class(name) if isinstance(name, str) else (0, 0)
    ion_mode = ion_mode or ION_MODE_SIGN.get(str(metadata.get("ionmode")).lower(), 0)
    analyzer = analyzer_index(
        metadata.get("instrument_type"), metadata.get("instrument") or metadata.get("source_instrument")
    )
    normalized = states_normalized_energy(
        analyzer, metadata.get("fragmentation") or metadata.get("fragmentation_method")
    )
    # the filter normalize_collision_energy leaves the text it read beside the number that it made of it
    text = metadata.get("collision_energy_text") or metadata.get("collision_energy")
    energy = parse_collision_energy(text, precursor_mz, normalized)
    ev = energy.ev if energy is not None and energy.ev is not None else np.nan
    return precursor_mz, ion_mode, adduct, ev, analyzer


@lru_cache(maxsize=4096)
def _adduct_class(name: str) -> tuple[int, int]:
    """Return the position in `ADDUCTS` of an adduct however it is spelled, and the sign of its charge."""
    try:
        adduct = get_adduct(name)
    except AdductError:
        return 0, 0
    sign = 1 if adduct.charge > 0 else -1
    return _known_adducts().get((adduct.n_molecules, adduct.charge, round(adduct.mass_shift, 2)), 0), sign


@lru_cache(maxsize=1)
def _known_adducts() -> dict[tuple[int, int, float], int]:
    known = (get_adduct(name) for name in ADDUCTS[1:])
    return {(a.n_molecules, a.charge, round(a.mass_shift, 2)): i for i, a in enumerate(known, start=1)}
