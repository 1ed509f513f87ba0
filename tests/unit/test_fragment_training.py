"""Scores of fragments are learned: that true structures are told from decoys, without seeing themselves."""

import numpy as np
import pytest
import torch
from matchms import Spectrum

from matchms_fingerprint import CandidateLibrary
from matchms_fingerprint.annotation.evidence.expected_fragments import EXPECTED_FEATURES
from matchms_fingerprint.annotation.evidence.fragment_items import FEATURES, TABLES
from matchms_fingerprint.annotation.evidence.fragment_scores import KINDS
from matchms_fingerprint.annotation.evidence.fragments import FragmentEvidence
from matchms_fingerprint.annotation.evidence.item_scores import network_inputs, share_of_items
from matchms_fingerprint.chem.fingerprints import FingerprintSpec
from matchms_fingerprint.chem.fragments import fragment_molecule
from matchms_fingerprint.constants import PROTON_MASS
from matchms_fingerprint.errors import LibraryError
from matchms_fingerprint.features.labelled import LabelledSpectra, label_spectra
from matchms_fingerprint.training import fragment_scores
from matchms_fingerprint.training.fragment_examples import (
    SPECTRA_PER_STRUCTURE,
    FragmentExamples,
    Items,
    draw_decoys,
    fragment_examples,
)
from matchms_fingerprint.training.fragment_scores import (
    counts_without_own,
    example_weights,
    fit_fragment_scores,
    train_networks,
)
from tests.candidate_cases import make_candidates, make_query

SPEC = FingerprintSpec.parse("morgan:radius=2,bits=256")
ESTERS = [
    "CCOC(=O)c1ccccc1O", "CCC(=O)Oc1ccccc1C", "COC(=O)CCc1ccccc1", "CC(=O)OCCc1ccccc1", "CC(=O)OC(C)c1ccccc1",
    "CCOC(=O)c1ccc(C)cc1", "CCCOC(=O)c1ccccc1", "CC(C)OC(=O)c1ccccc1", "COC(=O)c1cccc(CC)c1", "CC(C)C(=O)Oc1ccccc1",
]  # fmt: skip
DECOYS = ["OCC(=O)CCc1ccccc1", "CC(O)C(=O)Cc1ccccc1", "O=C(O)CCCc1ccccc1", "COc1ccc(CC=O)cc1C", "COc1ccc(C(C)=O)cc1C"]


def spectrum_of(smiles: str, number: int) -> Spectrum:
    """Return a spectrum of the molecule and its cheapest fragments."""
    molecule = fragment_molecule(smiles)
    cheap = np.argsort(molecule.costs, kind="stable")[1:7]
    mz = np.unique(np.round(molecule.masses[cheap] + PROTON_MASS - 1.00782503 * (molecule.parity[cheap] == 1), 4))
    mz = mz[mz > 30]
    return Spectrum(
        mz,
        np.ones(mz.size),
        {
            "spectrum_id": f"S{number}",
            "smiles": smiles,
            "precursor_mz": float(molecule.masses.max() + PROTON_MASS),
            "adduct": "[M+H]+",
            "ionmode": "positive",
            "instrument_type": "LC-ESI-ITFT",
        },
    )


@pytest.fixture(scope="module")
def data() -> LabelledSpectra:
    spectra = [spectrum_of(smiles, i) for i, smiles in enumerate(ESTERS * 4)]
    return label_spectra(spectra, SPEC, "test")


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> CandidateLibrary:
    path = tmp_path_factory.mktemp("library") / "lib"
    return CandidateLibrary.build([*ESTERS, *DECOYS], path, fingerprint=SPEC, n_jobs=1)


@pytest.fixture(scope="module")
def examples(data, library) -> FragmentExamples:
    return fragment_examples(data, np.arange(len(data)), library, n_decoys=3)


def test_examples_are_true_structures_and_decoys(data, library, examples):
    counts = np.bincount(examples.structure)
    assert counts.max() == SPECTRA_PER_STRUCTURE
    assert (examples.n_candidates[data.masses[examples.structure] < 165] == 4).all()
    for items, features in ((examples.explained, FEATURES), (examples.expected, EXPECTED_FEATURES)):
        assert items.features.shape == (items.spectra.size, len(features))
        assert items.keys.shape == (items.spectra.size, len(TABLES))
    is_true, _ = example_weights(examples, examples.explained)
    # each peak was made of a fragment
    assert np.bincount(examples.explained.spectra[is_true]).tolist() == examples.n_peaks.tolist()


def test_true_structures_show_more_of_what_is_expected_of_them(examples):
    is_true, _ = example_weights(examples, examples.expected)
    is_seen = examples.expected.features[:, EXPECTED_FEATURES.index("is_seen")]
    assert is_seen[is_true].mean() > 1.5 * is_seen[~is_true].mean()


def test_no_structure_of_the_data_is_a_decoy(data, library):
    decoys = draw_decoys(data, np.arange(5), library, 100, seed=0)
    known = set(data.smiles)
    assert all(not known & set(drawn) and len(set(drawn)) == len(drawn) for drawn in decoys.values())
    assert decoys == draw_decoys(data, np.arange(5), library, 100, seed=0)


def test_structures_and_their_decoys_weigh_the_same(examples):
    """A structure's weights for one peak that everybody explains: 1 for it, 1 for all of its decoys."""
    pairs = [(s, c) for s in range(examples.structure.size) for c in range(examples.n_candidates[s])]
    items = made_items(pairs)
    is_true, weights = example_weights(examples, items)
    of_structure = examples.structure[items.spectra]
    np.testing.assert_allclose(np.bincount(of_structure[is_true], weights[is_true])[np.unique(of_structure)], 1.0)
    decoys = np.bincount(of_structure[~is_true], weights[~is_true])
    np.testing.assert_allclose(decoys[decoys > 0], 1.0)


def made_items(pairs: list) -> Items:
    spectra, candidates = np.array(pairs).T
    keys = np.arange(len(pairs) * len(TABLES)).reshape(-1, len(TABLES)).astype(np.uint32) % 5
    return Items(spectra, candidates, np.zeros((len(pairs), len(FEATURES)), np.float32), keys)


@pytest.mark.parametrize("kind", KINDS)
def test_tables_do_not_know_their_own_group(examples, kind):
    groups = examples.structure % 3
    items = getattr(examples, kind)
    is_true, weights = example_weights(examples, items)
    counts = counts_without_own(examples, items, groups)
    for k in range(len(TABLES)):
        for item in range(0, items.spectra.size, 7):
            same = (items.keys[:, k] == items.keys[item, k]) & (groups[items.spectra] != groups[items.spectra[item]])
            assert counts[k][0][item] == pytest.approx(weights[same & is_true].sum(), abs=1e-9)
            assert counts[k][1][item] == pytest.approx(weights[same & ~is_true].sum(), abs=1e-9)


def test_network_learns_and_its_arrays_are_the_network(data, library, examples, monkeypatch):
    monkeypatch.setattr(fragment_scores, "EPOCHS", 60)
    fitted = fit_fragment_scores(data, np.arange(len(data)), library, n_decoys=3)
    hits = []
    for smiles in data.smiles[1:]:
        spectrum = spectrum_of(smiles, 0)
        query = make_query(spectrum.peaks.mz, precursor_mz=float(spectrum.get("precursor_mz")))
        values = FragmentEvidence(fitted).of(query, make_candidates([smiles, *DECOYS]))
        hits.append(values[0, 0] > values[1:, 0].max())
    assert np.mean(hits) > 0.8
    again = fit_fragment_scores(data, np.arange(len(data)), library, n_decoys=3)
    for name, tensor in fitted.tensors().items():
        np.testing.assert_array_equal(tensor, again.tensors()[name])


def test_loss_is_the_softmax_over_candidates(examples):
    """Against a sum by hand, with networks that give 1 for every item."""
    inputs = {
        kind: network_inputs(
            getattr(examples, kind).features,
            counts_without_own(examples, getattr(examples, kind), examples.structure),
        )
        for kind in KINDS
    }
    networks = {kind: fragment_scores.ItemNetwork(values.shape[1]) for kind, values in inputs.items()}
    for network in networks.values():
        for parameter in network.of_item.parameters():
            torch.nn.init.zeros_(parameter)
        torch.nn.init.ones_(network.of_item[-1].bias)
    batch = np.arange(examples.structure.size)
    expected, total = 0.0, 0.0
    for spectrum in batch:
        explained, should = (
            np.bincount(items.candidates[items.spectra == spectrum], minlength=examples.n_candidates[spectrum])
            for items in (examples.explained, examples.expected)
        )
        scores = explained * share_of_items(examples.n_peaks[spectrum], 0.5) + should * share_of_items(should, 0.5)
        weight = 1 / (examples.structure == examples.structure[spectrum]).sum()
        expected += weight * (np.log(np.exp(scores).sum()) - scores[0])
        total += weight
    found = fragment_scores._ListLoss(examples, inputs)(networks, batch)
    assert float(found.detach()) == pytest.approx(expected / total, rel=1e-5)
    for kind, network in train_networks(examples, inputs).items():
        weights, biases = network.layers()
        assert [w.shape[0] for w in weights] == [inputs[kind].shape[1], *fragment_scores.HIDDEN]
        assert [b.size for b in biases] == [*fragment_scores.HIDDEN, 1]


def test_a_library_of_another_fingerprint_or_without_decoys_is_refused(data, library, tmp_path):
    other = CandidateLibrary.build(DECOYS, tmp_path / "other", n_jobs=1)
    with pytest.raises(LibraryError, match="holds the fingerprint"):
        fragment_examples(data, np.arange(len(data)), other, 3)
    known = CandidateLibrary.build(ESTERS, tmp_path / "known", fingerprint=SPEC, n_jobs=1)
    with pytest.raises(LibraryError, match="decoys"):
        fragment_examples(data, np.arange(len(data)), known, 3)
