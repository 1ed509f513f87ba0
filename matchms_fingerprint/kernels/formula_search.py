"""The search behind `decompose_masses` and `subformulae`; see `formula.py` for the method.

It is compiled when this module is imported for the first time on a machine, which takes a while: import it late.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import boolean, float64, int16, int64, njit, types, void

from matchms_fingerprint.kernels.formula_elements import CARBON, HYDROGEN, Elements
from matchms_fingerprint.kernels.formula_tail import (
    ELEMENTS,
    LOOSE,
    OPTIONS,
    SLACK,
    Fit,
    before_first_fit,
    describe_tail,
    next_fit,
)
from matchms_fingerprint.kernels.types import FloatArray, IntArray

_FIRST_ROOM = 256  # rows
_FEW = 24  # rows that are sorted in place


class _Path(NamedTuple):
    """Where the search stands; level i of the path is about the element order[i]."""

    order: IntArray  # columns of the elements that the group may have
    atoms: IntArray  # count of each element, by column
    last: IntArray  # highest count to try at each level
    rest: FloatArray  # mass that is left for this level and those behind it, carbon and hydrogen among them
    twice: IntArray  # double of the ring-double-bond equivalents, counting from 2, without these levels
    lightest: FloatArray  # mass of the lower bounds of this level and those behind it
    heaviest: FloatArray  # mass of their upper bounds
    limit: IntArray  # upper bound of each element, by column, that its ratio to carbon leaves
    per_mass: FloatArray  # 1 / mass, by column
    per_bond: FloatArray  # atoms that cost half a ring-double-bond equivalent, by column; see `_formulas_of`


_FLOATS = types.Array(float64, 1, "C", readonly=True)
_INTS = types.Array(int64, 1, "C", readonly=True)
_ROWS = types.Array(int64, 2, "C", readonly=True)
_PATH = types.NamedTuple(
    (int64[::1],) * 3 + (float64[::1], int64[::1], float64[::1], float64[::1], int64[::1], float64[::1], float64[::1]),
    _Path,
)
_COUNTS, _ERRORS = int16[:, ::1], float64[::1]
_FOUND = types.Tuple((_COUNTS, _ERRORS, int64))


@njit(_PATH(ELEMENTS), **OPTIONS)
def _new_path(elements: Elements) -> _Path:  # pragma: no cover - compiled
    n_elements = elements.masses.size
    bonds = elements.valences - 2
    steepest = np.max(bonds / elements.masses)
    return _Path(
        np.zeros(n_elements, np.int64),
        np.zeros(n_elements, np.int64),
        np.zeros(n_elements, np.int64),
        np.zeros(n_elements, np.float64),
        np.zeros(n_elements, np.int64),
        np.zeros(n_elements, np.float64),
        np.zeros(n_elements, np.float64),
        np.zeros(n_elements, np.int64),
        1.0 / elements.masses,
        1.0 / (elements.masses * steepest - bonds + SLACK),
    )


@njit(int64(ELEMENTS, _INTS, _INTS, _PATH), **OPTIONS)
def _enter_group(
    elements: Elements, lower: IntArray, upper: IntArray, path: _Path
) -> int:  # pragma: no cover - compiled
    """Fill in what the bounds of a group mean for the path; return the number of levels."""
    n_levels, masses = 0, elements.masses
    for element in elements.order:
        path.atoms[element] = 0
        if upper[element] > 0 or lower[element] > 0 or (n_levels == 0 and element == elements.order[-1]):
            path.order[n_levels] = element
            n_levels += 1
    path.lightest[n_levels] = lower[CARBON] * masses[CARBON] + lower[HYDROGEN] * masses[HYDROGEN]
    path.heaviest[n_levels] = upper[CARBON] * masses[CARBON] + upper[HYDROGEN] * masses[HYDROGEN]
    for level in range(n_levels - 1, -1, -1):
        element = path.order[level]
        path.lightest[level] = path.lightest[level + 1] + lower[element] * masses[element]
        path.heaviest[level] = path.heaviest[level + 1] + upper[element] * masses[element]
    return n_levels


@njit(void(float64, ELEMENTS, _INTS, int64[::1]), **OPTIONS)
def _limit_by_ratio(
    heaviest: float, elements: Elements, upper: IntArray, limit: IntArray
) -> None:  # pragma: no cover - compiled
    """Fill in the most atoms of each element: each needs the carbon that its ratio asks for."""
    limit[:] = upper
    for element in elements.rated:
        ratio = elements.max_ratio[element]
        with_carbon = elements.masses[element] + (elements.masses[CARBON] / ratio if ratio > 0 else np.inf)
        limit[element] = min(upper[element], np.int64(np.floor(heaviest / with_carbon + LOOSE)))


@njit(types.Tuple((_COUNTS, _ERRORS))(_COUNTS, _ERRORS), **OPTIONS)
def _more_room(counts: IntArray, errors: FloatArray) -> tuple[IntArray, FloatArray]:  # pragma: no cover - compiled
    n_rows = errors.size
    more_counts = np.empty((2 * n_rows, counts.shape[1]), np.int16)
    more_errors = np.empty(2 * n_rows, np.float64)
    more_counts[:n_rows] = counts
    more_errors[:n_rows] = errors
    return more_counts, more_errors


@njit(inline="always", **OPTIONS)
def _keeps_ratios(
    count: IntArray, rated: IntArray, lowest: FloatArray, highest: FloatArray
) -> bool:  # pragma: no cover - compiled
    for element in rated:
        low, high = lowest[element] * count[CARBON], highest[element] * count[CARBON]
        if count[element] < low - SLACK or (count[element] > 0 and count[element] > high + SLACK):
            return False
    return True


@njit(inline="always", **OPTIONS)
def _keep(
    count: IntArray,
    target: float,
    tolerance: float,
    masses: FloatArray,
    rated: IntArray,
    lowest: FloatArray,
    highest: FloatArray,
    best: int,
    counts: IntArray,
    errors: FloatArray,
    n: int,
) -> tuple[IntArray, FloatArray, int]:  # pragma: no cover - compiled
    """Write a formula to row n if its mass and ratios are right; instead of row `best`, if that is not negative."""
    mass = 0.0
    for element in range(count.size):
        mass += count[element] * masses[element]
    error = mass - target
    if abs(error) > tolerance or not _keeps_ratios(count, rated, lowest, highest):
        return counts, errors, n
    if 0 <= best < n:
        if abs(error) >= abs(errors[best]):
            return counts, errors, n
        n = best
    if n == errors.size:
        counts, errors = _more_room(counts, errors)
    for element in range(count.size):
        counts[n, element] = count[element]
    errors[n] = error
    return counts, errors, n + 1


@njit(
    _FOUND(float64, float64, ELEMENTS, _INTS, _INTS, _PATH, int64, boolean, int64, _COUNTS, _ERRORS, int64),
    **OPTIONS,
)
def _formulas_of(
    target: float,
    tolerance: float,
    elements: Elements,
    lower: IntArray,
    upper: IntArray,
    path: _Path,
    n_levels: int,
    best_only: bool,
    max_rows: int,
    counts: IntArray,
    errors: FloatArray,
    n: int,
) -> tuple[IntArray, FloatArray, int]:  # pragma: no cover - compiled
    """Write the formulas of one mass behind row n; stop when there are more than `max_rows`."""
    # one name for each array: taking them out of the tuples again and again would cost more than the search
    masses, valences, min_twice = elements.masses, elements.valences, elements.min_twice_rdbe
    order, count, last, rest, twice, lightest, heaviest, limit, per_mass, per_bond = path
    rated, lowest, highest = elements.rated, elements.min_ratio, elements.max_ratio
    best, end = n if best_only else -1, n_levels - 1
    tail = describe_tail(order[end], tolerance, elements, lower, upper)
    margin = tail.margin
    _limit_by_ratio(target + margin, elements, upper, limit)
    rest[0], twice[0], steepest = target, 2, np.max((valences - 2) / masses)
    level, opened = 0, False
    while level >= 0:
        element = order[level]
        if not opened:
            # none that leaves too little mass to those behind, too much, or no ring-double-bond equivalents
            heavy = (rest[level] + margin - lightest[level + 1]) * per_mass[element]
            bound = (twice[level] - min_twice + (rest[level] + margin) * steepest) * per_bond[element]
            light = (rest[level] - margin - heaviest[level + 1]) * per_mass[element]
            count[element] = max(lower[element], np.int64(np.ceil(light - LOOSE)))
            last[level] = min(limit[element], np.int64(np.floor(min(heavy, bound) + LOOSE)))
        if level < end and count[element] <= last[level]:
            rest[level + 1] = rest[level] - count[element] * masses[element]
            twice[level + 1] = twice[level] + count[element] * (valences[element] - 2)
            level += 1
            opened = False
            continue
        if level == end:
            fit = before_first_fit(rest[level], twice[level], count[element], last[level], tail)
            while True:
                fit = next_fit(rest[level], twice[level], tail, fit)
                if fit.nominal == np.inf:
                    break
                carbon = fit.y - tail.turns * fit.x
                count[element], count[CARBON] = np.int64(fit.x), np.int64(carbon)
                count[HYDROGEN] = np.int64(fit.nominal - 12.0 * carbon - tail.nominal * fit.x)
                counts, errors, n = _keep(
                    count, target, tolerance, masses, rated, lowest, highest, best, counts, errors, n
                )
                if n > max_rows:
                    return counts, errors, n
                fit = Fit(fit.nominal, fit.y, fit.x + 1.0, fit.fewest_x, fit.most_x, fit.highest)
        level -= 1
        opened = True
        if level >= 0:
            count[order[level]] += 1
    return counts, errors, n


@njit(void(_COUNTS, _ERRORS), **OPTIONS)
def _sort_rows(counts: IntArray, errors: FloatArray) -> None:  # pragma: no cover - compiled
    """Sort rows by their absolute errors, equal ones left in their order."""
    n_rows = errors.size
    if n_rows > _FEW:
        order = np.argsort(np.abs(errors), kind="mergesort")
        counts[:], errors[:] = counts[order], errors[order]
        return
    for i in range(1, n_rows):
        j = i
        while j > 0 and abs(errors[j - 1]) > abs(errors[j]):
            errors[j - 1], errors[j] = errors[j], errors[j - 1]
            for k in range(counts.shape[1]):
                counts[j - 1, k], counts[j, k] = counts[j, k], counts[j - 1, k]
            j -= 1


@njit(
    types.Tuple((int64[::1], _COUNTS, _ERRORS, boolean))(
        _FLOATS, _FLOATS, _INTS, _ROWS, _ROWS, ELEMENTS, boolean, boolean, int64
    ),
    **OPTIONS,
)
def search(
    targets: FloatArray,
    tolerances: FloatArray,
    starts: IntArray,
    lower: IntArray,
    upper: IntArray,
    elements: Elements,
    best_only: bool,
    by_error: bool,
    max_rows: int,
) -> tuple[IntArray, IntArray, FloatArray, bool]:  # pragma: no cover - compiled
    """Find the formulas of many masses.

    Parameters
    ----------
    targets, tolerances
        Masses and tolerances in Da; shape (n_masses,). What is not finite has no formula.
    starts
        First mass of each group, and the end; shape (n_groups + 1,).
    lower, upper
        Bounds of the counts in each group; shape (n_groups, n_elements).
    elements
        Elements and rules.
    best_only
        Keep the formula with the smallest error of each mass alone.
    by_error
        Sort the formulas of each mass by error; else they are in the order of the search.
    max_rows
        Stop when there are more formulas than this.

    Returns
    -------
    offsets, counts, errors
        As `decompose_masses`.
    complete
        Whether there were no more than `max_rows`.
    """
    offsets = np.zeros(targets.size + 1, np.int64)
    counts: IntArray = np.empty((_FIRST_ROOM, elements.masses.size), np.int16)
    errors: FloatArray = np.empty(_FIRST_ROOM, np.float64)
    path = _new_path(elements)
    n = 0
    for group in range(starts.size - 1):
        low, high = lower[group], upper[group]
        n_levels = _enter_group(elements, low, high, path)
        for i in range(starts[group], starts[group + 1]):
            first, target, tolerance = n, targets[i], tolerances[i]
            if np.isfinite(target) and np.isfinite(tolerance):
                counts, errors, n = _formulas_of(
                    target, tolerance, elements, low, high, path, n_levels, best_only, max_rows, counts, errors, n
                )
            if n > max_rows:
                return offsets, counts, errors, False
            if by_error and n > first + 1:
                _sort_rows(counts[first:n], errors[first:n])
            offsets[i + 1] = n
    return offsets, counts[:n].copy(), errors[:n].copy(), True
