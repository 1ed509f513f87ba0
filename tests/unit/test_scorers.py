import json

import numpy as np
import pytest
import torch
from labelled_file import SMILES

from matchms_fingerprint.chem.fingerprints import FingerprintSpec, pack_bits, unpack_bits
from matchms_fingerprint.errors import ModelError
from matchms_fingerprint.features.molecules import Molecules, molecules_of
from matchms_fingerprint.kernels.tanimoto import SCORES
from matchms_fingerprint.models.losses.criterion import Criterion
from matchms_fingerprint.models.losses.registry import LOSSES
from matchms_fingerprint.models.scorers.candidate_batch import only_used, padded_rows
from matchms_fingerprint.models.scorers.registry import SCORERS, build_scorer, scorer_name

SPEC = FingerprintSpec.parse("morgan:radius=2,bits=100")
N_EMBEDDING, N_BITS = 12, SPEC.n_bits
SMALL = {"n_joint": 8, "molecule_settings": {"n_hidden": 16, "dropout": 0.0}}
KINDS = {
    "cosine": ("cosine", {}),
    "tanimoto": ("tanimoto", {}),
    "vector_tanimoto": ("vector_tanimoto", {}),
    "log_likelihood": ("log_likelihood", {}),
    "joint": ("joint", SMALL),
    "joint, graphs": ("joint", SMALL | {"molecules": "message_passing"}),
    "cross": ("cross", {"n_hidden": 16}),
    "cross, embeddings": ("cross", SMALL | {"on": "embeddings", "n_hidden": 16}),
    "cross, graphs": ("cross", SMALL | {"on": "embeddings", "molecules": "message_passing"}),
}
LISTS = [[0, 3, 5], [7], [], [1, 2, 3, 4, 6], [5, 5]]
"""Candidates of five spectra: of several, of none, and the same one twice."""


@pytest.fixture(scope="module")
def molecules():
    """Return eight structures."""
    return molecules_of(SMILES, SPEC)


def build(kind, seed=0, dtype=torch.float64):
    torch.manual_seed(seed)
    name, settings = KINDS[kind]
    return build_scorer(name, settings, N_EMBEDDING, N_BITS).eval().to(dtype)


def spectra(n=len(LISTS), seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(n, N_BITS, generator=generator, dtype=dtype) - 2
    return logits, torch.randn(n, N_EMBEDDING, generator=generator, dtype=dtype)


def lists_of(scores):
    """Return the scores of each list without the padding."""
    return [row[np.isfinite(row)] for row in scores.detach().numpy()]


def test_every_scorer_is_tested():
    assert {name for name, _ in KINDS.values()} == set(SCORERS)
    assert {spec.scorer for spec in LOSSES.values() if spec.scorer} <= set(SCORERS)


@pytest.mark.parametrize("name", SCORES)
def test_scores_of_bits_are_those_of_the_kernels(name, molecules):
    logits, embedding = spectra()
    logits[0] *= 20
    scorer = build(name)
    found = lists_of(scorer(logits, embedding, scorer.prepare(molecules, padded_rows(LISTS))))
    for own, candidates, z in zip(found, LISTS, logits, strict=True):
        expected = SCORES[name](torch.sigmoid(z).numpy(), molecules.fingerprints[candidates])
        np.testing.assert_allclose(own, expected, rtol=1e-9)


@pytest.mark.parametrize("name", SCORES)
def test_candidates_without_bits_have_the_score_of_the_kernels(name):
    nothing = Molecules(pack_bits(np.zeros((1, N_BITS))))
    logits, embedding = spectra(1)
    scorer = build(name)
    own = scorer(logits, embedding, scorer.prepare(nothing, np.array([[0]])))
    assert own.item() == pytest.approx(SCORES[name](torch.sigmoid(logits[0]).numpy(), nothing.fingerprints)[0])


def test_the_logarithm_of_the_likelihood_ranks_alike(molecules):
    logits, embedding = spectra()
    plain, logarithm = build("log_likelihood"), build_scorer("log_likelihood", {"logarithm": True}, 12, N_BITS)
    batch = plain.prepare(molecules, padded_rows(LISTS))
    scores = plain(logits, embedding, batch)[batch.mask]
    torch.testing.assert_close(logarithm(logits, embedding, batch).exp()[batch.mask], scores)


@pytest.mark.parametrize("kind", ["joint", "joint, graphs"])
def test_joint_scores_are_cosines_of_the_two_embeddings(kind, molecules):
    scorer, (logits, embedding) = build(kind), spectra()
    found = lists_of(scorer(logits, embedding, scorer.prepare(molecules, padded_rows(LISTS))))
    queries = scorer.of_spectrum(embedding).detach().numpy()
    structures = scorer.molecules(as_double(scorer.molecules.prepare(molecules))).detach().numpy()
    for own, candidates, query in zip(found, LISTS, queries, strict=True):
        norms = np.linalg.norm(structures[candidates], axis=1) * np.linalg.norm(query)
        np.testing.assert_allclose(own, structures[candidates] @ query / norms, rtol=1e-9)


def as_double(prepared):
    return tuple(part.double() if part.is_floating_point() else part for part in prepared)


def perceptron(scorer, inputs):
    """Return the layers of a cross scorer behind the first, on its outputs."""
    hidden = torch.nn.functional.gelu(inputs)
    return scorer.last(torch.nn.functional.gelu(scorer.second(hidden))).ravel().detach().numpy()


def test_cross_scores_on_bits_are_a_perceptron_of_u_v_and_their_product(molecules):
    scorer, (logits, embedding) = build("cross"), spectra()
    found = lists_of(scorer(logits, embedding, scorer.prepare(molecules, padded_rows(LISTS))))
    layer = scorer.first
    weight = torch.cat([layer.of_spectrum.weight, layer.of_structure.weight.T, layer.of_product.weight.T], dim=1)
    bits = torch.from_numpy(unpack_bits(molecules.fingerprints, N_BITS)).double()
    for own, candidates, z in zip(found, LISTS, logits, strict=True):
        u, v = torch.sigmoid(z).expand(len(candidates), -1), bits[candidates]
        inputs = torch.cat([u, v, u * v], dim=1) @ weight.T + layer.of_spectrum.bias
        np.testing.assert_allclose(own, perceptron(scorer, inputs), rtol=1e-9)


@pytest.mark.parametrize("kind", ["cross, embeddings", "cross, graphs"])
def test_cross_scores_on_embeddings_are_a_perceptron_of_u_v_and_their_product(kind, molecules):
    scorer, (logits, embedding) = build(kind), spectra()
    found = lists_of(scorer(logits, embedding, scorer.prepare(molecules, padded_rows(LISTS))))
    layer = scorer.first
    weight = torch.cat([layer.of_spectrum.weight, layer.of_structure.weight, layer.of_product.weight], dim=1)
    structures = layer.v(layer.molecules(as_double(layer.molecules.prepare(molecules))))
    for own, candidates, u in zip(found, LISTS, layer.u(embedding), strict=True):
        u, v = u.expand(len(candidates), -1), structures[candidates]
        inputs = torch.cat([u, v, u * v], dim=1) @ weight.T + layer.of_spectrum.bias
        np.testing.assert_allclose(own, perceptron(scorer, inputs), rtol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_padding_scores_nothing_and_changes_nothing(kind, molecules):
    scorer, (logits, embedding) = build(kind), spectra()
    rows = padded_rows(LISTS)
    scores = scorer(logits, embedding, scorer.prepare(molecules, rows))
    assert scores.shape == rows.shape == (5, 5)
    assert torch.equal(torch.isneginf(scores), torch.from_numpy(rows < 0))
    wider = np.pad(rows, ((0, 0), (0, 3)), constant_values=-1)
    widened = scorer(logits, embedding, scorer.prepare(molecules, wider))
    torch.testing.assert_close(widened[:, :5], scores, rtol=1e-12, atol=0)
    for i, candidates in enumerate(LISTS):
        alone = scorer.prepare(molecules.take(np.array(candidates, np.int64)), np.arange(len(candidates))[None])
        own = scorer(logits[i : i + 1], embedding[i : i + 1], alone)
        torch.testing.assert_close(own[0], scores[i, : len(candidates)], rtol=1e-9, atol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_whole_lists_are_scored_as_in_a_batch(kind, molecules):
    scorer, (logits, embedding) = build(kind).train(), spectra()
    lists = [molecules.take(np.array(candidates, np.int64)) for candidates in LISTS]
    expected = lists_of(scorer(logits, embedding, scorer.prepare(molecules, padded_rows(LISTS))))
    found = scorer.score_lists(logits, embedding, lists)
    assert scorer.training
    for own, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("loss", ["listwise_fingerprint", "pairwise_fingerprint"])
def test_gradients_reach_all_parameters_and_the_spectrum(kind, loss, molecules):
    scorer, (logits, embedding) = build(kind).train(), spectra()
    logits.requires_grad_()
    embedding.requires_grad_()
    batch = scorer.prepare(molecules, padded_rows(LISTS))
    correct = torch.tensor([0, 0, -1, 2, -1])
    criterion = Criterion(loss)
    scores = scorer(logits, embedding, batch)
    criterion(logits, torch.zeros_like(logits), scores, correct, batch.mask).sum().backward()
    for name, parameter in scorer.named_parameters():
        assert torch.isfinite(parameter.grad).all()
        # what is the same for all candidates of a list does not decide between them
        assert parameter.grad.abs().sum() > 0 or name == "last.bias"
    of_spectrum = logits.grad if embedding.grad is None else embedding.grad
    assert torch.isfinite(of_spectrum).all()
    assert of_spectrum[[0, 3]].abs().sum(dim=1).min() > 0
    assert of_spectrum[[1, 2, 4]].abs().sum() == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_scorer_is_built_again_from_its_settings(kind, molecules):
    scorer = build(kind)
    settings = json.loads(json.dumps(scorer.settings))
    again = build_scorer(scorer_name(scorer), settings, N_EMBEDDING, N_BITS).eval().double()
    again.load_state_dict(scorer.state_dict())
    assert again.settings == scorer.settings
    batch = scorer.prepare(molecules, padded_rows(LISTS))
    assert torch.equal(again(*spectra(), batch), scorer(*spectra(), batch))


@pytest.mark.parametrize("kind", ["joint", "joint, graphs", "cross", "cross, embeddings"])
def test_a_scorer_learns_which_structure_belongs_to_which_spectrum(kind, molecules):
    scorer = build(kind, dtype=torch.float32).train()
    logits, embedding = spectra(8, dtype=torch.float32)
    batch, correct = scorer.prepare(molecules, np.tile(np.arange(8), (8, 1))), torch.arange(8)
    criterion = Criterion("listwise_embedding")
    optimizer = torch.optim.Adam([*scorer.parameters(), *criterion.parameters()], 5e-3)
    for _ in range(80):
        optimizer.zero_grad()
        scores = scorer(logits, embedding, batch)
        criterion(logits, torch.zeros_like(logits), scores, correct, batch.mask).mean().backward()
        optimizer.step()
    assert scorer.eval()(logits, embedding, batch).argmax(dim=1).tolist() == list(range(8))


def test_a_batch_holds_those_structures_of_a_pool_that_it_needs():
    rows = np.array([[90, 5, 90], [7, -1, -1]], np.int32)
    used, numbers = only_used(rows)
    assert used.tolist() == [5, 7, 90]
    assert numbers.tolist() == [[2, 0, 2], [1, -1, -1]]
    assert only_used(np.full((2, 1), -1))[0].tolist() == []
    assert only_used(np.empty((0, 4), np.int64))[1].shape == (0, 4)


def test_a_batch_moves_with_all_that_it_holds(molecules):
    batch = build("joint").prepare(molecules, padded_rows(LISTS)).to("meta")
    assert {part.device.type for part in (batch.bits, batch.offsets, batch.rows, *batch.molecules)} == {"meta"}


def test_bits_of_pairs_are_those_of_the_structures(molecules):
    batch = build("cosine").prepare(molecules, padded_rows(LISTS))
    places, bits = (part.numpy() for part in batch.pair_bits())
    for place, row in enumerate(padded_rows(LISTS).ravel()):
        expected = np.flatnonzero(unpack_bits(molecules.fingerprints[[row]], N_BITS)) if row >= 0 else []
        assert bits[places == place].tolist() == list(expected)


def test_what_is_not_known_is_refused():
    with pytest.raises(ModelError, match="known are cosine"):
        build_scorer("dice", {}, 4, 64)
    with pytest.raises(ModelError, match="n_joints"):
        build_scorer("joint", {"n_joints": 2}, 4, 64)
    with pytest.raises(ModelError, match="fingerprints or embeddings"):
        build_scorer("cross", {"on": "bits"}, 4, 64)
