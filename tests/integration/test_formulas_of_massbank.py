"""Sub-formulas on measured spectra: the true formula explains more than others of its mass."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from builders import make_spectrum

from matchms_fingerprint.chem import parse_formula
from matchms_fingerprint.chem.explain_peaks import PeakFormulas, explain_spectra
from matchms_fingerprint.chem.find_formulas import find_formulas
from matchms_fingerprint.chem.formula_table import FormulaTable
from matchms_fingerprint.chem.ions import ion_atoms
from matchms_fingerprint.constants import ELECTRON_MASS
from matchms_fingerprint.errors import AdductError
from matchms_fingerprint.features.arrays import spectrum_arrays
from matchms_fingerprint.features.precursor_formulas import complete_formulas

pytestmark = pytest.mark.shared

ACCURATE = ("QTOF", "ITFT", "QFT")
MOST = {"C": 80, "H": 160, "N": 12, "O": 25, "P": 3, "S": 4, "F": 6, "Cl": 5, "Br": 3, "I": 2}
STRIDE = 30

Block = dict[str, str | np.ndarray]


def blocks(path: Path) -> Iterator[Block]:
    """Every 30th spectrum of an instrument with accurate mass, with its fields in small letters."""
    n_accurate = 0
    with gzip.open(path, "rt") as handle:
        for text in handle.read().split("END IONS\n")[:-1]:
            lines = [line for line in text.splitlines() if line and line != "BEGIN IONS"]
            fields: Block = dict(
                line.lower().split("=", 1)[:1] + line.split("=", 1)[1:] for line in lines if "=" in line
            )
            if "adduct" not in fields or not any(kind in str(fields["instrument_type"]) for kind in ACCURATE):
                continue
            n_accurate += 1
            if n_accurate % STRIDE == 0:
                rows = [line.split()[:2] for line in lines if "=" not in line]
                fields["mz"], fields["intensity"] = np.array(rows, dtype=float).T
                yield fields


@pytest.fixture(scope="module")
def spectra(shared: Path) -> list[Block]:
    return list(blocks(shared / "data" / "massbank.mgf.gz"))


def formulas_of(spectra: list[Block]) -> list[str]:
    return [str(one["formula"]) for one in spectra]


def explain(spectra: list[Block], formulas: list[str], ppm: float = 5.0) -> PeakFormulas:
    adducts = [str(one["adduct"]) for one in spectra]
    return explain_spectra([one["mz"] for one in spectra], formulas, adducts, tolerance_ppm=ppm)


@pytest.mark.parametrize("ion_mode", ["positive", "negative"])
def test_the_precursor_is_explained_by_the_whole_ion(spectra: list[Block], ion_mode: str) -> None:
    """Of the peaks within 10 ppm of the precursor in the file; the loss is then nothing. The others are deuterated.

    The median error is a tenth of the mass of an electron, so electrons are counted, and with the right sign.
    """
    some = [one for one in spectra if one["ionmode"] == ion_mode]
    explained = explain(some, formulas_of(some), ppm=15.0)
    nothing_lost = (explained.loss_counts() == 0).all(axis=1)
    errors = []
    for i, one in enumerate(some):
        for peak in np.flatnonzero(np.abs(one["mz"] / float(one["pepmass"]) - 1) < 10e-6) + explained.peak_offsets[i]:
            rows = explained.rows(peak)
            whole = explained.errors_da[rows][nothing_lost[rows]]
            errors.append(whole[0] if len(whole) else np.nan)
    assert len(errors) > 200
    assert np.isfinite(errors).mean() > 0.93
    assert abs(np.nanmedian(errors)) < ELECTRON_MASS / 5


def another_formula(one: Block, table: FormulaTable, index: int, rng: np.random.Generator) -> str | None:
    """Draw a formula of the same mass that can form the same ion."""
    rows = table.counts[table.rows(index)]
    for row in rng.permutation(rows)[:10]:
        formula = table.write(row)
        try:
            ion_atoms(formula, str(one["adduct"]))
        except AdductError:
            continue
        if formula != one["formula"]:
            return formula
    return None


def explained_shares(spectra: list[Block], formulas: list[str]) -> np.ndarray:
    """Share of the intensity of each spectrum that a formula explains."""
    found = explain(spectra, formulas)
    parts = np.split(found.explained, found.peak_offsets[1:-1])
    return np.array(
        [one["intensity"][part].sum() / one["intensity"].sum() for one, part in zip(spectra, parts, strict=True)]
    )


def test_the_true_formula_explains_more_than_another_of_its_mass(spectra: list[Block]) -> None:
    """Another formula: drawn from those within 10 ppm that the golden rules allow; the precursor's peak is left out.

    In 5,688 spectra drawn from the whole file it was 83 % of the intensity against 52 %.
    """
    rng = np.random.default_rng(0)
    usable = [
        one for one in spectra if str(one["formula"]).isalnum() and set(parse_formula(one["formula"])[0]) <= set(MOST)
    ]
    masses = [parse_formula(formula)[1] for formula in formulas_of(usable)]
    others = find_formulas(masses, MOST, tolerance_ppm=10)
    pairs, decoys = [], []
    for i, one in enumerate(usable):
        fragments = one["mz"] < float(one["pepmass"]) - 0.5
        rest = {**one, "mz": one["mz"][fragments], "intensity": one["intensity"][fragments]}
        other = another_formula(one, others, i, rng)
        if other and len(rest["mz"]) >= 2 and rest["intensity"].sum() > 0:
            pairs.append(rest)
            decoys.append(other)
    true, decoy = explained_shares(pairs, formulas_of(pairs)), explained_shares(pairs, decoys)
    print(
        f"\n{len(pairs)} spectra: {true.mean():.3f} of the intensity explained, {decoy.mean():.3f} by another formula"
    )
    assert len(pairs) > 1000
    assert true.mean() > 0.78
    assert decoy.mean() < 0.58
    assert (true > decoy).sum() > 3 * (true < decoy).sum()


def test_the_formula_is_found_and_the_confidence_in_it_is_deserved(spectra: list[Block]) -> None:
    """In 2,000 spectra of the validation fold 71 % were right, and 98 % of those with a confidence above 0.9."""
    some = [one for one in spectra[::5] if str(one["formula"]).isalnum()]
    arrays = spectrum_arrays(
        make_spectrum(
            one["mz"].tolist(),
            one["intensity"].tolist(),
            precursor_mz=float(str(one["pepmass"])),
            adduct=str(one["adduct"]),
            ionmode=str(one["ionmode"]),
            charge=None,
            instrument_type=str(one["instrument_type"]),
        )
        for one in some
    )
    completed = complete_formulas(arrays)
    is_right = completed.formula == np.array(formulas_of(some))
    confidence = completed.formula_confidence
    assert len(some) > 300
    assert is_right.mean() > 0.6
    assert is_right[confidence > 0.9].mean() > 0.93
    assert abs(confidence.mean() - is_right.mean()) < 0.07
