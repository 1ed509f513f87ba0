import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from matchms_fingerprint.chem.fingerprints import pack_bits
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.kernels.packed_similarity import packed_similarity
from matchms_fingerprint.models.siamese import SiameseHead, siamese_loss
from matchms_fingerprint.training.pairs import balanced_pair_weights, draw_partners, similarity_bins

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
    head = SiameseHead(N_EMBEDDING, 64, 128, dropout=0.0)
    unseen = similarity[np.ix_(held_out, held_out)]
    before = correlation(head(embedding[held_out]), unseen)
    optimizer, rng = torch.optim.AdamW(head.parameters(), 3e-3, weight_decay=0.01), np.random.default_rng(0)
    for _ in range(150):
        anchors = rng.choice(train, 32, replace=False)
        batch = np.concatenate([anchors, draw_partners(anchors, packed[train], rng)])
        target = similarity[np.ix_(batch, batch)]
        weights = torch.from_numpy(balanced_pair_weights(target, full_from=8))
        optimizer.zero_grad()
        siamese_loss(head(embedding[batch]), torch.from_numpy(target).float(), weights).backward()
        optimizer.step()
    head.eval()
    after = correlation(head(embedding[held_out]), unseen)
    assert before < 0.3
    assert after > 0.9
    cosines = (head(embedding[held_out]) @ head(embedding[held_out]).T).detach().numpy()
    bins = similarity_bins(unseen)
    errors = [np.abs(cosines - unseen)[(bins == b) & ~np.eye(100, dtype=bool)].mean() for b in range(10)]
    # in every range of similarity, however few pairs it has
    assert max(errors) < 0.2


def test_the_projection_is_of_unit_length_and_trains_all_its_parameters():
    head = SiameseHead(N_EMBEDDING, 16, 32)
    units = head(torch.randn(9, N_EMBEDDING))
    torch.testing.assert_close(units.norm(dim=1), torch.ones(9))
    similarity = torch.rand(9, 9)
    siamese_loss(units, similarity, torch.ones(9, 9)).backward()
    for parameter in head.parameters():
        assert torch.isfinite(parameter.grad).all()
        assert parameter.grad.abs().sum() > 0
    again = SiameseHead(N_EMBEDDING, **head.settings).eval()
    again.load_state_dict(head.state_dict())
    assert torch.equal(again(torch.ones(1, N_EMBEDDING)), head.eval()(torch.ones(1, N_EMBEDDING)))


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
