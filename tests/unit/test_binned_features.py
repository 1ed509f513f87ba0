import numpy as np
import pytest
from builders import make_spectrum, random_spectra

from matchms_fingerprint.errors import ModelError
from matchms_fingerprint.features.arrays import spectrum_arrays
from matchms_fingerprint.features.binned import (
    N_METADATA,
    NOMINAL_WIDTH_DA,
    BinnedSettings,
    binned_rows,
    frequent_bins,
    metadata_features,
)

SETTINGS = BinnedSettings(fine_fragments=(8503, 12704), fine_losses=(3600, 5403))


def dense(rows, n_features):
    out = np.zeros((len(rows.offsets) - 1, n_features))
    for row in range(len(out)):
        for i in range(rows.offsets[row], rows.offsets[row + 1]):
            out[row, rows.indices[i]] += rows.weights[i]
    return out


def oracle(spectrum, settings):
    """Bin one spectrum peak by peak, written from the description of the features."""
    out = np.zeros(settings.n_features)
    n_nominal = settings.max_nominal_fragment + 1
    n_losses = settings.max_nominal_loss + 1
    mz, intensity = spectrum.peaks.to_numpy.T
    for m, i in zip(mz, intensity / intensity.max(), strict=True):
        value = np.float32(i) ** 0.5
        loss = spectrum.get("precursor_mz") - m
        if i < settings.min_relative_intensity:
            continue
        nominal = round(m / NOMINAL_WIDTH_DA)
        if nominal < n_nominal:
            out[nominal] += value
        start = n_nominal + n_losses
        for k, b in enumerate(settings.fine_fragments):
            out[start + k] += value * max(0.0, 1 - abs(m / 0.01 - b))
        if loss < 0.5:
            continue
        nominal = round(loss / NOMINAL_WIDTH_DA)
        if nominal < n_losses:
            out[n_nominal + nominal] += value
        for k, b in enumerate(settings.fine_losses):
            out[start + len(settings.fine_fragments) + k] += value * max(0.0, 1 - abs(loss / 0.01 - b))
    return out


def test_rows_agree_with_the_naive_oracle():
    spectra = [make_spectrum([85.0284, 127.0391, 181.07], [1, 0.3, 0.2]), *random_spectra(30)]
    rows = binned_rows(spectrum_arrays(spectra), SETTINGS)
    expected = np.array([oracle(spectrum, SETTINGS) for spectrum in spectra])
    np.testing.assert_allclose(dense(rows, SETTINGS.n_features), expected, atol=1e-5)


def test_a_peak_between_two_fine_bins_is_shared():
    settings = BinnedSettings(fine_fragments=(8503, 8504))
    row = binned_rows(spectrum_arrays([make_spectrum([85.0325], [1.0])]), settings)
    fine = dense(row, settings.n_features)[0, -2:]
    np.testing.assert_allclose(fine, [0.75, 0.25], atol=1e-6)


def test_empty_spectra_and_unknown_precursors_give_rows():
    spectra = [make_spectrum([], []), make_spectrum(precursor_mz=None)]
    rows = binned_rows(spectrum_arrays(spectra), SETTINGS)
    assert rows.offsets[1] == 0
    losses = slice(SETTINGS.max_nominal_fragment + 1, SETTINGS.max_nominal_fragment + SETTINGS.max_nominal_loss + 2)
    assert dense(rows, SETTINGS.n_features)[1, losses].sum() == 0


def test_the_order_of_spectra_does_not_matter():
    arrays = spectrum_arrays(random_spectra(10))
    order = np.arange(10)[::-1]
    one = dense(binned_rows(arrays, SETTINGS), SETTINGS.n_features)
    other = dense(binned_rows(arrays.take(order), SETTINGS), SETTINGS.n_features)
    np.testing.assert_array_equal(one, other[order])


def test_unknown_metadata_is_all_zero():
    spectrum = make_spectrum(adduct=None, ionmode=None, charge=None, precursor_mz=None)
    assert metadata_features(spectrum_arrays([spectrum])).shape == (1, N_METADATA)
    assert not metadata_features(spectrum_arrays([spectrum])).any()


def test_frequent_bins_count_structures_and_not_spectra():
    masses = np.array([100.0] * 10 + [50.0, 50.0, 50.001, np.nan])
    structures = np.array([1] * 10 + [1, 2, 3, 4])
    # bin 5000 occurs in three structures, bin 10000 ten times in one
    assert frequent_bins(masses, structures, 0.01, 5) == (5000,)
    assert frequent_bins(masses, structures, 0.01, 5, min_structures=1) == (5000, 10000)


def test_settings_survive_json_and_refuse_unknown_keys():
    assert BinnedSettings.from_dict(SETTINGS.to_dict()) == SETTINGS
    with pytest.raises(ModelError, match="fine_widht"):
        BinnedSettings.from_dict({"fine_widht": 1})
    with pytest.raises(ModelError, match="above 0"):
        BinnedSettings(fine_width_da=0)
