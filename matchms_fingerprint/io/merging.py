"""Several spectra of one feature made into one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.io.blocks import RawSpectrum
from matchms_fingerprint.io.isolation import worst_isolation

PER_FEATURE = ("merge", "best", "all")
"""What to do with several spectra of one feature."""

TOLERANCE_PPM = 10.0
MIN_TOLERANCE_DA = 0.005


def merge(spectra: Sequence[RawSpectrum]) -> RawSpectrum:
    """Merge the spectra of one feature.

    Each spectrum is scaled to a base peak of 1, so that a weak one at another collision energy counts as much as a
    strong one. Peaks closer than 10 ppm (at least 0.005 Da) to their neighbour are joined at their intensity-weighted
    mean m/z; their intensities are added. The sum is scaled to the highest base peak of all spectra, so that it
    keeps the unit of the file. Peaks of intensity 0 vanish.

    Metadata are those of the spectrum with the highest total ion current, completed from the others in that order;
    `scans` and `collision_energy` are those of all, the isolation of the precursor is that of the worst;
    `merged_spectra` says how many.

    Parameters
    ----------
    spectra
        At least one. A single one is returned as it is.
    """
    if len(spectra) == 1:
        return spectra[0]
    ranked = sorted(spectra, key=lambda spectrum: -spectrum.total_ion_current)
    metadata: dict[str, Any] = {}
    for spectrum in ranked:
        metadata = spectrum.metadata | metadata
    scans = dict.fromkeys(s.metadata["scans"] for s in spectra if "scans" in s.metadata)
    if scans:
        metadata["scans"] = ",".join(scans)
    energies = {s.metadata["collision_energy"] for s in spectra if "collision_energy" in s.metadata}
    if energies:
        metadata["collision_energy"] = _joined_energies(energies)
    metadata |= worst_isolation([spectrum.metadata for spectrum in spectra])
    metadata["merged_spectra"] = len(spectra)
    return RawSpectrum(*merge_peaks([(spectrum.mz, spectrum.intensities) for spectrum in spectra]), metadata)


def merge_peaks(
    spectra: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Merge peak lists as `merge` describes; the order of the spectra does not matter.

    Parameters
    ----------
    spectra
        Pairs of m/z and intensities, float64 of shape (n_peaks,), in any order.

    Returns
    -------
    mz, intensities
        float64 of shape (n_merged,), sorted by m/z.
    """
    used = [(mz, values) for mz, values in spectra if values.size and values.max() > 0]
    if not used:
        return np.empty(0), np.empty(0)
    mz = np.concatenate([mz for mz, _ in used])
    weights = np.concatenate([values / values.max() for _, values in used])
    mz, weights = mz[weights > 0], weights[weights > 0]
    order = np.lexsort((weights, mz))
    mz, weights = mz[order], weights[order]
    tolerance = np.maximum(mz[1:] * TOLERANCE_PPM * 1e-6, MIN_TOLERANCE_DA)
    starts = np.flatnonzero(np.concatenate(([True], np.diff(mz) > tolerance)))
    sums = np.add.reduceat(weights, starts)
    centres = np.add.reduceat(mz * weights, starts) / sums
    base_peak = max(values.max() for _, values in used)
    return centres, sums / sums.max() * base_peak


def _joined_energies(texts: set[str]) -> str:
    """Return one text for all collision energies: a JSON list, unless all spectra say the same."""
    if len(texts) == 1:
        return next(iter(texts))
    items: set[float | str] = set()
    for text in texts:
        try:
            value = json.loads(text)
        except json.JSONDecodeError:
            value = text
        for item in value if isinstance(value, list) else [value]:
            items.add(float(item) if isinstance(item, int | float) else str(item))
    return json.dumps(sorted(items, key=lambda item: (isinstance(item, str), item)))
