"""What speaks for a candidate before any peak is looked at: how often it is listed, and its mass error.

Both are off by default. Sources reward popularity, which is right for a user who expects known compounds and wrong for
a claim about what a spectrum shows. The mass error is worth what the precursor was measured with, which no public
library of theoretical precursors tells; so its scale is given and not fitted.
"""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.annotation.evidence.evidence import Candidates, Query
from matchms_fingerprint.errors import SettingsError

MASS_ERROR_PPM = 4.0
"""Standard deviation that is assumed of precursors: most of a recent instrument lie within 5 ppm."""


class PriorEvidence:
    """How many sources hold a structure, and how well its mass fits the precursor.

    `prior_sources` is the logarithm of 1 + the number of sources, `mass_error` the logarithm of the normal density of
    the mass error relative to an error of 0.

    Parameters
    ----------
    mass_error_ppm
        Standard deviation of the mass errors of precursors.

    Raises
    ------
    SettingsError
        If it is not above 0.
    """

    columns: ClassVar[tuple[str, ...]] = ("prior_sources", "mass_error")

    def __init__(self, mass_error_ppm: float = MASS_ERROR_PPM) -> None:
        if not mass_error_ppm > 0 or not math.isfinite(mass_error_ppm):
            raise SettingsError(f"mass_error_ppm is {mass_error_ppm}; give the usual error in ppm, such as 4")
        self.mass_error_ppm = mass_error_ppm

    def of(self, query: Query, candidates: Candidates) -> NDArray[np.float64]:
        """See `Evidence`; the spectrum itself does not matter."""
        errors = candidates.mass_errors_ppm / self.mass_error_ppm
        return np.column_stack([np.log1p(candidates.n_sources), -0.5 * errors**2])
