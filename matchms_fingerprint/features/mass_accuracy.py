"""How accurate the fragment masses of a spectrum are.

What the instrument promises is the prior, what the peaks say decides. Light fragments have few possible formulas, so
that an accurate peak lies close to one of them, and where an inaccurate one lies is a matter of chance: the peaks of a
spectrum are as likely under each of a few levels of accuracy as there are formulas, weighted by how common they are,
within the tolerance of the level.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.chem.elements import element_set
from matchms_fingerprint.constants import ELECTRON_MASS
from matchms_fingerprint.features.arrays import SpectrumArrays
from matchms_fingerprint.features.instruments import ANALYZERS
from matchms_fingerprint.features.peak_tokens import strongest_peaks
from matchms_fingerprint.kernels import FormulaRules, decompose_masses
from matchms_fingerprint.kernels.types import FloatArray

NOMINAL_DA = 0.3
"""A spectrum whose peaks may be this far off tells nominal masses."""

LEVELS = ((5.0, 0.0006), (10.0, 0.0012), (18.0, 0.003), (25.0, 0.006), (40.0, 0.012), (0.0, 0.1), (0.0, 0.4))
"""Tolerances in ppm and Da that are told apart; the wider of the two counts."""

_PRIORS = {
    "unknown": (0.3, 0.12, 0.2, 0.13, 0.04, 0.05, 0.16),
    "orbitrap": (0.8, 0.16, 0.03, 0.004, 0.002, 0.001, 0.003),
    "tof": (0.12, 0.13, 0.4, 0.27, 0.07, 0.004, 0.006),
    "unit": (0.06, 0.02, 0.04, 0.04, 0.09, 0.25, 0.5),
}
_LOG_PRIORS = np.log(np.array([_PRIORS[name] for name in ANALYZERS]))

_MOST_DA = 200.0
_LEAST_DA = 38.0
_PEAKS, _LEAST_INTENSITY = 24, 0.01
_NOT_PRECURSOR_DA = 0.5
_STRAY = np.array([[0.1, 0.4, 0.8], [0.6, 0.3, 0.1]])
"""Shares of peaks that no listed formula explains (noise, other elements, isotopes) that a spectrum may have, and how
probable these shares are."""

_GRIDS = ((0.1, 0.05), (1.0, NOMINAL_DA))  # peaks that are all multiples of the first are no better than the second
_ON_GRID_DA = 1e-5
_FEWEST_ON_GRID = 2
_ROUNDS = 20
_RADICAL = 0.1
_RARITY = {"N": 0.45, "O": 0.5, "S": 0.1, "P": 0.03, "Cl": 0.15, "F": 0.1, "Br": 0.03, "Na": 0.002}
_MOST_ATOMS = {"C": 16, "H": 34, "N": 5, "O": 7, "S": 2, "P": 1, "Cl": 3, "F": 4, "Br": 1, "Na": 1}
_LEAST_WEIGHT = 1e-4


@dataclass(frozen=True)
class MassAccuracy:
    """How far a peak may lie from the ion that it stands for.

    Parameters
    ----------
    ppm, da
        The tolerance is the wider of `ppm` parts per million and `da` Da.
    source
        Where this is known from: "instrument", "peaks" or "given".
    """

    ppm: float
    da: float
    source: str

    @property
    def is_nominal(self) -> bool:
        """Whether masses are known to the unit only."""
        return self.da >= NOMINAL_DA

    def tolerance_da(self, mz: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the tolerance of each peak in Da, shape as `mz`."""
        return np.maximum(mz * self.ppm * 1e-6, self.da)

    def __str__(self) -> str:
        return f"{self.ppm:g} ppm or {self.da:g} Da" if self.ppm else f"{self.da:g} Da"


def estimate_accuracy(spectra: SpectrumArrays, is_one_run: bool = False) -> list[MassAccuracy]:
    """Estimate the accuracy of the fragment masses of each spectrum.

    Parameters
    ----------
    spectra
        Any number of spectra; about 10,000 a second on one core. Used are the strongest peaks below 200 Da, and the
        analyser where it is known. A spectrum whose peaks are all multiples of 0.1 Da is never taken to be better than
        0.1 Da, and nominal if they are integers.
    is_one_run
        The spectra are from one instrument, as those of a feature list are: what most of them say counts for those
        that say little.

    Returns
    -------
    list of MassAccuracy
        The most probable level of `LEVELS` of each spectrum; its source is "instrument" where the analyser is known and
        the peaks leave its most usual level standing, else "peaks"; "instrument" too where there is nothing to go by.
    """
    log_posterior = level_log_posteriors(spectra)
    if is_one_run:
        log_posterior = _sharpened(log_posterior)
    best = log_posterior.argmax(axis=1)
    usual = _LOG_PRIORS[spectra.analyzer].argmax(axis=1)
    return [
        MassAccuracy(*LEVELS[level], "instrument" if level == expected else "peaks")
        for level, expected in zip(best.tolist(), usual.tolist(), strict=True)
    ]


def level_log_posteriors(spectra: SpectrumArrays) -> FloatArray:
    """Return the logarithm of the posterior of each level up to a constant, shape (n_spectra, len(LEVELS))."""
    log_posterior = _LOG_PRIORS[spectra.analyzer].copy()
    fragments = strongest_peaks(spectra, max(1, spectra.mz.size), _LEAST_INTENSITY)
    is_light = (fragments.mz < _MOST_DA) & (fragments.mz > _LEAST_DA)
    is_light &= ~(np.abs(fragments.mz - fragments.precursor_mz[fragments.rows]) < _NOT_PRECURSOR_DA)
    rows = fragments.rows
    stray = np.zeros((*log_posterior.shape, _STRAY.shape[1]))
    for mode in (1, -1):
        peaks = np.flatnonzero(is_light & ((fragments.ion_mode[rows] < 0) == (mode < 0)))
        peaks = peaks[_strongest_of_each(rows[peaks], fragments.intensity[peaks])]
        peaks = peaks[np.argsort(fragments.mz[peaks])]  # looked up in order, they are found several times as fast
        for level, density in enumerate(_densities(fragments.mz[peaks], mode)):
            for column, share in enumerate(_STRAY[0]):
                likely = np.log((1 - share) * density + share)
                stray[:, level, column] += np.bincount(rows[peaks], likely, len(spectra))
    log_posterior += np.logaddexp.reduce(stray + np.log(_STRAY[1]), axis=2)
    for grid_da, least_da in _GRIDS:
        is_finer = np.array([da < least_da for _, da in LEVELS])
        log_posterior[np.ix_(_is_rounded(spectra, grid_da), is_finer)] = -np.inf
    return log_posterior


def _sharpened(log_posterior: FloatArray) -> FloatArray:
    """Return posteriors with the share of each level among all spectra as a further prior.

    The shares are found by expectation maximisation; a pseudo-spectrum shared out to all levels keeps them possible.
    """
    shares = np.full(len(LEVELS), 1.0 / len(LEVELS))
    for _ in range(_ROUNDS):
        weighted = log_posterior + np.log(shares)
        weights = np.exp(weighted - weighted.max(axis=1, keepdims=True))
        shares = (weights / weights.sum(axis=1, keepdims=True)).sum(axis=0) + 1.0 / len(LEVELS)
        shares /= shares.sum()
    return log_posterior + np.log(shares)


def _strongest_of_each(rows: NDArray[np.int64], intensity: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return where the strongest `_PEAKS` peaks of each spectrum stand."""
    order = np.lexsort((-intensity, rows))
    sorted_rows = rows[order]
    place = np.arange(order.size) - np.searchsorted(sorted_rows, sorted_rows)
    return order[place < _PEAKS]


def _is_rounded(spectra: SpectrumArrays, grid_da: float) -> NDArray[np.bool_]:
    """Tell which spectra have multiples of `grid_da` alone, shape (n_spectra,)."""
    off_grid = np.abs(spectra.mz - np.round(spectra.mz / grid_da) * grid_da) > _ON_GRID_DA
    n_off = np.bincount(spectra.rows, off_grid, len(spectra))
    return (n_off == 0) & (np.diff(spectra.offsets) >= _FEWEST_ON_GRID)


def _densities(mz: NDArray[np.float64], mode: int) -> Iterator[NDArray[np.float64]]:
    """Yield the probability density of each peak within its nominal mass for each level, shape (n_peaks,), per Da."""
    masses, cumulated = _fragment_masses(mode)
    for ppm, da in LEVELS:
        within = np.zeros(mz.size)
        # two boxes one in the other: half of the errors are less than half the tolerance
        for share, part in ((0.6, 0.5), (0.4, 1.0)):
            width = part * np.maximum(mz * ppm * 1e-6, da)
            inside = cumulated[np.searchsorted(masses, mz + width)] - cumulated[np.searchsorted(masses, mz - width)]
            within += share * inside / (2 * width)
        yield within


@lru_cache(maxsize=2)
def _fragment_masses(mode: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the m/z of light ions, sorted, and the running sum of their weights with a 0 before it.

    The weights of the ions of one nominal mass sum to about 1.
    """
    elements = element_set(_MOST_ATOMS)
    nominal = np.arange(np.floor(_LEAST_DA), np.ceil(_MOST_DA) + 1)
    _, counts, _ = decompose_masses(
        nominal + 0.02,
        np.full(nominal.size, 0.5),
        elements.masses,
        elements.valences,
        upper=[_MOST_ATOMS[symbol] for symbol in elements.symbols],
        rules=FormulaRules(min_rdbe=-0.5),
    )
    counts = counts.astype(np.int64)
    mz = counts @ elements.masses - mode * ELECTRON_MASS
    weight = np.ones(mz.size)
    for symbol, rarity in _RARITY.items():
        weight *= rarity ** counts[:, elements.column(symbol)]
    is_radical = (counts @ (elements.valences - 2)) % 2 == 0
    weight *= np.where(is_radical, _RADICAL, 1.0)
    unit = np.round(mz).astype(np.int64)
    weight /= np.bincount(unit, weight)[unit]
    common = np.flatnonzero(weight > _LEAST_WEIGHT)
    order = common[np.argsort(mz[common], kind="stable")]
    return mz[order], np.concatenate([[0.0], np.cumsum(weight[order])])
