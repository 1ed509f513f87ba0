"""Binned peaks against naive ones, on any input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import naive_binned

from matchms_fingerprint.kernels import Bins, SparseRows, bin_peaks, bin_peaks_dense

# multiples of 1/8 and bins of 1/2, 1 and 4 Da: where a peak lies between two bins is exact
MASSES = st.one_of(st.integers(-16, 200).map(lambda i: i / 8), st.sampled_from([np.nan, np.inf, 1e300]))
SPECTRA = st.lists(st.lists(st.tuples(MASSES, st.sampled_from([0.0, 0.25, 1.0, 3.5, 16.0])), max_size=8), max_size=5)
KINDS = st.lists(
    st.tuples(st.sampled_from([0.5, 1.0, 4.0]), st.sampled_from([0.0, 7.5, 20.0]), st.booleans()), max_size=3
)


def flat(spectra: list[list[tuple[float, float]]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    peaks = np.array([peak for spectrum in spectra for peak in spectrum]).reshape(-1, 2)
    return peaks[:, 0].copy(), peaks[:, 1].copy(), np.cumsum([0] + [len(spectrum) for spectrum in spectra])


def dense(rows: SparseRows, n_columns: int) -> np.ndarray:
    out = np.zeros((len(rows.offsets) - 1, n_columns))
    np.add.at(out, (np.repeat(np.arange(len(out)), np.diff(rows.offsets)), rows.indices), rows.values)
    return out


@pytest.mark.parametrize("combine", ["sum", "max"])
@settings(deadline=None)
@given(SPECTRA, KINDS)
def test_rows_are_the_naive_ones(
    combine: str, spectra: list[list[tuple[float, float]]], kinds: list[tuple[float, float, bool]]
) -> None:
    bins = [Bins.regular(width, highest, is_spread=is_spread) for width, highest, is_spread in kinds]
    expected = [
        [
            value
            for kind in bins
            for value in naive_binned(spectrum, kind.width_da, kind.n_columns, kind.is_spread, combine)
        ]
        for spectrum in spectra
    ]
    rows = bin_peaks(*flat(spectra), bins, combine)
    n_columns = sum(kind.n_columns for kind in bins)
    assert rows.values.dtype == np.float32
    np.testing.assert_allclose(dense(rows, n_columns), np.reshape(expected, (len(spectra), n_columns)), rtol=1e-6)
    assert (rows.values != 0).all()
    for first, last in zip(rows.offsets[:-1], rows.offsets[1:], strict=True):
        assert (np.diff(rows.indices[first:last]) > 0).all()
    if len(spectra):
        same = bin_peaks_dense(*flat(spectra), bins, combine)
        assert same.dtype == np.float32
        assert same.tolist() == dense(rows, n_columns).tolist()


@settings(deadline=None)
@given(SPECTRA, KINDS)
def test_entries_of_single_peaks_add_up_to_the_sum(
    spectra: list[list[tuple[float, float]]], kinds: list[tuple[float, float, bool]]
) -> None:
    bins = [Bins.regular(width, highest, is_spread=is_spread) for width, highest, is_spread in kinds]
    n_columns = sum(kind.n_columns for kind in bins)
    one, other = (dense(bin_peaks(*flat(spectra), bins, combine), n_columns) for combine in ("none", "sum"))
    np.testing.assert_allclose(one, other, rtol=1e-6)


@pytest.mark.parametrize("combine", ["sum", "max", "none"])
@settings(deadline=None)
@given(SPECTRA)
def test_a_spectrum_alone_has_the_row_that_it_has_among_others(
    combine: str, spectra: list[list[tuple[float, float]]]
) -> None:
    bins = Bins.regular(0.5, 20.0, is_spread=True)
    rows = bin_peaks(*flat(spectra), bins, combine)
    for spectrum, first, last in zip(spectra, rows.offsets[:-1], rows.offsets[1:], strict=True):
        alone = bin_peaks(*flat([spectrum]), bins, combine)
        assert alone.indices.tolist() == rows.indices[first:last].tolist()
        assert alone.values.tolist() == rows.values[first:last].tolist()
