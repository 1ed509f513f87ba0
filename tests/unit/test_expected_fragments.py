"""Fragments that candidates should give: found as a plain search finds them, and told apart by what is seen."""

import numpy as np
import pytest

from matchms_fingerprint.annotation.evidence.expected_fragments import EXPECTED_FEATURES, expect
from matchms_fingerprint.annotation.evidence.fragment_items import TABLES
from matchms_fingerprint.annotation.evidence.fragments import peaks_of
from matchms_fingerprint.chem.fragments import LIGHTEST_EXPECTED_DA, MAX_EXPECTED, fragment_molecule
from matchms_fingerprint.constants import PROTON_MASS
from matchms_fingerprint.kernels.fragmenter_expected import see_fragments
from matchms_fingerprint.kernels.fragmenter_matching import HYDROGEN_MASS
from tests.unit.test_fragment_evidence import make_query

ASPIRIN = "CC(=O)Oc1ccccc1C(=O)O"
CARRIERS = [np.array([PROTON_MASS])]


def column(found, name):
    return found.features[:, EXPECTED_FEATURES.index(name)]


@pytest.mark.parametrize("smiles", [ASPIRIN, "CN1CCC[C@H]1c1cccnc1", "C1CC1", "C", "CCCCCCCCCCCCCCCC(=O)OCC(O)CO"])
def test_expected_fragments_are_the_cheapest_of_one_cut(smiles):
    molecule = fragment_molecule(smiles)
    expected = molecule.expected
    one_cut = [i for i in range(len(molecule)) if molecule.cuts[i] == 1]
    assert expected.n_all == len(one_cut)
    cheapest: dict[float, float] = {}
    for i in one_cut:
        if molecule.masses[i] > LIGHTEST_EXPECTED_DA:
            mass = round(float(molecule.masses[i]), 3)
            cheapest[mass] = min(cheapest.get(mass, np.inf), float(molecule.costs[i]))
    assert expected.costs.tolist() == sorted(cheapest.values())[:MAX_EXPECTED]
    assert [cheapest[m] for m in np.round(expected.masses, 3).tolist()] == expected.costs.tolist()
    np.testing.assert_allclose(expected.masses + expected.rests, molecule.masses.max())
    assert len(expected.words) == len(expected.counts) == len(expected)


def test_see_fragments_against_a_plain_search():
    rng = np.random.default_rng(0)
    masses, carriers = (
        rng.uniform(50, 120, 60),
        np.array([[PROTON_MASS, 22.989218]] * 30 + [[PROTON_MASS, np.nan]] * 30),
    )
    mz = np.sort(
        rng.choice(masses, 40) + rng.integers(-5, 6, 40) * HYDROGEN_MASS + PROTON_MASS + rng.normal(0, 0.001, 40)
    )
    tolerance, intensity = np.full(40, 0.002), rng.choice([0.1, 0.5, 1.0], 40)
    seen, shifts = see_fragments(mz, tolerance, intensity, masses, carriers)
    for i in range(60):
        fitting = [
            (intensity[p], -abs(shift))
            for p in range(40)
            for shift in range(-4, 5)
            for c in carriers[i]
            if abs(masses[i] + c + shift * HYDROGEN_MASS - mz[p]) <= tolerance[p]
        ]
        assert seen[i] == max((strength for strength, _ in fitting), default=0.0)
        if fitting and np.isnan(carriers[i, 1]):
            assert -abs(int(shifts[i])) == max(fitting)[1]


def test_both_halves_of_a_cut_are_looked_for():
    """Aspirin loses ketene: the ion of salicylic acid is there, and as its rest's other half the acetyl cation."""
    molecule = fragment_molecule(ASPIRIN)
    salicylic = 138.03169 + PROTON_MASS
    for mz, halves in (
        ([salicylic], (True, False)),
        ([43.01784, salicylic], (True, True)),
        ([43.01784], (False, True)),
    ):
        found = expect(peaks_of(make_query(mz, 181.0495)), [molecule], CARRIERS)
        acid = int(np.argmin(np.abs(molecule.expected.masses - 137.02387)))  # without the hydrogen of the new OH
        assert (bool(column(found, "is_seen")[acid]), bool(column(found, "rest_is_seen")[acid])) == halves
        assert column(found, "shift")[acid] == (1 if halves[0] else 0)


def test_what_is_seen_changes_the_keys_of_the_tables_and_nothing_else_does():
    molecule = fragment_molecule(ASPIRIN)
    salicylic = 138.03169 + PROTON_MASS
    some, others = ([salicylic, 170.0], [salicylic, 171.0])
    one, same, none = (
        expect(peaks_of(make_query(mz, 181.0495)), [molecule], CARRIERS) for mz in (some, others, [170.0])
    )
    assert one.keys.shape == (len(molecule.expected), len(TABLES))
    assert one.keys.tolist() == same.keys.tolist()
    is_seen = column(one, "is_seen") > 0
    assert 0 < is_seen.sum() < is_seen.size
    assert (one.keys != none.keys).all(axis=1).tolist() == (is_seen | (column(one, "rest_is_seen") > 0)).tolist()


def test_candidates_without_structure_or_spectra_without_peaks_give_nothing():
    molecules = [fragment_molecule(ASPIRIN), None, fragment_molecule("CCO"), fragment_molecule(ASPIRIN)]
    found = expect(peaks_of(make_query([121.0], 181.0495)), molecules, CARRIERS * 4)
    assert set(found.candidates.tolist()) <= {0, 2, 3}
    assert np.array_equal(found.features[found.candidates == 0], found.features[found.candidates == 3])
    assert expect(peaks_of(make_query([], 181.0495)), molecules, CARRIERS * 4).candidates.size == 0
    assert expect(peaks_of(make_query([121.0], 181.0495)), [None], CARRIERS).features.shape == (
        0,
        len(EXPECTED_FEATURES),
    )
