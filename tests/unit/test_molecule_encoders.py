import numpy as np
import pytest
import torch
from labelled_file import SMILES
from rdkit import Chem
from rdkit.Chem import rdMolDescriptors
from torch.nn import functional

from matchms_fingerprint.chem.fingerprints import FingerprintSpec, unpack_bits
from matchms_fingerprint.errors import ModelError, StructureError
from matchms_fingerprint.features.molecule_graphs import ATOM_FIELDS, BOND_FIELDS, ELEMENTS
from matchms_fingerprint.features.molecules import Molecules, molecules_of, set_bits
from matchms_fingerprint.models.molecules.registry import MOLECULE_ENCODERS, build_molecule_encoder

SPEC = FingerprintSpec.parse("morgan:radius=2,bits=256")
# beside the usual ones: an atom without bonds, a charge, a bond that no list of orders has, an element that none has
ODD = ("C", "[NH4+]", "C[N+](C)(C)CC(=O)[O-]", "[NH3]->[Pt](Cl)Cl", "C#CC=C", "[H][H]", "C1CC1S(=O)(=O)F")
ALL = SMILES + ODD
SMALL = {"n_embedding": 16, "n_hidden": 32}


def build(name, seed=0, **more):
    torch.manual_seed(seed)
    return build_molecule_encoder(name, SMALL | more, SPEC.n_bits).eval()


def embed(encoder, smiles):
    return encoder(encoder.prepare(molecules_of(smiles, SPEC))).detach()


def test_a_graph_says_what_is_in_the_molecule():
    # written for acetic acid by hand: atoms C, C, O, O; bonds C-C, C=O, C-O, none in a ring
    graphs = molecules_of(["CC(=O)O"], SPEC).graphs
    assert list(ATOM_FIELDS) == [
        "element",
        "degree",
        "charge",
        "hydrogens",
        "is_aromatic",
        "is_in_ring",
        "hybridization",
    ]
    assert graphs.atoms[:, 0].tolist() == [ELEMENTS.index(e) for e in "CCOO"]
    assert graphs.atoms[:, 1].tolist() == [1, 3, 1, 1]
    assert graphs.atoms[:, 2].tolist() == [2, 2, 2, 2]
    assert graphs.atoms[:, 3].tolist() == [3, 0, 0, 1]
    # SP3, SP2 of the carboxyl group, counted from S, SP
    assert graphs.atoms[:, 6].tolist() == [3, 2, 2, 2]
    assert not graphs.atoms[:, 4:6].any()
    assert list(BOND_FIELDS) == ["order", "is_in_ring", "is_conjugated"]
    assert graphs.bonds.tolist() == [[0, 0, 0], [1, 0, 1], [0, 0, 1]]
    assert graphs.ends.tolist() == [[0, 1], [1, 2], [1, 3]]


def test_every_value_of_a_graph_has_a_class():
    graphs = molecules_of(ALL, SPEC).graphs
    assert (graphs.atoms.max(axis=0) < np.array(list(ATOM_FIELDS.values()))).all()
    assert (graphs.bonds.max(axis=0) < np.array(list(BOND_FIELDS.values()))).all()
    ammonium = graphs.take(np.array([ALL.index("[NH4+]")]))
    assert ammonium.atoms[0, [1, 2, 3]].tolist() == [0, 3, 4]
    platinum = graphs.take(np.array([ALL.index("[NH3]->[Pt](Cl)Cl")]))
    assert platinum.atoms[1, 0] == len(ELEMENTS)
    assert platinum.bonds[0, 0] == 4


def test_molecules_are_taken_as_they_were_made():
    everything = molecules_of(ALL, SPEC)
    rows = np.array([3, 0, 9, 3, 12])
    taken, made = everything.take(rows), molecules_of([ALL[i] for i in rows], SPEC)
    assert len(taken) == len(taken.graphs) == 5
    np.testing.assert_array_equal(taken.fingerprints, made.fingerprints)
    for name in ("atoms", "bonds", "ends", "atom_offsets", "bond_offsets"):
        np.testing.assert_array_equal(getattr(taken.graphs, name), getattr(made.graphs, name))
    assert len(everything.take(np.array([], np.int64)).graphs) == 0


def test_a_smiles_that_cannot_be_read_is_named():
    with pytest.raises(StructureError, match="C1CC"):
        molecules_of(["C", "C1CC"], SPEC)


@pytest.mark.parametrize("n_bits", [64, 100, 4096])
def test_set_bits_are_those_that_are_unpacked(n_bits):
    packed = molecules_of(ALL, FingerprintSpec.parse(f"morgan:radius=2,bits={n_bits}")).fingerprints
    packed = np.concatenate([packed[:3], np.zeros_like(packed[:2]), packed[3:]])
    bits, offsets = set_bits(packed)
    assert offsets.size == len(packed) + 1
    for row, flags in enumerate(unpack_bits(packed, n_bits)):
        assert bits[offsets[row] : offsets[row + 1]].tolist() == np.flatnonzero(flags).tolist()
    assert set_bits(packed[:0])[1].tolist() == [0]


def test_set_bits_of_many_fingerprints_keep_their_order():
    packed = np.random.default_rng(0).integers(0, 2**63, (9000, 2)).astype(np.uint64)
    bits, offsets = set_bits(packed)
    again = np.zeros((9000, 128), np.uint8)
    again[np.repeat(np.arange(9000), np.diff(offsets)), bits] = 1
    np.testing.assert_array_equal(again, unpack_bits(packed, 128))


@pytest.mark.parametrize("name", MOLECULE_ENCODERS)
def test_all_parameters_of_an_encoder_train(name):
    encoder = build(name).train()
    embedding = encoder(encoder.prepare(molecules_of(ALL, SPEC)))
    assert embedding.shape == (len(ALL), encoder.n_embedding) == (len(ALL), 16)
    assert embedding.dtype == torch.float32
    embedding.square().sum().backward()
    for parameter in encoder.parameters():
        assert torch.isfinite(parameter.grad).all()
        assert parameter.grad.abs().sum() > 0


@pytest.mark.parametrize("name", MOLECULE_ENCODERS)
def test_the_order_of_the_atoms_does_not_matter(name):
    encoder = build(name)
    for smiles in ALL:
        mol = Chem.MolFromSmiles(smiles)
        shuffled = [Chem.MolToSmiles(mol, doRandom=True, canonical=False) for _ in range(4)]
        expected = embed(encoder, [smiles]).expand(4, -1)
        torch.testing.assert_close(embed(encoder, shuffled), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", MOLECULE_ENCODERS)
def test_a_molecule_is_embedded_alone_as_among_others(name):
    encoder = build(name)
    together = embed(encoder, ALL)
    for row, smiles in enumerate(ALL):
        torch.testing.assert_close(embed(encoder, [smiles])[0], together[row], rtol=1e-4, atol=1e-5)
    assert encoder(encoder.prepare(molecules_of([], SPEC))).shape == (0, 16)


@pytest.mark.parametrize("name", MOLECULE_ENCODERS)
def test_different_molecules_have_different_embeddings(name):
    distances = torch.cdist(embed(build(name), SMILES), embed(build(name), SMILES)) + 9 * torch.eye(len(SMILES))
    assert distances.min() > 1e-3


@pytest.mark.parametrize("name", MOLECULE_ENCODERS)
def test_an_encoder_is_built_again_from_its_settings(name):
    encoder = build(name)
    again = build_molecule_encoder(name, encoder.settings, SPEC.n_bits).eval()
    again.load_state_dict(encoder.state_dict())
    torch.testing.assert_close(embed(again, ALL), embed(encoder, ALL), rtol=0, atol=0)


def test_messages_do_not_return_along_the_bond_they_came_by():
    # in ethane each carbon has one bond: nothing but what would return arrives, so a further step changes nothing
    one, many = build("message_passing", n_steps=1), build("message_passing", n_steps=4)
    many.load_state_dict(one.state_dict())
    torch.testing.assert_close(embed(many, ["CC"]), embed(one, ["CC"]), rtol=0, atol=0)
    assert not torch.allclose(embed(many, ["CCCC"]), embed(one, ["CCCC"]))


@pytest.mark.parametrize("name", MOLECULE_ENCODERS)
def test_an_encoder_learns_masses_by_heart(name):
    masses = torch.tensor([rdMolDescriptors.CalcExactMolWt(Chem.MolFromSmiles(s)) for s in ALL])
    masses = ((masses - masses.mean()) / masses.std()).float()
    encoder = build(name, dropout=0.0).train()
    prepared, readout = encoder.prepare(molecules_of(ALL, SPEC)), torch.nn.Linear(16, 1)
    optimizer = torch.optim.Adam([*encoder.parameters(), *readout.parameters()], 3e-3)
    for _ in range(150):
        optimizer.zero_grad()
        loss = functional.mse_loss(readout(encoder(prepared)).ravel(), masses)
        loss.backward()
        optimizer.step()
    # the masses have variance 1
    assert loss.item() < 0.01


def test_what_does_not_fit_is_refused():
    with pytest.raises(ModelError, match="known are fingerprint, message_passing"):
        build_molecule_encoder("smiles", {}, 256)
    with pytest.raises(ModelError, match="n_blocks"):
        build_molecule_encoder("message_passing", {"n_blocks": 2}, 256)
    molecules = molecules_of(SMILES, SPEC)
    with pytest.raises(ModelError, match="with their graphs"):
        build("message_passing").prepare(Molecules(molecules.fingerprints))
    with pytest.raises(ModelError, match="do not have the 512 bits"):
        build_molecule_encoder("fingerprint", SMALL, 512).prepare(molecules)
