"""The formula kernels against plain nested loops, on any elements, masses and rules."""

import os

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import naive_formulas

from matchms_fingerprint.chem.elements import element_set
from matchms_fingerprint.constants import ELECTRON_MASS
from matchms_fingerprint.kernels import (
    FormulaRules,
    decompose_mass,
    decompose_masses,
    explained_by,
    neutral_losses,
    subformulae,
)

# the first call compiles; without compilation (NUMBA_DISABLE_JIT=1) fewer examples do
EXAMPLES = settings(deadline=None, max_examples=30 if os.environ.get("NUMBA_DISABLE_JIT") == "1" else 150)

Elements = tuple[list[float], list[int]]
OTHERS = ["N", "O", "P", "S", "F", "Cl", "Br", "I", "Si", "B", "Se", "Na", "K", "Li", "Fe"]


@st.composite
def elements(draw: st.DrawFn) -> Elements:
    """Carbon, hydrogen and one to three others: real ones, or ones that no table holds."""
    n_others = draw(st.integers(1, 3))
    if draw(st.booleans()):
        chosen = element_set(draw(st.lists(st.sampled_from(OTHERS), min_size=n_others, max_size=n_others)))
        return chosen.masses.tolist(), chosen.valences.tolist()
    # 24 is two carbons, so that the arithmetic divides by zero; 12.5 is as far from an integer as it gets
    odd = st.one_of(st.sampled_from([24.0, 12.5, 2.01410178, 13.00335484, 36.0]), st.floats(1.5, 60))
    hydrogen = draw(st.sampled_from([1.00782503223, 1.001, 1.0099]))
    masses = [12.0, hydrogen, *draw(st.lists(odd, min_size=n_others, max_size=n_others))]
    return masses, [4, 1, *draw(st.lists(st.integers(0, 6), min_size=n_others, max_size=n_others))]


@st.composite
def rules(draw: st.DrawFn, n_elements: int) -> dict[str, object]:
    """Rules under the names that oracle and `FormulaRules` share."""
    chosen: dict[str, object] = {
        "min_rdbe": draw(st.sampled_from([None, -0.5, 0.0, 2.0])),
        "parity": draw(st.sampled_from(["any", "integer", "half"])),
    }
    if draw(st.booleans()):
        chosen["min_ratio"] = [0.0, draw(st.sampled_from([0.0, 0.2, 0.5])), *[0.0] * (n_elements - 2)]
        ratio = st.sampled_from([0.0, 0.3, 0.8, 1.2, 3.1, np.inf])
        chosen["max_ratio"] = [np.inf, *draw(st.lists(ratio, min_size=n_elements - 1, max_size=n_elements - 1))]
    return chosen


def counts_for(n_elements: int) -> st.SearchStrategy[list[int]]:
    return st.tuples(st.integers(0, 7), st.integers(0, 12), *[st.integers(0, 2)] * (n_elements - 2)).map(list)


def mass_of(counts: list[int], masses: list[float]) -> float:
    total = 0.0
    for n, mass in zip(counts, masses, strict=True):
        total += n * mass
    return total


def as_list(counts: np.ndarray, errors: np.ndarray) -> list[tuple[tuple[int, ...], float]]:
    return sorted(
        ((tuple(row), error) for row, error in zip(counts.tolist(), errors.tolist(), strict=True)),
        key=lambda one: (abs(one[1]), one[0]),
    )


TOLERANCES = st.sampled_from([0.0, 1e-4, 1e-3, 0.02, 0.5, 3.0])


@EXAMPLES
@given(st.data())
def test_formulas_are_those_of_the_loops(data: st.DataObject) -> None:
    masses, valences = data.draw(elements())
    n = len(masses)
    hidden = data.draw(counts_for(n))
    lower = data.draw(st.one_of(st.just([0] * n), st.lists(st.integers(0, 2), min_size=n, max_size=n)))
    upper = [max(x + y, z) for x, y, z in zip(hidden, data.draw(counts_for(n)), lower, strict=True)]
    tolerance = data.draw(TOLERANCES)
    target = mass_of(hidden, masses) + data.draw(st.floats(-1, 1)) * tolerance
    chosen = data.draw(rules(n))
    expected = naive_formulas(target, tolerance, masses, valences, lower, upper, **chosen)
    counts, errors = decompose_mass(target, tolerance, masses, valences, upper, lower, rules=FormulaRules(**chosen))
    assert as_list(counts, errors) == expected
    assert (np.diff(np.abs(errors)) >= 0).all()


@EXAMPLES
@given(st.lists(st.sampled_from(OTHERS[:8]), min_size=1, max_size=3), st.data())
def test_without_bounds_the_mass_alone_decides(others: list[str], data: st.DataObject) -> None:
    """Up to 110 Da, and every random formula is among those of its own mass."""
    chosen = element_set(others)
    masses = chosen.masses.tolist()
    hidden = data.draw(counts_for(len(masses)).filter(lambda counts: mass_of(counts, masses) < 110))
    tolerance = data.draw(st.sampled_from([1e-9, 1e-3, 0.03]))
    bounds = [0] * len(masses), [1000] * len(masses)
    target = mass_of(hidden, masses)
    counts, errors = decompose_mass(target, tolerance, chosen.masses, chosen.valences, bounds[1])
    assert tuple(hidden) in {tuple(row) for row in counts.tolist()}
    assert as_list(counts, errors) == naive_formulas(target, tolerance, masses, chosen.valences.tolist(), *bounds)


@EXAMPLES
@given(elements(), st.lists(st.floats(-5, 120) | st.just(np.nan) | st.just(np.inf), max_size=6), TOLERANCES)
def test_many_masses_are_as_each_alone(space: Elements, targets: list[float], tolerance: float) -> None:
    masses, valences = space
    upper = [6, 9, *[2] * (len(masses) - 2)]
    offsets, counts, errors = decompose_masses(targets, [tolerance] * len(targets), masses, valences, upper)
    best_offsets, best_counts, best_errors = decompose_masses(
        targets, [tolerance] * len(targets), masses, valences, upper, best_only=True
    )
    _, as_searched, _ = decompose_masses(targets, [tolerance] * len(targets), masses, valences, upper, by_error=False)
    assert sorted(as_searched.tolist()) == sorted(counts.tolist())
    assert len(offsets) == len(best_offsets) == len(targets) + 1
    for i, target in enumerate(targets):
        rows = slice(offsets[i], offsets[i + 1])
        alone = decompose_mass(target, tolerance, masses, valences, upper)
        assert alone[0].tolist() == counts[rows].tolist()
        assert alone[1].tolist() == errors[rows].tolist()
        best = slice(best_offsets[i], best_offsets[i + 1])
        assert np.abs(best_errors[best]).tolist() == np.abs(errors[rows])[:1].tolist()
        assert set(map(tuple, best_counts[best].tolist())) <= set(map(tuple, counts[rows].tolist()))


@st.composite
def spectra(draw: st.DrawFn) -> tuple[Elements, list[list[int]], list[int], list[list[float]]]:
    """Up to three spectra with their ions, charges and peaks, some of which are parts of the ion."""
    space = draw(elements())
    ions, charges, peaks = [], [], []
    for _ in range(draw(st.integers(0, 3))):
        ion = draw(counts_for(len(space[0])))
        charge = draw(st.sampled_from([1, -1, 2, -2]))
        mz = draw(st.lists(st.floats(1, 150), max_size=3))
        for _ in range(draw(st.integers(0, 3))):
            part = [draw(st.integers(0, most)) for most in ion]
            mass = mass_of(part, space[0]) - charge * ELECTRON_MASS
            mz.append(max(0.5, (mass + draw(st.floats(-0.002, 0.002))) / abs(charge)))
        ions.append(ion)
        charges.append(charge)
        peaks.append(mz)
    return space, ions, charges, peaks


@EXAMPLES
@given(spectra(), st.sampled_from([0.0, 10.0, 500.0]), st.sampled_from([0.0, 0.001, 0.3]), st.integers(0, 2))
def test_parts_of_ions_are_those_of_the_loops(
    example: tuple[Elements, list[list[int]], list[int], list[list[float]]], ppm: float, floor: float, slack: int
) -> None:
    (masses, valences), ions, charges, peaks = example
    starts = np.cumsum([0, *map(len, peaks)])
    mz = [one for spectrum in peaks for one in spectrum]
    atoms = np.array(ions).reshape(-1, len(masses))
    settings_of = {"tolerance_ppm": ppm, "tolerance_da": floor, "hydrogen_slack": slack}
    offsets, counts, errors = subformulae(mz, starts, atoms, charges, masses, valences, **settings_of)
    losses = neutral_losses(counts, offsets, starts, atoms)
    peak = 0
    for ion, charge, spectrum in zip(ions, charges, peaks, strict=True):
        upper = [ion[0], ion[1] + slack, *ion[2:]]
        best = explained_by(spectrum, [ion], charge, masses, valences, **settings_of)[0]
        for place, one in enumerate(spectrum):
            target = one * abs(charge) + charge * ELECTRON_MASS
            tolerance = max(ppm * 1e-6 * one, floor) * abs(charge)
            expected = naive_formulas(target, tolerance, masses, valences, [0] * len(ion), upper, min_rdbe=-0.5)
            rows = slice(offsets[peak], offsets[peak + 1])
            assert as_list(counts[rows], errors[rows] * abs(charge)) == expected
            assert (counts[rows] + losses[rows] == np.array(ion)).all()
            assert abs(best[place]) == abs(errors[rows][0]) if expected else np.isnan(best[place])
            peak += 1
    assert len(counts) == offsets[-1]
