"""Count and visit the bits of packed fingerprints.

The arithmetic of `popcount` is what LLVM knows by heart: it becomes the popcount instruction, of whole vectors where
the processor has one (AVX-512). Without compilation (`NUMBA_DISABLE_JIT=1`) plain Python does the same.
"""

from __future__ import annotations

import numpy as np
from numba import config, float64, int32, int64, njit, types, uint64, void

from matchms_fingerprint.errors import FingerprintSpecError
from matchms_fingerprint.kernels.types import FloatArray, IntArray, WordArray

PACKED = types.Array(uint64, 2, "C", readonly=True)
"""Type of packed fingerprints in the signature of a kernel; memory-mapped arrays are read-only."""
WORDS = types.Array(uint64, 1, "C", readonly=True)
"""Type of one packed fingerprint in the signature of a kernel."""

_ONE = np.uint64(1)
_ZERO = np.uint64(0)
_PAIRS, _NIBBLES, _BYTES = np.uint64(0x5555555555555555), np.uint64(0x3333333333333333), np.uint64(0x0F0F0F0F0F0F0F0F)
_EVERY_BYTE = np.uint64(0x0101010101010101)
_TWO, _FOUR, _TOP_BYTE = np.uint64(2), np.uint64(4), np.uint64(56)

if config.DISABLE_JIT:  # type: ignore[attr-defined]

    def popcount(word: np.uint64) -> int:
        """Return the number of set bits of a word."""
        return int(word).bit_count()

    def lowest_bit(word: np.uint64) -> int:
        """Return the place of the lowest set bit of a word, 64 for a word without one."""
        return (int(word) & -int(word)).bit_length() - 1 if word else 64

else:

    @njit(int64(uint64), cache=True, nogil=True, fastmath=False)
    def popcount(word: np.uint64) -> int:  # pragma: no cover - compiled
        """Return the number of set bits of a word."""
        word = word - ((word >> _ONE) & _PAIRS)
        word = (word & _NIBBLES) + ((word >> _TWO) & _NIBBLES)
        word = (word + (word >> _FOUR)) & _BYTES
        return int((word * _EVERY_BYTE) >> _TOP_BYTE)

    @njit(int64(uint64), cache=True, nogil=True, fastmath=False)
    def lowest_bit(word: np.uint64) -> int:  # pragma: no cover - compiled
        """Return the place of the lowest set bit of a word, 64 for a word without one."""
        return popcount(~word & (word - _ONE))


@njit(int64(WORDS, int32[::1]), cache=True, nogil=True, fastmath=False)
def set_bits(words: WordArray, places: IntArray) -> int:  # pragma: no cover - compiled
    """Write the places of the set bits of one fingerprint, ascending; return how many there are.

    Most words of a Morgan fingerprint have no bit or one: two are written for every word, and counted if they are
    there. That spares the processor from guessing which words have bits, on which most of the time would be spent.

    Parameters
    ----------
    words
        One packed fingerprint, shape (n_words,).
    places
        Written to; room for `64 * n_words + 2`.
    """
    count = 0
    for w in range(words.size):
        word = words[w]
        n_in_word = popcount(word)
        places[count] = 64 * w + lowest_bit(word)
        word &= ~(_ONE << np.uint64(lowest_bit(word) & 63))
        places[count + 1] = 64 * w + lowest_bit(word)
        for i in range(2, n_in_word):
            word &= word - _ONE
            places[count + i] = 64 * w + lowest_bit(word)
        count += n_in_word
    return count


@njit(
    void(float64[::1], PACKED, int64[::1], float64[::1], int64[::1]),
    cache=True,
    nogil=True,
    fastmath=False,
)
def _sum_rows(
    values: FloatArray, packed: WordArray, rows: IntArray, sums: FloatArray, counts: IntArray
) -> None:  # pragma: no cover - compiled
    places = np.empty(64 * packed.shape[1] + 2, np.int32)
    for i in range(rows.size):
        count = set_bits(packed[rows[i]], places)
        total = 0.0
        for j in range(count):
            total += values[places[j]]
        sums[i] = total
        counts[i] = count


@njit(void(PACKED, int64[::1]), cache=True, nogil=True, fastmath=False)
def _count_rows(packed: WordArray, counts: IntArray) -> None:  # pragma: no cover - compiled
    for row in range(packed.shape[0]):
        count = 0
        for w in range(packed.shape[1]):
            count += popcount(packed[row, w])
        counts[row] = count


def as_packed(packed: WordArray) -> WordArray:
    """Return packed fingerprints as kernels read them; what is uint64 and contiguous is not copied.

    Raises
    ------
    FingerprintSpecError
        If the array has no rows and columns.
    """
    packed = np.ascontiguousarray(packed, dtype=np.uint64)
    if packed.ndim != 2:
        raise FingerprintSpecError(f"packed fingerprints have the shape (n, n_words), not {packed.shape}")
    return packed


def pad(values: FloatArray, packed: WordArray) -> FloatArray:
    """Return a vector over the bits as float64, with zeros up to the width of the packed fingerprints.

    Raises
    ------
    FingerprintSpecError
        If it is not a vector, or has not as many bits as they have.
    """
    values = np.asarray(values)
    if values.ndim != 1 or packed.shape[1] != -(-len(values) // 64):
        raise FingerprintSpecError(
            f"a fingerprint of shape {values.shape} does not fit packed ones of shape {packed.shape}; "
            "they must be of one specification"
        )
    padded = np.zeros(64 * packed.shape[1], dtype=np.float64)
    padded[: len(values)] = values
    return padded


def sums_and_counts(values: FloatArray, packed: WordArray, rows: IntArray | None = None) -> tuple[FloatArray, IntArray]:
    """Sum a vector over the set bits of fingerprints, and count the bits.

    The values are added in the order of the bits, so that a sum does not depend on what else is asked for.

    Parameters
    ----------
    values
        ndarray of shape (n_bits,), float32 or float64.
    packed
        ndarray of shape (n, n_words), uint64, n_words = ceil(n_bits / 64); may be read-only.
    rows
        Which fingerprints, shape (n_rows,); all where not given.

    Returns
    -------
    sums : ndarray of shape (n_rows,), float64
    counts : ndarray of shape (n_rows,), int64
    """
    packed = as_packed(packed)
    rows = np.arange(len(packed)) if rows is None else np.ascontiguousarray(rows, np.int64)
    sums, counts = np.empty(rows.size, np.float64), np.empty(rows.size, np.int64)
    _sum_rows(pad(values, packed), packed, rows, sums, counts)
    return sums, counts


def popcounts(packed: WordArray) -> IntArray:
    """Count the set bits of each fingerprint.

    Parameters
    ----------
    packed
        ndarray of shape (n, n_words), uint64.

    Returns
    -------
    ndarray of shape (n,), int64
    """
    packed = as_packed(packed)
    counts = np.empty(len(packed), np.int64)
    _count_rows(packed, counts)
    return counts
