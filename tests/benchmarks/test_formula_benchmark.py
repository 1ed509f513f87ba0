"""Speed of the formula kernels beside find-mfs, msbuddy and the list of all parts, on the same input in the same run.

`pytest -m benchmark -s tests/benchmarks/test_formula_benchmark.py`. The input is MassBank where there is one, else
formulas of well-known compounds with invented spectra. find-mfs and msbuddy take part where they are installed; all of
this runs on one core, and the times are of the processor.
"""

import gzip
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from oracles import naive_formulas

from matchms_fingerprint.chem import parse_formula
from matchms_fingerprint.chem.elements import element_set
from matchms_fingerprint.chem.explain_peaks import explain_spectra
from matchms_fingerprint.chem.ions import ion_atoms
from matchms_fingerprint.constants import ELECTRON_MASS
from matchms_fingerprint.errors import MatchmsFingerprintError
from matchms_fingerprint.kernels import FormulaRules, decompose_masses

pytestmark = [pytest.mark.benchmark, pytest.mark.slow]

MOLECULE = FormulaRules(min_rdbe=0.0, parity="integer")
HALOGENS = {"P": 2, "S": 3, "F": 6, "Cl": 4, "Br": 3, "I": 2}
PPM = 5.0
KNOWN = "C8H10N4O2 C9H8O4 C19H28O2 C16H18N2O4S C10H14N5O7P C17H19ClN2S C27H46O C23H28ClN3O5S C37H67NO13 C45H69N5O8S"

Record = tuple[np.ndarray, str, str]


def invented() -> list[Record]:
    """Spectra whose peaks are parts of well-known molecules, and others."""
    rng = np.random.default_rng(0)
    records = []
    for formula in KNOWN.split() * 20:
        mass = parse_formula(formula)[1]
        atoms = ion_atoms(formula, "[M+H]+")
        chosen = element_set(atoms)
        counts = [atoms.get(symbol, 0) for symbol in chosen.symbols]
        parts = rng.integers(0, np.array(counts) + 1, (20, len(counts))) @ chosen.masses - ELECTRON_MASS
        records.append((np.sort(np.concatenate([parts[parts > 30], rng.uniform(50, mass, 5)])), formula, "[M+H]+"))
    return records


def massbank(path: Path) -> list[Record]:
    records = []
    with gzip.open(path, "rt") as handle:
        for text in handle.read().split("END IONS\n")[:-1]:
            lines = text.splitlines()
            fields = dict(line.split("=", 1) for line in lines if "=" in line)
            mz = np.array([float(line.split()[0]) for line in lines if line[:1].isdigit()])
            try:
                ion_atoms(fields["FORMULA"], fields["ADDUCT"])
            except (KeyError, MatchmsFingerprintError):
                continue
            records.append((mz, fields["FORMULA"], fields["ADDUCT"]))
    return records


@pytest.fixture(scope="module")
def records() -> list[Record]:
    path = Path(__file__).resolve().parents[3] / "shared" / "data" / "massbank.mgf.gz"
    return massbank(path) if path.is_file() else invented()


def best_of(call: Callable[[], object], rounds: int = 3) -> float:
    """Return the seconds of the fastest call."""
    seconds = np.inf
    for _ in range(rounds):
        start = time.process_time()
        call()
        seconds = min(seconds, time.process_time() - start)
    return seconds


def show(title: str, times: dict[str, float], n: int) -> None:
    """Print the time of each contender and how many times as fast as it the first one is."""
    print(f"\n{title}\n{'':40}{'us each':>16}{'per second':>16}{'ratio':>10}")
    first = next(iter(times.values()))
    for name, seconds in times.items():
        print(f"{name:40}{1e6 * seconds / n:16.1f}{n / seconds:16.0f}{seconds / first:10.1f}")


@pytest.mark.parametrize(
    ("elements", "ruled"), [("CHNOPS", False), ("CHNOPS", True), (["C", "H", "N", "O", *HALOGENS], True)]
)
def test_decomposition(records: list[Record], elements: list[str], ruled: bool) -> None:
    """300 molecules below 800 Da, 5 ppm, against find-mfs (residue table of Boecker & Liptak, compiled by Cython)."""
    formulas = sorted({formula for _, formula, _ in records if formula.isalnum()})
    masses = np.array([parse_formula(formula)[1] for formula in formulas])
    masses = np.random.default_rng(0).permutation(masses[masses < 800])[:300]
    chosen = element_set(elements)
    most = [10_000 if elements == "CHNOPS" else HALOGENS.get(symbol, 10_000) for symbol in chosen.symbols]
    rules = MOLECULE if ruled else FormulaRules()
    tolerances = masses * PPM * 1e-6

    def ours(by_error: bool) -> np.ndarray:
        arguments = (masses, tolerances, chosen.masses, chosen.valences, most)
        return decompose_masses(*arguments, rules=rules, by_error=by_error)[1]

    n_formulas = len(ours(False))
    times = {"decompose_masses": best_of(lambda: ours(False)), "the same, sorted by error": best_of(lambda: ours(True))}
    title = f"{len(masses)} masses, {''.join(chosen.symbols)}, {'molecules' if ruled else 'no rules'}, {PPM} ppm"
    try:
        from find_mfs.core.decomposer import MassDecomposer
    except ImportError:
        show(f"{title}: {n_formulas} formulas; find-mfs is not installed", times, len(masses))
        return
    peer = MassDecomposer(list(chosen.symbols))
    options = {"ppm_error": PPM, "max_results": 10_000_000}
    if elements != "CHNOPS":
        options["max_counts"] = HALOGENS
    if ruled:
        valence = dict(zip(chosen.symbols, chosen.valences, strict=True))
        options["rdbe_coeffs"] = np.array([(valence[symbol] - 2) / 2 for symbol in peer.element_symbols])
        options |= {"rdbe_min": 0.0, "check_octet": True}

    def theirs() -> int:
        return sum(len(peer.decompose_to_counts(mass, **options)[0]) for mass in masses)

    assert abs(theirs() - n_formulas) <= 1e-3 * n_formulas  # its masses differ in the eighth digit
    times["find-mfs, mass by mass"] = best_of(theirs)
    show(f"{title}: {n_formulas} formulas", times, len(masses))


def all_parts(mz: np.ndarray, formula: str, adduct: str, ppm: float) -> int:
    """Count the sub-formulas of all peaks by the sorted list of the masses of all parts, as is common."""
    atoms = ion_atoms(formula, adduct)
    chosen = element_set(atoms)
    most = [atoms.get(symbol, 0) for symbol in chosen.symbols]
    counts = np.indices([n + 1 for n in most], dtype=np.int16).reshape(len(most), -1)
    weights = chosen.masses @ counts - ELECTRON_MASS * (1 if adduct.endswith("+") else -1)
    twice = 2 + (chosen.valences - 2) @ counts
    order = np.argsort(weights)
    weights, twice = weights[order], twice[order]
    first, last = (np.searchsorted(weights, mz * (1 + sign * ppm * 1e-6)) for sign in (-1, 1))
    return sum(int((twice[i:j] >= -1).sum()) for i, j in zip(first, last, strict=True))


def naive_parts(mz: np.ndarray, formula: str, adduct: str, ppm: float) -> int:
    """Count them by nested loops."""
    atoms = ion_atoms(formula, adduct)
    chosen = element_set(atoms)
    most = [atoms.get(symbol, 0) for symbol in chosen.symbols]
    space = (chosen.masses.tolist(), chosen.valences.tolist(), [0] * len(most), most)
    electrons = ELECTRON_MASS * (1 if adduct.endswith("+") else -1)
    return sum(len(naive_formulas(one + electrons, one * ppm * 1e-6, *space, min_rdbe=-0.5)) for one in mz)


def ours_of(records: list[Record], ppm: float, best_only: bool = False) -> int:
    mz, formulas, adducts = zip(*records, strict=True)
    return len(explain_spectra(mz, formulas, adducts, tolerance_ppm=ppm, tolerance_da=0.0, best_only=best_only).counts)


def test_all_spectra_of_the_file(records: list[Record]) -> None:
    n_peaks = sum(len(mz) for mz, _, _ in records)
    for best_only in (False, True):
        found = ours_of(records, 10.0, best_only)
        seconds = best_of(lambda best_only=best_only: ours_of(records, 10.0, best_only))
        print(
            f"\n{len(records)} spectra, {n_peaks} peaks, 10 ppm, {'the best' if best_only else 'all'}: {found} formulas"
        )
        print(f"{seconds:.2f} s: {len(records) / seconds:.0f} spectra/s, {n_peaks / seconds:.0f} peaks/s on one core")


def test_parts_of_ions(records: list[Record]) -> None:
    """A sample of singly charged ions, one spectrum after the other, as the peers do it."""
    usual = [one for one in records if one[2] in ("[M+H]+", "[M-H]-") and one[1].isalnum() and len(one[0])]
    sample = [usual[i] for i in np.random.default_rng(0).permutation(len(usual))[:100]]
    ppm = 10.0
    found = ours_of(sample, ppm)
    assert sum(all_parts(*one, ppm) for one in sample) == found
    times = {
        "explain_spectra": best_of(lambda: ours_of(sample, ppm), 20),
        "the same, spectrum by spectrum": best_of(lambda: [ours_of([one], ppm) for one in sample], 5),
        "list of all parts (numpy)": best_of(lambda: [all_parts(*one, ppm) for one in sample]),
    }
    few = sample[:3]
    times["nested loops (Python, of 3 spectra)"] = best_of(lambda: [naive_parts(*one, ppm) for one in few], 1) * 100 / 3
    try:
        from msbuddy import assign_subformula
    except ImportError:
        print("\nmsbuddy is not installed")
    else:

        def theirs() -> list[object]:
            return [assign_subformula(list(mz), formula, adduct, ms2_tol=ppm) for mz, formula, adduct in sample]

        theirs()  # compiles
        times["msbuddy.assign_subformula"] = best_of(theirs)
    n_peaks = sum(len(mz) for mz, _, _ in sample)
    show(f"{len(sample)} spectra with {n_peaks} peaks, {ppm} ppm: {found} sub-formulas", times, len(sample))
