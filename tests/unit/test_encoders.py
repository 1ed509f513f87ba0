"""What holds for every encoder in the registry."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from builders import make_spectrum, random_spectra

from matchms_fingerprint.evaluation.metrics import tanimoto_of_bits
from matchms_fingerprint.features.arrays import join_arrays, spectrum_arrays
from matchms_fingerprint.models.losses.bits_and_overlap import bce_iou_loss
from matchms_fingerprint.models.registry import ENCODERS, NetworkSettings, build_network, describe_network, find_encoder

SMALL = {
    "binned_mlp": {"n_input": 64, "n_hidden": 128, "n_embedding": 64},
    "deep_sets": {"n_peak": 64, "n_hidden": 128, "n_embedding": 64},
    "peak_transformer": {"n_model": 48, "n_layers": 2, "n_heads": 4, "n_inner": 96, "n_embedding": 64},
}
"""Sizes that make the tests quick; an encoder that is not listed is tested at its default size."""

N_BITS = 256


@pytest.fixture(scope="module")
def arrays():
    """Sixteen spectra, most with all metadata, some without."""
    spectra = random_spectra(16)
    described = [
        s if i % 5 == 0 else s.clone().set("collision_energy", "30 eV").set("instrument_type", "LC-ESI-QTOF")
        for i, s in enumerate(spectra)
    ]
    bare = make_spectrum([70.1, 90.2], precursor_mz=None, adduct=None, ionmode=None, charge=None)
    return spectrum_arrays([*described[:15], bare])


@pytest.fixture(scope="module")
def crowded():
    """A spectrum with more peaks than any encoder keeps."""
    rng = np.random.default_rng(5)
    return spectrum_arrays(
        [make_spectrum(np.sort(rng.uniform(50, 900, 400)).tolist(), rng.uniform(0.01, 1, 400).tolist())]
    )


@pytest.fixture(params=sorted(ENCODERS))
def network(request, arrays):
    torch.manual_seed(0)
    kind = find_encoder(request.param)
    chosen = kind.settings_from_data(arrays, np.arange(len(arrays)) % 4, SMALL.get(request.param, {}))
    return build_network(NetworkSettings(request.param, chosen, "independent_bits", {}, N_BITS)).eval()


def embed(network, arrays):
    with torch.no_grad():
        return network.encoder(network.prepare(arrays))


def assert_close(found, expected):
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


def test_spectra_with_more_peaks_in_the_batch_change_nothing(network, arrays, crowded):
    together = embed(network, join_arrays([crowded, arrays, crowded]))
    assert together.shape == (18, network.n_embedding)
    assert_close(together[1:17], embed(network, arrays))


def test_a_batch_gives_what_its_spectra_give_one_by_one(network, arrays):
    alone = torch.cat([embed(network, arrays.take(np.array([i]))) for i in range(len(arrays))])
    assert_close(embed(network, arrays), alone)


def test_the_order_of_the_peaks_does_not_matter(network, arrays, crowded):
    spectra = join_arrays([arrays, crowded])
    order = np.lexsort((np.random.default_rng(1).random(spectra.mz.size), spectra.rows))
    shuffled = replace(spectra, mz=spectra.mz[order], intensity=spectra.intensity[order])
    assert (shuffled.mz != spectra.mz).any()
    assert_close(embed(network, shuffled), embed(network, spectra))


def test_the_order_of_the_spectra_does_not_matter(network, arrays):
    order = np.random.default_rng(2).permutation(len(arrays))
    assert_close(embed(network, arrays.take(order)), embed(network, arrays)[torch.from_numpy(order)])


def test_preparing_is_repeatable_and_leaves_the_spectra_alone(network, arrays):
    before = arrays.take(np.arange(len(arrays)))
    first, second = embed(network, arrays), embed(network, arrays)
    assert torch.equal(first, second)
    np.testing.assert_array_equal(arrays.mz, before.mz)
    np.testing.assert_array_equal(arrays.intensity, before.intensity)


def test_what_is_missing_gives_finite_embeddings_and_gradients(network, arrays):
    unknown = {"precursor_mz": None, "adduct": None, "ionmode": None, "charge": None}
    spectra = [
        make_spectrum([], []),
        make_spectrum([], [], **unknown),
        make_spectrum(**unknown),
        make_spectrum(adduct="[M+Li]+"),
        make_spectrum(precursor_mz=None),
    ]
    only_missing = spectrum_arrays(spectra)
    for batch in (only_missing, only_missing.take(np.array([0])), join_arrays([only_missing, arrays])):
        network.train()
        network.zero_grad()
        embedding = network.encoder(network.prepare(batch))
        assert embedding.isfinite().all()
        embedding.square().sum().backward()
        assert all(p.grad is None or p.grad.isfinite().all() for p in network.parameters())


def test_every_input_matters(network):
    base = make_spectrum(
        [85.0284, 127.039, 145.0495], [0.3, 1.0, 0.6], collision_energy="20 eV", instrument_type="LC-ESI-QTOF"
    )
    changed = {
        "mz": make_spectrum([85.0284, 127.039, 146.0495], [0.3, 1.0, 0.6]),
        "intensity": make_spectrum([85.0284, 127.039, 145.0495], [0.9, 1.0, 0.6]),
        "precursor": make_spectrum([85.0284, 127.039, 145.0495], [0.3, 1.0, 0.6], precursor_mz=191.0707),
        "adduct": make_spectrum([85.0284, 127.039, 145.0495], [0.3, 1.0, 0.6], adduct="[M+Na]+"),
        "mode": make_spectrum([85.0284, 127.039, 145.0495], [0.3, 1.0, 0.6], adduct=None, ionmode="negative"),
        "energy": base.clone().set("collision_energy", "60 eV"),
        "analyser": base.clone().set("instrument_type", "LC-ESI-ITFT"),
    }
    for name, spectrum in changed.items():
        if name not in ("energy", "analyser"):
            spectrum.set("collision_energy", "20 eV")
            spectrum.set("instrument_type", "LC-ESI-QTOF")
        pair = embed(network, spectrum_arrays([base, spectrum]))
        assert (pair[0] - pair[1]).abs().max() > 1e-4, name


def test_gradients_reach_every_parameter(network, arrays):
    network.zero_grad()
    embedding = network.encoder(network.prepare(arrays))
    (embedding * torch.randn_like(embedding)).sum().backward()
    untouched = [name for name, p in network.encoder.named_parameters() if p.grad is None or not p.grad.any()]
    assert untouched == []


def test_sixteen_spectra_are_learned_by_heart(network, arrays):
    # in evaluation mode, so that no dropout stands in the way: this is about capacity
    bits = (np.random.default_rng(3).random((16, N_BITS)) < 0.15).astype(np.uint8)
    target = torch.from_numpy(bits).float()
    optimizer = torch.optim.AdamW(network.parameters(), 3e-3)
    prepared = network.prepare(arrays)
    for _ in range(200):
        optimizer.zero_grad()
        logits = network(prepared)[0]
        learned = tanimoto_of_bits((logits > 0).numpy(), bits).mean()
        if learned > 0.95:
            break
        bce_iou_loss(logits, target).mean().backward()
        optimizer.step()
    assert learned > 0.95


def test_a_network_is_built_again_from_its_description(network, arrays):
    described = describe_network(network)
    again = build_network(replace(described, encoder_settings=json.loads(json.dumps(described.encoder_settings))))
    again.load_state_dict(network.state_dict())
    assert describe_network(again) == described
    assert torch.equal(embed(again.eval(), arrays), embed(network, arrays))


def test_what_training_never_showed_is_forgotten(network):
    """Of an adduct that no training spectrum has the network must not make more than of an unknown one."""
    seen = spectrum_arrays([make_spectrum(instrument_type="LC-ESI-QTOF"), make_spectrum(adduct="[M+Na]+")])
    network.encoder.forget_unseen(seen)
    # without peaks and precursor, since from those and an adduct formulas follow, seen in training or not
    potassium, unknown, sodium = (
        make_spectrum([], [], adduct=name, ionmode="positive", precursor_mz=None)
        for name in ("[M+K]+", None, "[M+Na]+")
    )
    found = embed(network, spectrum_arrays([potassium, unknown, sodium]))
    assert_close(found[0], found[1])
    assert (found[2] - found[1]).abs().max() > 1e-4
