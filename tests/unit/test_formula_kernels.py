"""Decomposition of masses and sub-formulas of ions: known values, limits, refusals."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from oracles import naive_formulas

from matchms_fingerprint.chem.elements import element_set
from matchms_fingerprint.constants import ELECTRON_MASS
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.kernels import (
    FormulaRules,
    decompose_mass,
    decompose_masses,
    explained_by,
    neutral_losses,
    subformulae,
)

CHNOPS = element_set("CHNOPS")
MASSES, VALENCES = CHNOPS.masses, CHNOPS.valences
UNBOUNDED = [10_000] * 6
MOLECULE = FormulaRules(min_rdbe=0.0, parity="integer")
compiled = pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is compiled")


# AME 2020, which most tools have; RDKit's are of an older evaluation, by which two more formulas come in at the edge
NEWER = np.array([12.0, 1.00782503223, 14.00307400443, 15.99491461957, 30.97376199842, 31.9720711744])


def in_all_ways(target: float, tolerance: float) -> np.ndarray:
    """Formulas of C, H, N, O, P, S by a grid over all elements but hydrogen, which takes what is left."""
    most = [np.arange(int((target + tolerance) / mass) + 1) for mass in NEWER]
    found = []
    for p in most[4]:
        for s in most[5]:
            c, n, o = (grid.ravel() for grid in np.meshgrid(most[0], most[2], most[3]))
            left = target - NEWER[[0, 2, 3, 4, 5]] @ [c, n, o, np.full_like(c, p), np.full_like(c, s)]
            for h in (np.floor(left / NEWER[1]), np.ceil(left / NEWER[1])):
                fits = (h >= 0) & (np.abs(h * NEWER[1] - left) <= tolerance)
                columns = [c, h, n, o, np.full_like(c, p), np.full_like(c, s)]
                found.append(np.stack(columns, axis=1)[fits])
    return np.unique(np.concatenate(found).astype(int), axis=0)


def test_caffeine_without_bounds() -> None:
    """194.08037557 Da from PubChem; the loops find 21 formulas of C, H, N, O, P, S within 10 ppm, caffeine is one."""
    tolerance = 194.08037557 * 10e-6
    counts, errors = decompose_mass(194.08037557, tolerance, MASSES, VALENCES, UNBOUNDED)
    expected = naive_formulas(194.08037557, tolerance, MASSES.tolist(), VALENCES.tolist(), [0] * 6, UNBOUNDED)
    assert [tuple(row) for row in counts.tolist()] == [counts for counts, _ in expected]
    assert errors.tolist() == [error for _, error in expected]
    assert len(counts) == 21
    assert [8, 10, 4, 2, 0, 0] in counts.tolist()


def test_more_formulas_than_fit_the_first_room() -> None:
    """2,525 of them within 5 ppm of 612.2318 Da: find-mfs 0.4.0, a residue table, finds as many."""
    tolerance = 612.2318 * 5e-6
    counts, errors = decompose_mass(612.2318, tolerance, NEWER, VALENCES, UNBOUNDED)
    assert len(counts) == 2525
    assert np.unique(counts, axis=0).tolist() == in_all_ways(612.2318, tolerance).tolist()
    assert np.allclose(counts @ NEWER - 612.2318, errors, atol=1e-9)
    assert (np.diff(np.abs(errors)) >= 0).all()


def test_limit_of_rows_is_exact() -> None:
    arguments = ([612.2318], [612.2318 * 5e-6], NEWER, VALENCES, UNBOUNDED)
    assert len(decompose_masses(*arguments, max_rows=2525)[1]) == 2525
    with pytest.raises(SettingsError, match="more than 2524 formulas"):
        decompose_masses(*arguments, max_rows=2524)


@pytest.mark.parametrize(
    ("formula", "rules", "expected"),
    [
        ([1, 4, 0, 0, 0, 0], MOLECULE, True),  # methane
        ([0, 3, 0, 4, 1, 0], MOLECULE, True),  # phosphoric acid
        ([1, 3, 0, 0, 0, 0], MOLECULE, False),  # methyl radical
        ([0, 4, 1, 0, 0, 0], MOLECULE, False),  # ammonium
        ([0, 4, 1, 0, 0, 0], FormulaRules(min_rdbe=-0.5, parity="half"), True),
        ([0, 5, 1, 0, 0, 0], FormulaRules(min_rdbe=-0.5), False),
        ([1, 6, 0, 0, 0, 0], FormulaRules(), True),
    ],
)
def test_rules_of_valence(formula: list[int], rules: FormulaRules, expected: bool) -> None:
    counts, _ = decompose_mass(np.dot(formula, MASSES), 1e-6, MASSES, VALENCES, UNBOUNDED, rules=rules)
    assert (formula in counts.tolist()) is expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([100.0], [0.1, 0.2], MASSES, VALENCES, UNBOUNDED), "one tolerance a mass"),
        (([100.0], [0.1], MASSES, VALENCES[:5], UNBOUNDED), "one number for each"),
        (([100.0], [0.1], MASSES[:2], VALENCES[:2], [9, 9]), "3 elements"),
        (([100.0], [0.1], [MASSES], [VALENCES], UNBOUNDED), "3 elements"),
        (([100.0], [0.1], MASSES[::-1], VALENCES[::-1], UNBOUNDED), "carbon .* first"),
        (([100.0], [0.1], MASSES, VALENCES, [9] * 5), "do not fit 6 elements"),
        (([100.0], [0.1], MASSES, VALENCES, [40_000] * 6), "from 0 to 40000 atoms"),
        (([100.0], [0.1], MASSES, VALENCES, UNBOUNDED, [0, 0, -1, 0, 0, 0]), "from -1 to 0 atoms"),
    ],
)
def test_decomposition_refuses(arguments: tuple, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        decompose_masses(*arguments)


@pytest.mark.parametrize("rules", [FormulaRules(max_ratio=[1.0]), FormulaRules(None, "any", [0.0] * 2, [1.0] * 3)])
def test_ratios_of_another_length_are_refused(rules: FormulaRules) -> None:
    with pytest.raises(SettingsError, match="ratios"):
        decompose_mass(100.0, 0.1, MASSES, VALENCES, UNBOUNDED, rules=rules)


def test_unknown_parity_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="'odd'"):
        FormulaRules(parity="odd")


@pytest.mark.parametrize("mass", [np.nan, np.inf, -np.inf, -5.0, 0.5])
def test_what_is_no_mass_has_no_formula(mass: float) -> None:
    offsets, counts, errors = decompose_masses([mass, mass], [0.01, 0.01], MASSES, VALENCES, UNBOUNDED)
    assert offsets.tolist() == [0, 0, 0]
    assert counts.shape == (0, 6)
    assert errors.shape == (0,)


def test_no_masses_at_all() -> None:
    offsets, counts, _ = decompose_masses([], [], MASSES, VALENCES, UNBOUNDED)
    assert offsets.tolist() == [0]
    assert counts.shape == (0, 6)


def test_bounds_below_their_lower_ones_leave_nothing() -> None:
    counts, _ = decompose_mass(46.0419, 0.01, MASSES, VALENCES, [9, 9, 9, 0, 9, 9], [0, 0, 0, 1, 0, 0])
    assert counts.tolist() == []


def test_arrays_may_be_read_only_and_threads_may_share_them() -> None:
    masses = np.linspace(100, 500, 200)
    tolerances = masses * 5e-6
    for array in (masses, tolerances):
        array.setflags(write=False)
    expected = decompose_masses(masses, tolerances, MASSES, VALENCES, UNBOUNDED, rules=MOLECULE)
    with ThreadPoolExecutor(4) as pool:
        runs = [
            pool.submit(decompose_masses, masses, tolerances, MASSES, VALENCES, UNBOUNDED, rules=MOLECULE)
            for _ in range(8)
        ]
        for run in runs:
            for array, other in zip(run.result(), expected, strict=True):
                assert array.tolist() == other.tolist()


SODIUM = element_set(["O", "Na", "Cl"])  # columns C, H, Cl, N, Na, O


@pytest.mark.parametrize(("charge", "column", "mz"), [(1, 4, 22.989769 - 0.000549), (-1, 2, 34.968853 + 0.000549)])
def test_the_electron_is_weighed(charge: int, column: int, mz: float) -> None:
    """Na+ and Cl- within 5 ppm; the electron is 24 and 16 ppm of them."""
    ion = [[0, 0, 1, 0, 1, 0]]
    _, counts, errors = subformulae([mz], [0, 1], ion, [charge], SODIUM.masses, SODIUM.valences, tolerance_ppm=5)
    assert np.flatnonzero(counts[0]).tolist() == [column]
    assert abs(errors[0]) < 2e-6
    _, without, _ = subformulae(
        [mz + charge * ELECTRON_MASS], [0, 1], ion, [charge], SODIUM.masses, SODIUM.valences, tolerance_ppm=5
    )
    assert len(without) == 0


def test_a_doubly_charged_fragment_is_at_half_its_mass() -> None:
    ion = [10, 12, 2, 0, 0, 0]
    mz = (np.dot(ion, MASSES) - 2 * ELECTRON_MASS) / 2
    _, counts, errors = subformulae([mz + 1e-4], [0, 1], [ion], [2], MASSES, VALENCES, tolerance_ppm=5)
    assert counts.tolist() == [ion]
    assert errors == pytest.approx([-1e-4], abs=1e-9)


def test_the_loss_of_a_fragment_with_borrowed_hydrogen_is_negative() -> None:
    ion = [[2, 4, 0, 1, 0, 0]]
    mz = np.dot([2, 5, 0, 1, 0, 0], MASSES) - ELECTRON_MASS
    offsets, counts, _ = subformulae([mz], [0, 1], ion, [1], MASSES, VALENCES, tolerance_ppm=5, hydrogen_slack=1)
    assert neutral_losses(counts, offsets, [0, 1], ion).tolist() == [[0, -1, 0, 0, 0, 0]]
    assert len(subformulae([mz], [0, 1], ion, [1], MASSES, VALENCES, tolerance_ppm=5)[1]) == 0


def test_ions_are_compared_peak_by_peak() -> None:
    """C6H6O+ is part of the first ion alone, CH3+ of both, 50 Da of none."""
    mz = [94.0413, 15.0229, 50.0]
    errors = explained_by(mz, [[6, 7, 0, 1, 0, 0], [3, 9, 0, 0, 1, 0]], 1, MASSES, VALENCES, tolerance_ppm=10)
    assert np.isfinite(errors).tolist() == [[True, True, False], [False, True, False]]


def test_neither_ions_nor_peaks() -> None:
    assert explained_by([], [[1] * 6], 1, MASSES, VALENCES).shape == (1, 0)
    assert explained_by([50.0], np.empty((0, 6)), 1, MASSES, VALENCES).shape == (0, 1)


@pytest.mark.parametrize(
    ("peak_offsets", "ions", "charges", "message"),
    [
        ([0, 2], [[1] * 6], [0], "charge is 0"),
        ([0, 2], [[1] * 6], [1, 1], "one ion and charge a spectrum"),
        ([0, 1, 2], [[1] * 6], [1], "one ion and charge a spectrum"),
        ([0, 3], [[1] * 6], [1], "do not cut"),
        ([0, 2, 1, 2], [[1] * 6] * 3, [1] * 3, "do not cut"),
        ([0, 2], [[1] * 5], [1], "do not fit 6 elements"),
        ([0, 2], [[3, 5, 1, -1, 0, 0]], [1], "from -1 to 5 atoms"),
    ],
)
def test_subformulae_refuses(peak_offsets: list[int], ions: list, charges: list[int], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        subformulae([50.0, 60.0], peak_offsets, ions, charges, MASSES, VALENCES)


def test_losses_of_other_rows_are_refused() -> None:
    with pytest.raises(SettingsError, match="not those of one"):
        neutral_losses(np.zeros((2, 6)), [0, 1], [0, 1], [[1] * 6])


def run_python(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    folder = Path(__file__).resolve().parents[1]
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@compiled
@pytest.mark.slow
def test_the_first_call_of_a_process_takes_less_than_a_second() -> None:
    decompose_mass(46.04, 0.01, MASSES, VALENCES, UNBOUNDED)  # whoever comes first fills the cache
    code = """
import time
from matchms_fingerprint.kernels import decompose_mass
start = time.process_time()
decompose_mass(46.04, 0.01, [12.0, 1.00782503223, 15.99491461957], [4, 1, 2], [9, 9, 9])
print(time.process_time() - start)
"""
    assert float(run_python("-c", code).stdout) < 1.0


@compiled
@pytest.mark.slow
def test_the_tests_pass_without_the_compiler() -> None:
    tests = [
        "properties/test_formula_properties.py",
        "unit/test_formula_kernels.py",
        "-k",
        "not room and not limit and not threads",
    ]
    run = run_python("-m", "pytest", "-q", "-p", "no:cacheprovider", *tests, NUMBA_DISABLE_JIT="1")
    assert run.returncode == 0, run.stdout[-3000:]
