"""A data set with a hidden group that a model of the others cannot predict, and what the learned split makes of it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from builders import make_spectrum

from matchms_fingerprint.chem.fingerprints import FingerprintSpec
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.features.arrays import spectrum_arrays
from matchms_fingerprint.features.labelled import LabelledSpectra
from matchms_fingerprint.training.learned_split import (
    LearnedSplitSettings,
    balance_loss,
    bernoulli_divergence,
    learn_split,
    share_loss,
)

N_STRUCTURES, N_PARTS, N_COPIES = 500, 16, 2
SMALL = LearnedSplitSettings(rounds=6, n_components=24, n_hidden=64)


def data_with_a_hidden_group(seed=0, share=0.12):
    """Return labelled spectra, and which structures are of the hidden group.

    A molecule is made of some of sixteen parts. Each part gives one peak and four bits of the fingerprint. In the
    hidden group each part gives the peak that another part gives elsewhere, and a marker that says so: a model that has
    seen the group can read it, others read the wrong parts.
    """
    rng = np.random.default_rng(seed)
    parts = rng.random((N_STRUCTURES, N_PARTS)) < 0.3
    parts[np.arange(N_STRUCTURES), rng.integers(0, N_PARTS, N_STRUCTURES)] = True
    hidden = rng.random(N_STRUCTURES) < share
    bits = np.repeat(parts, 4, axis=1)
    packed = np.packbits(bits, axis=1, bitorder="little").view(np.uint64)
    structure = np.repeat(np.arange(N_STRUCTURES), N_COPIES)
    spectra = []
    for i in structure:
        shift = N_PARTS // 2 if hidden[i] else 0
        own = 100.0 + 10.0 * ((np.flatnonzero(parts[i]) + shift) % N_PARTS)
        peaks = [*np.sort(own).tolist(), 400.0 if hidden[i] else 390.0]
        spectra.append(make_spectrum(peaks, rng.uniform(0.5, 1, len(peaks)).tolist(), precursor_mz=450.0))
    names = [f"{i:014d}-UHFFFAOYSA-N" for i in range(N_STRUCTURES)]
    data = LabelledSpectra(
        spectra=spectrum_arrays(spectra),
        ids=np.array([f"S{i}" for i in range(structure.size)]),
        structure=structure,
        smiles=["C"] * N_STRUCTURES,
        inchikeys=names,
        formulas=["CH4"] * N_STRUCTURES,
        masses=np.full(N_STRUCTURES, 449.0),
        fingerprints=packed.reshape(N_STRUCTURES, 1),
        fingerprint=FingerprintSpec.parse("morgan:radius=2,bits=64"),
    )
    return data, hidden


@pytest.fixture(scope="module")
def hidden_group():
    data, hidden = data_with_a_hidden_group()
    return data, hidden, learn_split(data, SMALL, seed=0)


def nearest_neighbour_gap(data, part):
    """Return how much better 1-nearest-neighbour predicts val than test: a model that the splitter never saw."""
    table = np.zeros((len(data), 50))
    table[data.spectra.rows, (data.spectra.mz / 10).astype(int)] = 1.0
    train = np.flatnonzero(part == 0)
    bits = data.bits(np.arange(len(data))).astype(float)
    means = []
    for which in (1, 2):
        rows = np.flatnonzero(part == which)
        distance = (table[rows, None, :] != table[None, train, :]).sum(axis=2)
        copied, true = bits[train[distance.argmin(axis=1)]], bits[rows]
        both = (copied * true).sum(axis=1)
        means.append((both / (copied.sum(axis=1) + true.sum(axis=1) - both)).mean())
    return means[0] - means[1]


def test_the_hidden_group_is_found(hidden_group):
    data, hidden, learned = hidden_group
    tested = np.unique(data.structure[learned.part == 2])
    trained = np.unique(data.structure[learned.part == 0])
    # of all structures 12 % are hidden: a random split has as many on either side
    assert hidden[tested].mean() > 0.6
    assert hidden[trained].mean() < 0.06


def test_a_foreign_model_generalises_worse_on_the_learned_split_than_on_random_ones(hidden_group):
    data, _, learned = hidden_group
    random_gaps = []
    for seed in range(5):
        of_structure = np.random.default_rng(seed).choice(3, N_STRUCTURES, p=[0.8, 0.1, 0.1])
        random_gaps.append(nearest_neighbour_gap(data, of_structure[data.structure]))
    assert nearest_neighbour_gap(data, learned.part) > max(random_gaps) + 0.2


def test_shares_are_kept_and_structures_stay_together(hidden_group):
    data, _, learned = hidden_group
    # all structures have two spectra here, so the shares are met within a structure
    np.testing.assert_allclose(np.bincount(learned.part) / len(data), [0.8, 0.1, 0.1], atol=2 / N_STRUCTURES)
    parts = learned.part.reshape(N_STRUCTURES, N_COPIES)
    assert (parts[:, 0] == parts[:, 1]).all()


def test_labels_stay_balanced(hidden_group):
    data, _, learned = hidden_group
    bits = data.bits(np.arange(len(data)))
    # the standard error of a frequency of 0.3 among the 50 structures of test is 0.065; five of them
    np.testing.assert_allclose(bits[learned.part == 2].mean(0), bits.mean(0), atol=0.32)
    assert abs(bits[learned.part == 2].sum(1).mean() / bits.sum(1).mean() - 1) < 0.15


def test_the_rounds_tell_how_it_went(hidden_group):
    _, _, learned = hidden_group
    assert 1 < len(learned.rounds) <= SMALL.rounds
    assert learned.rounds[learned.best].gap > learned.rounds[0].gap + 0.1
    values = [r.gap - SMALL.imbalance_penalty * r.balance for r in learned.rounds]
    assert learned.best == int(np.argmax(values))


def test_the_same_seed_gives_the_same_split_and_leaves_the_global_generator_alone(hidden_group):
    data, _, _ = hidden_group
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    short = replace(SMALL, rounds=2, predictor_epochs=2, splitter_steps=20)
    first, again, other = (learn_split(data, short, seed=seed).part for seed in (0, 0, 1))
    torch.testing.assert_close(torch.rand(3), expected, rtol=0, atol=0)
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_structures_that_no_spectrum_has_do_not_matter(hidden_group):
    data, _, _ = hidden_group
    kept = np.flatnonzero(data.structure >= 100)
    fewer = replace(data, spectra=data.spectra.take(kept), ids=data.ids[kept], structure=data.structure[kept])
    learned = learn_split(fewer, replace(SMALL, rounds=2, predictor_epochs=2), seed=0)
    assert learned.part.size == kept.size
    assert set(learned.part) == {0, 1, 2}


def test_too_few_structures_are_refused(hidden_group):
    data, _, _ = hidden_group
    kept = np.flatnonzero(data.structure < 49)
    fewer = replace(data, spectra=data.spectra.take(kept), ids=data.ids[kept], structure=data.structure[kept])
    with pytest.raises(SettingsError, match="49 structures are too few"):
        learn_split(fewer)


def test_each_round_is_reported():
    data, _ = data_with_a_hidden_group(seed=1)
    seen = []
    learned = learn_split(data, replace(SMALL, rounds=2, predictor_epochs=1), on_round=seen.append)
    assert tuple(seen) == learned.rounds


def test_the_regularisers_agree_with_their_formulas():
    rng = np.random.default_rng(0)
    p, q = rng.uniform(0.05, 0.95, (2, 7))
    expected = p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))
    np.testing.assert_allclose(bernoulli_divergence(torch.from_numpy(p), torch.from_numpy(q)).numpy(), expected)
    trained, bits = rng.uniform(0, 1, 40), (rng.random((40, 5)) < 0.4).astype(float)
    f = bits.mean(0)
    total = 0.0
    for weights in (trained, 1 - trained):
        given = weights @ bits / weights.sum()
        total += (f * np.log(f / given) + (1 - f) * np.log((1 - f) / (1 - given))).sum()
    found = balance_loss(torch.from_numpy(trained), torch.from_numpy(bits))
    assert float(found) == pytest.approx(total / bits.sum(1).mean(), abs=1e-9)
    sizes = rng.uniform(0, 1, 40)
    sizes /= sizes.sum()
    share = float(trained @ sizes)
    found = share_loss(torch.from_numpy(trained), torch.from_numpy(sizes), 0.9)
    assert float(found) == pytest.approx(0.9 * np.log(0.9 / share) + 0.1 * np.log(0.1 / (1 - share)), abs=1e-6)
