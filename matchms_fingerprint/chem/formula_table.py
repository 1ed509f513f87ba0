"""Formulas found for many masses, in one table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matchms_fingerprint.chem.formulas import hill_formula
from matchms_fingerprint.kernels.types import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class FormulaTable:
    """The formulas of each of many masses or peaks, the smallest error first.

    Parameters
    ----------
    symbols
        Elements in the order of the columns.
    offsets
        The formulas of mass i are the rows offsets[i] to offsets[i + 1]; shape (n_masses + 1,), int64.
    counts
        Atoms of each element; shape (n_formulas, n_elements), int16.
    errors_da
        Mass (m/z for peaks) of the formula minus that asked for; shape (n_formulas,), float64.
    """

    symbols: tuple[str, ...]
    offsets: IntArray
    counts: IntArray
    errors_da: FloatArray

    def __len__(self) -> int:
        """Return the number of masses."""
        return len(self.offsets) - 1

    def rows(self, index: int) -> slice:
        """Return where the formulas of one mass stand."""
        if not -len(self) <= index < len(self):
            raise IndexError(f"there are {len(self)} masses, none has the index {index}")
        first = index % len(self)
        return slice(int(self.offsets[first]), int(self.offsets[first + 1]))

    def formulas(self, index: int) -> list[str]:
        """Write the formulas of one mass in Hill order."""
        return [self.write(row) for row in self.counts[self.rows(index)]]

    def write(self, counts: IntArray) -> str:
        """Write one row of counts as a formula in Hill order; what is negative follows behind a minus: "CO-H2"."""
        present = {symbol: int(n) for symbol, n in zip(self.symbols, counts, strict=True) if n > 0}
        missing = {symbol: -int(n) for symbol, n in zip(self.symbols, counts, strict=True) if n < 0}
        return hill_formula(present) + ("-" + hill_formula(missing) if missing else "")

    @property
    def explained(self) -> np.ndarray:
        """Which masses have a formula; shape (n_masses,), bool."""
        return np.diff(self.offsets) > 0
