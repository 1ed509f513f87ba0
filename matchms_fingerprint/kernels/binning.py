"""Peaks to rows of binned intensities: any number of bin widths side by side, sparse or dense."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numba import boolean, float32, float64, int64, njit, types, void
from numpy.typing import NDArray

from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.kernels.threads import Result, in_threads
from matchms_fingerprint.kernels.types import FloatArray, IntArray

COMBINE = ("sum", "max", "none")
"""What becomes of the peaks of a spectrum that fall into one bin: see `bin_peaks`."""

_PEAKS_OF_A_TASK = 1 << 17


@dataclass(frozen=True, eq=False)
class Bins:
    """Bins of one width, and the columns that they stand for.

    Bin `b` is centred on `b * width_da`. A peak falls into the nearest bin, or is spread over its two neighbours in
    proportion to its nearness, so that a mass error of a fraction of a bin changes the row by that fraction only.

    Parameters
    ----------
    width_da
        Width of a bin in Da.
    columns
        Column of each bin, from that centred on 0 Da; -1 for bins that are left out. Shape (n_bins,), int64.
    is_spread
        Share a peak between its two nearest bins.

    Raises
    ------
    SettingsError
        If the width is not positive.
    """

    width_da: float
    columns: IntArray
    is_spread: bool = False

    def __post_init__(self) -> None:
        _check_width(self.width_da)

    @classmethod
    def regular(cls, width_da: float, highest_da: float, lowest_da: float = 0.0, is_spread: bool = False) -> Bins:
        """Return all bins that are centred between two masses, both included."""
        _check_width(width_da)
        first, last = max(0, round(lowest_da / width_da)), round(highest_da / width_da)
        return cls(width_da, np.arange(-first, last + 1 - first).clip(-1), is_spread)

    @property
    def n_columns(self) -> int:
        """Number of columns."""
        return int(self.columns.max(initial=-1)) + 1


class SparseRows(NamedTuple):
    """Rows in CSR form: `scipy.sparse.csr_array((values, indices, offsets), (n_rows, n_columns))`.

    Attributes
    ----------
    indices
        Column of each entry, shape (n_entries,), int64.
    values
        Shape (n_entries,), float32.
    offsets
        First entry of each row, and the end, shape (n_rows + 1,), int64.
    """

    indices: NDArray[np.int64]
    values: NDArray[np.float32]
    offsets: NDArray[np.int64]


class _Peaks(NamedTuple):
    """What the kernels read: the peaks of all spectra, and all bins flat and one after the other."""

    positions: FloatArray
    values: FloatArray
    offsets: IntArray
    scales: FloatArray
    is_spread: IntArray
    columns: IntArray
    starts: IntArray


def bin_peaks(
    positions: FloatArray | Sequence[FloatArray],
    intensities: FloatArray,
    offsets: IntArray,
    bins: Bins | Sequence[Bins],
    combine: str = "sum",
    intensity_power: float = 1.0,
) -> SparseRows:
    """Bin the peaks of many spectra into sparse rows.

    Large input is worked on by as many threads as there are cores.

    Parameters
    ----------
    positions
        Mass of each peak in Da, shape (n_peaks,), all spectra one after the other; or one such array for each of the
        `bins`, for example fragments and neutral losses. A peak whose position is not finite is left out.
    intensities
        Shape (n_peaks,), not negative.
    offsets
        First peak of each spectrum, and the end, shape (n_rows + 1,).
    bins
        One or more kinds of bins; the columns of the second follow those of the first, and so on.
    combine
        "sum" or "max" of the peaks that fall into one bin: the columns of a row ascend, and no entry is 0. Or "none":
        each peak keeps an entry of its own, in the order of the bins and peaks, which is faster and means the sum to
        scipy and torch.
    intensity_power
        Intensities enter to this power: 1 as they are, 0.5 as square roots.

    Returns
    -------
    SparseRows
        One row per spectrum; a spectrum without peaks gives an empty one.

    Raises
    ------
    SettingsError
        If the shapes do not fit or `combine` is unknown.

    Examples
    --------
    >>> import numpy as np
    >>> from matchms_fingerprint.kernels import Bins, bin_peaks
    >>> bins = [Bins.regular(width_da=1.0, highest_da=200), Bins.regular(width_da=0.1, highest_da=200)]
    >>> rows = bin_peaks(np.array([85.03, 145.04]), np.array([0.3, 1.0]), np.array([0, 2]), bins)
    >>> rows.indices
    array([  85,  145, 1051, 1651])
    """
    peaks = _gather(positions, intensities, offsets, bins, combine, intensity_power)

    def fill(first: int, last: int) -> SparseRows:
        indices, values, ends = _entries(peaks, first, last)
        if combine != "none":
            _merge_entries(indices, values, ends, combine == "max")
        n = ends[-1] if ends.size else 0
        return SparseRows(indices[:n], values[:n].astype(np.float32), ends)

    parts = _by_pieces(fill, peaks.offsets)
    starts = np.cumsum([0] + [part.indices.size for part in parts])
    ends = [start + part.offsets for start, part in zip(starts, parts, strict=False)]
    return SparseRows(
        np.concatenate([part.indices for part in parts]),
        np.concatenate([part.values for part in parts]),
        np.concatenate([[0], *ends]).astype(np.int64),
    )


def bin_peaks_dense(
    positions: FloatArray | Sequence[FloatArray],
    intensities: FloatArray,
    offsets: IntArray,
    bins: Bins | Sequence[Bins],
    combine: str = "sum",
    intensity_power: float = 1.0,
) -> NDArray[np.float32]:
    """Bin the peaks of many spectra into dense rows; parameters as of `bin_peaks`, "none" being "sum".

    Returns
    -------
    ndarray of shape (n_rows, n_columns), float32
    """
    peaks = _gather(positions, intensities, offsets, bins, combine, intensity_power)
    rows = np.zeros((peaks.offsets.size - 1, _n_columns(bins)), np.float32)

    def fill(first: int, last: int) -> None:
        entries = _entries(peaks, first, last)
        _merge_entries(*entries, combine == "max")
        _fill_rows(*entries, rows[first:last])

    _by_pieces(fill, peaks.offsets)
    return rows


def _check_width(width_da: float) -> None:
    if not width_da > 0:
        raise SettingsError(f"the width of the bins is {width_da}; give one above 0 Da")


def _n_columns(bins: Bins | Sequence[Bins]) -> int:
    return sum(part.n_columns for part in _as_list(bins))


def _as_list(bins: Bins | Sequence[Bins]) -> list[Bins]:
    return [bins] if isinstance(bins, Bins) else list(bins)


def _gather(
    positions: FloatArray | Sequence[FloatArray],
    intensities: FloatArray,
    offsets: IntArray,
    bins: Bins | Sequence[Bins],
    combine: str,
    intensity_power: float,
) -> _Peaks:
    """Check what was given and lay it out for the kernels."""
    kinds = _as_list(bins)
    masses = np.atleast_2d(np.asarray(positions, np.float64))
    values = np.asarray(intensities, np.float64) ** intensity_power
    offsets = np.ascontiguousarray(offsets, np.int64)
    if combine not in COMBINE:
        raise SettingsError(f"unknown way to combine peaks {combine!r}; choose one of {', '.join(COMBINE)}")
    if len(masses) not in (1, len(kinds)) or masses[0].shape != values.shape or values.ndim != 1:
        raise SettingsError(
            f"positions of shape {np.shape(positions)} do not fit intensities of shape {values.shape} and "
            f"{len(kinds)} kinds of bins; give one row of positions, or one for each kind"
        )
    if not offsets.size or offsets[0] != 0 or offsets[-1] != values.size or (np.diff(offsets) < 0).any():
        raise SettingsError(f"the offsets do not ascend from 0 to the number of peaks, {values.size}")
    shifts = np.cumsum([0] + [kind.n_columns for kind in kinds])[:-1]
    columns = [np.where(kind.columns < 0, -1, kind.columns + shift) for kind, shift in zip(kinds, shifts, strict=True)]
    return _Peaks(
        np.ascontiguousarray(masses),
        values,
        offsets,
        np.array([1.0 / kind.width_da for kind in kinds]),
        np.array([kind.is_spread for kind in kinds], np.bool_),
        np.concatenate([np.empty(0, np.int64), *columns]).astype(np.int64),
        np.cumsum([0] + [part.size for part in columns]).astype(np.int64),
    )


def _by_pieces(fill: Callable[[int, int], Result], offsets: IntArray) -> list[Result]:
    """Call a function for pieces of rows that have about the same number of peaks."""
    n_pieces = -(-int(offsets[-1]) // _PEAKS_OF_A_TASK)
    if n_pieces < 2:
        return [fill(0, offsets.size - 1)]
    inner = np.searchsorted(offsets, np.arange(1, n_pieces) * _PEAKS_OF_A_TASK)
    edges = np.unique(np.concatenate([[0], inner, [offsets.size - 1]])).tolist()
    return in_threads([partial(fill, first, last) for first, last in pairwise(edges)])


_FLOATS, _INTS = (types.Array(kind, 1, "C", readonly=True) for kind in (float64, int64))
_PEAKS = (
    types.Array(float64, 2, "C", readonly=True),
    _FLOATS,
    _INTS,
    _FLOATS,
    types.Array(boolean, 1, "C", readonly=True),
    _INTS,
    _INTS,
)


@njit(
    void(*_PEAKS, int64, int64, int64[::1], float64[::1], int64[::1]),
    cache=True,
    nogil=True,
    fastmath=False,
)
def _list_entries(
    positions: FloatArray,
    values: FloatArray,
    offsets: IntArray,
    scales: FloatArray,
    is_spread: IntArray,
    columns: IntArray,
    starts: IntArray,
    first: int,
    last: int,
    indices: IntArray,
    weights: FloatArray,
    ends: IntArray,
) -> None:  # pragma: no cover - compiled
    """Write an entry for each bin that a peak has a share in, row by row, and where each row ends."""
    n = 0
    for row in range(first, last):
        for kind in range(scales.size):
            n_bins = starts[kind + 1] - starts[kind]
            given = kind if positions.shape[0] > 1 else 0
            for peak in range(offsets[row], offsets[row + 1]):
                place = positions[given, peak] * scales[kind]
                if not -1.0 < place < n_bins:
                    continue
                low = np.int64(np.floor(place if is_spread[kind] else place + 0.5))
                share = place - low if is_spread[kind] else 0.0
                if 0 <= low < n_bins and columns[starts[kind] + low] >= 0:
                    indices[n] = columns[starts[kind] + low]
                    weights[n] = values[peak] * (1.0 - share)
                    n += 1
                if is_spread[kind] and low + 1 < n_bins and columns[starts[kind] + low + 1] >= 0:
                    indices[n] = columns[starts[kind] + low + 1]
                    weights[n] = values[peak] * share
                    n += 1
        ends[row - first] = n


@njit(void(int64[::1], float64[::1], int64[::1], boolean), cache=True, nogil=True, fastmath=False)
def _merge_entries(
    indices: IntArray, weights: FloatArray, ends: IntArray, is_max: bool
) -> None:  # pragma: no cover - compiled
    """Leave one entry for each column of a row, columns ascending, and move all together; 0 is no entry."""
    n, first = 0, 0
    for row in range(ends.size):
        start, last = n, ends[row]
        for i in range(first + 1, last):
            if indices[i] < indices[i - 1]:
                # rare, as peaks are sorted: losses, and peaks that are spread
                order = first + np.argsort(indices[first:last], kind="mergesort")
                indices[first:last], weights[first:last] = indices[order], weights[order]
                break
        for i in range(first, last):
            if weights[i] == 0.0:
                continue
            if n == start or indices[n - 1] != indices[i]:
                indices[n], weights[n] = indices[i], weights[i]
                n += 1
            else:
                weights[n - 1] = max(weights[n - 1], weights[i]) if is_max else weights[n - 1] + weights[i]
        first = last
        ends[row] = n


@njit(void(int64[::1], float64[::1], int64[::1], float32[:, ::1]), cache=True, nogil=True, fastmath=False)
def _fill_rows(
    indices: IntArray, weights: FloatArray, ends: IntArray, rows: FloatArray
) -> None:  # pragma: no cover - compiled
    """Write merged entries into rows, which are zero."""
    first = 0
    for row in range(ends.size):
        for i in range(first, ends[row]):
            rows[row, indices[i]] = weights[i]
        first = ends[row]


def _entries(peaks: _Peaks, first: int, last: int) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    room = int(peaks.offsets[last] - peaks.offsets[first]) * int((1 + peaks.is_spread).sum())
    indices, weights, ends = np.empty(room, np.int64), np.empty(room), np.empty(last - first, np.int64)
    _list_entries(*peaks, first, last, indices, weights, ends)
    return indices, weights, ends
