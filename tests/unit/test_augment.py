import numpy as np
import pytest
from builders import make_spectrum, random_spectra

from matchms_fingerprint.features.arrays import spectrum_arrays
from matchms_fingerprint.training.augment import Augmentation, augment, merge_pairs

NOTHING = Augmentation(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


@pytest.fixture
def arrays():
    return spectrum_arrays(random_spectra(2000))


def test_no_disturbance_changes_nothing(arrays):
    same = augment(arrays, NOTHING, np.random.default_rng(0))
    np.testing.assert_array_equal(same.mz, arrays.mz)
    np.testing.assert_allclose(same.intensity, arrays.intensity)
    np.testing.assert_array_equal(same.adduct, arrays.adduct)


def test_disturbances_are_as_large_as_asked(arrays):
    settings = Augmentation(0.5, 0.25, 4.0, 0.3, 0.2, 0.0, 0.0)
    out = augment(arrays, settings, np.random.default_rng(0))
    # tolerances are about four standard errors for 2,000 spectra and some 20,000 peaks
    assert np.mean(out.intensity == 0) == pytest.approx(0.25, abs=0.015)
    kept = out.intensity > 0
    assert np.std(np.log(out.intensity[kept] / arrays.intensity[kept])) == pytest.approx(0.5, abs=0.015)
    assert np.std((out.mz / arrays.mz - 1) * 1e6) == pytest.approx(4.0, abs=0.3)
    assert np.mean(out.adduct == 0) == pytest.approx(0.2, abs=0.04)
    assert (out.ion_mode == arrays.ion_mode).all()


def test_unit_masses_are_rounded_for_whole_spectra(arrays):
    out = augment(arrays, Augmentation(0.0, 0.0, 0.0, 0.0, 0.0, 0.5, 0.0), np.random.default_rng(0))
    rounded = np.isclose(out.mz, np.round(arrays.mz, 1))
    share = np.bincount(arrays.rows, rounded) / np.diff(arrays.offsets)
    assert np.mean(share == 1.0) == pytest.approx(0.5, abs=0.05)


def test_the_input_is_not_changed(arrays):
    before = arrays.mz.copy(), arrays.intensity.copy(), arrays.collision_energy.copy()
    augment(arrays, Augmentation(), np.random.default_rng(0))
    np.testing.assert_array_equal(arrays.mz, before[0])
    np.testing.assert_array_equal(arrays.intensity, before[1])
    np.testing.assert_array_equal(arrays.collision_energy, before[2])


def test_merging_adds_the_peaks_in_order():
    first = spectrum_arrays([make_spectrum([50.0, 70.0]), make_spectrum([80.0])])
    second = spectrum_arrays([make_spectrum([60.0]), make_spectrum([90.0])])
    merged = merge_pairs(first, second, np.array([True, False]))
    assert merged.mz.tolist() == [50.0, 60.0, 70.0, 80.0]
    assert merged.offsets.tolist() == [0, 3, 4]
