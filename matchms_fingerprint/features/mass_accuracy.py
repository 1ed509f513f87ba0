"""How accurate the fragment masses of a spectrum are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NOMINAL_DA = 0.3
"""A spectrum whose peaks may be this far off tells nominal masses."""


@dataclass(frozen=True)
class MassAccuracy:
    """How far a peak may lie from the ion that it stands for.

    Parameters
    ----------
    ppm, da
        The tolerance is the wider of `ppm` parts per million and `da` Da.
    source
        Where this is known from: "instrument", "peaks" or "given".
    """

    ppm: float
    da: float
    source: str

    @property
    def is_nominal(self) -> bool:
        """Whether masses are known to the unit only."""
        return self.da >= NOMINAL_DA

    def tolerance_da(self, mz: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the tolerance of each peak in Da, shape as `mz`."""
        return np.maximum(mz * self.ppm * 1e-6, self.da)

    def __str__(self) -> str:
        return f"{self.da:g} Da" if self.is_nominal else f"{self.ppm:g} ppm or {self.da:g} Da"
