import numpy as np
import pytest
import torch
from builders import make_spectrum, random_spectra

from matchms_fingerprint.errors import ModelError
from matchms_fingerprint.features.arrays import spectrum_arrays
from matchms_fingerprint.features.peak_tokens import (
    PeakTokenSettings,
    fourier_features,
    peak_tokens,
    strongest_peaks,
)
from matchms_fingerprint.models.encoders.attention import BiasedSelfAttention, fourier_of_differences, hide_keys
from matchms_fingerprint.models.encoders.peak_transformer import PeakTransformer, length_groups

SETTINGS = PeakTokenSettings(max_peaks=5)


def strongest_oracle(mz, intensity, n, least):
    """Choose peaks one by one: the strongest first, at equal intensity the lighter one."""
    found = sorted((-i, m) for m, i in zip(mz, intensity, strict=True) if i >= least)[:n]
    return sorted(m for _, m in found)


def test_the_strongest_peaks_are_chosen_and_keep_their_order():
    arrays = spectrum_arrays([*random_spectra(30), make_spectrum([], []), make_spectrum()])
    # few distinct intensities, so that there are ties
    arrays.intensity[:] = np.round(arrays.intensity, 1)
    chosen = strongest_peaks(arrays, 5, 0.2)
    for i in range(len(arrays)):
        peaks = slice(arrays.offsets[i], arrays.offsets[i + 1])
        expected = strongest_oracle(arrays.mz[peaks], arrays.intensity[peaks], 5, np.float32(0.2))
        assert chosen.mz[chosen.offsets[i] : chosen.offsets[i + 1]].tolist() == expected
    assert (np.diff(chosen.offsets) == 5).any()


def test_fourier_features_agree_with_the_formula_in_exact_arithmetic():
    settings = PeakTokenSettings()
    masses = np.array([50.01, 128.9537, 799.99871])
    found = fourier_features(masses, settings.wavelengths_da)
    assert found.shape == (3, settings.n_fourier)
    assert found.dtype == np.float32
    phase = 2 * np.pi * masses.astype(np.longdouble)[:, None] / settings.wavelengths_da.astype(np.longdouble)
    expected = np.concatenate([np.sin(phase), np.cos(phase)], axis=1)
    np.testing.assert_allclose(found, expected.astype(float), atol=1e-6)


def test_small_differences_at_high_mass_survive():
    pair = peak_tokens(spectrum_arrays([make_spectrum([800.000, 800.005])]), PeakTokenSettings()).fragment
    # at a wavelength of 0.0109 Da, 0.005 Da is nearly half a turn
    assert np.abs(pair[0] - pair[1]).max() > 1.5
    nearly = peak_tokens(spectrum_arrays([make_spectrum([800.0000, 800.0001])]), PeakTokenSettings()).fragment
    # sin(2 pi 0.0001 / 0.002) = 0.31: float32 masses, 0.00006 Da apart, could not say that to 10 %
    gap = fourier_features(np.array([0.0001]), np.array([0.002]))[0, 0]
    assert gap == pytest.approx(np.sin(2 * np.pi * 0.05), abs=1e-6)
    sine = fourier_of_differences(torch.from_numpy(nearly)[None])[0, 1, 0, 0]
    assert float(sine) == pytest.approx(float(gap), abs=1e-4)


def test_an_unknown_mass_is_no_known_one():
    found = fourier_features(np.array([np.nan, 0.0, 500.0]), SETTINGS.wavelengths_da)
    assert not found[0].any()
    np.testing.assert_allclose((found[1:] ** 2).sum(axis=1), SETTINGS.n_wavelengths, rtol=1e-5)


def test_losses_and_scales_of_a_known_spectrum():
    tokens = peak_tokens(spectrum_arrays([make_spectrum([100.0, 181.0707], [0.25, 1.0])]), SETTINGS)
    # loss 81.0707 and 0; intensity 0.25: root 0.5, 1 + log10(0.25) / 4 = 0.8495
    np.testing.assert_allclose(tokens.scales[0], [0.25, 0.5, 0.8495, 0.1, 0.0810707, 1], atol=1e-4)
    np.testing.assert_allclose(tokens.scales[1], [1, 1, 1, 0.1810707, 0, 1], atol=1e-6)
    np.testing.assert_allclose(
        tokens.loss, fourier_features(np.array([81.0707, 0.0]), SETTINGS.wavelengths_da), atol=1e-6
    )
    blind = peak_tokens(spectrum_arrays([make_spectrum([100.0], precursor_mz=None)]), SETTINGS)
    assert not blind.loss.any()
    assert not blind.precursor.any()
    assert blind.scales[0, 4:].tolist() == [0, 0]


def test_differences_of_masses_follow_from_their_features():
    masses = np.array([57.0, 213.4567, 999.1])
    differences = (masses[:, None] - masses).ravel()
    wavelengths = SETTINGS.wavelengths_da
    found = fourier_of_differences(torch.from_numpy(fourier_features(masses, wavelengths))[None])[0]
    expected = fourier_features(differences, wavelengths).reshape(3, 3, -1)
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-5)


def test_attention_agrees_with_its_formula_and_never_sees_hidden_keys():
    torch.manual_seed(0)
    layer = BiasedSelfAttention(8, 2).double()
    tokens, bias = torch.randn(3, 5, 8).double(), torch.randn(3, 2, 5, 5).double()
    is_token = torch.tensor([[True] * 5, [True, True, False, True, False], [True] + [False] * 4])
    found = layer(tokens, hide_keys(bias, is_token))
    for n in range(3):
        seen = is_token[n].nonzero().flatten()
        q = layer.query(tokens[n]).view(5, 2, 4)
        k, v = layer.key_and_value(tokens[n]).view(5, 2, 2, 4).unbind(1)
        heads = []
        for h in range(2):
            scores = q[:, h] @ k[seen, h].T / 2 + bias[n, h][:, seen]
            heads.append(torch.softmax(scores, dim=1) @ v[seen, h])
        torch.testing.assert_close(found[n], layer.output(torch.cat(heads, dim=1)), atol=1e-10, rtol=0)


def test_the_first_tokens_alone_are_those_of_all():
    torch.manual_seed(0)
    encoder = PeakTransformer(n_model=16, n_layers=2, n_heads=2, n_inner=32).eval()
    for group in encoder.prepare(spectrum_arrays(random_spectra(12))):
        whole = encoder.contextualize(group)
        torch.testing.assert_close(encoder.contextualize(group, n_first=1), whole[:, :1], atol=1e-5, rtol=1e-5)


def test_groups_hold_each_spectrum_once_and_little_padding():
    lengths = np.random.default_rng(0).integers(0, 65, 500)
    groups = length_groups(lengths)
    assert sorted(np.concatenate(groups).tolist()) == list(range(500))
    for places in groups:
        # the steps are factors of the square root of 2, rounding aside
        assert lengths[places].max() <= max(8, 1.5 * lengths[places].min())
    assert [g.size for g in length_groups(np.empty(0, np.int64))] == [0]


def test_settings_survive_json_and_refuse_what_is_not_sensible():
    assert PeakTokenSettings.from_dict(SETTINGS.to_dict()) == SETTINGS
    with pytest.raises(ModelError, match="max_peak; known"):
        PeakTokenSettings.from_dict({"max_peak": 3})
    with pytest.raises(ModelError, match="ascending"):
        PeakTokenSettings(min_wavelength_da=5.0, max_wavelength_da=1.0)
    with pytest.raises(ModelError, match="at least 1"):
        PeakTokenSettings(max_peaks=0)
    with pytest.raises(ModelError, match="heads"):
        PeakTransformer(n_model=10, n_heads=4)
