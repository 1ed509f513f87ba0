"""Sub-formulas and neutral-loss formulas as words of a vocabulary, and counts of atoms as words beside them.

What bins are to m/z, words are to formulas: C7H5O+ is one word on every instrument, however well it is calibrated.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.errors import ModelError
from matchms_fingerprint.features.arrays import SpectrumArrays
from matchms_fingerprint.features.formula_candidates import N_ELEMENTS
from matchms_fingerprint.features.formula_tokens import FormulaPeaks, formula_peaks
from matchms_fingerprint.features.precursor_formulas import read_formula, write_formula

N_COUNTS = 48
"""Counts of an element that are told apart; a higher one is the highest word."""

_COUNT_WORDS = N_ELEMENTS * N_COUNTS
_CHUNK = 2048
_HASH = np.random.default_rng(20260).integers(1, 2**62, N_ELEMENTS, dtype=np.int64)


@dataclass(frozen=True)
class FormulaWordSettings:
    """The vocabulary.

    Parameters
    ----------
    fragments, losses
        Formulas that are words, in Hill order; "" is the loss of nothing.
    max_peaks
        Strongest peaks of a spectrum that are read.
    """

    fragments: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()
    max_peaks: int = 64
    index: tuple[WordIndex, WordIndex] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", (WordIndex(self.fragments), WordIndex(self.losses)))

    @property
    def n_words(self) -> int:
        """Number of words: fragments, losses, and counts of atoms in fragments and in losses."""
        return len(self.fragments) + len(self.losses) + 2 * _COUNT_WORDS

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as JSON-safe values."""
        return {"fragments": list(self.fragments), "losses": list(self.losses), "max_peaks": self.max_peaks}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> FormulaWordSettings:
        """Read what `to_dict` wrote; refuse unknown keys by name."""
        if unknown := sorted(set(values) - {"fragments", "losses", "max_peaks"}):
            raise ModelError(f"unknown word settings: {', '.join(unknown)}; known are fragments, losses, max_peaks")
        lists: dict[str, Any] = {key: tuple(values[key]) for key in ("fragments", "losses") if key in values}
        return cls(**(values | lists))


class WordIndex:
    """Finds the words that rows of atom counts are.

    Parameters
    ----------
    words
        Formulas.

    Raises
    ------
    ModelError
        If one is no formula of `formula_candidates.ELEMENTS`.
    """

    def __init__(self, words: tuple[str, ...]) -> None:
        rows = [read_formula(word) if word else np.zeros(N_ELEMENTS, np.int16) for word in words]
        if unknown := [word for word, row in zip(words, rows, strict=True) if row is None]:
            raise ModelError(f"formula words not understood: {', '.join(unknown[:5])}")
        self.counts = np.array(rows, np.int64).reshape(-1, N_ELEMENTS)
        keys = self.counts @ _HASH
        self.order = np.argsort(keys)
        self.keys = keys[self.order]

    def find(self, counts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the word of each row of counts, -1 where it is none; shape (n,)."""
        if not self.keys.size:
            return np.full(len(counts), -1, np.int64)
        place = np.minimum(np.searchsorted(self.keys, counts @ _HASH), self.keys.size - 1)
        words = self.order[place]
        return np.where((self.counts[words] == counts).all(axis=1), words, -1)


@dataclass(frozen=True)
class FormulaWords:
    """Sparse rows (CSR) of words.

    Parameters
    ----------
    indices, weights
        Word and value of each entry, shape (n_entries,), int64 and float32.
    offsets
        First entry of each row, and the end, shape (n_spectra + 1,), int64.
    """

    indices: NDArray[np.int64]
    weights: NDArray[np.float32]
    offsets: NDArray[np.int64]


def formula_words(found: FormulaPeaks, settings: FormulaWordSettings) -> FormulaWords:
    """Write spectra in words.

    Each explained peak gives the word of its fragment and that of its loss, where they are in the vocabulary, and for
    each element in them the word of its count. All weigh the square root of the relative intensity, those of counts a
    tenth of it, since they are many.
    """
    rows = found.spectra.rows
    root = np.sqrt(found.spectra.intensity)
    first, parts = 0, []
    for counts, index in ((found.atoms, settings.index[0]), (found.losses, settings.index[1])):
        words = np.where(found.is_explained, index.find(counts), -1)
        known = np.flatnonzero(words >= 0)
        parts.append((rows[known], first + words[known], root[known]))
        first += len(index.counts)
        peak, element = np.nonzero(counts)
        of_count = element * N_COUNTS + np.minimum(counts[peak, element], N_COUNTS) - 1
        parts.append((rows[peak], first + of_count, 0.1 * root[peak]))
        first += _COUNT_WORDS
    row, word, weight = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(row, kind="stable")
    lengths = np.bincount(row, minlength=len(found.spectra))
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return FormulaWords(word[order], weight[order].astype(np.float32), offsets)


def frequent_words(
    spectra: SpectrumArrays,
    structure: NDArray[np.int64],
    n_fragments: int,
    n_losses: int,
    max_peaks: int,
    min_structures: int = 3,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Choose the words: the fragments and losses of most structures.

    Parameters
    ----------
    spectra
        Training spectra; completed ones save the enumeration of their formulas.
    structure
        Structure of each, shape (n_spectra,). A word counts once for a structure.
    n_fragments, n_losses
        Most words of each kind.
    max_peaks
        Strongest peaks that are read.
    min_structures
        A word occurs in at least so many structures.
    """
    pairs: tuple[list[NDArray[np.int64]], list[NDArray[np.int64]]] = ([], [])
    for start in range(0, len(spectra), _CHUNK):
        rows = np.arange(start, min(start + _CHUNK, len(spectra)))
        found = formula_peaks(spectra.take(rows), max_peaks)
        of_peaks = structure[rows][found.spectra.rows][found.is_explained]
        for kind, counts in zip(pairs, (found.atoms, found.losses), strict=True):
            kind.append(np.unique(np.column_stack([of_peaks, counts[found.is_explained]]), axis=0))
    return (
        _most_frequent(pairs[0], n_fragments, min_structures),
        _most_frequent(pairs[1], n_losses, min_structures),
    )


def _most_frequent(parts: list[NDArray[np.int64]], n_words: int, min_structures: int) -> tuple[str, ...]:
    pairs = np.unique(np.concatenate([np.empty((0, 1 + N_ELEMENTS), np.int64), *parts]), axis=0)
    words, counts = np.unique(pairs[:, 1:], axis=0, return_counts=True)
    order = np.argsort(-counts, kind="stable")[:n_words]
    return tuple(write_formula(words[i]) for i in order[counts[order] >= min_structures])
