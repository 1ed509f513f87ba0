"""Message passing along the bonds of a molecule, in plain torch.

The directed message-passing network of Yang et al. ("Analyzing learned molecular representations for property
prediction", J. Chem. Inf. Model. 2019): messages live on directed bonds and never return along the bond that they came
by. All molecules of a batch are one graph; sums over neighbours are sums by index.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from matchms_fingerprint.errors import ModelError
from matchms_fingerprint.features.molecule_graphs import ATOM_FIELDS, BOND_FIELDS
from matchms_fingerprint.features.molecules import Molecules
from matchms_fingerprint.models.molecules.molecule_encoder import MoleculeEncoder

_USUAL_ATOMS = 25.0


class GraphBatch(NamedTuple):
    """Molecules as one graph, each bond as two directed ones: number i ^ 1 is the way back of number i.

    Parameters
    ----------
    atoms, bonds
        Classes of atoms (n_atoms, 7) and directed bonds (n_directed, 3), each field with numbers of its own, int64.
    source, target
        Atoms that each directed bond comes from and goes to, shape (n_directed,), int64.
    molecule
        Molecule of each atom, shape (n_atoms,), int64.
    sizes
        Number of atoms of each molecule, shape (n_molecules,), float32.
    """

    atoms: Tensor
    bonds: Tensor
    source: Tensor
    target: Tensor
    molecule: Tensor
    sizes: Tensor


class MessagePassing(MoleculeEncoder):
    """Directed message passing, mean and sum over atoms, embedding.

    Parameters
    ----------
    n_embedding, n_hidden
        Widths of the embedding, and of messages and atoms.
    n_steps
        How many bonds a message travels.
    dropout
        Dropout rate of the messages and of the embedding's input.
    """

    needs_graphs: ClassVar[bool] = True

    def __init__(self, n_embedding: int = 256, n_hidden: int = 128, n_steps: int = 3, dropout: float = 0.0) -> None:
        super().__init__()
        self.settings = {"n_embedding": n_embedding, "n_hidden": n_hidden, "n_steps": n_steps, "dropout": dropout}
        self.n_embedding, self.n_steps = n_embedding, n_steps
        self.atoms = nn.EmbeddingBag(sum(ATOM_FIELDS.values()), n_hidden, mode="sum")
        self.bonds = nn.EmbeddingBag(sum(BOND_FIELDS.values()), n_hidden, mode="sum")
        for bag in (self.atoms, self.bonds):
            nn.init.normal_(bag.weight, std=0.3)
        self.message = nn.Linear(n_hidden, n_hidden)
        self.collect = nn.Linear(2 * n_hidden, n_hidden)
        self.dropout = nn.Dropout(dropout)
        self.embedding = nn.Sequential(
            nn.Linear(2 * n_hidden, n_hidden), nn.GELU(), nn.Dropout(dropout), nn.Linear(n_hidden, n_embedding)
        )

    def prepare(self, molecules: Molecules) -> GraphBatch:
        """Turn structures into what `forward` takes.

        Raises
        ------
        ModelError
            If the molecules have no graphs.
        """
        graphs = molecules.graphs
        if graphs is None:
            raise ModelError("this encoder reads atoms and bonds; make the molecules with their graphs")
        n_atoms, n_bonds = np.diff(graphs.atom_offsets), np.diff(graphs.bond_offsets)
        ends = graphs.ends + np.repeat(graphs.atom_offsets[:-1], n_bonds)[:, None]
        return GraphBatch(
            atoms=torch.from_numpy(graphs.atoms + _first_classes(ATOM_FIELDS.values())),
            bonds=torch.from_numpy(np.repeat(graphs.bonds + _first_classes(BOND_FIELDS.values()), 2, axis=0)),
            source=torch.from_numpy(ends.ravel()),
            target=torch.from_numpy(ends[:, ::-1].ravel()),
            molecule=torch.from_numpy(np.repeat(np.arange(len(graphs)), n_atoms)),
            sizes=torch.from_numpy(n_atoms.astype(np.float32)),
        )

    def forward(self, prepared: GraphBatch) -> Tensor:
        """Embed a batch; see `MoleculeEncoder.forward`."""
        graph = GraphBatch(*prepared)
        atoms = self.atoms(graph.atoms)
        first = atoms.index_select(0, graph.source) + self.bonds(graph.bonds)
        messages = functional.gelu(first)
        way_back = torch.arange(len(first), device=first.device) ^ 1
        for _ in range(self.n_steps):
            arrived = torch.zeros_like(atoms).index_add(0, graph.target, messages)
            onward = arrived.index_select(0, graph.source) - messages.index_select(0, way_back)
            messages = self.dropout(functional.gelu(first + self.message(onward)))
        arrived = torch.zeros_like(atoms).index_add(0, graph.target, messages)
        atoms = functional.gelu(self.collect(torch.cat([functional.gelu(atoms), arrived], dim=1)))
        total = atoms.new_zeros(len(graph.sizes), atoms.shape[1]).index_add(0, graph.molecule, atoms)
        mean = total / graph.sizes.clamp(min=1.0)[:, None]
        return self.embedding(torch.cat([mean, total / _USUAL_ATOMS], dim=1))


def _first_classes(sizes: Iterable[int]) -> np.ndarray:
    """Return the number of the first class of each field, as int64."""
    counts = np.array(list(sizes), np.int64)
    return np.cumsum(counts) - counts
