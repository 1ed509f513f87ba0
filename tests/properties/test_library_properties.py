"""A search over many record batches finds what looking at every structure finds, and touches its window alone."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchms_fingerprint.candidates import CandidateLibrary, build
from matchms_fingerprint.chem import get_adduct

ADDUCTS = ("[M+H]+", "[M+2H]2+", "[2M+Na]+", "[M-H]-")
# unbranched ethers: 2 to 60 carbons, each with all positions of the oxygen, so that up to 30 share a mass
SMILES = ["C" * (i - j) + "O" + "C" * j for i in range(2, 61) for j in range(1, i // 2 + 1)]
LOWEST, HIGHEST = 40.0, 880.0


class WatchedLibrary(CandidateLibrary):
    """Remembers which record batches a search has asked for."""

    def __init__(self, path: str | Path) -> None:
        self.touched: list[int] = []
        super().__init__(path)

    def _batch(self, i: int) -> pa.RecordBatch:
        self.touched.append(i)
        return super()._batch(i)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> WatchedLibrary:
    """About 900 structures in batches of at most 7."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(build, "BATCH_ROWS", 7)
        folder = tmp_path_factory.mktemp("library") / "batches"
        CandidateLibrary.build(SMILES, folder, fingerprint="morgan:bits=64", n_jobs=1)
    library = WatchedLibrary(folder)
    assert library.touched == [], "opening reads none"
    assert len(library) == len(SMILES)
    assert len(library.manifest.batches.n_rows) > 100
    return library


@pytest.fixture(scope="module")
def structures(library: WatchedLibrary) -> list[tuple[float, str]]:
    """Mass and InChIKey of every structure, in the order of the file, read without the search."""
    with pa.ipc.open_file(str(library.path / "structures.arrow")) as reader:
        table = reader.read_all()
    rows = list(zip(table["exact_mass"].to_pylist(), table["inchikey"].to_pylist(), strict=True))
    assert rows == sorted(rows)
    return rows


masses = st.floats(LOWEST, HIGHEST)
tolerances = st.one_of(st.sampled_from([0.0, 1e-6, 14.01565, 1000.0]), st.floats(0, 20))


@settings(deadline=None)
@given(mass=masses, tolerance=tolerances)
def test_mass_window(library: WatchedLibrary, structures: list, mass: float, tolerance: float) -> None:
    found = library.search(neutral_mass=mass, tolerance_da=tolerance)
    expected = [row for row in structures if mass - tolerance <= row[0] <= mass + tolerance]
    assert list(zip(found.exact_masses.tolist(), found.inchikeys, strict=True)) == expected
    assert found.fingerprints.shape == (len(expected), 1)


@settings(deadline=None)
@given(index=st.integers(0, len(SMILES) - 1))
def test_the_exact_mass_of_a_structure_finds_it(library: WatchedLibrary, structures: list, index: int) -> None:
    mass = structures[index][0]
    found = library.search(neutral_mass=mass, tolerance_ppm=0)
    assert found.inchikeys == [key for other, key in structures if other == mass]


@settings(deadline=None)
@given(index=st.integers(0, len(SMILES) - 1), adduct=st.sampled_from(ADDUCTS), ppm=st.floats(-20, 20))
def test_precursor_window(library: WatchedLibrary, structures: list, index: int, adduct: str, ppm: float) -> None:
    """All is found whose calculated m/z differs from the measured one by at most 10 ppm of the measured one."""
    ion = get_adduct(adduct)
    measured = ion.precursor_mz(structures[index][0]) * (1 + ppm * 1e-6)
    errors = [abs(ion.precursor_mz(mass) - measured) / measured * 1e6 for mass, _ in structures]
    certain = {key for (_, key), error in zip(structures, errors, strict=True) if error < 9.999}
    possible = {key for (_, key), error in zip(structures, errors, strict=True) if error < 10.001}
    found = set(library.search(precursor_mz=measured, adduct=adduct).inchikeys)
    assert certain <= found <= possible


@settings(deadline=None)
@given(mass=masses, tolerance=tolerances)
def test_only_batches_of_the_window_are_touched(library: WatchedLibrary, mass: float, tolerance: float) -> None:
    library.touched.clear()
    library.search(neutral_mass=mass, tolerance_da=tolerance)
    bounds = library.manifest.batches
    overlapping = (bounds.last_mass >= mass - tolerance) & (bounds.first_mass <= mass + tolerance)
    assert library.touched == np.flatnonzero(overlapping).tolist()


def test_a_narrow_window_touches_one_mass_of_many(library: WatchedLibrary) -> None:
    """The 20 ethers C40 and no other: at most five of more than 100 batches hold them."""
    library.touched.clear()
    assert len(library.search(formula="C40H82O")) == 20
    assert 1 <= len(library.touched) <= 5


@settings(deadline=None)
@given(n=st.integers(2, 60))
def test_formula(library: WatchedLibrary, n: int) -> None:
    found = library.search(formula=f"C{n}H{2 * n + 2}O")
    assert len(found) == n // 2
    assert {candidate.smiles.count("C") for candidate in found} == {n}


@settings(deadline=None)
@given(mass=masses, tolerance=tolerances, data=st.data())
def test_records_and_columns_agree(library: WatchedLibrary, mass: float, tolerance: float, data: st.DataObject) -> None:
    found = library.search(neutral_mass=mass, tolerance_da=tolerance)
    if not len(found):
        return
    indices = data.draw(st.lists(st.integers(0, len(found) - 1), max_size=5))
    taken = found.take(indices)
    assert [candidate.inchikey for candidate in taken] == [found[i].inchikey for i in indices]
    assert np.array_equal(taken.fingerprints, found.fingerprints[indices])
    assert np.array_equal(taken.exact_masses, found.exact_masses[indices])
