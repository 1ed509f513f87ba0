"""Which atoms an ion is made of."""

from __future__ import annotations

import re
from functools import lru_cache

from matchms_fingerprint.chem.adducts import ACETATE, get_adduct
from matchms_fingerprint.chem.formulas import hill_formula, parse_formula
from matchms_fingerprint.errors import AdductError

_CHARGE = re.compile(r"\d*[+-]+$|[+-]\d+$")


def ion_atoms(formula: str, adduct: str) -> dict[str, int]:
    """Count the atoms of the ion that a molecule forms.

    Parameters
    ----------
    formula
        Of the molecule, such as "C6H12O6". A charge behind it ("C9H14N+") is passed over: for such a molecule give the
        adduct "[M]+".
    adduct
        Such as "[M+Na]+" or "[M-H2O+H]+".

    Returns
    -------
    Number of atoms of each element, those of the adduct included: C6H12NaO6 for glucose and [M+Na]+.

    Raises
    ------
    StructureError
        If the formula is none.
    AdductError
        If the adduct is not understood, or takes away atoms that the molecule does not have.

    Examples
    --------
    >>> ion_atoms("C6H12O6", "[M+Na]+")
    {'C': 6, 'H': 12, 'O': 6, 'Na': 1}
    """
    return dict(_ion_atoms(formula, adduct))


@lru_cache(maxsize=65536)
def _ion_atoms(formula: str, adduct: str) -> tuple[tuple[str, int], ...]:
    n_molecules, changes = adduct_atoms(adduct)
    molecule = parse_formula(_CHARGE.sub("", formula.strip()))[0]
    atoms = {symbol: count * n_molecules for symbol, count in molecule.items()}
    for symbol, count in changes:
        atoms[symbol] = atoms.get(symbol, 0) + count
    if min(atoms.values()) < 0:
        missing = hill_formula({symbol: -count for symbol, count in atoms.items() if count < 0})
        raise AdductError(f"adduct {adduct!r}: {formula} has not the {missing} that it takes away")
    return tuple((symbol, count) for symbol, count in atoms.items() if count)


@lru_cache(maxsize=4096)
def adduct_atoms(adduct: str) -> tuple[int, tuple[tuple[str, int], ...]]:
    """Return the number of molecules in an ion, and how many atoms of each element it has more than they.

    Raises
    ------
    AdductError
        If the adduct is not understood.

    Examples
    --------
    >>> adduct_atoms("[2M-H2O+Na]+")
    (2, (('H', -2), ('O', -1), ('Na', 1)))
    """
    # imported here, since it takes seconds
    from matchms.filtering.filter_utils import interpret_unknown_adduct as parser

    known = get_adduct(adduct)
    changes: dict[str, int] = {}
    for part in parser.get_ions_from_adduct(ACETATE.sub(r"\1C2H3O2", known.name))[1]:
        sign, number, formula = parser.split_ion(part)
        for symbol, count in parse_formula(formula)[0].items():
            changes[symbol] = changes.get(symbol, 0) + (-count if sign == "-" else count) * number
    return known.n_molecules, tuple(changes.items())
