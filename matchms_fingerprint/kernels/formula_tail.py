"""Sharing out a mass between carbon, hydrogen and one more element by arithmetic; see `formula.py`.

What is inlined here would otherwise be called once for each combination of the other elements.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import float64, int64, njit, types

from matchms_fingerprint.kernels.formula_elements import CARBON, HYDROGEN, Elements
from matchms_fingerprint.kernels.types import IntArray

SLACK = 1e-9
"""Da; ranges are cut this much too wide, because the mass itself is compared at the end."""

LOOSE = 1e-6
"""Atoms; the same for numbers of atoms that come out of a division."""

OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "fastmath": False, "error_model": "numpy"}

_WIDER = 1e-4  # excesses of hydrogen; the same, after a division by a small number
_TWELFTH = 1.0 / 12.0


class Tail(NamedTuple):
    """The last element x, carbon and hydrogen; see `next_fit`."""

    margin: float  # Da
    width: float  # the margin, counted in excesses of hydrogen
    excess: float  # mass of hydrogen less 1
    per_excess: float
    mass: float  # of x
    nominal: float  # mass of x, rounded
    defect: float  # mass of x less `nominal`
    turns: float  # carbons that one x takes the place of
    slope: float  # excesses of hydrogen that are left over then
    per_slope: float
    reach: float  # width / slope
    bonds: int  # valence of x less 2
    fewest_c: float
    most_c: float
    fewest_h: float
    most_h: float
    min_twice: int  # lowest double of the ring-double-bond equivalents
    parity: int


class Fit(NamedTuple):
    """Where the arithmetic stands."""

    nominal: float  # nominal mass of the rest; infinite at the end
    y: float  # carbons, with those that x takes the place of
    x: float  # atoms of the last element
    fewest_x: float
    most_x: float
    highest: float  # nominal mass


ELEMENTS = types.NamedTuple(
    (float64[::1], int64[::1], int64[::1], int64[::1], float64[::1], float64[::1], int64, int64), Elements
)
"""The numba type of `Elements`."""

_TAIL = types.NamedTuple((float64,) * 11 + (int64,) + (float64,) * 4 + (int64,) * 2, Tail)
_BOUNDS = types.Array(int64, 1, "C", readonly=True)


@njit(_TAIL(int64, float64, ELEMENTS, _BOUNDS, _BOUNDS), **OPTIONS)
def describe_tail(
    element: int, tolerance: float, elements: Elements, lower: IntArray, upper: IntArray
) -> Tail:  # pragma: no cover - compiled
    """Prepare `next_fit` for a last element, one tolerance and the bounds of one group."""
    margin, excess, mass = tolerance + SLACK, elements.masses[HYDROGEN] - 1.0, elements.masses[element]
    nominal = np.floor(mass + 0.5)
    step = nominal - (mass - nominal) / excess
    turns = np.floor(step / 12.0 + 0.5)
    slope = step - 12.0 * turns
    slope = slope if abs(slope) > SLACK else SLACK
    width = margin / excess + _WIDER
    return Tail(
        margin,
        width,
        excess,
        1.0 / excess,
        mass,
        nominal,
        mass - nominal,
        turns,
        slope,
        1.0 / slope,
        abs(width / slope) + LOOSE,
        elements.valences[element] - 2,
        np.float64(lower[CARBON]),
        np.float64(upper[CARBON]),
        np.float64(lower[HYDROGEN]),
        np.float64(upper[HYDROGEN]),
        elements.min_twice_rdbe,
        elements.parity,
    )


@njit(inline="always", **OPTIONS)
def before_first_fit(rest: float, twice: int, fewest: int, most: int, tail: Tail) -> Fit:  # pragma: no cover - compiled
    """Prepare to share `rest` between carbon, hydrogen and `fewest` to `most` atoms of the last element.

    `twice` is the double of the ring-double-bond equivalents of the other elements, counting from 2.
    """
    fewest_x, most_x = np.float64(fewest), np.float64(most)
    # h <= 2 c + spare (ring-double-bond equivalents) and 12 c + h + mass of x <= rest bound h, at one of the ends of x
    room, per_x = rest + tail.margin + 6.0 * (twice - tail.min_twice), 6.0 * tail.bonds - tail.mass
    most_h = max(room + per_x * fewest_x, room + per_x * most_x) / 7.0
    most_h = np.floor(min(tail.most_h, most_h, rest + tail.margin) + LOOSE)
    ends = tail.defect * fewest_x, tail.defect * most_x
    lowest = np.ceil(rest - tail.margin - tail.excess * most_h - max(ends[0], ends[1]))
    highest = np.floor(rest + tail.margin - tail.excess * tail.fewest_h - min(ends[0], ends[1]))
    if most_x < fewest_x or most_h < tail.fewest_h:
        highest = -np.inf
    return Fit(lowest, -np.inf, fewest_x, fewest_x, most_x, highest)


@njit(inline="always", **OPTIONS)
def next_fit(rest: float, twice: int, tail: Tail, fit: Fit) -> Fit:  # pragma: no cover - compiled
    """Find the next way to share `rest`, from `fit` on; its mass is still to be compared.

    Hydrogen weighs 1 + d, and x weighs A + e, with an integer A. A nominal mass n = 12 c + h + A x of the rest leaves
    the excess rest - n = d h + e x. With h from the one put into the other, 12 (c + q x) = g - s x within margin / d,
    where g = n - (rest - n) / d and s = A - e / d - 12 q. The integer q makes s small (1.6 for nitrogen), so that
    y = c + q x takes few values, and each of them picks the x.
    """
    nominal, y, x = fit.nominal, fit.y, fit.x
    while nominal <= fit.highest:
        g = nominal - (rest - nominal) * tail.per_excess
        ends = g - tail.slope * fit.fewest_x, g - tail.slope * fit.most_x
        y = max(y, np.ceil((min(ends[0], ends[1]) - tail.width) * _TWELFTH))
        last_y = np.floor((max(ends[0], ends[1]) + tail.width) * _TWELFTH)
        while y <= last_y:
            middle = (g - 12.0 * y) * tail.per_slope
            x = max(x, np.ceil(middle - tail.reach))
            last_x = min(fit.most_x, np.floor(middle + tail.reach))
            while x <= last_x:
                c = y - tail.turns * x
                h = nominal - 12.0 * c - tail.nominal * x
                doubled = twice + tail.bonds * np.int64(x) + 2 * np.int64(c) - np.int64(h)
                if (
                    tail.fewest_c <= c <= tail.most_c
                    and tail.fewest_h <= h <= tail.most_h
                    and doubled >= tail.min_twice
                    and (tail.parity < 0 or (doubled & 1) == tail.parity)
                ):
                    return Fit(nominal, y, x, fit.fewest_x, fit.most_x, fit.highest)
                x += 1.0
            y += 1.0
            x = fit.fewest_x
        nominal += 1.0
        y = -np.inf
    return Fit(np.inf, y, x, fit.fewest_x, fit.most_x, fit.highest)
