from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional

from matchms_fingerprint.errors import ModelError, SettingsError
from matchms_fingerprint.models.heads.bit_groups import group_bits
from matchms_fingerprint.models.heads.grouped_linear import GroupedLinear
from matchms_fingerprint.models.heads.unfolding import Unfolding, fold
from matchms_fingerprint.models.registry import HEADS, NetworkSettings, build_network, describe_network, find_head

N_EMBEDDING, N_BITS = 24, 256
OPTIONS = {
    "independent_bits": {},
    "grouped_bits": {"n_groups": 8, "n_hidden": 16},
    "unfolding": {"n_coarse": 32},
    "siamese": {"weight": 2.0},
}
NO_DROPOUT = {"dropout": 0.0}


def some_bits(n_structures=60, seed=0):
    """Return bits of which each structure has about a tenth."""
    return (np.random.default_rng(seed).random((n_structures, N_BITS)) < 0.1).astype(np.uint8)


def build_head(name, seed=0, **more):
    torch.manual_seed(seed)
    settings = find_head(name).settings_from_data(some_bits(), OPTIONS[name] | more)
    return HEADS[name](N_EMBEDDING, N_BITS, **settings)


def embeddings(n=16, seed=0):
    return torch.randn(n, N_EMBEDDING, generator=torch.Generator().manual_seed(seed))


def test_every_head_is_tested():
    assert set(OPTIONS) == set(HEADS)


@pytest.mark.parametrize("name", HEADS)
def test_a_head_gives_a_logit_a_bit_and_trains_all_its_parameters(name):
    head, bits = build_head(name), torch.from_numpy(some_bits(16)).float()
    logits = head(embeddings())
    assert logits.shape == (16, N_BITS)
    assert logits.dtype == torch.float32
    loss = functional.binary_cross_entropy_with_logits(logits, bits)
    extra = head.auxiliary_loss(embeddings(), bits)
    (loss if extra is None else loss + extra).backward()
    for parameter in head.parameters():
        assert parameter.grad is not None
        assert torch.isfinite(parameter.grad).all()
        assert parameter.grad.abs().sum() > 0


@pytest.mark.parametrize("name", HEADS)
def test_a_head_is_built_again_from_its_settings(name):
    encoder = {"features": {"fine_fragments": [8503], "fine_losses": [1801]}, "n_input": 8, "n_hidden": 8}
    settings = NetworkSettings("binned_mlp", encoder, name, build_head(name).settings, N_BITS)
    network = build_network(settings).eval()
    described = describe_network(network)
    assert described.n_bits == N_BITS
    assert described.head_settings == build_head(name).settings
    again = build_network(described).eval()
    again.load_state_dict(network.state_dict())
    embedding = torch.randn(3, network.n_embedding)
    torch.testing.assert_close(again.head(embedding), network.head(embedding), rtol=0, atol=0)


@pytest.mark.parametrize("name", HEADS)
def test_no_two_tensors_of_a_head_share_memory(name):
    # safetensors refuses to write those
    pointers = [tensor.data_ptr() for tensor in build_head(name).state_dict().values()]
    assert len(set(pointers)) == len(pointers)


@pytest.mark.parametrize("name", HEADS)
def test_training_starts_near_the_frequencies_of_the_bits(name):
    head = build_head(name).eval()
    frequencies = torch.rand(N_BITS, generator=torch.Generator().manual_seed(1)) ** 3
    before = torch.sigmoid(head(embeddings(200))).mean(dim=0)
    head.start_at(frequencies)
    after = torch.sigmoid(head(embeddings(200))).mean(dim=0)
    assert (after - frequencies).abs().mean() < 0.03
    assert (before - frequencies).abs().mean() > 0.2
    with pytest.raises(ModelError, match="do not fit"):
        head.start_at(frequencies[:-1])


@pytest.mark.parametrize("name", HEADS)
def test_a_head_learns_sixteen_fingerprints_by_heart(name):
    head, bits, embedding = build_head(name, **NO_DROPOUT), torch.from_numpy(some_bits(16)).float(), embeddings()
    optimizer = torch.optim.Adam(head.parameters(), 0.05)
    for _ in range(150):
        optimizer.zero_grad()
        loss = functional.binary_cross_entropy_with_logits(head(embedding), bits, reduction="sum") / 16
        extra = head.auxiliary_loss(embedding, bits)
        (loss if extra is None else loss + extra).backward()
        optimizer.step()
    assert torch.equal(head.eval()(embedding) > 0, bits > 0)


def planted_groups(n_structures=400, n_groups=6, size=20, seed=0):
    """Return bits that are on together in a group's structures, up to 5 % noise, and the group of each bit."""
    rng = np.random.default_rng(seed)
    group = rng.permutation(np.repeat(np.arange(n_groups), size))
    has_group = rng.random((n_structures, n_groups)) < 0.2
    return (has_group[:, group] ^ (rng.random((n_structures, group.size)) < 0.05)).astype(np.uint8), group


def test_groups_are_those_of_bits_that_occur_together():
    bits, planted = planted_groups()
    found = group_bits(bits, 6)
    # the same partition, whatever the numbers of the groups: each pair (planted, found) stands for one group
    assert len(set(zip(planted.tolist(), found.tolist(), strict=True))) == 6


def test_groups_follow_from_data_and_seed():
    bits, _ = planted_groups()
    assert np.array_equal(group_bits(bits, 5, seed=3), group_bits(bits, 5, seed=3))
    assert not np.array_equal(group_bits(bits, 5, seed=3), group_bits(bits, 5, seed=4))


@pytest.mark.parametrize("n_groups", [1, 7, 64, N_BITS])
def test_groups_are_of_limited_size_and_never_empty(n_groups):
    bits = some_bits()
    bits[:, :40] = 0
    bits[:, 40:50] = 1
    sizes = np.bincount(group_bits(bits, n_groups), minlength=n_groups)
    assert sizes.sum() == N_BITS
    assert sizes.min() >= 1
    # 1.5 times the mean, rounded up
    assert sizes.max() <= np.ceil(1.5 * N_BITS / n_groups)


def test_bits_without_structures_can_be_grouped():
    assert np.bincount(group_bits(np.zeros((0, 12), np.uint8), 4), minlength=4).tolist() == [3, 3, 3, 3]


def test_more_groups_than_bits_are_refused():
    with pytest.raises(SettingsError, match="choose 1 to 256"):
        group_bits(some_bits(), 257)


def test_groups_that_are_given_are_kept():
    given = [0, 1] * (N_BITS // 2)
    assert build_head("grouped_bits", groups=given).settings["groups"] == given
    with pytest.raises(ModelError, match="one for each"):
        HEADS["grouped_bits"](N_EMBEDDING, N_BITS, groups=[0, 1])


def test_grouped_outputs_see_their_group_alone():
    groups = [2, 0, 1, 2, 2, 0]
    layer, hidden = GroupedLinear(3, groups).double(), torch.randn(5, 3, 3, dtype=torch.float64)
    outputs, slots = layer(hidden).detach().numpy(), [0, 0, 0, 1, 2, 1]
    for bit, (group, slot) in enumerate(zip(groups, slots, strict=True)):
        column = layer.weight[group, :, slot].detach().numpy()
        expected = hidden[:, group].numpy() @ column + layer.bias.detach().numpy()[bit]
        np.testing.assert_allclose(outputs[:, bit], expected, atol=1e-12)


def test_bits_fold_to_their_number_modulo_the_length():
    bits = torch.from_numpy(some_bits(5)).float()
    for n in (256, 128, 32):
        expected = np.zeros((5, n))
        for row, bit in zip(*np.nonzero(bits.numpy()), strict=True):
            expected[row, bit % n] = 1
        np.testing.assert_array_equal(fold(bits, n).numpy(), expected)


@pytest.mark.parametrize("n_rank", [None, 16])
def test_unfolding_multiplies_the_gate_with_the_refined_prediction(n_rank):
    head = build_head("unfolding", n_rank=n_rank).eval().double()
    embedding = embeddings().double()
    activated = functional.gelu(embedding)
    # the formula of the paper, in probabilities
    p = torch.sigmoid(head.coarsest(activated))
    steps = [*zip(head.gates, head.refine, strict=True), (head.last_gate, lambda p: head.last(head.narrow(p)))]
    for gate, refine in steps:
        p = torch.sigmoid(gate(activated)) * torch.sigmoid(refine(p))
    assert [gate.out_features for gate in head.gates] == [64, 128]
    np.testing.assert_allclose(torch.sigmoid(head(embedding)).detach(), p.detach(), rtol=1e-12)


def test_unfolding_is_finite_where_gates_are_shut_or_open():
    head = build_head("unfolding").eval()
    for value in (-200.0, 200.0):
        torch.nn.init.constant_(head.last_gate.bias, value)
        logits = head(embeddings())
        assert torch.isfinite(logits).all()
        logits.sum().backward()
        assert all(torch.isfinite(parameter.grad).all() for parameter in head.parameters())


def test_the_losses_of_coarse_predictions_agree_with_their_formula():
    head, bits = build_head("unfolding", **NO_DROPOUT).double(), torch.from_numpy(some_bits(7)).double()
    activated = functional.gelu(embeddings(7).double())
    p, expected = torch.sigmoid(head.coarsest(activated)), []
    for gate, refine in [*zip(head.gates, head.refine, strict=True), (None, None)]:
        q, n = p.detach().numpy(), p.shape[1]
        y = bits.numpy().reshape(7, -1, n).max(axis=1)
        expected.append(-(y * np.log(q) + (1 - y) * np.log(1 - q)).sum() / y.sum())
        if gate is not None:
            p = torch.sigmoid(gate(activated)) * torch.sigmoid(refine(p))
    assert len(expected) == 3
    assert head.auxiliary_loss(embeddings(7).double(), bits).item() == pytest.approx(0.5 * np.mean(expected), rel=1e-12)
    assert build_head("unfolding", auxiliary_weight=0.0).auxiliary_loss(embeddings(7), bits) is None


def test_a_narrow_head_has_fewer_parameters_and_starts_at_the_frequencies_too():
    full, narrow = build_head("unfolding"), build_head("unfolding", n_rank=4).eval()
    sizes = [sum(parameter.numel() for parameter in head.parameters()) for head in (full, narrow)]
    # from 32 * 64 + 64 * 128 + 128 * 256 to 4 * (32 + 64 + 64 + 128 + 128 + 256)
    assert sizes[0] - sizes[1] == 43008 - 2688
    frequencies = torch.full((N_BITS,), 0.1)
    narrow.start_at(frequencies)
    assert (torch.sigmoid(narrow(embeddings(200))).mean(dim=0) - frequencies).abs().mean() < 0.03


@pytest.mark.parametrize("n_coarse", [0, 256, 100])
def test_a_fingerprint_that_does_not_unfold_is_refused(n_coarse):
    with pytest.raises(ModelError, match="do not unfold to 256"):
        Unfolding(N_EMBEDDING, N_BITS, n_coarse=n_coarse)


def test_a_network_with_an_unknown_head_is_refused():
    settings = describe_network(
        build_network(NetworkSettings("binned_mlp", {"features": {}, "n_input": 8}, "independent_bits", {}, 64))
    )
    with pytest.raises(ModelError, match="known are independent_bits"):
        build_network(replace(settings, head="bits"))
