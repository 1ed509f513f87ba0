"""Spectra as sparse rows of binned fragments and neutral losses, with what is known of the measurement.

Binning at one width loses either mass accuracy or robustness (Liu et al., "Current and future deep learning algorithms
for MS/MS-based small molecule structure elucidation"). So each peak is seen twice: in nominal-mass bins, which every
instrument resolves, and in bins of 0.01 Da, of which only those are features that occur in several training
structures. The same holds for its neutral loss, precursor minus fragment.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.errors import ModelError
from matchms_fingerprint.features.arrays import ADDUCTS, SpectrumArrays
from matchms_fingerprint.features.instruments import ANALYZERS
from matchms_fingerprint.kernels.binning import Bins, bin_peaks

NOMINAL_WIDTH_DA = 1.000495
"""Width of the nominal bins in Da: organic molecules weigh about as much per nominal mass unit."""

MASS_WAVELENGTHS = np.geomspace(0.01, 2000.0, 16)
"""Wavelengths in Da of the Fourier features of the precursor mass."""

N_METADATA = 2 * MASS_WAVELENGTHS.size + 2 + 2 + len(ADDUCTS) + len(ANALYZERS) + 6


@dataclass(frozen=True)
class BinnedSettings:
    """Which bins are features.

    Parameters
    ----------
    fine_width_da
        Width of the fine bins in Da.
    fine_fragments, fine_losses
        Fine bins that are features, ascending; bin `b` is centred on `b * fine_width_da`.
    max_nominal_fragment, max_nominal_loss
        Highest nominal mass that has a feature.
    min_relative_intensity
        Peaks below this share of the base peak are left out.
    intensity_power
        Peaks enter as relative intensity to this power.
    max_loss_da
        Highest neutral loss in Da; losses below 0.5 Da are the precursor itself and no feature.
    """

    fine_width_da: float = 0.01
    fine_fragments: tuple[int, ...] = ()
    fine_losses: tuple[int, ...] = ()
    max_nominal_fragment: int = 1000
    max_nominal_loss: int = 500
    min_relative_intensity: float = 0.001
    intensity_power: float = 0.5
    max_loss_da: float = 1000.0
    bins: tuple[Bins, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.fine_width_da <= 0:
            raise ModelError(f"fine_width_da is {self.fine_width_da}; give a width above 0 Da")
        object.__setattr__(self, "bins", self._make_bins())

    @property
    def n_features(self) -> int:
        """Number of features."""
        return self.max_nominal_fragment + self.max_nominal_loss + 2 + len(self.fine_fragments) + len(self.fine_losses)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as JSON-safe values."""
        return {
            "fine_width_da": self.fine_width_da,
            "fine_fragments": list(self.fine_fragments),
            "fine_losses": list(self.fine_losses),
            "max_nominal_fragment": self.max_nominal_fragment,
            "max_nominal_loss": self.max_nominal_loss,
            "min_relative_intensity": self.min_relative_intensity,
            "intensity_power": self.intensity_power,
            "max_loss_da": self.max_loss_da,
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> BinnedSettings:
        """Read what `to_dict` wrote; refuse unknown keys by name."""
        known = set(cls.__dataclass_fields__) - {"bins"}
        if unknown := sorted(set(values) - known):
            raise ModelError(f"unknown feature settings: {', '.join(unknown)}; known are {', '.join(sorted(known))}")
        lists: dict[str, Any] = {key: tuple(values[key]) for key in ("fine_fragments", "fine_losses") if key in values}
        return cls(**(values | lists))

    def _make_bins(self) -> tuple[Bins, ...]:
        """Return the bins of nominal fragments, nominal losses, fine fragments and fine losses."""
        return (
            Bins(NOMINAL_WIDTH_DA, np.arange(self.max_nominal_fragment + 1)),
            Bins(NOMINAL_WIDTH_DA, np.arange(self.max_nominal_loss + 1)),
            Bins(self.fine_width_da, _columns(self.fine_fragments), is_spread=True),
            Bins(self.fine_width_da, _columns(self.fine_losses), is_spread=True),
        )


@dataclass(frozen=True)
class BinnedRows:
    """Sparse rows (CSR) and the dense metadata beside them.

    Parameters
    ----------
    indices, weights
        Feature and value of each entry, shape (n_entries,), int64 and float32.
    offsets
        First entry of each row, and the end, shape (n_spectra + 1,), int64.
    metadata
        Shape (n_spectra, N_METADATA), float32.
    """

    indices: NDArray[np.int64]
    weights: NDArray[np.float32]
    offsets: NDArray[np.int64]
    metadata: NDArray[np.float32]


def binned_rows(spectra: SpectrumArrays, settings: BinnedSettings) -> BinnedRows:
    """Bin a batch of spectra.

    Returns
    -------
    BinnedRows
        One row per spectrum; a spectrum without peaks gives an empty row.
    """
    fragments = np.where(spectra.intensity >= settings.min_relative_intensity, spectra.mz, np.nan)
    losses = spectra.precursor_mz[spectra.rows] - fragments
    losses[~((losses >= 0.5) & (losses <= settings.max_loss_da))] = np.nan
    rows = bin_peaks(
        [fragments, losses, fragments, losses],
        spectra.intensity,
        spectra.offsets,
        settings.bins,
        combine="none",
        intensity_power=settings.intensity_power,
    )
    return BinnedRows(rows.indices, rows.values, rows.offsets, metadata_features(spectra))


def metadata_features(spectra: SpectrumArrays) -> NDArray[np.float32]:
    """Return what is known of each measurement as numbers, shape (n_spectra, N_METADATA), float32.

    Fourier features of the precursor m/z, its size, collision energy, adduct, ion mode, analyser; all zero where
    unknown.
    """
    n = len(spectra)
    known = np.isfinite(spectra.precursor_mz)
    mz = np.where(known, spectra.precursor_mz, 0.0)
    phase = 2 * np.pi * mz[:, None] / MASS_WAVELENGTHS
    fourier = np.concatenate([np.sin(phase), np.cos(phase)], axis=1) * known[:, None]
    size = np.column_stack([mz / 1000.0, known])
    has_energy = np.isfinite(spectra.collision_energy)
    energy = np.where(has_energy, spectra.collision_energy, 0.0)
    levels = np.exp(-(((energy[:, None] - np.array([5.0, 15.0, 30.0, 50.0, 80.0, 120.0])) / 15.0) ** 2))
    return np.concatenate(
        [
            fourier,
            size,
            (spectra.ion_mode[:, None] == np.array([1, -1])),
            np.eye(len(ADDUCTS))[spectra.adduct] * (spectra.adduct > 0)[:, None],
            np.eye(len(ANALYZERS))[spectra.analyzer] * (spectra.analyzer > 0)[:, None],
            levels * has_energy[:, None],
        ],
        axis=1,
        dtype=np.float32,
    ).reshape(n, N_METADATA)


def frequent_bins(
    positions: NDArray[np.float64], structures: NDArray[np.int64], width_da: float, n_bins: int, min_structures: int = 3
) -> tuple[int, ...]:
    """Choose the fine bins that occur in most structures.

    Parameters
    ----------
    positions
        Fragment or loss masses in Da, shape (n_peaks,); not finite: left out.
    structures
        Structure that each peak belongs to, shape (n_peaks,). Occurrence is counted once per structure, so that a
        compound with hundreds of spectra has no more say than others.
    width_da
        Width of a bin in Da.
    n_bins
        How many bins to return at most.
    min_structures
        Bins of fewer structures are never returned.

    Returns
    -------
    tuple of int
        Bin numbers, ascending.
    """
    usable = np.isfinite(positions) & (positions > 0)
    bins = np.floor(positions[usable] / width_da + 0.5).astype(np.int64)
    pairs = np.unique(np.column_stack([bins, structures[usable]]), axis=0)
    values, counts = np.unique(pairs[:, 0], return_counts=True)
    order = np.lexsort((values, -counts))[:n_bins]
    return tuple(sorted(values[order[counts[order] >= min_structures]].tolist()))


def _columns(bins: tuple[int, ...]) -> NDArray[np.int64]:
    """Return the column of each bin, counted through those that are features, and -1 for those that are not."""
    columns = np.full((max(bins) + 1) if bins else 0, -1, np.int64)
    columns[list(bins)] = np.arange(len(bins))
    return columns
