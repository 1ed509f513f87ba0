from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from torch.nn import functional

from matchms_fingerprint.chem.fingerprints import pack_bits
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.kernels.packed_similarity import packed_similarity
from matchms_fingerprint.models.heads.siamese_bits import SiameseBits
from matchms_fingerprint.models.siamese import (
    balanced_pair_weights,
    siamese_loss,
    similarity_bins,
    tanimoto_of_pairs,
)
from matchms_fingerprint.training.pairs import draw_partners, with_partners

N_BITS, N_EMBEDDING = 256, 48


def families(n, seed=0):
    """Return bits of structures from families: members have lost and gained some of the bits of the founder."""
    rng = np.random.default_rng(seed)
    founders = rng.random((20, N_BITS)) < 0.12
    bits = founders[rng.integers(0, 20, n)]
    change = rng.uniform(0, 0.6, (n, 1))
    lost, gained = rng.random(bits.shape) < change, rng.random(bits.shape) < 0.12 * change
    return (bits & ~lost) | gained


def gradual_structures(n=400, seed=0):
    """Return bits of structures that differ by degrees, and embeddings that know them but mix in what is foreign.

    A structure is a point in five dimensions, and each bit a half-space that holds about two thirds of them.
    """
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(n, 5)) + 0.5
    directions = np.abs(rng.normal(size=(5, N_BITS)))
    bits = points @ (directions / np.linalg.norm(directions, axis=0)) > 0.5
    foreign = rng.normal(size=(n, 5)) @ rng.normal(size=(5, N_EMBEDDING))
    known = points @ rng.normal(size=(5, N_EMBEDDING))
    return bits, torch.from_numpy((known + 2 * foreign) / 5).float()


def correlation(units, similarity):
    """Rank correlation of cosines and similarities over distinct pairs."""
    pairs = np.triu_indices(len(units), 1)
    return spearmanr((units @ units.T).detach().numpy()[pairs], similarity[pairs]).statistic


def test_cosines_learn_to_be_similarities_of_structures_never_seen():
    bits, embedding = gradual_structures()
    packed = pack_bits(bits)
    similarity = packed_similarity(packed, packed)
    train, held_out = np.arange(300), np.arange(300, 400)
    torch.manual_seed(0)
    layers = torch.nn.GELU(), torch.nn.Linear(N_EMBEDDING, 128), torch.nn.GELU(), torch.nn.Linear(128, 64)
    encoder, head = torch.nn.Sequential(*layers), SiameseBits(64, N_BITS)

    def units(rows):
        return functional.normalize(encoder(embedding[rows]), dim=1)

    before = correlation(units(held_out), unseen := similarity[np.ix_(held_out, held_out)])
    optimizer, rng = torch.optim.AdamW(encoder.parameters(), 3e-3, weight_decay=0.01), np.random.default_rng(0)
    for _ in range(150):
        anchors = rng.choice(train, 32, replace=False)
        batch = np.concatenate([anchors, draw_partners(anchors, packed[train], rng)])
        optimizer.zero_grad()
        head.auxiliary_loss(encoder(embedding[batch]), torch.from_numpy(bits[batch]).float()).backward()
        optimizer.step()
    after = correlation(units(held_out), unseen)
    assert before < 0.3
    assert after > 0.9
    cosines = (units(held_out) @ units(held_out).T).detach().numpy()
    bins = similarity_bins(unseen)
    errors = [np.abs(cosines - unseen)[(bins == b) & ~np.eye(100, dtype=bool)].mean() for b in range(10)]
    # in every range of similarity, however few pairs it has
    assert max(errors) < 0.2


def test_similarities_of_pairs_are_those_of_the_kernel():
    bits = np.concatenate([families(30), np.zeros((1, N_BITS), bool)])
    packed = pack_bits(bits)
    found = tanimoto_of_pairs(torch.from_numpy(bits).float())
    np.testing.assert_allclose(found, packed_similarity(packed, packed), atol=1e-6)


def test_the_further_loss_is_that_of_all_pairs_times_its_weight():
    bits, embedding = torch.from_numpy(families(12)).float(), torch.randn(12, N_EMBEDDING)
    similarity, units = tanimoto_of_pairs(bits), functional.normalize(embedding, dim=1)
    weights = torch.from_numpy(balanced_pair_weights(similarity.numpy(), full_from=8))
    found = SiameseBits(N_EMBEDDING, N_BITS, weight=3.0).auxiliary_loss(embedding, bits)
    torch.testing.assert_close(found, 3 * siamese_loss(units, similarity, weights))


def test_partners_stand_in_the_second_half_of_a_batch():
    packed = pack_bits(families(20))
    structure = np.random.default_rng(1).integers(0, 20, 100)
    data, rows = SimpleNamespace(structure=structure, fingerprints=packed), np.arange(0, 100, 2)
    batches = [rows[:7].tolist(), rows[10:18].tolist()]
    found = list(with_partners(batches, data, rows, np.random.default_rng(0)))
    assert [len(batch) for batch in found] == [7, 8]
    assert found[0][:4] == batches[0][:4]  # of an odd number the one in the middle stays
    assert found[1][:4] == batches[1][:4]
    assert {*found[0], *found[1]} <= set(rows.tolist())
    assert found == list(with_partners(batches, data, rows, np.random.default_rng(0)))


def test_the_loss_agrees_with_its_formula():
    rng = np.random.default_rng(0)
    x, t, w = rng.normal(size=(7, 5)), rng.random((7, 7)), rng.random((7, 7))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    expected = total = 0.0
    for i in range(7):
        for j in range(7):
            expected += w[i, j] * (x[i] @ x[j] - t[i, j]) ** 2
            total += w[i, j]
    loss = siamese_loss(*(torch.from_numpy(part) for part in (x, t, w)))
    assert loss.item() == pytest.approx(expected / total, rel=1e-12)
    assert siamese_loss(torch.ones(1, 1), torch.ones(1, 1), torch.zeros(1, 1)).item() == 0
    with pytest.raises(SettingsError, match=r"shape \(2, 2\)"):
        siamese_loss(torch.ones(2, 3), torch.ones(2, 2), torch.ones(2, 3))


def test_each_range_of_similarity_counts_the_same():
    packed = pack_bits(families(60))
    similarity = packed_similarity(packed, packed)
    weights, others = balanced_pair_weights(similarity).astype(float), ~np.eye(60, dtype=bool)
    bins = similarity_bins(similarity)
    present = np.unique(bins[others])
    assert present.size >= 5
    shares = [weights[(bins == b) & others].sum() for b in present]
    np.testing.assert_allclose(shares, 1 / present.size, rtol=1e-5)
    assert not np.diagonal(weights).any()
    np.testing.assert_array_equal(weights, weights.T)


def test_a_range_with_few_pairs_counts_in_proportion():
    # one pair at 1.0, two at 0.0: with 4 pairs wanted they count 1/4 to 2/4
    similarity = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    weights = balanced_pair_weights(similarity, full_from=4)
    assert 2 * weights[0, 1] == pytest.approx(1 / 3)
    assert 2 * (weights[0, 2] + weights[1, 2]) == pytest.approx(2 / 3)
    assert balanced_pair_weights(np.ones((1, 1))).tolist() == [[0.0]]


def test_ranges_hold_their_lower_edge():
    edges = np.arange(11) / 10
    assert similarity_bins(edges).tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9]
    assert similarity_bins(1 - (1 - edges)).tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9]
    assert similarity_bins(np.array([0.999, 0.0999])).tolist() == [9, 0]
    with pytest.raises(SettingsError, match="at least 1"):
        similarity_bins(edges, 0)


def test_partners_are_spread_over_the_ranges_that_there_are():
    packed = pack_bits(families(60))
    anchors = np.zeros(4000, np.int64)
    partners = draw_partners(anchors, packed, np.random.default_rng(0))
    of_anchor = similarity_bins(packed_similarity(packed[0], packed))
    present = np.unique(of_anchor)
    assert present.size >= 4
    drawn = np.bincount(of_anchor[partners], minlength=10)[present] / 4000
    # 4 standard errors of a share of 4000 draws
    np.testing.assert_allclose(drawn, 1 / present.size, atol=4 * 0.5 / np.sqrt(4000))
    fullest = np.flatnonzero(of_anchor == np.bincount(of_anchor).argmax())
    assert set(fullest) <= set(partners.tolist())
    again = draw_partners(anchors, packed, np.random.default_rng(0))
    np.testing.assert_array_equal(again, partners)
