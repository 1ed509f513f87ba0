"""Two spectra, one above the other."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.records import ExplainedPeak
from matchms_fingerprint.report.figures.style import INK, MUTED, SECOND, STRONG, formula_text, prepared

Peaks = tuple[NDArray[np.float64], NDArray[np.float64]]
"""m/z and intensities, shape (n_peaks,) each."""

_MOST_LABELS = 8
_LABEL_SHARE = 0.03
_APART = 0.07


def mirror_plot(
    upper: Peaks,
    lower: Peaks,
    tolerance_da: float = 0.01,
    explained: Iterable[ExplainedPeak] = (),
    names: tuple[str, str] = ("measured", "library"),
    axes: Axes | None = None,
) -> Axes:
    """Draw one spectrum upwards and another one downwards, with the peaks that they share in colour.

    Parameters
    ----------
    upper, lower
        m/z and intensities of each, intensities on any scale; of a matchms spectrum
        `(spectrum.peaks.mz, spectrum.peaks.intensities)`.
    tolerance_da
        Peaks no further apart are shared.
    explained
        Peaks of the upper spectrum that are labelled with their formula, such as `hit.peaks`; the strongest others are
        labelled with their m/z.
    names
        Of the two spectra.
    axes
        Axes to draw into; None makes a new figure.

    Returns
    -------
    Axes
        `axes.figure.savefig("mirror.pdf")` writes it.

    Raises
    ------
    SettingsError
        If a spectrum has no peaks.
    """
    halves = [_scaled(*peaks, name) for peaks, name in zip((upper, lower), names, strict=True)]
    axes = prepared(axes, 6.5, 3.6)
    for (mz, height), (other, _), sign, color in zip(halves, halves[::-1], (1, -1), (STRONG, SECOND), strict=True):
        is_shared = np.abs(mz[:, None] - other[None, :]).min(axis=1) <= tolerance_da
        axes.vlines(mz[~is_shared], 0, sign * height[~is_shared], color=MUTED, linewidth=1.0)
        axes.vlines(mz[is_shared], 0, sign * height[is_shared], color=color, linewidth=1.5)
    axes.axhline(0, color=INK, linewidth=0.7)
    formulas = {round(peak.mz, 3): peak.formula for peak in explained}
    low = min(mz.min() for mz, _ in halves)
    high = max(mz.max() for mz, _ in halves)
    margin = 0.04 * (high - low) + 2
    axes.set(xlim=(low - margin, high + margin), ylim=(-118, 118), xlabel="m/z", ylabel="intensity, % of base peak")
    axes.set_yticks([-100, -50, 0, 50, 100], ["100", "50", "0", "50", "100"])
    _label(axes, *halves[0], formulas, high - low + 2 * margin)
    for name, at, where in zip(names, (0.99, 0.01), ("top", "bottom"), strict=True):
        axes.text(0.995, at, name, transform=axes.transAxes, ha="right", va=where, fontsize=9, color=INK)
    return axes


def _scaled(mz: NDArray[np.float64], intensity: NDArray[np.float64], name: str) -> Peaks:
    """Return the peaks above 0, the highest at 100."""
    mz, intensity = np.asarray(mz, np.float64), np.asarray(intensity, np.float64)
    is_peak = intensity > 0
    if not is_peak.any():
        raise SettingsError(f"the {name} spectrum has no peaks to draw")
    return mz[is_peak], 100 * intensity[is_peak] / intensity.max()


def _label(
    axes: Axes, mz: NDArray[np.float64], height: NDArray[np.float64], formulas: dict[float, str], span: float
) -> None:
    """Name the strongest peaks, as many as find room beside each other."""
    taken: list[float] = []
    for i in np.argsort(-height, kind="stable").tolist():
        if len(taken) == _MOST_LABELS or height[i] < 100 * _LABEL_SHARE:
            break
        if any(abs(mz[i] - other) < _APART * span for other in taken):
            continue
        taken.append(mz[i])
        formula = formulas.get(round(float(mz[i]), 3))
        text = f"{mz[i]:.4f}" if formula is None else formula_text(formula)
        color = MUTED if formula is None else STRONG
        axes.text(mz[i], height[i] + 2, text, ha="center", va="bottom", fontsize=7, color=color)
