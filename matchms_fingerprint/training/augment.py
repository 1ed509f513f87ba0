"""Spectra as they could also have been measured.

Library spectra are clean and well described; the spectra of users are merged, noisy and without metadata. During
training each spectrum is therefore disturbed at random, so that the model holds up on both.

What may be missing is hidden at random: adduct, collision energy and analyser. Precursor m/z and ion mode never are:
every export of MZmine has them, and without the precursor m/z there are no candidates to search.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from matchms_fingerprint.features.arrays import SpectrumArrays


@dataclass(frozen=True)
class Augmentation:
    """How much to disturb.

    Parameters
    ----------
    intensity_sigma
        Standard deviation of the logarithm of the factor on each intensity.
    peak_dropout
        Share of peaks that are left out.
    mass_error_ppm
        Standard deviation of the shift of all fragments of a spectrum, in parts per million.
    metadata_dropout
        Share of spectra whose collision energy and analyser are hidden.
    adduct_dropout
        Share of spectra whose adduct is hidden; the ion mode stays.
    unit_mass
        Share of spectra whose fragments are rounded to 0.1 Da, as from a quadrupole or an ion trap.
    merge
        Share of spectra that are merged with another one of the same structure and ion mode.
    """

    intensity_sigma: float = 0.3
    peak_dropout: float = 0.1
    mass_error_ppm: float = 3.0
    metadata_dropout: float = 0.3
    adduct_dropout: float = 0.2
    unit_mass: float = 0.05
    merge: float = 0.2


def augment(spectra: SpectrumArrays, settings: Augmentation, rng: np.random.Generator) -> SpectrumArrays:
    """Return disturbed copies of the spectra; the input is not changed. Merging is `merge_pairs`."""
    n = len(spectra)
    rows = spectra.rows
    factor = np.exp(rng.normal(0.0, settings.intensity_sigma, spectra.intensity.size))
    kept = rng.random(spectra.mz.size) >= settings.peak_dropout
    mz = spectra.mz * (1.0 + rng.normal(0.0, settings.mass_error_ppm * 1e-6, n)[rows])
    coarse = (rng.random(n) < settings.unit_mass)[rows]
    hidden = rng.random(n) < settings.metadata_dropout
    return replace(
        spectra,
        mz=np.where(coarse, np.round(mz, 1), mz),
        intensity=np.where(kept, spectra.intensity * factor, 0.0).astype(np.float32),
        collision_energy=np.where(hidden, np.nan, spectra.collision_energy).astype(np.float32),
        analyzer=np.where(hidden, 0, spectra.analyzer).astype(np.int8),
        adduct=np.where(rng.random(n) < settings.adduct_dropout, 0, spectra.adduct).astype(np.int16),
    )


def merge_pairs(first: SpectrumArrays, second: SpectrumArrays, merged: np.ndarray) -> SpectrumArrays:
    """Add the peaks of `second` to those of `first` where `merged` is true.

    A stand-in for the merging of collision energies that `io.merging` and MZmine do. Peaks that these join stay side by
    side here: a fraction of the tolerance apart, as the peaks of two scans are, they fall into the same bins,
    and others see a peak twice. Joined, each batch would have fewer peaks and draw other random numbers for them, so
    that no earlier training could be repeated or resumed.

    Parameters
    ----------
    first, second
        Batches of the same length.
    merged
        Which spectra to merge, shape (n_spectra,), bool. A merged spectrum has no single collision energy.
    """
    added = second.take(np.flatnonzero(merged))
    rows = np.concatenate([first.rows, np.flatnonzero(merged)[added.rows]])
    mz = np.concatenate([first.mz, added.mz])
    order = np.lexsort((mz, rows))
    counts = np.bincount(rows, minlength=len(first))
    return replace(
        first,
        mz=mz[order],
        intensity=np.concatenate([first.intensity, added.intensity])[order],
        offsets=np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
        collision_energy=np.where(merged, np.nan, first.collision_energy).astype(np.float32),
    )
