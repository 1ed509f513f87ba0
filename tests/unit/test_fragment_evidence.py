"""Peaks explained by fragments: against a naive search, on the reference spectra of matchms, and on adducts."""

from itertools import product

import numpy as np
import pytest

from matchms_fingerprint.annotation.evidence.evidence import Candidates, Query
from matchms_fingerprint.annotation.evidence.fragment_items import FEATURES, TABLES, charge_carriers, explain
from matchms_fingerprint.annotation.evidence.fragment_scores import KINDS, FragmentScores
from matchms_fingerprint.annotation.evidence.fragments import FragmentEvidence, peaks_of
from matchms_fingerprint.annotation.evidence.item_scores import ItemScores, log_ratios
from matchms_fingerprint.chem import get_adduct, parse_formula
from matchms_fingerprint.chem.fragments import fragment_molecule
from matchms_fingerprint.constants import ELECTRON_MASS, PROTON_MASS
from matchms_fingerprint.errors import ModelError, StructureError
from matchms_fingerprint.features.arrays import spectrum_arrays
from matchms_fingerprint.features.mass_accuracy import MassAccuracy
from matchms_fingerprint.kernels.fragmenter_matching import HYDROGEN_MASS, UNEXPLAINED, explain_peaks
from tests.known_spectra import STRUCTURES, known_spectrum


def made_scores(n_keys: int = 0, seed: int = 0) -> FragmentScores:
    """Return scores that nobody trained."""
    rng = np.random.default_rng(seed)
    return FragmentScores(
        **{kind: _made(n_features + 2 * len(TABLES), n_keys, rng) for kind, n_features in KINDS.items()}
    )


def _made(n_inputs: int, n_keys: int, rng: np.random.Generator) -> ItemScores:
    return ItemScores(
        keys=tuple(np.sort(rng.choice(2**32, n_keys, replace=False)).astype(np.uint32) for _ in TABLES),
        counts=tuple(rng.random((n_keys, 2)).astype(np.float32) for _ in TABLES),
        means=np.zeros(n_inputs, np.float32),
        scales=np.ones(n_inputs, np.float32),
        weights=(rng.normal(size=(n_inputs, 4)).astype(np.float32), rng.normal(size=(4, 1)).astype(np.float32)),
        biases=(np.zeros(4, np.float32), np.zeros(1, np.float32)),
        exponent=0.5,
    )


def make_query(mz: list, precursor_mz: float, ion_mode: int = 1, ppm: float = 10.0, da: float = 0.002) -> Query:
    nothing = np.zeros(1, np.float32)
    return Query(
        mz=np.sort(np.array(mz, np.float64)),
        intensity=np.ones(len(mz)),
        precursor_mz=precursor_mz,
        ion_mode=ion_mode,
        accuracy=MassAccuracy(ppm, da, "given"),
        spectrum=spectrum_arrays([known_spectrum("aspirin")]),
        fingerprint=nothing,
        embedding=nothing,
    )


def reference_query(name: str) -> Query:
    spectrum = known_spectrum(name)
    mz, intensity = spectrum.peaks.to_numpy.T
    return Query(
        mz=mz,
        intensity=intensity / intensity.max(),
        precursor_mz=float(spectrum.get("precursor_mz")),
        ion_mode=1 if STRUCTURES[name][2] == "positive" else -1,
        accuracy=MassAccuracy(10.0, 0.003, "given"),
        spectrum=spectrum_arrays([spectrum]),
        fingerprint=np.zeros(1, np.float32),
        embedding=np.zeros(1, np.float32),
    )


def make_candidates(smiles: list, adducts: tuple = ("[M+H]+",), adduct_of: list | None = None) -> Candidates:
    n = len(smiles)
    return Candidates(
        fingerprints=np.zeros((n, 1), np.uint64),
        smiles=smiles,
        inchikeys=[""] * n,
        formulas=[""] * n,
        masses=np.zeros(n),
        charges=np.zeros(n, np.int8),
        adducts=tuple(get_adduct(name) for name in adducts),
        adduct_of=np.array(adduct_of or [0] * n),
        mass_errors_ppm=np.zeros(n),
        n_sources=np.ones(n, np.int64),
    )


# what the literature says of each: loss of water, of ketene, of both from aspirin; loss of benzoic acid, benzoyl and
# N-methylpyrrolinium from cocaine; the salicyl alcohol from salicin
TEXTBOOK = {
    "aspirin": {163.0386: "C9H7O3", 121.0282: "C7H5O2", 149.0231: "C8H5O3", 65.0384: "C5H5"},
    "cocaine": {182.1177: "C10H16NO2", 105.0332: "C7H5O", 82.0648: "C5H8N", 150.0914: "C9H12NO"},
    "salicin": {123.0447: "C7H7O2"},
}


@pytest.mark.parametrize("name", TEXTBOOK)
def test_textbook_fragments_of_reference_spectra(name):
    smiles, adduct, _ = STRUCTURES[name]
    found = FragmentEvidence(made_scores()).explain(reference_query(name), smiles, get_adduct(adduct))
    formulas = {round(peak.mz, 3): peak.formula for peak in found}
    for mz, formula in TEXTBOOK[name].items():
        assert formulas[round(mz, 3)] == formula


def test_explanations_say_what_they_are():
    smiles, adduct, _ = STRUCTURES["cocaine"]
    found = FragmentEvidence(made_scores()).explain(reference_query("cocaine"), smiles, get_adduct(adduct))
    by_formula = {peak.formula: peak for peak in found}
    base = by_formula["C10H16NO2"]
    assert base.smiles == "COC(=O)C1CCC2CCC1N2C"
    assert (base.intensity, base.hydrogens) == (1.0, -1)
    assert abs(base.mass_error_ppm) < 2
    for peak in found:
        mass = parse_formula(peak.formula)[1] - ELECTRON_MASS
        assert peak.mass_error_ppm == pytest.approx((peak.mz - mass) / mass * 1e6, abs=0.1)


@pytest.mark.parametrize("smiles", ["CC(=O)Oc1ccccc1C(=O)O", "C[N+](C)(C)CCO", "CN1CCC[C@H]1c1cccnc1"])
def test_each_peak_takes_its_cheapest_explanation(smiles):
    molecule = fragment_molecule(smiles)
    rng = np.random.default_rng(0)
    carriers, carrier_costs = np.array([PROTON_MASS, 22.989218]), np.array([0.0, 0.3])
    shift_costs = rng.random((2, 9))
    ions = rng.choice(molecule.masses, 40) + rng.choice(carriers, 40) + rng.integers(-5, 6, 40) * HYDROGEN_MASS
    mz = np.sort(ions + rng.normal(0, 0.001, 40))
    tolerance = np.full(40, 0.002)
    fragments, shifts, chosen, totals, rivals = explain_peaks(
        mz, tolerance, carriers, carrier_costs, shift_costs,
        molecule.masses, molecule.costs, molecule.n_hydrogens, molecule.parity,
    )  # fmt: skip
    for i in range(40):
        fitting = {
            (f, shift, c): molecule.costs[f]
            + carrier_costs[c]
            + shift_costs[(int(molecule.parity[f]) ^ shift) & 1, shift + 4]
            for f, shift, c in product(range(len(molecule)), range(-4, 5), range(2))
            if molecule.n_hydrogens[f] + shift >= 0
            and abs(molecule.masses[f] + carriers[c] + shift * HYDROGEN_MASS - mz[i]) <= tolerance[i]
        }
        assert rivals[i] == len(fitting)
        if fitting:
            assert totals[i] == pytest.approx(min(fitting.values()))
            assert fitting[fragments[i], shifts[i], chosen[i]] == pytest.approx(totals[i])
        else:
            assert fragments[i] == UNEXPLAINED


@pytest.mark.parametrize(
    ("adduct", "expected"),
    [
        ("[M+H]+", [PROTON_MASS]),
        ("[M-H2O+H]+", [PROTON_MASS]),
        ("[2M+H]+", [PROTON_MASS]),
        ("[M-H]-", [-PROTON_MASS]),
        ("[M]+", [-ELECTRON_MASS]),
        ("[M+Na]+", [PROTON_MASS, 22.989221]),  # 22.989770 Da less an electron
        ("[M+Cl]-", [-PROTON_MASS, 34.969401]),  # 34.968853 Da and an electron
        ("[M+HCOO]-", [-PROTON_MASS, 44.998201]),
    ],
)
def test_carriers_of_adducts(adduct, expected):
    assert charge_carriers(get_adduct(adduct)) == pytest.approx(expected, abs=2e-6)


@pytest.mark.parametrize(
    ("adduct", "smiles", "formula"),
    [
        ("[M+Na]+", "OCC1OC(O)C(O)C(O)C1O", "C6H10NaO5"),  # a sodiated fragment: glucose less water
        ("[M+HCOO]-", "OCC1OC(O)C(O)C(O)C1O", "C6H11O6"),  # formic acid has gone
        ("[M]+", "C[N+](C)(C)CCO", "C3H10N"),  # trimethylammonium, from choline
    ],
)
def test_fragments_carry_what_their_adduct_allows(adduct, smiles, formula):
    ion = get_adduct(adduct)
    sign = 1 if ion.charge > 0 else -1
    mz = parse_formula(formula)[1] - sign * ELECTRON_MASS
    query = make_query([mz], 400.0, sign)
    peaks = FragmentEvidence(made_scores()).explain(query, smiles, ion)
    assert [peak.formula for peak in peaks] == [formula]
    assert abs(peaks[0].mass_error_ppm) < 1


def test_candidates_are_scored_as_each_alone():
    query = reference_query("aspirin")
    smiles = ["CC(=O)Oc1ccccc1C(=O)O", "broken(", "COC(=O)c1ccc(O)cc1C=O", "C1CC1", "CC(=O)Oc1ccccc1C(=O)O"]
    evidence = FragmentEvidence(made_scores(1000))
    found = evidence.of(query, make_candidates(smiles, ("[M+H]+", "[M+Na]+"), [0, 0, 0, 0, 1]))
    assert found.shape == (5, len(evidence.columns))
    assert np.isnan(found[1]).all()
    assert np.isfinite(found[[0, 2, 3, 4]]).all()
    for i, one in enumerate(smiles[:4]):
        np.testing.assert_allclose(evidence.of(query, make_candidates([one]))[0], found[i], rtol=1e-5)
    explained = found[:, evidence.columns.index("fragments_explained")]
    assert explained[0] > explained[2] > explained[3] >= 0
    assert explained[0] <= 1


def test_no_peaks_and_no_candidates():
    evidence = FragmentEvidence(made_scores())
    assert evidence.of(make_query([], 200.0), make_candidates(["CCO"])).tolist() == [[0.0, 0.0]]
    assert evidence.of(make_query([100.0], 200.0), make_candidates([])).shape == (0, 2)
    assert evidence.explain(make_query([], 200.0), "CCO", get_adduct("[M+H]+")) == ()
    with pytest.raises(StructureError):
        evidence.explain(make_query([], 200.0), "C1CC", get_adduct("[M+H]+"))


def test_peaks_at_the_precursor_say_nothing():
    precursor_mz = parse_formula("C2H6O")[1] + PROTON_MASS
    query = make_query([precursor_mz, precursor_mz + 1.003], precursor_mz)
    assert peaks_of(query).mz.size == 0


def test_keys_know_fragments_and_losses_again():
    """Toluene and ethylbenzene both break to C7H7: the ion is the same, what is lost is not."""
    tropylium = parse_formula("C7H7")[1] - ELECTRON_MASS
    query = make_query([tropylium], 300.0)
    molecules = [fragment_molecule(smiles) for smiles in ("CCc1ccccc1", "CCCc1ccccc1", "CCCC1C=CC=CC=C1")]
    found = explain(peaks_of(query), molecules, [np.array([PROTON_MASS])] * 3)
    assert found.candidates.tolist() == [0, 1, 2]
    ion, loss, formula = (found.keys[:, TABLES.index(name)] for name in ("ion", "loss", "ion_formula"))
    assert ion[0] == ion[1] != ion[2]
    assert loss[0] != loss[1]
    assert formula[0] == formula[1] == formula[2]
    assert found.features.shape == (3, len(FEATURES))


def test_unseen_keys_fall_back_on_the_coarser_table():
    unseen = (np.zeros(1), np.zeros(1))
    counts = dict.fromkeys(TABLES, unseen) | {"cost": (np.array([30.0]), np.array([10.0]))}
    ratios = log_ratios([counts[name] for name in TABLES])
    # 5 of the 10 structures of the prior on either side
    assert ratios[0] == pytest.approx(np.full(len(TABLES), np.log(35 / 15)))
    often = counts | {"ion": (np.array([1e6]), np.array([1e5]))}
    assert log_ratios([often[name] for name in TABLES])[0, TABLES.index("ion")] == pytest.approx(np.log(10), abs=1e-3)


def test_scores_survive_their_tensors():
    scores = made_scores(50)
    again = FragmentScores.from_tensors(scores.tensors())
    query, candidates = reference_query("aspirin"), make_candidates(["CC(=O)Oc1ccccc1C(=O)O"])
    one, other = (FragmentEvidence(each).of(query, candidates) for each in (scores, again))
    np.testing.assert_allclose(one, other, rtol=1e-6)


def test_tensors_of_something_else_are_refused():
    tensors = made_scores().tensors()
    with pytest.raises(ModelError, match=r"counts\.far is missing"):
        FragmentScores.from_tensors({name: array for name, array in tensors.items() if name != "expected.counts.far"})
    with pytest.raises(ModelError, match="other inputs"):
        FragmentScores.from_tensors(tensors | {"explained.means": np.zeros(3, np.float32)})


def test_nominal_masses_share_all_tables_but_that_by_cost():
    tropylium = parse_formula("C7H7")[1] - ELECTRON_MASS
    molecules = [fragment_molecule("CCc1ccccc1")]
    keys = [
        explain(peaks_of(make_query([tropylium], 300.0, mode, da=da)), molecules, [np.array([PROTON_MASS])]).keys[0]
        for mode, da in ((1, 0.002), (1, 0.4), (-1, 0.002))
    ]
    assert keys[0][0] != keys[1][0]
    assert keys[0][1:].tolist() == keys[1][1:].tolist()
    assert not set(keys[0].tolist()) & set(keys[2].tolist())
