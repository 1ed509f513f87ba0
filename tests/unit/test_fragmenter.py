"""The fragmenter against a naive one that tries every bond and every pair of bonds."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem
from rdkit.Chem.Descriptors import ExactMolWt

from matchms_fingerprint.chem.breakable_graph import breakable_graph
from matchms_fingerprint.chem.fragments import MAX_FRAGMENTS, bond_costs, fragment_molecule
from matchms_fingerprint.errors import StructureError
from matchms_fingerprint.kernels.fragmenter import bond_classes, enumerate_fragments

SMALL = {
    "ethanol": "CCO",
    "benzene": "c1ccccc1",
    "aspirin": "CC(=O)Oc1ccccc1C(=O)O",
    "caffeine": "Cn1c(=O)c2c(ncn2C)n(C)c1=O",
    "naphthol": "Oc1cccc2ccccc12",
    "norbornane": "C1CC2CCC1C2",
    "spiro": "C1CC12CCC2",
    "cubane": "C12C3C4C1C5C2C3C45",
    "choline": "C[N+](C)(C)CCO",
    "sulfate": "CCOS(=O)(=O)O",
}


def parts_of(atoms: frozenset, bonds: list) -> list:
    """Return the connected parts of some atoms over some bonds."""
    parts, left = [], set(atoms)
    while left:
        part, front = set(), [next(iter(left))]
        while front:
            atom = front.pop()
            if atom not in part:
                part.add(atom)
                front += [b if a == atom else a for a, b in bonds if atom in (a, b)]
        parts.append(frozenset(part))
        left -= part
    return parts


def naive_fragments(ends: list, costs: list, n_atoms: int, max_cuts: int, max_cost: float) -> dict:
    """Return the cost of every fragment by breaking each bond, and each pair of bonds, of each fragment."""
    price = dict(zip(ends, costs, strict=True))
    whole = frozenset(range(n_atoms))

    def cost_of(part: frozenset) -> float:
        return sum(cost for (a, b), cost in price.items() if (a in part) != (b in part))

    found, level = {whole: (0.0, 0)}, [whole]
    for depth in range(1, max_cuts + 1):
        new = []
        for part in level:
            inner = [bond for bond in ends if set(bond) <= part]
            bridges = [bond for bond in inner if len(parts_of(part, [b for b in inner if b != bond])) == 2]
            cuts = [(bond,) for bond in bridges] + list(combinations([b for b in inner if b not in bridges], 2))
            for cut in cuts:
                halves = parts_of(part, [bond for bond in inner if bond not in cut])
                if len(halves) == 2 and sum(price[bond] for bond in cut) <= max_cost:
                    for half in halves:
                        if half not in found and cost_of(half) <= max_cost + 1e-6:
                            found[half] = (cost_of(half), depth)
                            new.append(half)
        level = new
    return found


def atoms_of(mask: np.ndarray) -> frozenset:
    return frozenset(64 * w + i for w, word in enumerate(mask) for i in range(64) if int(word) >> i & 1)


@pytest.mark.parametrize("smiles", SMALL.values(), ids=SMALL.keys())
@pytest.mark.parametrize(("max_cuts", "max_cost"), [(1, 100.0), (2, 4.0), (2, 100.0), (3, 3.0)])
def test_finds_what_naive_enumeration_finds(smiles, max_cuts, max_cost):
    graph = breakable_graph(smiles)
    costs = bond_costs(bond_classes(graph.numbers, graph.ends, graph.orders))
    masks, totals, cuts = enumerate_fragments(graph.ends, costs, len(graph), max_cuts, max_cost, 100_000)
    found = {atoms_of(mask): (total, cut) for mask, total, cut in zip(masks, totals, cuts, strict=True)}
    ends = [tuple(pair) for pair in graph.ends.tolist()]
    expected = naive_fragments(ends, costs.tolist(), len(graph), max_cuts, max_cost)
    assert len(found) == len(masks)
    assert found.keys() == expected.keys()
    for part, (cost, depth) in expected.items():
        assert found[part] == (pytest.approx(cost, abs=1e-5), depth)


@st.composite
def random_graphs(draw):
    """Return the bonds and costs of a connected graph with a few cycles."""
    n = draw(st.integers(2, 9))
    tree = {(draw(st.integers(0, i - 1)), i) for i in range(1, n)}
    more = draw(st.sets(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=4))
    ends = sorted(tree | {(a, b) for a, b in more if a < b})
    return ends, [draw(st.sampled_from([0.5, 1.0, 2.0])) for _ in ends], n


@given(random_graphs(), st.integers(1, 3), st.sampled_from([2.0, 4.0, 50.0]))
@settings(max_examples=60)
def test_agrees_on_any_graph(graph, max_cuts, max_cost):
    ends, costs, n = graph
    masks, totals, _ = enumerate_fragments(
        np.array(ends, np.int32), np.array(costs, np.float32), n, max_cuts, max_cost, 100_000
    )
    found = {atoms_of(mask): float(total) for mask, total in zip(masks, totals, strict=True)}
    expected = {part: cost for part, (cost, _) in naive_fragments(ends, costs, n, max_cuts, max_cost).items()}
    assert found == pytest.approx(expected)


def test_masks_of_large_molecules_have_several_words():
    chain = fragment_molecule("C" * 150)
    assert chain.masks.shape[1] == 3
    sizes = [len(atoms_of(mask)) for mask in chain.masks]
    # one cut leaves 1 to 149 atoms from either end: two fragments of each size, and the molecule
    assert sorted(n for n, cut in zip(sizes, chain.cuts, strict=True) if cut == 1) == sorted(2 * list(range(1, 150)))


def peptide(n: int) -> str:
    """Return the SMILES of n leucines in a row."""
    return "N[C@@H](CC(C)C)C(=O)" * n + "O"


FULLERENE = Chem.MolToSmiles(
    Chem.MolFromSmiles(
        "c12c3c4c5c1c1c6c7c2c2c8c3c3c9c4c4c%10c5c5c1c1c6c6c%11c7c2c2c7c8c3c3c8c9c4c4c9c%10c5c5c1c1c6c6c%11c2c2c7c3c3c8"
        "c4c4c9c5c1c1c6c2c3c41"
    )
)


@pytest.mark.parametrize("smiles", [peptide(13), FULLERENE, "C1CCCC1" * 20], ids=["peptide", "C60", "rings"])
def test_large_molecules_stay_within_their_bound(smiles):
    graph = breakable_graph(smiles)
    costs = bond_costs(bond_classes(graph.numbers, graph.ends, graph.orders))
    for limit in (50, 1000):
        masks, _, _ = enumerate_fragments(graph.ends, costs, len(graph), 3, 1e9, limit)
        assert 1 <= len(masks) <= limit
        assert len({mask.tobytes() for mask in masks}) == len(masks)
    assert len(fragment_molecule(smiles)) <= MAX_FRAGMENTS


def test_cheap_fragments_are_kept_where_there_are_too_many():
    graph = breakable_graph(peptide(8))
    costs = bond_costs(bond_classes(graph.numbers, graph.ends, graph.orders))
    once, _, _ = enumerate_fragments(graph.ends, costs, len(graph), 1, 6.0, 100_000)
    few, _, _ = enumerate_fragments(graph.ends, costs, len(graph), 2, 6.0, len(once) + 50)
    assert {mask.tobytes() for mask in once} <= {mask.tobytes() for mask in few}


@pytest.mark.parametrize("smiles", SMALL.values(), ids=SMALL.keys())
def test_graph_agrees_with_a_full_reading(smiles):
    mol = Chem.MolFromSmiles(smiles)
    graph = breakable_graph(Chem.MolToSmiles(mol))
    mol = Chem.MolFromSmiles(Chem.MolToSmiles(mol))
    assert graph.numbers.tolist() == [atom.GetAtomicNum() for atom in mol.GetAtoms()]
    assert graph.hydrogens.tolist() == [atom.GetTotalNumHs() for atom in mol.GetAtoms()]
    assert graph.charges.tolist() == [atom.GetFormalCharge() for atom in mol.GetAtoms()]
    rings = {tuple(sorted((b.GetBeginAtomIdx(), b.GetEndAtomIdx()))): b.IsInRing() for b in mol.GetBonds()}
    classes = bond_classes(graph.numbers, graph.ends, graph.orders)
    assert {tuple(pair): bool(c % 2) for pair, c in zip(graph.ends.tolist(), classes, strict=True)} == rings
    assert graph.masses.sum() == pytest.approx(ExactMolWt(mol), abs=1e-3)  # RDKit takes electrons off


@pytest.mark.parametrize("smiles", ["", "C1CC", "not a molecule"])
def test_what_is_no_smiles_is_refused(smiles):
    with pytest.raises(StructureError):
        breakable_graph(smiles)


def test_single_atoms_have_one_fragment():
    assert len(fragment_molecule("O")) == 1
