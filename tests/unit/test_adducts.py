"""Names of adducts to masses."""

import math
from itertools import pairwise

import pytest

from matchms_fingerprint.chem import common_adducts, get_adduct
from matchms_fingerprint.constants import ELECTRON_MASS, PROTON_MASS
from matchms_fingerprint.errors import AdductError

# monoisotopic masses of the elements, AME2020
H, C, N, OXYGEN, F = 1.00782503190, 12.0, 14.00307400425, 15.99491461926, 18.99840316207
NA, CL, K, BR = 22.98976928195, 34.968852694, 38.96370648482, 78.91833760
E = ELECTRON_MASS
M = 300.0


@pytest.mark.parametrize(
    ("name", "mz"),
    [
        ("[M+H]+", M + PROTON_MASS),
        ("[M+Na]+", M + NA - E),
        ("[M+K]+", M + K - E),
        ("[M+NH4]+", M + N + 4 * H - E),
        ("[M]+", M - E),
        ("[M-H2O+H]+", M - OXYGEN - H - E),
        ("[M+2H]2+", (M + 2 * PROTON_MASS) / 2),
        ("[M+3H]3+", (M + 3 * PROTON_MASS) / 3),
        ("[M+H+Na]2+", (M + H + NA - 2 * E) / 2),
        ("[2M+H]+", 2 * M + PROTON_MASS),
        ("[2M+ACN+Na]+", 2 * M + 2 * C + 3 * H + N + NA - E),
        ("[M+2Na-H]+", M + 2 * NA - H - E),
        ("[M-H]-", M - PROTON_MASS),
        ("[M-2H]2-", (M - 2 * PROTON_MASS) / 2),
        ("[M]-", M + E),
        ("[M+Cl]-", M + CL + E),
        ("[M+Br]-", M + BR + E),
        ("[M+FA-H]-", M + C + H + 2 * OXYGEN + E),
        ("[M+HCOO]-", M + C + H + 2 * OXYGEN + E),
        ("[M+HAc-H]-", M + 2 * C + 3 * H + 2 * OXYGEN + E),
        ("[M+OAc]-", M + 2 * C + 3 * H + 2 * OXYGEN + E),
        ("[M+TFA-H]-", M + 2 * C + 3 * F + 2 * OXYGEN + E),
        ("[2M-H]-", 2 * M - PROTON_MASS),
        ("[3M-H]-", 3 * M - PROTON_MASS),
        ("[M-H-CO2-2HF]-", M - 3 * H - C - 2 * OXYGEN - 2 * F + E),
    ],
)
def test_mz_is_the_sum_of_the_atoms(name: str, mz: float) -> None:
    adduct = get_adduct(name)
    assert adduct.precursor_mz(M) == pytest.approx(mz, abs=2e-6)
    assert adduct.neutral_mass(mz) == pytest.approx(M, abs=5e-6)
    assert adduct.ion_mode == ("positive" if name.endswith("+") else "negative")


@pytest.mark.parametrize(
    ("written", "clean"),
    [
        ("M+H", "[M+H]+"),
        ("M+H+", "[M+H]+"),
        ("[M+H]", "[M+H]+"),
        (" [M + H] + ", "[M+H]+"),
        ("[M+H]1+", "[M+H]+"),
        ("[M+H]+1", "[M+H]+"),
        ("[M+2H]+2", "[M+2H]2+"),
        ("[M+2H]++", "[M+2H]2+"),
        ("[M-2H]--", "[M-2H]2-"),
        ("[M - H]-", "[M-H]-"),
        ("[M−H]−", "[M-H]-"),
        ("[M+H-H2O]+", "[M-H2O+H]+"),
        ("[M]+*", "[M]+"),
        ("[M]+.", "[M]+"),
        ("[M]•+", "[M]+"),
        ("M+NH4+", "[M+NH4]+"),
        ("[M+FA-H]", "[M+FA-H]-"),
        ("[M+CH3COO]-", "[M+CH3COO]-"),
    ],
)
def test_spelling_is_cleaned(written: str, clean: str) -> None:
    assert get_adduct(written) == get_adduct(clean)
    assert get_adduct(written).name == clean


@pytest.mark.parametrize(
    "name",
    ["", "H", "[M+H", "[M+foo]+", "[M+Xx]+", "[M+Acn+H]+", "[M+37Cl]-", "[0M+H]+", "[M+(H2O)2+H]+", "[M+X]", "[M+H]0"],
)
def test_unknown_names_are_refused(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(AdductError) as caught:
        get_adduct(name)
    assert repr(name) in str(caught.value)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(("mode", "first"), [("positive", "[M+H]+"), ("negative", "[M-H]-")])
def test_common_adducts_are_of_their_mode_and_differ_in_mass(mode: str, first: str) -> None:
    adducts = common_adducts(mode)
    assert adducts[0].name == first
    assert {adduct.ion_mode for adduct in adducts} == {mode}
    mzs = sorted(adduct.precursor_mz(M) for adduct in adducts)
    assert all(not math.isclose(low, high, abs_tol=0.5) for low, high in pairwise(mzs))


def test_an_unknown_ion_mode_is_refused() -> None:
    with pytest.raises(AdductError, match="'neutral'"):
        common_adducts("neutral")


@pytest.mark.shared
def test_every_adduct_of_massbank_is_understood(shared) -> None:
    """The mass that follows from the precursor is that of the structure for nearly all records that state three digits.

    The others are nominal m/z, isotope peaks of halogenated compounds, and mistakes of the records.
    """
    import pandas as pd

    table = pd.read_csv(shared / "data" / "massbank_metadata.tsv.gz", sep="\t").dropna(subset=["adduct"])
    masses = [get_adduct(a).neutral_mass(mz) for a, mz in zip(table.adduct, table.precursor_mz, strict=True)]
    assert ((table.exact_mass - masses).abs() < 0.05).mean() > 0.98
