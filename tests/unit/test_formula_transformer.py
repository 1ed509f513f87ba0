"""The two encoders that read sub-formulas."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from builders import make_spectrum, random_spectra
from labelled_file import write_labelled_mgf

from matchms_fingerprint.chem.fingerprints import FingerprintSpec
from matchms_fingerprint.evaluation.metrics import tanimoto_of_bits
from matchms_fingerprint.features.arrays import SpectrumArrays, spectrum_arrays
from matchms_fingerprint.features.labelled import LabelledSpectra, read_labelled_spectra
from matchms_fingerprint.features.precursor_formulas import complete_formulas
from matchms_fingerprint.models.encoders.encoder import Encoder
from matchms_fingerprint.models.encoders.formula_bag import FormulaBag
from matchms_fingerprint.models.encoders.formula_transformer import FormulaDifferenceBias, FormulaTransformer
from matchms_fingerprint.models.registry import NetworkSettings, build_network, describe_network

SMALL_TRANSFORMER = {"n_model": 32, "n_layers": 2, "n_heads": 4, "n_inner": 48, "n_embedding": 64, "dropout": 0.0}
SMALL_BAG = {
    "features": {"max_nominal_fragment": 400},
    "words": {"fragments": ["C6H8N3O", "C5H8N3", "C6H7O2"], "losses": ["", "H2O", "C2H3NO"]},
    "n_input": 32,
    "n_hidden": 48,
    "n_embedding": 64,
    "n_blocks": 1,
    "dropout": 0.0,
    "feature_dropout": 0.0,
    "word_dropout": 0.0,
    "formula_dropout": 0.0,
}
ENCODERS = {"formula_transformer": (FormulaTransformer, SMALL_TRANSFORMER), "formula_bag": (FormulaBag, SMALL_BAG)}


@pytest.fixture(params=ENCODERS)
def encoder(request: pytest.FixtureRequest) -> Encoder:
    torch.manual_seed(0)
    kind, settings = ENCODERS[request.param]
    return kind(**settings).eval()


@pytest.fixture(scope="module")
def spectra() -> SpectrumArrays:
    glucose = [make_spectrum([85.0284, 127.039, 163.0601], [0.3, 1.0, 0.2]) for _ in range(2)]
    many = make_spectrum(np.linspace(50, 500, 80).tolist(), np.linspace(0.1, 1, 80).tolist(), precursor_mz=501.2)
    return complete_formulas(spectrum_arrays([*glucose, *random_spectra(10), many]))


@torch.no_grad()
def embed(encoder: Encoder, spectra: SpectrumArrays) -> torch.Tensor:
    return encoder(encoder.prepare(spectra))


def test_a_batch_gives_what_each_spectrum_gives_alone(encoder: Encoder, spectra: SpectrumArrays) -> None:
    """So padding to the longest spectrum of the batch changes nothing, nor does the company of other spectra."""
    together = embed(encoder, spectra)
    assert together.shape == (len(spectra), 64)
    alone = torch.cat([embed(encoder, spectra.take(np.array([i]))) for i in range(len(spectra))])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


def test_padding_is_not_seen(spectra: SpectrumArrays) -> None:
    torch.manual_seed(0)
    encoder = FormulaTransformer(**SMALL_TRANSFORMER).eval()
    prepared = encoder.prepare(spectra)
    expected = encoder(prepared)
    spoiled = []
    for group in prepared:
        outside = ~group.is_token
        changes = {name: getattr(group, name).clone() for name in ("atoms", "losses", "fragment", "loss", "scales")}
        for value in changes.values():
            value[outside] = 3
        spoiled.append(group._replace(**changes))
    assert any((~group.is_token).any() for group in prepared)
    torch.testing.assert_close(encoder(spoiled), expected, rtol=0, atol=0)


def test_the_order_of_peaks_does_not_matter(encoder: Encoder, spectra: SpectrumArrays) -> None:
    rng = np.random.default_rng(0)
    order = np.concatenate([start + rng.permutation(stop - start) for start, stop in _bounds(spectra)])
    shuffled = replace(spectra, mz=spectra.mz[order], intensity=spectra.intensity[order])
    torch.testing.assert_close(embed(encoder, shuffled), embed(encoder, spectra), rtol=1e-4, atol=1e-5)


def _bounds(spectra: SpectrumArrays) -> list[tuple[int, int]]:
    return list(zip(spectra.offsets[:-1].tolist(), spectra.offsets[1:].tolist(), strict=True))


def test_the_order_of_spectra_is_kept(encoder: Encoder, spectra: SpectrumArrays) -> None:
    order = np.random.default_rng(1).permutation(len(spectra))
    torch.testing.assert_close(
        embed(encoder, spectra.take(order)), embed(encoder, spectra)[order], rtol=1e-4, atol=1e-5
    )


def test_the_formula_makes_a_difference(encoder: Encoder) -> None:
    one = spectrum_arrays([make_spectrum([85.0284, 127.039, 163.0601], [0.3, 1.0, 0.2])])
    glucose, other = (embed(encoder, replace(one, formula=np.array([text]))) for text in ("C6H12O6", "C5H8N8"))
    assert (glucose - other).abs().max() > 1e-3


def test_what_is_missing_gives_finite_embeddings(encoder: Encoder) -> None:
    strange = [
        make_spectrum(precursor_mz=None),
        make_spectrum(adduct=None, ionmode=None, charge=None),
        make_spectrum([], []),
        make_spectrum([], [], precursor_mz=None, adduct=None, ionmode=None, charge=None),
        make_spectrum([50.0, 100.1], precursor_mz=20.0),
        make_spectrum(precursor_mz=3000.0),
    ]
    assert torch.isfinite(embed(encoder, spectrum_arrays(strange))).all()
    assert embed(encoder, spectrum_arrays([])).shape == (0, 64)


@pytest.mark.parametrize("name", ENCODERS)
def test_settings_build_the_same_network_again(name: str, spectra: SpectrumArrays) -> None:
    network = build_network(NetworkSettings(name, ENCODERS[name][1], "independent_bits", {}, 64)).eval()
    again = build_network(describe_network(network)).eval()
    again.load_state_dict(network.state_dict())
    torch.testing.assert_close(again(again.prepare(spectra))[0], network(network.prepare(spectra))[0])


def test_the_bias_is_a_function_of_the_differences() -> None:
    """Against sines and cosines of the differences themselves."""
    torch.manual_seed(0)
    bias = FormulaDifferenceBias(5, n_layers=2, n_heads=3)
    angles = torch.rand(4, 6, 5) * 6
    differences = angles[:, :, None] - angles[:, None]
    expected = torch.cos(differences) @ bias.even.T + torch.sin(differences) @ bias.odd.T
    found = bias(torch.sin(angles), torch.cos(angles))
    assert found.shape == (2, 4, 3, 6, 6)
    for layer in range(2):
        for head in range(3):
            torch.testing.assert_close(found[layer, :, head], expected[..., layer * 3 + head], rtol=1e-4, atol=1e-5)


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> LabelledSpectra:
    path = write_labelled_mgf(tmp_path_factory.mktemp("spectra") / "labelled.mgf")
    data = read_labelled_spectra(path, FingerprintSpec.parse("morgan:radius=2,bits=256"))
    return replace(data, spectra=complete_formulas(data.spectra))


@pytest.mark.parametrize("name", ENCODERS)
def test_sixteen_spectra_are_learned_by_heart(name: str, labelled: LabelledSpectra) -> None:
    torch.manual_seed(0)
    network = build_network(NetworkSettings(name, ENCODERS[name][1], "independent_bits", {}, 256))
    true = labelled.bits(np.arange(16))
    prepared, bits = network.prepare(labelled.spectra), torch.from_numpy(true).float()
    optimizer = torch.optim.AdamW(network.parameters(), 5e-3)
    for _ in range(200):
        optimizer.zero_grad()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(network(prepared)[0], bits)
        loss.backward()
        optimizer.step()
    # the two spectra of a structure are alike, so that each says what the other is
    predicted = network.eval()(prepared)[0].detach().numpy() > 0
    assert tanimoto_of_bits(predicted, true).mean() > 0.98


def test_the_vocabulary_follows_from_the_training_spectra(labelled: LabelledSpectra) -> None:
    caffeine = make_spectrum([110.0713, 138.0662, 195.0877], precursor_mz=195.0877)
    spectra = replace(spectrum_arrays([caffeine] * 3), formula=np.full(3, "C8H10N4O2"))
    settings = FormulaBag.settings_from_data(spectra, np.arange(3), {"n_input": 8, "n_loss_words": 2})
    assert set(settings["words"]["fragments"]) == {"C8H11N4O2", "C6H8N3O", "C5H8N3"}
    assert len(settings["words"]["losses"]) == 2
    assert settings["n_input"] == 8
    assert FormulaBag(**settings).words.num_embeddings == 5 + 2 * 13 * 48


def test_unseen_metadata_is_forgotten(encoder: Encoder) -> None:
    """Spectra that differ only in an adduct that training never had are embedded alike."""
    seen = spectrum_arrays([make_spectrum()])
    encoder.forget_unseen(seen)
    unseen = replace(seen, analyzer=np.array([1], np.int8), formula=np.array(["C6H12O6"]))
    plain = replace(seen, formula=np.array(["C6H12O6"]))
    torch.testing.assert_close(embed(encoder, unseen), embed(encoder, plain))
