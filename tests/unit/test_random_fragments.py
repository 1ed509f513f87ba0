"""Fragments of hand-made molecules against every set of atoms that could break off."""

import numpy as np
import pytest
from oracles import naive_cuts, naive_fragments
from rdkit import Chem
from rdkit.Chem.rdMolDescriptors import CalcExactMolWt

from matchms_fingerprint.constants import PROTON_MASS
from matchms_fingerprint.training.breakable_molecules import breakable_molecules, join_molecules
from matchms_fingerprint.training.synthetic import simulate

CARBON, NITROGEN, OXYGEN, HYDROGEN = 12.0, 14.0030740048, 15.99491461956, 1.00782503207  # Da, AME 2003
# molecules as atoms (element, hydrogens) and bonds, in the order of their SMILES
CHAIN = [(0, 1), (1, 2), (2, 3), (3, 4)]
MOLECULES = {
    "CCCCO": ([(CARBON, 3), (CARBON, 2), (CARBON, 2), (CARBON, 2), (OXYGEN, 1)], CHAIN),
    "CCOC(C)=O": (
        [(CARBON, 3), (CARBON, 2), (OXYGEN, 0), (CARBON, 0), (CARBON, 3), (OXYGEN, 0)],
        [(0, 1), (1, 2), (2, 3), (3, 4), (3, 5)],
    ),
    "NCC1CCC1": (
        [(NITROGEN, 2), (CARBON, 2), (CARBON, 1), (CARBON, 2), (CARBON, 2), (CARBON, 2)],
        [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 2)],
    ),
    "C1CC2CCC2C1": (
        [(CARBON, 2), (CARBON, 2), (CARBON, 1), (CARBON, 2), (CARBON, 2), (CARBON, 1), (CARBON, 2)],
        [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 2), (5, 6), (6, 0)],
    ),
}
N_DRAWS = 60


def _atoms_of(mask, n):
    return frozenset(atom for atom in range(n) if int(mask) >> atom & 1)


@pytest.mark.parametrize("smiles", MOLECULES)
def test_a_molecule_falls_in_two_by_a_bond_or_two_of_a_ring(smiles):
    atoms, bonds = MOLECULES[smiles]
    molecules, usable = breakable_molecules([smiles])
    assert usable.tolist() == [True]
    everything = frozenset(range(len(atoms)))
    sides = [_atoms_of(mask, len(atoms)) for mask in molecules.sides]
    found = [side if 0 in side else everything - side for side in sides]
    assert sorted(map(sorted, found)) == sorted(map(sorted, naive_cuts(len(atoms), bonds)))


def test_bonds_with_other_elements_are_cheaper_and_double_bonds_dearer():
    molecules, _ = breakable_molecules(["CCOC(C)=O"])
    # cuts in the order of the atoms: C-C, C-O, O-C, C-C, C=O
    costs = dict(zip([tuple(sorted(_atoms_of(m, 6))) for m in molecules.sides], molecules.costs.tolist(), strict=True))
    by_side = {min(side, tuple(sorted(set(range(6)) - set(side))), key=len): cost for side, cost in costs.items()}
    assert by_side[(0,)] == by_side[(4,)] == pytest.approx(1.0)
    assert by_side[(0, 1)] == pytest.approx(0.55)
    assert by_side[(5,)] == pytest.approx(2.2 - 0.45)


@pytest.mark.parametrize("ion_mode", [1, -1])
@pytest.mark.parametrize("smiles", MOLECULES)
def test_every_peak_is_a_connected_part_within_hydrogen_shifts(smiles, ion_mode):
    atoms, bonds = MOLECULES[smiles]
    molecules, _ = breakable_molecules([smiles])
    spectra = simulate(
        molecules, np.zeros(N_DRAWS, int), np.full(N_DRAWS, ion_mode), np.random.default_rng(ion_mode + 1)
    )
    whole = sum(mass + n * HYDROGEN for mass, n in atoms)
    np.testing.assert_allclose(spectra.precursor_mz, whole + ion_mode * PROTON_MASS, atol=1e-6)
    explained = []
    for part, n_broken in naive_fragments(len(atoms), bonds):
        mass = sum(atoms[atom][0] + atoms[atom][1] * HYDROGEN for atom in part)
        n_hydrogens = sum(atoms[atom][1] for atom in part)
        # one for the parity, two for a loss of H2; a fragment cannot lose more than it has
        shifts = range(-n_broken - 3, n_broken + 2) if n_broken else range(1)
        explained += [mass + h * HYDROGEN + ion_mode * PROTON_MASS for h in shifts if n_hydrogens + h + ion_mode >= 0]
    nearest = np.abs(spectra.mz[:, None] - np.array(explained)).min(axis=1)
    assert nearest.max() < 1e-6
    is_fragment = spectra.mz < whole + ion_mode * PROTON_MASS - 1e-6
    assert np.unique(np.round(spectra.mz[is_fragment], 4)).size > 2


def test_most_ions_have_an_even_number_of_electrons():
    molecules, _ = breakable_molecules(["CCCCCCCC"])
    spectra = simulate(molecules, np.zeros(300, int), np.ones(300, int), np.random.default_rng(0))
    fragments = spectra.mz[spectra.mz < spectra.precursor_mz[0] - 0.5]
    # CnHm+ has 6 n + m - 1 electrons: an even number where m is odd, and the nominal mass 12 n + m is as odd as m
    is_even = np.round(fragments).astype(int) % 2 == 1
    # 4 % of the fragments that are drawn are radicals; most of the others are drawn several times and make one peak
    assert 0.85 < is_even.mean() < 0.97


def test_a_ring_alone_is_opened_and_one_bond_is_not_enough():
    molecules, _ = breakable_molecules(["C1CCCCC1"])
    # 6 bonds, 15 pairs; pieces of 1 to 5 atoms
    assert molecules.sides.size == 15
    assert {len(_atoms_of(mask, 6)) for mask in molecules.sides} <= {1, 2, 3, 4, 5}


def test_spectra_are_sorted_and_end_at_the_precursor():
    molecules, _ = breakable_molecules(list(MOLECULES))
    spectra = simulate(molecules, np.arange(N_DRAWS) % 4, np.tile([1, -1, -1], 20), np.random.default_rng(3))
    assert len(spectra) == N_DRAWS
    for row in range(N_DRAWS):
        peaks = slice(spectra.offsets[row], spectra.offsets[row + 1])
        mz, intensity = spectra.mz[peaks], spectra.intensity[peaks]
        assert mz.size >= 1
        assert (np.diff(mz) > 0).all()
        assert mz[-1] <= spectra.precursor_mz[row]
        assert intensity.max() == 1.0
        assert intensity.min() > 0.0


def test_the_same_seed_gives_the_same_spectra_and_another_seed_others():
    molecules, _ = breakable_molecules(list(MOLECULES))
    draws = [simulate(molecules, np.arange(4), np.ones(4, int), np.random.default_rng(seed)).mz for seed in (1, 1, 2)]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert not np.array_equal(draws[0], draws[2])


def test_what_cannot_be_used_is_told():
    smiles = ["no molecule", "CCO", "C" * 63, "C[N+](C)(C)CCO", "CCCC.CCCC", "C" * 62]
    molecules, usable = breakable_molecules(smiles)
    assert usable.tolist() == [False, False, False, False, False, True]
    assert len(molecules) == 1
    assert len(breakable_molecules([])[0]) == 0


def test_molecules_keep_their_atoms_and_cuts_when_they_are_joined():
    smiles = list(MOLECULES)
    whole, _ = breakable_molecules(smiles)
    joined = join_molecules([breakable_molecules(smiles[:1])[0], breakable_molecules(smiles[1:])[0]])
    np.testing.assert_array_equal(joined.atom_offsets, whole.atom_offsets)
    np.testing.assert_array_equal(joined.cut_offsets, whole.cut_offsets)
    np.testing.assert_array_equal(joined.sides, whole.sides)
    expected = [CalcExactMolWt(Chem.MolFromSmiles(text)) for text in smiles]
    np.testing.assert_allclose(joined.molecular_masses, expected, atol=1e-6)
