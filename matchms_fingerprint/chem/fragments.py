"""The fragments of a molecule with all that explaining peaks asks of them; those of many molecules are remembered."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.chem.breakable_graph import BreakableGraph, breakable_graph
from matchms_fingerprint.errors import StructureError
from matchms_fingerprint.kernels.fragmenter import (
    AROMATIC,
    DOUBLE,
    N_BOND_CLASSES,
    SINGLE,
    TRIPLE,
    bond_classes,
    enumerate_fragments,
    neighbour_lists,
)
from matchms_fingerprint.kernels.fragmenter_keys import atom_words, describe_explanations
from matchms_fingerprint.kernels.fragmenter_matching import describe_fragments

MAX_CUTS = 2
MAX_COST = 6.0
MAX_FRAGMENTS = 4096
"""Limits of the search for fragments; see `enumerate_fragments`."""

MAX_EXPECTED = 32
LIGHTEST_EXPECTED_DA = 45.0
"""How many of the fragments of one cut are expected in a spectrum, and from which mass on: few spectra begin below."""

REMEMBERED = 2048
"""Molecules of which the fragments are kept; those of drug-sized ones take 20 KB each, of the largest 200 KB."""

_COST_OF_ORDER = {SINGLE: 1.0, AROMATIC: 2.0, DOUBLE: 2.0, TRIPLE: 3.0}
_HETERO_DISCOUNT = 0.4
_RING_FACTOR = 0.8  # on single bonds in rings, two of which often break in one step


@dataclass(frozen=True, eq=False)
class ExpectedFragments:
    """The fragments that one cut leaves, the cheapest first, of each mass one: what a spectrum should show.

    Parameters
    ----------
    masses, rests
        Of each fragment, and of what is lost with it, in Da, shape (n,), float64.
    costs
        What the broken bonds cost, shape (n,), float64.
    words, counts
        See `describe_explanations`, with no hydrogen moved; shapes (n, len(KEYS)), uint64, and (n, len(COUNTS)),
        float32.
    n_all
        How many one cut leaves in all.
    """

    masses: NDArray[np.float64]
    rests: NDArray[np.float64]
    costs: NDArray[np.float64]
    words: NDArray[np.uint64]
    counts: NDArray[np.float32]
    n_all: int

    def __len__(self) -> int:
        return self.masses.size


@dataclass(frozen=True, eq=False)
class FragmentedMolecule:
    """A molecule and its fragments in ascending mass.

    Parameters
    ----------
    graph
        The molecule.
    classes
        Class of each bond; see `bond_classes`.
    masks
        Atoms of each fragment, shape (n_fragments, n_words), uint64.
    costs
        What the broken bonds of each cost, shape (n_fragments,), float64.
    cuts
        Fewest cuts that lead there, shape (n_fragments,), uint8.
    masses, n_hydrogens, parity
        See `describe_fragments`.
    neighbours, words
        See `neighbour_lists` and `atom_words`.
    """

    graph: BreakableGraph
    classes: NDArray[np.uint8]
    masks: NDArray[np.uint64]
    costs: NDArray[np.float64]
    cuts: NDArray[np.uint8]
    masses: NDArray[np.float64]
    n_hydrogens: NDArray[np.int16]
    parity: NDArray[np.uint8]
    neighbours: tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]
    words: tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.uint64]]

    def __len__(self) -> int:
        return self.masses.size

    @cached_property
    def expected(self) -> ExpectedFragments:
        """The fragments that a spectrum should show: at most `MAX_EXPECTED`, from `LIGHTEST_EXPECTED_DA` on."""
        of_one_cut = np.flatnonzero(self.cuts == 1)
        heavy = of_one_cut[self.masses[of_one_cut] > LIGHTEST_EXPECTED_DA]
        heavy = heavy[np.argsort(self.costs[heavy], kind="stable")]
        _, first = np.unique(np.round(self.masses[heavy], 3), return_index=True)
        chosen = heavy[np.sort(first)][:MAX_EXPECTED].astype(np.int32)
        nothing, graph = np.zeros(chosen.size, np.int64), self.graph
        words, counts = describe_explanations(
            chosen, nothing.astype(np.int8), nothing, self.masks, graph.numbers, graph.hydrogens, graph.ends,
            graph.orders, self.classes, *self.words, *self.neighbours,
        )  # fmt: skip
        masses = self.masses[chosen]
        rests = graph.masses.sum() - masses
        return ExpectedFragments(masses, rests, self.costs[chosen], words, counts, of_one_cut.size)


def bond_costs(classes: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return what it costs to break bonds of these classes: 1 is a single bond between carbons in a chain."""
    costs: NDArray[np.float32] = _costs_of_classes()[classes]
    return costs


@lru_cache(maxsize=1)
def _costs_of_classes() -> NDArray[np.float32]:
    costs = np.empty(N_BOND_CLASSES, np.float32)
    for number in range(N_BOND_CLASSES):
        order, hetero, ring = number // 6, number // 2 % 3, number % 2
        cost = _COST_OF_ORDER[order] - _HETERO_DISCOUNT * (hetero > 0)
        costs[number] = cost * (_RING_FACTOR if ring and order == SINGLE else 1.0)
    return costs


def fragment_molecule(smiles: str) -> FragmentedMolecule:
    """Find the fragments of a molecule, given as `breakable_graph` reads it.

    The time is bounded for molecules of any size and shape by the number of fragments.

    Raises
    ------
    StructureError
        If the SMILES cannot be read.
    """
    graph = breakable_graph(smiles)
    classes = bond_classes(graph.numbers, graph.ends, graph.orders)
    masks, costs, cuts = enumerate_fragments(
        graph.ends, bond_costs(classes), len(graph), MAX_CUTS, MAX_COST, MAX_FRAGMENTS
    )
    masses, n_hydrogens, parity = describe_fragments(masks, graph.masses, graph.numbers, graph.hydrogens)
    order = np.argsort(masses, kind="stable")
    neighbours = neighbour_lists(graph.ends, len(graph))
    columns: dict[str, NDArray[Any]] = {
        "masks": masks,
        "costs": costs.astype(np.float64),
        "cuts": cuts,
        "masses": masses,
        "n_hydrogens": n_hydrogens,
        "parity": parity,
    }
    return FragmentedMolecule(
        graph=graph,
        classes=classes,
        neighbours=neighbours,
        words=atom_words(graph.numbers, graph.charges, graph.hydrogens, graph.orders, *neighbours),
        **{name: column[order] for name, column in columns.items()},
    )


remembered_fragments = lru_cache(maxsize=REMEMBERED)(fragment_molecule)
"""`fragment_molecule`, with the fragments of the latest molecules remembered."""


def read_fragments(smiles: str) -> FragmentedMolecule | None:
    """Return `remembered_fragments`, or None where the SMILES cannot be read."""
    try:
        return remembered_fragments(smiles)
    except StructureError:
        return None
