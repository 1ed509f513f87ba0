"""Adducts: from a precursor m/z to the mass of the neutral molecule, and back.

The names are cleaned and their masses computed by matchms; what stands here guards both, since matchms reads over parts
of a name that it does not understand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from rdkit import Chem

from matchms_fingerprint.constants import ELECTRON_MASS, ION_MODES
from matchms_fingerprint.errors import AdductError
from matchms_fingerprint.io.adduct_names import clean_adduct_name

_COMMON = {
    "positive": ("[M+H]+", "[M+Na]+", "[M+NH4]+", "[M-H2O+H]+", "[M+K]+", "[M]+"),
    "negative": ("[M-H]-", "[M+HCOO]-", "[M+CH3COO]-", "[M+Cl]-", "[M-H2O-H]-", "[M]-"),
}
# at most nine of a kind, so that [M+37Cl]- is not read as 37 chlorines
_SHAPE = re.compile(r"\[[1-9]?M(?:[+-][1-9]?[A-Z][A-Za-z0-9]*)*\][1-9]?[+-]")
_FORMULA = re.compile(r"(?:[A-Z][a-z]?\d*)+")
_ELEMENTS = frozenset(Chem.GetPeriodicTable().GetElementSymbol(number) for number in range(1, 119))
# matchms reads these as elements (Ac is actinium); the others that it knows stay with it
ACETATE = re.compile(r"(?<=[+-])(\d*)O[Aa]c(?=[+\-\]])")


@dataclass(frozen=True, slots=True)
class Adduct:
    """How the neutral molecule became an ion.

    Parameters
    ----------
    name
        Clean name, such as "[M+H]+".
    ion_mode
        "positive" or "negative".
    charge
        Signed charge of the ion.
    n_molecules
        Number of molecules in the ion: 2 for [2M+H]+.
    mass_shift
        Mass in Da of all that the ion has beside its molecules, electrons included.
    """

    name: str
    ion_mode: str
    charge: int
    n_molecules: int
    mass_shift: float

    def neutral_mass(self, precursor_mz: float) -> float:
        """Return the monoisotopic mass (Da) of the molecule from the m/z of its ion."""
        return (precursor_mz * abs(self.charge) - self.mass_shift) / self.n_molecules

    def precursor_mz(self, neutral_mass: float) -> float:
        """Return the m/z of the ion from the monoisotopic mass (Da) of the molecule."""
        return (neutral_mass * self.n_molecules + self.mass_shift) / abs(self.charge)


@lru_cache(maxsize=4096)
def get_adduct(name: str) -> Adduct:
    """Understand the name of an adduct.

    Blanks, missing brackets, radical signs and the spellings that matchms knows are cleaned first. Any sum of formulas
    and matchms' abbreviations (ACN, FA, HAc, TFA, DMSO, MeOH, IsoProp, OAc) is understood, not only a table.

    Parameters
    ----------
    name
        Such as "[M+H]+", "M-H2O+H+", "[M + FA - H]-" or "[2M+Na]+".

    Raises
    ------
    AdductError
        If the name cannot be turned into a mass and a charge.

    Examples
    --------
    >>> from matchms_fingerprint.chem import get_adduct
    >>> round(get_adduct("[M+H]+").neutral_mass(195.0877), 4)
    194.0804
    """
    # imported here, since it takes seconds, and building a library needs no adducts
    from matchms.filtering.filter_utils import interpret_unknown_adduct as parser

    cleaned = clean_adduct_name(str(name))
    if not _SHAPE.fullmatch(cleaned):
        raise AdductError(f"adduct {name!r}: not understood; write it like [M+H]+, [2M+Na]+ or [M+FA-H]-")
    charge = parser.get_charge_of_adduct(cleaned)
    n_molecules, ions = parser.get_ions_from_adduct(ACETATE.sub(r"\1C2H3O2", cleaned))
    for ion in ions:
        formula = ion.lstrip("+-0123456789")
        if not _FORMULA.fullmatch(formula) or not _ELEMENTS.issuperset(re.findall("[A-Z][a-z]?", formula)):
            raise AdductError(f"adduct {name!r}: {formula!r} is no formula; write it like [M+H]+ or [M+FA-H]-")
    mode = ION_MODES[0] if charge > 0 else ION_MODES[1]
    return Adduct(cleaned, mode, charge, n_molecules, parser.get_mass_of_ion(ions) - charge * ELECTRON_MASS)


@lru_cache(maxsize=2)
def common_adducts(ion_mode: str) -> tuple[Adduct, ...]:
    """Return the adducts to try for a feature of one ion mode whose adduct is not known, the most frequent first.

    Raises
    ------
    AdductError
        If `ion_mode` is neither "positive" nor "negative".
    """
    if ion_mode not in _COMMON:
        raise AdductError(f"ion mode {ion_mode!r}: must be one of {', '.join(_COMMON)}")
    return tuple(get_adduct(name) for name in _COMMON[ion_mode])
