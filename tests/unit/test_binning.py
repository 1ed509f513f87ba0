import doctest

import numpy as np
import pytest
from scipy.sparse import csr_array

from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.kernels import Bins, bin_peaks, bin_peaks_dense, binning
from matchms_fingerprint.kernels.binning import _PEAKS_OF_A_TASK

MZ = np.array([85.03, 85.04, 145.02, 0.2, 999.9])
INTENSITY = np.array([4.0, 1.0, 9.0, 16.0, 25.0], np.float32)
OFFSETS = np.array([0, 3, 3, 5])


def test_several_widths_stand_side_by_side() -> None:
    bins = [Bins.regular(1.0, 200), Bins.regular(0.1, 200, lowest_da=50)]
    assert [kind.n_columns for kind in bins] == [201, 1501]
    rows = bin_peaks(MZ, INTENSITY, OFFSETS, bins)
    # 85.03 and 85.04 are nearest to 85, and to 85.0, which is the 351st bin from 50.0 on; 0.2 is below 50 and
    # nearest to 0; 999.9 is above 200
    assert rows.indices.tolist() == [85, 145, 201 + 350, 201 + 950, 0]
    assert rows.values.tolist() == [5, 9, 5, 9, 16]
    assert rows.offsets.tolist() == [0, 4, 4, 5]


@pytest.mark.parametrize(("combine", "power", "expected"), [("sum", 0.5, 3.0), ("max", 1.0, 4.0), ("max", 0.5, 2.0)])
def test_peaks_of_a_bin_are_combined(combine: str, power: float, expected: float) -> None:
    rows = bin_peaks(MZ, INTENSITY, OFFSETS, Bins.regular(1.0, 100), combine, power)
    assert rows.values[0] == expected


def test_each_kind_of_bins_may_have_positions_of_its_own() -> None:
    losses = 200.0 - MZ
    both = bin_peaks_dense([MZ, losses], INTENSITY, OFFSETS, [Bins.regular(1.0, 200), Bins.regular(0.5, 200)])
    apart = [
        bin_peaks_dense(MZ, INTENSITY, OFFSETS, Bins.regular(1.0, 200)),
        bin_peaks_dense(losses, INTENSITY, OFFSETS, Bins.regular(0.5, 200)),
    ]
    assert both.tolist() == np.concatenate(apart, axis=1).tolist()


def test_bins_without_a_column_are_left_out() -> None:
    rows = bin_peaks(np.array([1.0, 2.0, 3.0]), np.ones(3), np.array([0, 3]), Bins(1.0, np.array([-1, 0, -1, 1])))
    assert rows.indices.tolist() == [0, 1]


def test_rows_are_what_scipy_understands() -> None:
    bins = Bins.regular(0.01, 1000, is_spread=True)
    rows = bin_peaks(MZ, INTENSITY, OFFSETS, bins)
    table = csr_array((rows.values, rows.indices, rows.offsets), (3, bins.n_columns))
    assert table.has_canonical_format
    assert table.toarray().tolist() == bin_peaks_dense(MZ, INTENSITY, OFFSETS, bins).tolist()


@pytest.mark.parametrize("combine", ["sum", "max", "none"])
def test_pieces_of_large_input_are_put_together(combine: str) -> None:
    rng = np.random.default_rng(0)
    lengths = rng.integers(0, 200, 3 * _PEAKS_OF_A_TASK // 100)
    lengths[17] = _PEAKS_OF_A_TASK + 5  # one spectrum larger than a piece
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    mz, intensity = rng.uniform(50, 500, offsets[-1]), rng.random(offsets[-1])
    bins = Bins.regular(1.0, 500)
    rows = bin_peaks(mz, intensity, offsets, bins, combine)
    table = csr_array((rows.values, rows.indices, rows.offsets), (lengths.size, bins.n_columns)).toarray()
    np.testing.assert_allclose(bin_peaks_dense(mz, intensity, offsets, bins, combine), table, rtol=1e-5)
    for row in (0, 17, 18, lengths.size - 1):
        peaks = slice(offsets[row], offsets[row + 1])
        alone = bin_peaks_dense(mz[peaks], intensity[peaks], np.array([0, lengths[row]]), bins, combine)
        np.testing.assert_allclose(alone[0], table[row], rtol=1e-5)


@pytest.mark.parametrize("offsets", [np.array([0]), np.array([0, 0, 0])])
def test_no_spectra_and_empty_ones(offsets: np.ndarray) -> None:
    nothing = np.empty(0)
    bins = Bins.regular(1.0, 10)
    assert bin_peaks(nothing, nothing, offsets, bins).offsets.tolist() == [0] * offsets.size
    assert bin_peaks_dense(nothing, nothing, offsets, bins).shape == (offsets.size - 1, 11)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"combine": "mean"}, r"mean.*sum, max, none"),
        ({"positions": MZ[:2]}, r"\(2,\).*\(5,\)"),
        ({"positions": np.zeros((3, 5))}, r"\(3, 5\).*1 kinds"),
        ({"offsets": np.array([0, 4])}, "number of peaks, 5"),
        ({"offsets": np.array([0, 4, 3, 5])}, "ascend"),
        ({"offsets": np.empty(0)}, "ascend"),
    ],
)
def test_wrong_parameters_are_named(change: dict, message: str) -> None:
    parameters = {"positions": MZ, "intensities": INTENSITY, "offsets": OFFSETS, "bins": Bins.regular(1.0, 10)} | change
    with pytest.raises(SettingsError, match=message):
        bin_peaks(**parameters)


@pytest.mark.parametrize("width", [0.0, -1.0, np.nan])
def test_bins_need_a_width(width: float) -> None:
    with pytest.raises(SettingsError, match="above 0 Da"):
        Bins(width, np.arange(3))
    with pytest.raises(SettingsError, match="above 0 Da"):
        Bins.regular(width, 100)


def test_the_example_in_the_documentation() -> None:
    assert doctest.testmod(binning) == (0, 5)
