"""Adducts agree with the table and the parser of matchms, except where matchms is wrong."""

import pytest
from matchms.filtering.filter_utils.load_known_adducts import load_known_adduct_conversions, load_known_adducts

from matchms_fingerprint.chem import get_adduct

TABLE = load_known_adducts()
WRONG_IN_MATCHMS = {"[M+OAc]-"}


@pytest.mark.parametrize("row", [row for row in TABLE.itertuples() if row.adduct not in WRONG_IN_MATCHMS], ids=str)
def test_table(row) -> None:
    """The table is rounded to 1e-6 Da, and its sodium is off by 2.5e-6, its DMSO by 8e-6."""
    adduct = get_adduct(row.adduct)
    assert (adduct.ion_mode, adduct.charge) == (row.ionmode, row.charge)
    assert adduct.precursor_mz(0.0) == pytest.approx(row.correction_mass, abs=1e-5)
    assert adduct.precursor_mz(1.0) - adduct.precursor_mz(0.0) == pytest.approx(row.mass_multiplier)


def test_acetate_is_not_actinium() -> None:
    """In matchms the shift of [M+OAc]- is 243.02 Da: O, and Ac read as actinium (227 Da). Acetate is C2H3O2."""
    wrong = TABLE.set_index("adduct").correction_mass["[M+OAc]-"]
    assert wrong == pytest.approx(15.9949 + 227.0278, abs=1e-3)
    assert get_adduct("[M+OAc]-").mass_shift == pytest.approx(get_adduct("[M+CH3COO]-").mass_shift)


@pytest.mark.parametrize("name", sorted(set(load_known_adduct_conversions()) - {"[M-e]"}))
def test_every_spelling_that_matchms_knows_is_understood(name: str) -> None:
    """All but [M-e], of which matchms makes [M-e]-, an anion that has lost an electron."""
    assert get_adduct(name).name.startswith("[")
