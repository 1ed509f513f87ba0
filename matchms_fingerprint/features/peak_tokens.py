"""Peaks as tokens: each with Fourier features of its m/z and of its neutral loss, and its intensity.

Bins of any width lose something (Liu et al., "Current and future deep learning algorithms for MS/MS-based small
molecule structure elucidation"). Sines and cosines of a mass at many wavelengths keep all of it: long wavelengths tell
where about it lies, short ones its decimals (Voronov et al. 2022, "Multi-scale sinusoidal embeddings enable learning on
high resolution mass spectrometry data"; DreaMS, Bushuiev et al. 2025). The phases are computed in float64, since
float32 knows a mass of 800 Da only to 0.00006 Da, a thirtieth of the shortest wavelength.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.errors import ModelError
from matchms_fingerprint.features.arrays import SpectrumArrays

N_INTENSITY_FEATURES = 3
"""How many of the numbers below say nothing of the mass."""

N_SCALES = 6
"""Numbers beside the Fourier features of a peak: intensity, its root, its logarithm, m/z, loss, loss known."""


@dataclass(frozen=True)
class PeakTokenSettings:
    """Which peaks become tokens, and how finely their masses are told.

    Parameters
    ----------
    max_peaks
        Of a spectrum with more peaks the strongest so many are kept.
    min_relative_intensity
        Peaks below this share of the base peak are left out.
    n_wavelengths
        Number of wavelengths, evenly spaced on a logarithmic scale; each gives a sine and a cosine.
    min_wavelength_da, max_wavelength_da
        Shortest and longest wavelength in Da.
    """

    max_peaks: int = 64
    min_relative_intensity: float = 0.001
    n_wavelengths: int = 32
    min_wavelength_da: float = 0.002
    max_wavelength_da: float = 1000.0

    def __post_init__(self) -> None:
        if self.max_peaks < 1 or self.n_wavelengths < 2:
            raise ModelError(
                f"max_peaks is {self.max_peaks} and n_wavelengths {self.n_wavelengths}; give at least 1 and 2"
            )
        if not 0 < self.min_wavelength_da < self.max_wavelength_da:
            raise ModelError(
                f"wavelengths of {self.min_wavelength_da} to {self.max_wavelength_da} Da; give positive ascending ones"
            )

    @property
    def wavelengths_da(self) -> NDArray[np.float64]:
        """The wavelengths in Da, ascending, shape (n_wavelengths,)."""
        return np.geomspace(self.min_wavelength_da, self.max_wavelength_da, self.n_wavelengths)

    @property
    def n_fourier(self) -> int:
        """Number of Fourier features of a mass."""
        return 2 * self.n_wavelengths

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as JSON-safe values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> PeakTokenSettings:
        """Read what `to_dict` wrote; refuse unknown keys by name."""
        known = {item.name for item in fields(cls)}
        if unknown := sorted(set(values) - known):
            raise ModelError(f"unknown token settings: {', '.join(unknown)}; known are {', '.join(sorted(known))}")
        return cls(**values)


@dataclass(frozen=True)
class PeakTokens:
    """The peaks of a batch, flat, and the precursors.

    Parameters
    ----------
    mz
        Shape (n_peaks,), float64, Da.
    offsets
        First peak of each spectrum, and the end, shape (n_spectra + 1,), int64.
    fragment, loss
        Fourier features of m/z and of neutral loss (precursor m/z minus m/z), shape (n_peaks, n_fourier), float32.
        A loss that is not known is all zero.
    scales
        Shape (n_peaks, N_SCALES), float32: relative intensity, its square root, its logarithm (0 at 10^-4, 1 at the
        base peak), m/z in units of 1000 Da, loss in units of 1000 Da, whether the loss is known.
    precursor
        Fourier features of the precursor m/z, shape (n_spectra, n_fourier), float32; all zero where not known.
    """

    mz: NDArray[np.float64]
    offsets: NDArray[np.int64]
    fragment: NDArray[np.float32]
    loss: NDArray[np.float32]
    scales: NDArray[np.float32]
    precursor: NDArray[np.float32]

    def __len__(self) -> int:
        return self.offsets.size - 1

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Number of peaks of each spectrum, shape (n_spectra,)."""
        return np.diff(self.offsets)


def peak_tokens(spectra: SpectrumArrays, settings: PeakTokenSettings) -> PeakTokens:
    """Choose the peaks of a batch and describe them.

    Returns
    -------
    PeakTokens
        The chosen peaks in the order in which they stand; a spectrum without peaks has none.
    """
    chosen = strongest_peaks(spectra, settings.max_peaks, settings.min_relative_intensity)
    losses = chosen.precursor_mz[chosen.rows] - chosen.mz
    known = np.isfinite(losses)
    intensity = chosen.intensity
    scales = np.column_stack(
        [
            intensity,
            np.sqrt(intensity),
            1.0 + np.log10(np.maximum(intensity, 1e-4)) / 4.0,
            chosen.mz / 1000.0,
            np.where(known, losses, 0.0) / 1000.0,
            known,
        ]
    )
    wavelengths = settings.wavelengths_da
    return PeakTokens(
        mz=chosen.mz,
        offsets=chosen.offsets,
        fragment=fourier_features(chosen.mz, wavelengths),
        loss=fourier_features(losses, wavelengths),
        scales=scales.astype(np.float32).reshape(-1, N_SCALES),
        precursor=fourier_features(chosen.precursor_mz, wavelengths),
    )


def strongest_peaks(spectra: SpectrumArrays, max_peaks: int, min_relative_intensity: float) -> SpectrumArrays:
    """Return the spectra with their strongest peaks only.

    Parameters
    ----------
    spectra
        A batch.
    max_peaks
        Most peaks to keep of a spectrum. Among peaks of equal intensity those of lower m/z stay.
    min_relative_intensity
        Peaks below this share of the base peak are left out, and those without intensity in any case.
    """
    kept = (spectra.intensity >= min_relative_intensity) & (spectra.intensity > 0)
    rows = spectra.rows
    lengths = np.bincount(rows[kept], minlength=len(spectra))
    crowded = np.flatnonzero(kept & (lengths > max_peaks)[rows])
    if crowded.size:
        order = crowded[np.lexsort((spectra.mz[crowded], -spectra.intensity[crowded], rows[crowded]))]
        sizes = lengths[lengths > max_peaks]
        rank = np.arange(order.size) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        kept[order[rank >= max_peaks]] = False
        lengths = np.minimum(lengths, max_peaks)
    offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
    return replace(spectra, mz=spectra.mz[kept], intensity=spectra.intensity[kept], offsets=offsets)


def fourier_features(masses: NDArray[np.float64], wavelengths_da: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return sines and cosines of masses.

    Parameters
    ----------
    masses
        Shape (n,), float64, Da; not finite: not known.
    wavelengths_da
        Shape (n_wavelengths,), float64, Da.

    Returns
    -------
    ndarray of shape (n, 2 * n_wavelengths), float32
        First the sines, then the cosines; all zero for a mass that is not known, which no known mass is.
    """
    known = np.isfinite(masses)
    turns = np.where(known, masses, 0.0)[:, None] / wavelengths_da
    # only the fraction of a turn matters: taken in float64, it fits into float32
    phase = ((turns - np.round(turns)) * (2 * np.pi)).astype(np.float32)
    return np.concatenate([np.sin(phase), np.cos(phase)], axis=1) * known[:, None].astype(np.float32)
