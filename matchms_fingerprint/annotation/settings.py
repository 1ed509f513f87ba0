"""The settings of an annotation, checked once and kept with its results."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from matchms_fingerprint.chem import Adduct, get_adduct, hill_formula, parse_formula
from matchms_fingerprint.constants import DEFAULT_TOLERANCE_PPM, ION_MODES, MIN_PEAKS
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.io import PER_FEATURE
from matchms_fingerprint.kernels.tanimoto import SCORES

ADDUCT_PRIOR_FLATTENING = 0.5
"""Power of the shares of adducts among training spectra, where an adduct has to be guessed.

Below 1, since exports of MZmine hold more sodium and ammonium adducts than the reference spectra that models learn
from.
"""


@dataclass(frozen=True, slots=True)
class AnnotationSettings:
    """What `annotate` was asked to do.

    Parameters
    ----------
    top_k
        Hits kept for each feature.
    score
        Score of predicted fingerprint and candidate: "cosine", "tanimoto", "vector_tanimoto" or "log_likelihood".
    tolerance_ppm
        Tolerance of the precursor mass, in parts per million.
    tolerance_da
        Tolerance of the precursor mass in Da; used instead of `tolerance_ppm` where given.
    adducts
        Adducts to try where the input gives none; empty for the common ones of the ion mode.
    ion_mode
        "positive" or "negative" for the features whose ion mode the input does not tell.
    per_feature
        "merge", "best" or "all" spectra of a feature.
    min_peaks
        Spectra with fewer peaks of an intensity above 0 are not annotated.
    batch_size
        Features that are predicted together, and held in memory at a time.
    formula
        Candidates of this molecular formula only; None for any.
    min_probability
        Hits below it are left out.

    Raises
    ------
    SettingsError
        If a value is of the wrong kind or outside of what it accepts.
    AdductError, StructureError
        If one of `adducts`, or `formula`, is not understood.
    """

    top_k: int = 10
    score: str = "cosine"
    tolerance_ppm: float = DEFAULT_TOLERANCE_PPM
    tolerance_da: float | None = None
    adducts: tuple[str, ...] = ()
    ion_mode: str | None = None
    per_feature: str = "merge"
    min_peaks: int = MIN_PEAKS
    batch_size: int = 256
    formula: str | None = None
    min_probability: float = 0.0

    def __post_init__(self) -> None:
        _require_one_of("score", self.score, tuple(SCORES))
        _require_one_of("per_feature", self.per_feature, PER_FEATURE)
        if self.ion_mode is not None:
            _require_one_of("ion_mode", self.ion_mode, ION_MODES)
        for name, least in (("top_k", 1), ("batch_size", 1), ("min_peaks", 0)):
            self._set_whole_number(name, least)
        self._set_positive("tolerance_ppm")
        if self.tolerance_da is not None:
            self._set_positive("tolerance_da")
        if self.formula is not None:
            object.__setattr__(self, "formula", hill_formula(parse_formula(self.formula)[0]))
        is_share = isinstance(self.min_probability, int | float) and 0 <= self.min_probability <= 1
        _require(is_share, "min_probability", repr(self.min_probability), "must be a number from 0 to 1")
        # one that is named twice would count twice among those that compete
        object.__setattr__(self, "adducts", tuple(dict.fromkeys(get_adduct(name).name for name in self.adducts)))

    def _set_whole_number(self, name: str, least: int) -> None:
        value = getattr(self, name)
        is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
        _require(is_whole and int(value) >= least, name, repr(value), f"must be {least} or more, a whole number")
        object.__setattr__(self, name, int(value))

    def _set_positive(self, name: str) -> None:
        value = getattr(self, name)
        is_number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
        _require(bool(is_number and 0 < value < float("inf")), name, repr(value), "must be a number above 0")
        object.__setattr__(self, name, float(value))

    @property
    def adducts_to_try(self) -> tuple[Adduct, ...]:
        """The named adducts with their masses."""
        return tuple(get_adduct(name) for name in self.adducts)

    @property
    def tolerance(self) -> str:
        """The tolerance as text with its unit."""
        return f"{self.tolerance_ppm:g} ppm" if self.tolerance_da is None else f"{self.tolerance_da:g} Da"

    @property
    def fallback_ion_mode(self) -> str | None:
        """The ion mode of features that do not tell theirs: `ion_mode`, or that of all `adducts` where they agree."""
        modes = {adduct.ion_mode for adduct in self.adducts_to_try}
        return self.ion_mode or (modes.pop() if len(modes) == 1 else None)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-safe dictionary."""
        return asdict(self) | {"adducts": list(self.adducts), "adduct_prior_flattening": ADDUCT_PRIOR_FLATTENING}


def _require_one_of(name: str, value: str, choices: tuple[str, ...]) -> None:
    _require(value in choices, name, repr(value), f"must be one of {', '.join(choices)}")


def _require(condition: bool, name: str, value: object, rule: str) -> None:
    if not condition:
        raise SettingsError(f"{name} {value}: {rule}")
