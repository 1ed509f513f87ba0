"""Questions to mass windows, and slices of candidates."""

import numpy as np
import pyarrow as pa
import pytest
from rdkit import Chem
from rdkit.Chem.rdMolDescriptors import CalcMolFormula

from matchms_fingerprint.candidates.layout import library_schema
from matchms_fingerprint.candidates.search import CandidateSlice, mass_query, matching_rows
from matchms_fingerprint.chem import FingerprintSpec, get_adduct
from matchms_fingerprint.errors import AdductError, SettingsError, StructureError
from matchms_fingerprint.records import Candidate

SPEC = FingerprintSpec.parse("morgan:bits=128")


def batch(masses: list[float], formula: str = "C2H6O") -> pa.RecordBatch:
    """Rows with the given masses; the words of fingerprint i are (i, 2**63 + i)."""
    n = len(masses)
    packed = np.array([[i, 2**63 + i] for i in range(n)], dtype="<u8")
    columns = [
        masses,
        [row.tobytes() for row in packed],
        [f"KEY{mass}" for mass in masses],
        ["CCO"] * n,
        [formula] * n,
        [["a", "b"], *[[]] * (n - 1)][:n],
        [["s"]] * n,
    ]
    schema = library_schema(SPEC)
    return pa.record_batch(
        [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema=schema
    )


def test_ppm_is_relative_to_the_precursor() -> None:
    query = mass_query(precursor_mz=500.0, adduct="[M+Na]+", tolerance_ppm=10)
    shift = get_adduct("[M+Na]+").mass_shift
    assert (query.low, query.high) == pytest.approx((500 - 0.005 - shift, 500 + 0.005 - shift))


def test_charge_and_multimers_scale_the_window() -> None:
    doubly = mass_query(precursor_mz=500.0, adduct="[M+2H]2+", tolerance_ppm=10)
    dimer = mass_query(precursor_mz=500.0, adduct="[2M+H]+", tolerance_ppm=10)
    assert doubly.high - doubly.low == pytest.approx(0.02)
    assert dimer.high - dimer.low == pytest.approx(0.005)


def test_da_takes_the_place_of_ppm() -> None:
    by_mass = mass_query(neutral_mass=300.0, tolerance_ppm=10, tolerance_da=0.5)
    by_mz = mass_query(precursor_mz=300.0, adduct=get_adduct("[M-H]-"), tolerance_da=0.5)
    assert (by_mass.low, by_mass.high) == (299.5, 300.5)
    assert by_mz.high - by_mz.low == pytest.approx(1.0)


def test_ppm_of_a_neutral_mass() -> None:
    query = mass_query(neutral_mass=200.0, tolerance_ppm=5)
    assert (query.low, query.high) == pytest.approx((199.999, 200.001))


@pytest.mark.parametrize("formula", ["C8H10N4O2", "O2N4H10C8", " C8 H10 N4 O2 "])
def test_formula_in_any_order(formula: str) -> None:
    query = mass_query(formula=formula)
    assert query.formula == "C8H10N4O2"
    assert query.low < 194.080376 < query.high


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ({}, "none"),
        ({"precursor_mz": 100.0, "neutral_mass": 100.0}, "precursor m/z, neutral mass"),
        ({"neutral_mass": 100.0, "formula": "C"}, "neutral mass, formula"),
        ({"precursor_mz": 100.0}, "needs its adduct"),
        ({"neutral_mass": 100.0, "adduct": "[M+H]+"}, "adduct says nothing"),
        ({"formula": "C", "adduct": "[M+H]+"}, "adduct says nothing"),
        ({"neutral_mass": 0.0}, "positive"),
        ({"neutral_mass": float("nan")}, "positive"),
        ({"precursor_mz": float("inf"), "adduct": "[M+H]+"}, "positive"),
        ({"neutral_mass": 100.0, "tolerance_ppm": -1.0}, "tolerance"),
        ({"neutral_mass": 100.0, "tolerance_da": float("nan")}, "tolerance"),
    ],
)
def test_unclear_questions_are_refused(question: dict, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        mass_query(**question)


def test_unknown_adducts_and_formulas_are_refused() -> None:
    with pytest.raises(AdductError):
        mass_query(precursor_mz=100.0, adduct="[M+foo]+")
    with pytest.raises(StructureError):
        mass_query(formula="caffeine")


def test_both_ends_of_the_window_count() -> None:
    rows = matching_rows(batch([1.0, 2.0, 2.0, 3.0, 4.0]), mass_query(neutral_mass=2.5, tolerance_da=0.5))
    assert rows.column("exact_mass").to_pylist() == [2.0, 2.0, 3.0]
    assert matching_rows(batch([1.0, 4.0]), mass_query(neutral_mass=2.5, tolerance_da=0.5)).num_rows == 0


@pytest.mark.parametrize(
    ("asked", "held", "n"),
    [("C5H14NO", "C5H14NO+", 1), ("C5H14NO+", "C5H14NO+", 1), ("C5H14NO+", "C5H14NO", 0), ("C5H14NO", "C5H14N2", 0)],
)
def test_a_formula_without_charge_stands_for_its_ions(asked: str, held: str, n: int) -> None:
    query = mass_query(formula=asked)
    assert matching_rows(batch([(query.low + query.high) / 2], held), query).num_rows == n


def test_charges_are_those_that_rdkit_writes_at_the_end_of_a_formula() -> None:
    """Choline, paraquat, caffeine, hexafluorophosphate, sulfate: the charges of the molecules as they are drawn."""
    ions = {"C[N+](C)(C)CCO": 1, "C[n+]1ccc(cc1)-c1cc[n+](C)cc1": 2, "Cn1c(=O)c2c(ncn2C)n(C)c1=O": 0}
    ions |= {"F[P-](F)(F)(F)(F)F": -1, "[O-]S(=O)(=O)[O-]": -2}
    formulas = [CalcMolFormula(Chem.MolFromSmiles(smiles)) for smiles in ions]
    parts = [batch([1.0], formula) for formula in formulas]
    found = CandidateSlice([*parts, batch([2.0, 3.0])], SPEC.n_words)
    assert found.charges.tolist() == [*ions.values(), 0, 0]
    assert found.charges.dtype == CandidateSlice([], SPEC.n_words).charges.dtype == np.int8
    assert found.take([1, 3]).charges.tolist() == [2, -1]
    assert found[len(found) :].charges.shape == (0,)


def test_charges_of_a_window_are_those_of_its_rows_alone() -> None:
    whole = pa.Table.from_batches([batch([1.0], "C5H14NO+"), batch([2.0], "C6H6"), batch([3.0], "C7H7+")])
    window = whole.combine_chunks().to_batches()[0].slice(1, 2)
    assert CandidateSlice([window], SPEC.n_words).charges.tolist() == [0, 1]


def test_slice_is_a_sequence_over_its_parts() -> None:
    found = CandidateSlice([batch([1.0, 2.0]), batch([]), batch([3.0])], SPEC.n_words)
    assert len(found) == 3
    assert found[0] == Candidate("CCO", "KEY1.0", "C2H6O", 1.0, ("a", "b"), ("s",))
    assert [candidate.exact_mass for candidate in found] == [1.0, 2.0, 3.0]
    assert [found[i].exact_mass for i in (-1, -3, 2)] == [3.0, 1.0, 3.0]
    assert found.inchikeys == ["KEY1.0", "KEY2.0", "KEY3.0"]
    assert found.formulas == ["C2H6O"] * 3
    assert found.exact_masses.tolist() == [1.0, 2.0, 3.0]
    assert found.fingerprints.tolist() == [[0, 2**63], [1, 2**63 + 1], [0, 2**63]]
    assert repr(found) == "CandidateSlice(3 candidates from 1.0000 to 3.0000 Da)"
    for index in (3, -4):
        with pytest.raises(IndexError):
            found[index]


def test_taking_keeps_the_order_given() -> None:
    found = CandidateSlice([batch([1.0, 2.0]), batch([3.0])], SPEC.n_words)
    taken = found.take([2, 0, 2])
    assert taken.exact_masses.tolist() == [3.0, 1.0, 3.0]
    assert taken.fingerprints.tolist() == [[0, 2**63]] * 3
    assert found[1:].exact_masses.tolist() == [2.0, 3.0]
    assert len(found.take([])) == 0
    assert len(found[5:]) == 0
    for wrong in ([3], [-1]):
        with pytest.raises(IndexError):
            found.take(wrong)


def test_fingerprints_of_one_batch_are_a_view() -> None:
    whole = batch([1.0, 2.0, 3.0])
    words = CandidateSlice([whole.slice(1, 2)], SPEC.n_words).fingerprints
    assert words.tolist() == [[1, 2**63 + 1], [2, 2**63 + 2]]
    start = whole.column("fingerprint").buffers()[1].address
    assert words.ctypes.data == start + 8 * SPEC.n_words
    assert not words.flags.writeable


def test_empty_slice() -> None:
    nothing = CandidateSlice([], SPEC.n_words)
    assert (len(nothing), list(nothing), nothing.inchikeys) == (0, [], [])
    assert nothing.fingerprints.shape == (0, 2)
    assert nothing.exact_masses.shape == (0,)
    assert repr(nothing) == "CandidateSlice(no candidates)"
    with pytest.raises(IndexError):
        nothing.take([0])


def test_sources_are_asked_for_a_whole_window() -> None:
    sources = [["bio", "other"], [], ["other"], ["bio"], ["biology"], ["a", "b", "bio"]]
    whole = batch([float(mass) for mass in range(1, 7)])
    column = pa.array(sources, whole.schema.field("sources").type)
    whole = whole.set_column(whole.schema.get_field_index("sources"), "sources", column)
    expected = ["bio" in given for given in sources]
    assert CandidateSlice([whole], SPEC.n_words).is_from("bio").tolist() == expected
    window = CandidateSlice([whole.slice(2, 3), whole.slice(5, 1)], SPEC.n_words)
    assert window.is_from("bio").tolist() == [*expected[2:5], expected[5]]
    assert window.is_from("missing").tolist() == [False] * 4
    assert CandidateSlice([], SPEC.n_words).is_from("bio").shape == (0,)
