"""From a mass to all the formulas that have it.

The heavy elements are enumerated, each within what mass, bounds and ring-double-bond equivalents still allow. What they
leave is shared out between carbon, hydrogen and the last element (nitrogen, as a rule) by arithmetic: carbon weighs 12
exactly, hydrogen 1 + d, hence the nominal mass and the excess over it give two equations for three small integers; see
`formula_tail.next_fit`. Every formula that comes out has its mass compared once more, summed up in the order of the
elements, so that nothing depends on the arithmetic being exact.

The residue table of Böcker & Lipták (2007, doi 10.1007/s00453-007-0162-8; refined by Dührkop et al. 2013) never visits
a dead end, but it works on masses rounded to integers and tries each integer in the tolerance, it needs a table per set
of elements, and it knows bounds and rules only when the formula is finished. Here they cut the search, which pays as
soon as there are rules.

The search is serial and releases the interpreter lock: callers run it from threads.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.kernels.formula_elements import Elements, FormulaRules, check_bounds, describe_elements
from matchms_fingerprint.kernels.types import FloatArray, IntArray

MAX_ROWS = 10_000_000
"""More formulas than this (about 200 MB) are refused unless asked for."""


def decompose_mass(
    mass: float,
    tolerance: float,
    element_masses: ArrayLike,
    valences: ArrayLike,
    upper: ArrayLike,
    lower: ArrayLike | None = None,
    rules: FormulaRules | None = None,
    max_rows: int = MAX_ROWS,
) -> tuple[IntArray, FloatArray]:
    """Find all formulas of one mass; see `decompose_masses`.

    Returns
    -------
    counts : ndarray of shape (n, n_elements), int16
        The formulas, the smallest error first.
    errors : ndarray of shape (n,), float64
        Mass of the formula minus `mass`, in Da.

    Examples
    --------
    >>> masses, valences = [12.0, 1.00782503223, 15.99491461957], [4, 1, 2]
    >>> counts, errors = decompose_mass(46.0419, 0.001, masses, valences, upper=[9, 9, 9])
    >>> counts.tolist()
    [[2, 6, 1]]
    """
    _, counts, errors = decompose_masses(
        [mass], [tolerance], element_masses, valences, upper, lower, rules=rules, max_rows=max_rows
    )
    return counts, errors


def decompose_masses(
    masses: ArrayLike,
    tolerances: ArrayLike,
    element_masses: ArrayLike,
    valences: ArrayLike,
    upper: ArrayLike,
    lower: ArrayLike | None = None,
    *,
    rules: FormulaRules | None = None,
    best_only: bool = False,
    by_error: bool = True,
    max_rows: int = MAX_ROWS,
) -> tuple[IntArray, IntArray, FloatArray]:
    """Find all formulas of each mass.

    Parameters
    ----------
    masses
        Monoisotopic masses of neutral atoms in Da, shape (n_masses,): add the electron that a cation lacks. What is not
        finite has no formula.
    tolerances
        Greatest difference in Da, shape (n_masses,).
    element_masses
        Mass in Da of each element, shape (n_elements,): carbon, hydrogen, then at least one other.
    valences
        Valence of each element, shape (n_elements,), integers.
    upper, lower
        Most and fewest atoms of each element, shape (n_elements,). Default `lower`: none.
    rules
        Rules beside the mass. Default: none.
    best_only
        Keep the formula with the smallest error of each mass alone.
    by_error
        Sort the formulas of each mass by absolute error; else they come in the order of the search, which depends on
        the elements and the mass alone.
    max_rows
        Refuse to return more formulas than this.

    Returns
    -------
    offsets : ndarray of shape (n_masses + 1,), int64
        The formulas of mass i are the rows offsets[i] to offsets[i + 1].
    counts : ndarray of shape (n, n_elements), int16
        Number of atoms of each element.
    errors : ndarray of shape (n,), float64
        Mass of the formula minus the mass asked for, in Da.

    Raises
    ------
    SettingsError
        If the shapes do not fit, a bound is too high, or there are more than `max_rows` formulas.
    """
    high = np.asarray(upper)
    return search_groups(
        describe_elements(element_masses, valences, rules),
        np.asarray(masses, dtype=np.float64),
        np.asarray(tolerances, dtype=np.float64),
        np.array([0, np.size(masses)]),
        high[None],
        np.zeros_like(high)[None] if lower is None else np.asarray(lower)[None],
        best_only=best_only,
        by_error=by_error,
        max_rows=max_rows,
    )


def search_groups(
    elements: Elements,
    targets: FloatArray,
    tolerances: FloatArray,
    starts: IntArray,
    upper: ArrayLike,
    lower: ArrayLike,
    *,
    best_only: bool,
    by_error: bool,
    max_rows: int,
) -> tuple[IntArray, IntArray, FloatArray]:
    """Find the formulas of the masses starts[g] to starts[g + 1] within row g of the bounds; see `decompose_masses`."""
    # imported here, because it compiles on its first import
    from matchms_fingerprint.kernels.formula_search import search

    if targets.ndim != 1 or targets.shape != tolerances.shape:
        raise SettingsError(f"masses {targets.shape} and tolerances {tolerances.shape}: give one tolerance a mass")
    offsets, counts, errors, complete = search(
        np.ascontiguousarray(targets),
        np.ascontiguousarray(tolerances),
        np.ascontiguousarray(starts, dtype=np.int64),
        check_bounds(lower, len(elements.masses)),
        check_bounds(upper, len(elements.masses)),
        elements,
        best_only,
        by_error,
        max_rows,
    )
    if not complete:
        raise SettingsError(f"more than {max_rows} formulas: narrow the tolerance, or bound the elements")
    return offsets, counts, errors
