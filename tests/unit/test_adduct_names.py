"""Names of adducts: one spelling for each, whoever writes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchms_fingerprint.chem import get_adduct
from matchms_fingerprint.io.adduct_names import clean_adduct_name


@pytest.mark.parametrize(
    ("written", "charge", "clean"),
    [
        ("M+H", None, "[M+H]+"),
        (" [ M + 2 H ] +2", None, "[M+2H]2+"),
        ("[M+2H]++", None, "[M+2H]2+"),
        ("[M+H]1+", None, "[M+H]+"),
        ("[M]+.", None, "[M]+"),
        ("[M]+*", None, "[M]+"),
        ("[M]·+", None, "[M]+"),
        ("[M–H]–", None, "[M-H]-"),
        ("[M+C5H9N]", 2, "[M+C5H9N]2+"),
        ("[M+C5H9N]-", 2, "[M+C5H9N]-"),
        ("", None, "[]"),
    ],
)
def test_spellings(written, charge, clean):
    assert clean_adduct_name(written, charge) == clean


@pytest.mark.parametrize("written", ["M+H", "[M + 2H]+2", "[M]+.", "[M+H]1+", "[M−H]−", "M+FA-H", "[2M+Na]+"])
def test_it_is_the_name_that_chem_understands(written):
    assert get_adduct(written).name == clean_adduct_name(written)


def charge_spellings(charge, sign):
    """Return what may stand behind the bracket for one charge, in the order of matchms first."""
    number = "" if charge == 1 else str(charge)
    others = [f"{charge}{sign}", f"{sign}{charge}", f" {number} {sign}"]
    others += [f"{sign}.", f"•{sign}", f"{sign}*"] if charge == 1 else [sign * charge] if charge == 2 else []
    return [f"{number}{sign}", *others]


@given(
    st.sampled_from(["[M+H", "[2M+Na", "[M+C5H9N", "[M-C2H4+K"]),
    st.integers(1, 4).flatmap(lambda n: st.sampled_from("+-").map(lambda sign: charge_spellings(n, sign))),
    st.data(),
)
def test_each_spelling_of_a_charge_gives_one_name(ion, spellings, data):
    clean = f"{ion}]{spellings[0]}"
    written = f"{ion}]{data.draw(st.sampled_from(spellings))}"
    assert clean_adduct_name(written) == clean
    assert clean_adduct_name(clean) == clean
