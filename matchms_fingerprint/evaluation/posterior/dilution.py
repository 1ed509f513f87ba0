"""Spectra as they would be had there been less of the compound: weak peaks go, noise comes.

As in the tests of LSM-MS2: the noise of the detector stays as it is while the signal sinks into it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from matchms_fingerprint.features.arrays import SpectrumArrays

NOISE_LEVELS = (0.02, 0.1, 0.3)
"""Level of the noise relative to the base peak, from little to much dilution."""

NOISE_PEAKS = 12
"""Mean number of peaks of noise in a spectrum."""

_LEAST_MZ = 50.0


def dilute(spectra: SpectrumArrays, noise_level: float, seed: int = 0) -> SpectrumArrays:
    """Return spectra with what is left above the noise, and with peaks of noise.

    Peaks below `noise_level` are lost, the others vary by a third of it. Peaks of noise lie anywhere up to the
    precursor, their intensity is exponential above the level. The base peak always stays.

    Parameters
    ----------
    spectra
        The spectra; intensities relative to the base peak.
    noise_level
        Intensity below which nothing is seen.
    seed
        Seed of the noise.
    """
    rng = np.random.default_rng(seed)
    rows, n = spectra.rows, len(spectra)
    is_base = spectra.intensity >= 1.0
    seen = is_base | (spectra.intensity >= noise_level)
    varied = spectra.intensity[seen] + rng.normal(0.0, noise_level / 3, int(seen.sum()))
    varied = np.where(is_base[seen], 1.0, np.clip(varied, noise_level / 2, 1.0))
    n_noise = rng.poisson(NOISE_PEAKS, n) * (np.diff(spectra.offsets) > 0)
    noise_rows = np.repeat(np.arange(n), n_noise)
    highest = np.nan_to_num(spectra.precursor_mz, nan=_LEAST_MZ)[noise_rows]
    noise_mz = rng.uniform(_LEAST_MZ, np.maximum(highest, _LEAST_MZ + 1.0))
    noise = np.minimum(noise_level * (1.0 + rng.exponential(0.3, noise_rows.size)), 1.0)
    mz = np.concatenate([spectra.mz[seen], noise_mz])
    intensity = np.concatenate([varied, noise]).astype(np.float32)
    owner = np.concatenate([rows[seen], noise_rows])
    order = np.lexsort((mz, owner))
    offsets = np.concatenate(([0], np.cumsum(np.bincount(owner, minlength=n)))).astype(np.int64)
    return replace(
        spectra,
        mz=mz[order],
        intensity=intensity[order],
        offsets=offsets,
        # a formula that was found by the peaks goes with them
        formula=np.full(n, "", np.str_),
        formula_confidence=np.full(n, np.nan, np.float32),
    )
