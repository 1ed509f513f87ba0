"""Which training spectra may be the neighbours of a spectrum."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.chem.formulas import hill_formula, parse_formula
from matchms_fingerprint.errors import SettingsError, StructureError
from matchms_fingerprint.features.arrays import SpectrumArrays

RESTRICTIONS = ("all", "same_formula", "same_conditions")
"""All of the ion mode; those whose structure has the formula of the query; those of its adduct and mass analyser."""

Condition = Hashable


def conditions(restriction: str, spectra: SpectrumArrays, formulas: Sequence[str] | None = None) -> list[Condition]:
    """Return what a neighbour has to agree in with each spectrum, beside the ion mode; None where that is not known.

    Parameters
    ----------
    restriction
        One of `RESTRICTIONS`.
    spectra
        Spectra.
    formulas
        Molecular formula behind each of them; default those that the spectra hold as given.

    Raises
    ------
    SettingsError
        If there is no such restriction.
    """
    if restriction == "all":
        return [()] * len(spectra)
    if restriction == "same_formula":
        names: list[str] = spectra.formula.tolist() if formulas is None else list(formulas)
        normal = {name: _in_hill_order(name) for name in set(names)}
        return [normal[name] for name in names]
    if restriction == "same_conditions":
        pairs = zip(spectra.adduct.tolist(), spectra.analyzer.tolist(), strict=True)
        return [pair if all(pair) else None for pair in pairs]
    raise SettingsError(f"restriction {restriction!r} is none of {', '.join(RESTRICTIONS)}")


def is_of_mode(ion_modes: NDArray[np.int8], ion_mode: int) -> NDArray[np.bool_]:
    """Tell which spectra may be of an ion mode; an unknown mode (0) agrees with each."""
    return np.isin(ion_modes, (ion_mode, 0)) | (ion_mode == 0)


def _in_hill_order(formula: str) -> str | None:
    """Return a formula in the order that structures have it in, as it stands if it is not understood."""
    try:
        return hill_formula(parse_formula(formula)[0])
    except StructureError:
        return formula.strip() or None
