"""Scorers that a model has learned: what its bundle keeps of them, and what they say as evidence and in evaluations."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from builders import make_spectrum, tiny_memory_model, tiny_model
from candidate_cases import make_candidates, make_query
from labelled_file import FOLDS, SMILES, write_labelled_mgf

from matchms_fingerprint import CandidateLibrary, load_model
from matchms_fingerprint.annotation.evidence.learned_score import LearnedScoreEvidence
from matchms_fingerprint.chem.fingerprints import FingerprintSpec
from matchms_fingerprint.errors import ModelError, SettingsError
from matchms_fingerprint.evaluation.learned_score import LearnedScore
from matchms_fingerprint.features.arrays import spectrum_arrays
from matchms_fingerprint.features.labelled import read_labelled_spectra
from matchms_fingerprint.features.molecules import Molecules, molecules_of
from matchms_fingerprint.models.network import Network
from matchms_fingerprint.training.finish import About, measure, write_model
from matchms_fingerprint.training.fit import fit
from matchms_fingerprint.training.settings import TrainingSettings

ISOMERS = ("COC(=O)c1ccccc1OC=O", "Cn1cnc2c1n(C)c(=O)n(C)c2=O", "OC1C(O)C(O)C(O)C(O)C1O", "CCOC(=O)c1ccc(N)cc1")
SIZES = {"n_input": 32, "n_hidden": 48, "n_embedding": 24, "n_blocks": 1}
SMALL = TrainingSettings(
    encoder_settings=SIZES,
    fingerprint="morgan:radius=2,bits=256",
    epochs=3,
    spectra_per_epoch=32,
    batch_size=16,
    n_negatives=3,
    gate_steps=5,
)
JOINT = {"n_joint": 16, "molecule_settings": {"n_hidden": 24}}
GRAPHS = {"n_joint": 16, "molecules": "message_passing", "molecule_settings": {"n_hidden": 24, "n_steps": 2}}
KINDS = {
    "joint": replace(SMALL, loss="listwise_embedding", scorer_settings=JOINT),
    "joint, graphs, no memory": replace(
        SMALL, loss="listwise_embedding", scorer_settings=GRAPHS, memory_peaks=0, learning_rate=5e-3
    ),
    "cross": replace(SMALL, loss="listwise_cross", scorer_settings={"n_hidden": 24}),
}


@pytest.fixture(scope="module")
def labelled(tmp_path_factory) -> SimpleNamespace:
    """Return sixteen labelled spectra, their folds, and a library with isomers of some."""
    folder = tmp_path_factory.mktemp("labelled")
    source = write_labelled_mgf(folder / "labelled.mgf")
    library = CandidateLibrary.build(
        [{"smiles": text} for text in SMILES + ISOMERS], folder / "library", fingerprint=SMALL.fingerprint, n_jobs=1
    )
    data = read_labelled_spectra(source, FingerprintSpec.parse(SMALL.fingerprint))
    return SimpleNamespace(source=source, data=data, folds=np.array(FOLDS), library=library)


@pytest.fixture(scope="module", params=KINDS)
def trained(request, labelled, tmp_path_factory) -> SimpleNamespace:
    """Train a small model, and write its bundle; its network as it was in the training stays beside it."""
    folder, settings = tmp_path_factory.mktemp("trained"), KINDS[request.param]
    data, folds, library = labelled.data, labelled.folds, labelled.library
    network = fit(data, folds, settings, folder / "run", library, progress=False)
    measured = measure(network, data, folds, settings, library)
    about = About("small", "1", "sixteen invented spectra", "CC0", "table", labelled.source)
    card = write_model(measured.network, measured, data, folds, settings, about, folder / "bundle")
    return SimpleNamespace(kind=request.param, network=measured.network, folder=folder / "bundle", card=card, data=data)


SPECTRA = [make_spectrum([60.1 + i, 90.2, 145.1 + i]) for i in range(3)]
LISTS = (SMILES[:5], SMILES[3:], ())


def scores_in_training(trained: SimpleNamespace) -> list[np.ndarray]:
    """Return what the scorer says of logits and embeddings as it knows them from the training: without the memory."""
    network = trained.network.eval()
    with torch.inference_mode():
        logits, embedding = Network.forward(network, Network.prepare(network, spectrum_arrays(SPECTRA)))
    lists = [molecules_of(smiles, trained.data.fingerprint) for smiles in LISTS]
    return network.scorer.score_lists(logits, embedding, lists)


def test_a_loaded_model_scores_as_its_network_did_in_the_training(trained: SimpleNamespace) -> None:
    model = load_model(trained.folder)
    assert model.scorer == trained.kind.split(",")[0]
    found, expected = model.score_candidates(SPECTRA, LISTS), scores_in_training(trained)
    assert [one.shape for one in found] == [(5,), (5,), (0,)]
    assert np.ptp(found[0]) > 0
    for own, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(own, theirs, rtol=1e-5, atol=1e-6)


def test_the_scores_are_evidence(trained: SimpleNamespace) -> None:
    model = load_model(trained.folder)
    [evidence] = LearnedScoreEvidence.of_model(model)
    assert evidence.columns == (f"fingerprint_{model.scorer}",)
    query, candidates = make_query([60.1, 90.2, 145.1]), make_candidates(SMILES)
    found = evidence.of(query, candidates)
    assert (found.shape, found.dtype) == ((len(SMILES), 1), np.float64)
    [expected] = model.network.score_candidates(query.spectrum, [molecules_of(candidates.smiles, model.fingerprint)])
    np.testing.assert_allclose(found[:, 0], expected, rtol=1e-5, atol=1e-6)
    assert evidence.of(query, candidates.take(np.empty(0, np.int64))).shape == (0, 1)


@pytest.mark.parametrize("trained", ["joint", "cross"], indirect=True)
def test_candidates_of_equal_fingerprints_tie_exactly(trained: SimpleNamespace) -> None:
    network = load_model(trained.folder).network
    rows = np.array([0, 1, 2, 0, 3, 4, 0, 5, 6, 7, 0, 1, 1, 0, 2, 0, 0])
    packed = molecules_of(SMILES, trained.data.fingerprint).fingerprints[rows]
    [scores] = network.score_candidates(spectrum_arrays(SPECTRA[:1]), [Molecules(packed)])
    assert [np.unique(scores[rows == row]).size for row in range(8)] == [1] * 8


def test_an_evaluation_ranks_by_the_learned_score(trained: SimpleNamespace) -> None:
    network = load_model(trained.folder).network
    learned = LearnedScore.of_network(network)
    measured = trained.card["measured"]["test"]["retrieval"]["mass"]["rankings"]
    if "graphs" in trained.kind:
        assert learned is None, "the lists of an evaluation hold no graphs"
        assert "model, joint" not in measured
        return
    assert measured[f"model, {learned.name}"]["hit@1"]["mean"] >= 0
    molecules = Molecules(molecules_of(SMILES, trained.data.fingerprint).fingerprints)
    outputs = learned.outputs(spectrum_arrays(SPECTRA))
    expected = network.score_candidates(spectrum_arrays(SPECTRA), [molecules] * 3)
    for row, scores in zip(outputs, expected, strict=True):
        np.testing.assert_allclose(learned.score(row, molecules.fingerprints), scores, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("make", [tiny_model, tiny_memory_model])
def test_a_model_without_a_scorer_has_neither_scores_nor_evidence(make, tmp_path: Path) -> None:
    model = load_model(make(tmp_path))
    assert model.scorer is None
    assert LearnedScoreEvidence.of_model(model) == ()
    assert LearnedScore.of_network(model.network) is None
    with pytest.raises(ModelError, match="listwise_embedding"):
        model.score_candidates(SPECTRA, LISTS)


def test_the_default_model_ranks_by_its_bits_alone() -> None:
    """Its loss ranks candidates by the cosine of their bits, which has no weights."""
    model = load_model("default")
    assert model.network.scorer is not None
    assert model.scorer is None
    assert LearnedScoreEvidence.of_model(model) == ()


def test_one_list_is_needed_for_each_spectrum(trained: SimpleNamespace) -> None:
    model = load_model(trained.folder)
    with pytest.raises(SettingsError, match="2 lists of candidates for 3 spectra"):
        model.score_candidates(SPECTRA, LISTS[:2])
    assert model.score_candidates([], []) == []
