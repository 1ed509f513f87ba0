"""Merging peaks: nothing is invented, nothing depends on the order, and a single spectrum stays as it is."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from matchms_fingerprint.io.blocks import RawSpectrum
from matchms_fingerprint.io.merging import MIN_TOLERANCE_DA, TOLERANCE_PPM, merge, merge_peaks

peaks = st.lists(st.tuples(st.floats(10, 2000), st.one_of(st.just(0.0), st.floats(1e-3, 1e9))), max_size=15).map(
    lambda pairs: (
        tuple(np.array(column, dtype=np.float64) for column in zip(*sorted(pairs), strict=True)) or (np.empty(0),) * 2
    )
)
near_peaks = st.lists(st.integers(0, 60), min_size=1, max_size=15).map(
    lambda steps: (100.0 + 0.002 * np.sort(np.array(steps, dtype=np.float64)), np.arange(1.0, len(steps) + 1))
)
spectra = st.lists(st.one_of(peaks, near_peaks), min_size=1, max_size=5)


@given(spectra=spectra)
@settings(deadline=None)
def test_sorted_apart_and_not_more_than_there_were(spectra):
    mz, intensities = merge_peaks(spectra)
    assert mz.shape == intensities.shape
    assert len(mz) <= sum((values > 0).sum() for _, values in spectra)
    assert np.all(np.diff(mz) > np.maximum(mz[1:] * TOLERANCE_PPM * 1e-6, MIN_TOLERANCE_DA) * 0.999)
    assert np.all(intensities > 0)
    assert np.all(np.isfinite(intensities))


@given(spectra=spectra, data=st.data())
@settings(deadline=None)
def test_order_of_the_spectra_does_not_matter(spectra, data):
    shuffled = data.draw(st.permutations(spectra))
    for one, other in zip(merge_peaks(spectra), merge_peaks(shuffled), strict=True):
        np.testing.assert_array_equal(one, other)


@given(spectra=spectra)
@settings(deadline=None)
def test_base_peak_is_the_highest_of_the_file(spectra):
    _, intensities = merge_peaks(spectra)
    highest = max((values.max() for _, values in spectra if values.size), default=0.0)
    if intensities.size:
        np.testing.assert_allclose(intensities.max(), highest, rtol=1e-12)


@given(spectra=spectra)
@settings(deadline=None)
def test_centres_lie_within_what_was_joined(spectra):
    mz, _ = merge_peaks(spectra)
    if mz.size:
        signal = np.concatenate([mz[values > 0] for mz, values in spectra])
        assert signal.min() * (1 - 1e-12) <= mz[0]
        assert mz[-1] <= signal.max() * (1 + 1e-12)


@given(spectrum=peaks)
def test_one_spectrum_stays_as_it_is(spectrum):
    raw = RawSpectrum(*spectrum, {"scans": "1"})
    assert merge([raw]) is raw


@given(spectrum=peaks, n=st.integers(2, 4))
@settings(deadline=None)
def test_equal_spectra_give_that_spectrum(spectrum, n):
    mz, intensities = merge_peaks([spectrum] * n)
    single_mz, single_intensities = merge_peaks([spectrum])
    np.testing.assert_allclose(mz, single_mz, rtol=1e-12)
    np.testing.assert_allclose(intensities, single_intensities, rtol=1e-12)
