"""Every loss against its formula, written plainly in float64, and what must not change it."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck

from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.kernels.tanimoto import cosine_scores
from matchms_fingerprint.models.losses.bits_and_overlap import EXPECTED_BITS
from matchms_fingerprint.models.losses.criterion import Criterion
from matchms_fingerprint.models.losses.listwise import listwise_loss
from matchms_fingerprint.models.losses.overlap import unit_probabilities
from matchms_fingerprint.models.losses.pairwise import pairwise_loss
from matchms_fingerprint.models.losses.registry import LOSSES, find_loss
from matchms_fingerprint.models.losses.temperature import LOWEST_TEMPERATURE, Temperature

BIT_LOSSES = [name for name, spec in LOSSES.items() if spec.kind == "bits"]
RANKING = {"listwise": listwise_loss, "pairwise": pairwise_loss}
SEEDS = st.integers(0, 2**32 - 1)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softplus(x):
    return np.log1p(np.exp(x))


def bce(z, y):
    of_bits = [
        [-np.log(a if b else 1 - a) for a, b in zip(*row, strict=True)] for row in zip(sigmoid(z), y, strict=True)
    ]
    return np.mean(of_bits, axis=1)


def focal(z, y, gamma=2.0):
    true = np.where(y == 1, sigmoid(z), 1 - sigmoid(z))
    return ((1 - true) ** gamma * -np.log(true)).mean(axis=1)


def cosine(z, y):
    p = sigmoid(z)
    return np.array([1 - (a @ b / np.sqrt((a @ a) * (b @ b)) if b.any() else 0.0) for a, b in zip(p, y, strict=True)])


def iou(z, y):
    p = sigmoid(z)
    return 1 - (p * y).sum(1) / (p.sum(1) + y.sum(1) - (p * y).sum(1))


def bce_iou(z, y, iou_weight=1.0):
    p = sigmoid(z)
    return -(y * np.log(p) + (1 - y) * np.log(1 - p)).sum(1) / EXPECTED_BITS + iou_weight * iou(z, y)


FORMULAE = {"bce": bce, "focal": focal, "cosine": cosine, "iou": iou, "bce_iou": bce_iou}


def listwise(lists, temperature):
    """Each list holds (score, is right); softmax cross-entropy, one right candidate or several that share."""
    found = []
    for items in lists:
        shares = np.exp([score / temperature for score, _ in items])
        right = sum(share for share, (_, is_right) in zip(shares, items, strict=True) if is_right)
        found.append(-np.log(right / shares.sum()) if right else 0.0)
    return np.array(found)


def pairwise(lists, temperature):
    found = []
    for items in lists:
        right = [score for score, is_right in items if is_right]
        wrong = [score for score, is_right in items if not is_right]
        margins = [softplus((w - r) / temperature) for r in right for w in wrong]
        found.append(np.mean(margins) if margins else 0.0)
    return np.array(found)


RANKING_FORMULAE = {"listwise": listwise, "pairwise": pairwise}


def random_bits(rng, n=4, n_bits=30):
    """Logits and bits; every fingerprint has a bit."""
    bits = rng.integers(0, 2, (n, n_bits)).astype(float)
    bits[:, 0] = 1
    return rng.normal(0, 3, (n, n_bits)), bits


def random_lists(rng, n=5, width=7, most_right=2):
    """Scores in [-1, 1], who is right, and a mask; some lists are empty or have no right or no wrong candidate."""
    scores, mask = rng.uniform(-1, 1, (n, width)), rng.random((n, width)) < rng.random()
    correct = np.zeros((n, width), bool)
    for row in correct:
        row[rng.choice(width, rng.integers(0, most_right + 1), replace=False)] = True
    return scores, correct, mask


def as_lists(scores, correct, mask):
    return [[(s, c) for s, c, m in zip(*row, strict=True) if m] for row in zip(scores, correct, mask, strict=True)]


def tensors(*arrays):
    return tuple(torch.from_numpy(np.asarray(array)) for array in arrays)


def test_the_registry_has_the_whole_table_and_what_the_default_is_trained_with():
    ranked = [f"{kind}_{what}" for kind in ("listwise", "pairwise") for what in ("fingerprint", "embedding", "cross")]
    assert set(LOSSES) == {"bce", "focal", "cosine", "iou", "bce_iou", "combined", *ranked}
    assert set(FORMULAE) == set(BIT_LOSSES)
    scorers = {"fingerprint": "cosine", "embedding": "joint", "cross": "cross"}
    assert all(LOSSES[name].scorer == scorers[name.split("_")[1]] for name in ranked)


@pytest.mark.parametrize("name", BIT_LOSSES)
@given(seed=SEEDS)
@settings(max_examples=30, deadline=None)
def test_losses_of_bits_agree_with_their_formulae(name, seed):
    z, y = random_bits(np.random.default_rng(seed))
    np.testing.assert_allclose(Criterion(name)(*tensors(z, y)), FORMULAE[name](z, y), rtol=1e-10)


@pytest.mark.parametrize("kind", RANKING)
@given(seed=SEEDS, temperature=st.floats(0.05, 2))
@settings(max_examples=60, deadline=None)
def test_losses_of_rankings_agree_with_their_formulae(kind, seed, temperature):
    scores, correct, mask = random_lists(np.random.default_rng(seed))
    found = RANKING[kind](*tensors(scores, correct, mask), temperature)
    expected = RANKING_FORMULAE[kind](as_lists(scores, correct, mask), temperature)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


@given(seed=SEEDS, weight=st.floats(0, 1))
@settings(max_examples=20, deadline=None)
def test_the_combined_loss_agrees_with_its_formula(seed, weight):
    rng = np.random.default_rng(seed)
    z, y = random_bits(rng)
    scores, correct, mask = random_lists(rng, n=4)
    criterion = Criterion("combined", {"weight": weight, "temperature": 0.2}).double()
    expected = weight * listwise(as_lists(scores, correct, mask), 0.2) + (1 - weight) * iou(z, y)
    # the temperature is kept in single precision
    np.testing.assert_allclose(criterion(*tensors(z, y, scores, correct, mask)).detach(), expected, rtol=2e-6)


@pytest.mark.parametrize(
    ("name", "setting", "value"), [("focal", "gamma", 5.0), ("focal", "gamma", 0), ("bce_iou", "iou_weight", 0)]
)
def test_settings_reach_the_formula(name, setting, value):
    z, y = random_bits(np.random.default_rng(1))
    np.testing.assert_allclose(Criterion(name, {setting: value})(*tensors(z, y)), FORMULAE[name](z, y, value))


def test_the_focal_loss_without_gamma_is_cross_entropy():
    z, y = tensors(*random_bits(np.random.default_rng(2)))
    torch.testing.assert_close(Criterion("focal", {"gamma": 0.0})(z, y), Criterion("bce")(z, y))


def fingerprint_cosines(logits, candidates):
    """Return cos(p, c) of each prediction with each candidate of its list, shape (n, n_candidates, n_bits).

    A fingerprint without bits, as in the padding, has the score 0.
    """
    units = candidates / candidates.norm(dim=2, keepdim=True).clamp(min=1.0)
    return torch.bmm(units, unit_probabilities(logits)[:, :, None]).squeeze(2)


@given(seed=SEEDS)
@settings(max_examples=20, deadline=None)
def test_cosines_of_candidates_are_those_of_the_search(seed):
    rng = np.random.default_rng(seed)
    z, candidates = rng.normal(0, 2, (3, 64)), (rng.random((3, 5, 64)) < 0.2).astype(float)
    candidates[:, -1] = 0  # padding
    packed = np.packbits(candidates.astype(np.uint8), axis=2, bitorder="little").view(np.uint64)
    expected = [cosine_scores(p, c) for p, c in zip(sigmoid(z), packed, strict=True)]
    np.testing.assert_allclose(fingerprint_cosines(*tensors(z, candidates)), expected, rtol=1e-12)


@pytest.mark.parametrize("name", BIT_LOSSES)
def test_gradients_of_losses_of_bits(name):
    z, y = tensors(*random_bits(np.random.default_rng(3)))
    y[2] = 0  # a molecule without bits
    assert gradcheck(lambda logits: Criterion(name)(logits, y), z.requires_grad_())


@pytest.mark.parametrize("kind", RANKING)
def test_gradients_of_losses_of_rankings_and_of_their_temperature(kind):
    scores, correct, mask = tensors(*random_lists(np.random.default_rng(4), n=12))
    log_above = Temperature(0.3).double().log_above

    def loss(scores, log_above):
        return RANKING[kind](scores, correct, mask, LOWEST_TEMPERATURE + torch.exp(log_above))

    assert gradcheck(loss, (scores.requires_grad_(), log_above))


def test_gradients_of_the_cosines_and_of_the_combined_loss():
    rng = np.random.default_rng(5)
    z, y = tensors(*random_bits(rng, n=3, n_bits=12))
    candidates = torch.from_numpy((rng.random((3, 4, 12)) < 0.4).astype(float))
    candidates[1, 2:] = 0
    mask = candidates.any(dim=2)
    criterion = Criterion("combined").double()

    def loss(logits):
        return criterion(logits, y, fingerprint_cosines(logits, candidates), torch.tensor([0, 1, -1]), mask)

    assert gradcheck(loss, z.requires_grad_())


@pytest.mark.parametrize("kind", RANKING)
@given(seed=SEEDS)
@settings(max_examples=30, deadline=None)
def test_padding_and_order_of_candidates_change_nothing(kind, seed):
    rng = np.random.default_rng(seed)
    scores, correct, mask = random_lists(rng)
    expected = RANKING[kind](*tensors(scores, correct, mask))
    order = rng.permutation(scores.shape[1] + 3)
    # even a padding that claims to be right and has no number
    filled = ((scores, np.nan), (correct, True), (mask, False))
    padded = [np.pad(array, ((0, 0), (0, 3)), constant_values=value)[:, order] for array, value in filled]
    moved = torch.from_numpy(padded[0]).requires_grad_()
    found = RANKING[kind](moved, *tensors(*padded[1:]))
    torch.testing.assert_close(found, expected)
    found.sum().backward()
    assert torch.isfinite(moved.grad).all()
    assert (moved.grad[~torch.from_numpy(padded[2])] == 0).all()


@pytest.mark.parametrize("kind", RANKING)
def test_positions_of_the_right_ones_are_as_good_as_a_mask(kind):
    scores, _, mask = tensors(*random_lists(np.random.default_rng(6)))
    places = torch.tensor([3, 0, 6, -1, 2])
    marked = torch.zeros_like(mask)
    marked[torch.tensor([0, 1, 2, 4]), places[places >= 0]] = True
    torch.testing.assert_close(RANKING[kind](scores, places, mask), RANKING[kind](scores, marked, mask))


@pytest.mark.parametrize("kind", RANKING)
@pytest.mark.parametrize("width", [0, 4])
def test_lists_without_candidates_cost_nothing_and_have_no_gradient(kind, width):
    scores = torch.zeros(3, width, requires_grad=True)
    nobody = torch.zeros(3, width, dtype=torch.bool)
    loss = RANKING[kind](scores, nobody, nobody)
    assert loss.tolist() == [0, 0, 0]
    loss.sum().backward()
    assert (scores.grad == 0).all()


@pytest.mark.parametrize("kind", RANKING)
def test_a_prior_shifts_each_candidate_and_a_constant_one_nothing(kind):
    scores, correct, mask = tensors(*random_lists(np.random.default_rng(7)))
    prior = torch.from_numpy(np.random.default_rng(8).normal(size=(5, 7)))
    found = RANKING[kind](scores, correct, mask, 0.1, prior)
    torch.testing.assert_close(found, RANKING[kind](scores + 0.1 * prior, correct, mask, 0.1))
    constant = prior[:, :1].expand(-1, 7)
    torch.testing.assert_close(
        RANKING[kind](scores, correct, mask, 0.1, constant), RANKING[kind](scores, correct, mask, 0.1)
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", BIT_LOSSES)
def test_perfect_predictions_cost_nothing_and_the_worst_ones_are_finite(name, dtype):
    y = torch.from_numpy(random_bits(np.random.default_rng(9))[1]).to(dtype)
    # so sure that sigmoid is 0 or 1 to the last digit
    perfect = ((2 * y - 1) * 500).requires_grad_()
    loss = Criterion(name)(perfect, y)
    torch.testing.assert_close(loss, torch.zeros_like(loss), atol=1e-6, rtol=0)
    worst = ((1 - 2 * y) * 500).requires_grad_()
    loss = Criterion(name)(worst, y)
    assert (loss > 0.9).all()
    loss.sum().backward()
    assert torch.isfinite(worst.grad).all()


@pytest.mark.parametrize("name", BIT_LOSSES)
def test_a_molecule_without_bits_has_a_finite_loss_and_gradient(name):
    for value in (-500.0, -3.0, 500.0):
        logits = torch.full((2, 8), value, requires_grad=True)
        loss = Criterion(name)(logits, torch.zeros(2, 8))
        loss.sum().backward()
        assert torch.isfinite(loss).all()
        assert torch.isfinite(logits.grad).all()


@pytest.mark.parametrize("kind", RANKING)
def test_a_perfect_ranking_costs_nothing_and_a_flat_one_what_chance_costs(kind):
    places = torch.tensor([1, 0])
    far = torch.tensor([[-1.0, 1.0, -1.0, -1.0], [1.0, -1.0, -1.0, -1.0]])
    assert (RANKING[kind](far, places) < 1e-11).all()
    chance = np.log(4) if kind == "listwise" else np.log(2)
    np.testing.assert_allclose(RANKING[kind](torch.zeros(2, 4), places), chance, rtol=1e-6)
    extreme = (1e4 * far[:, [1, 0, 2, 3]]).requires_grad_()
    RANKING[kind](extreme, places).sum().backward()
    assert torch.isfinite(extreme.grad).all()


def test_the_temperature_is_learned_from_where_it_starts_and_stays_positive():
    temperature = Temperature()
    assert temperature().item() == pytest.approx(0.07)
    optimizer = torch.optim.SGD(temperature.parameters(), lr=1.0)
    scores, places = torch.tensor([[0.9, 0.1], [0.8, 0.3]]), torch.tensor([0, 0])
    before = temperature().item()
    for _ in range(5):
        optimizer.zero_grad()
        listwise_loss(scores, places, None, temperature()).sum().backward()
        optimizer.step()
    assert LOWEST_TEMPERATURE < temperature().item() < before  # right already: the sharper the better
    assert not any(parameter.requires_grad for parameter in Temperature(learned=False).parameters())
    with pytest.raises(SettingsError, match=r"above 0\.01"):
        Temperature(0.0)


def test_what_is_unknown_or_does_not_fit_is_refused_by_name():
    with pytest.raises(SettingsError, match=r"'bse'; known are bce, focal"):
        find_loss("bse")
    with pytest.raises(SettingsError, match="gama; it has: gamma"):
        Criterion("focal", {"gama": 1})
    with pytest.raises(SettingsError, match="it has: none"):
        Criterion("bce", {"gamma": 1})
    for name, wrong in (("focal", {"gamma": -1}), ("combined", {"weight": 2}), ("combined", {"learn_temperature": 1})):
        with pytest.raises(SettingsError, match="expected"):
            Criterion(name, wrong)
    with pytest.raises(SettingsError, match="needs their scores"):
        Criterion("listwise_cross")(torch.zeros(1, 2), torch.zeros(1, 2))
    scores, places = torch.zeros(2, 3), torch.zeros(2, dtype=torch.int64)
    with pytest.raises(SettingsError, match="mask"):
        listwise_loss(scores, places, torch.ones(2, 3))
    with pytest.raises(SettingsError, match="positions"):
        listwise_loss(scores, torch.zeros(3, dtype=torch.int64))
    with pytest.raises(SettingsError, match="prior"):
        listwise_loss(scores, places, None, 0.1, torch.zeros(2, 4))
