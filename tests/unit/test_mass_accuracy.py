"""How accurate fragment masses are taken to be."""

from __future__ import annotations

import gzip
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from matchms_fingerprint import load_spectra
from matchms_fingerprint.chem import explain_peaks, ion_atoms
from matchms_fingerprint.constants import ELECTRON_MASS
from matchms_fingerprint.features.arrays import SpectrumArrays, spectrum_arrays
from matchms_fingerprint.features.instruments import ANALYZERS
from matchms_fingerprint.features.mass_accuracy import LEVELS, MassAccuracy, estimate_accuracy, level_log_posteriors
from tests.builders import make_spectrum

# fragments of caffeine, phenylalanine, adenosine and other small molecules, as formulas of their ions
FRAGMENTS = (
    ("C5H8N3", "C4H5N2", "C6H8N3O", "C3H6N", "C7H7", "C8H10N", "C9H11NO2", "C5H6N5", "C4H9O2", "C6H5O", "C7H5O2"),
    ("C4H8N", "C5H10N", "C2H6N", "C8H9O2", "C9H7O", "C6H7", "C3H3O2", "C10H9", "C9H9O", "C8H8NO", "C5H5O3"),
)


def exact(formulas: tuple[str, ...]) -> np.ndarray:
    """Return the m/z of cations of some formulas."""
    table = explain_masses()
    return np.sort([sum(table[s] * n for s, n in ion_atoms(f, "[M]+").items()) - ELECTRON_MASS for f in formulas])


def explain_masses() -> dict[str, float]:
    """Return the masses that the formulas above need, IUPAC 2021 values."""
    return {"C": 12.0, "H": 1.00782503223, "N": 14.00307400443, "O": 15.99491461957}


def disturbed(error_da: float, seed: int = 0, instrument: str | None = None) -> SpectrumArrays:
    """Return spectra of the fragments with normal errors, of which 95 % are below `error_da`."""
    rng = np.random.default_rng(seed)
    spectra = []
    for formulas in FRAGMENTS:
        mz = exact(formulas)
        mz = np.sort(mz + rng.normal(0, error_da / 2, mz.size))
        spectra.append(make_spectrum(mz.tolist(), precursor_mz=300.1, instrument_type=instrument))
    return spectrum_arrays(spectra)


@pytest.mark.parametrize("error_da", [0.0003, 0.003, 0.09])
def test_known_errors_are_found_within_a_factor_of_four(error_da: float) -> None:
    """Eleven peaks say so much in most cases; a lucky draw looks better than it is."""
    found = [a for seed in range(10) for a in estimate_accuracy(disturbed(error_da, seed))]
    tolerances = np.array([accuracy.tolerance_da(np.array([100.0]))[0] for accuracy in found])
    assert np.mean((tolerances >= error_da / 4) & (tolerances <= 4 * error_da)) >= 0.8
    assert not any(accuracy.is_nominal for accuracy in found)


def test_noise_among_accurate_peaks_does_not_make_them_nominal() -> None:
    rng = np.random.default_rng(1)
    mz = np.concatenate([exact(FRAGMENTS[0]) * (1 + 2e-6), rng.uniform(50, 200, 9)])
    spectra = spectrum_arrays([make_spectrum(np.sort(mz).tolist(), precursor_mz=300.1)])
    assert estimate_accuracy(spectra)[0].da <= 0.0012


def test_the_spectra_of_a_run_help_each_other() -> None:
    """A spectrum with one peak says little; others of the same instrument say what it is worth."""
    rng = np.random.default_rng(2)
    masses = [exact(FRAGMENTS[i % 2]) for i in range(30)]
    sure = [make_spectrum(np.sort(mz + rng.normal(0, 0.0015, mz.size)).tolist(), precursor_mz=300.1) for mz in masses]
    unsure = make_spectrum([84.04439], precursor_mz=300.1)  # C4H6NO, exact
    spectra = spectrum_arrays([*sure, unsure])
    assert estimate_accuracy(spectra)[-1].da < 0.003
    assert estimate_accuracy(spectra, is_one_run=True)[-1].da >= 0.003


@pytest.mark.parametrize("seed", range(5))
def test_masses_off_by_any_decimals_are_nominal(seed: int) -> None:
    assert all(accuracy.is_nominal for accuracy in estimate_accuracy(disturbed(0.6, seed)))


@pytest.mark.parametrize("instrument", [None, "LC-ESI-QFT", "LC-ESI-QTOF", "LC-ESI-QQ"])
def test_integer_masses_are_nominal_whatever_the_instrument(instrument: str | None) -> None:
    spectra = disturbed(0.0, instrument=instrument)
    for accuracy in estimate_accuracy(replace(spectra, mz=np.round(spectra.mz))):
        assert accuracy.is_nominal


def test_one_decimal_is_never_better_than_a_tenth() -> None:
    spectra = disturbed(0.0, instrument="LC-ESI-QFT")
    for accuracy in estimate_accuracy(replace(spectra, mz=np.round(spectra.mz, 1))):
        assert accuracy.da >= 0.1
        assert accuracy.source == "peaks"


def test_a_unit_instrument_with_accurate_peaks_is_believed_its_peaks() -> None:
    for accuracy in estimate_accuracy(disturbed(0.0003, instrument="LC-ESI-QQ")):
        assert accuracy.da < 0.005
        assert accuracy.source == "peaks"


@pytest.mark.parametrize(
    ("instrument", "least", "most"), [("LC-ESI-QFT", 0, 0.001), ("LC-ESI-QTOF", 0.002, 0.01), ("LC-ESI-QQ", 0.3, 1.0)]
)
def test_without_light_peaks_the_instrument_decides(instrument: str, least: float, most: float) -> None:
    spectra = spectrum_arrays([make_spectrum([301.1, 355.22], precursor_mz=400.2, instrument_type=instrument)])
    accuracy = estimate_accuracy(replace(spectra, mz=spectra.mz + 0.01234))[0]
    assert accuracy.source == "instrument"
    assert least <= accuracy.da <= most


def test_empty_batches_and_spectra_have_an_accuracy() -> None:
    assert estimate_accuracy(spectrum_arrays([])) == []
    assert len(estimate_accuracy(spectrum_arrays([make_spectrum([], [])]))) == 1


def test_batches_and_single_spectra_agree() -> None:
    joined = disturbed(0.003)
    alone = [level_log_posteriors(joined.take(np.array([i])))[0] for i in range(len(joined))]
    np.testing.assert_allclose(level_log_posteriors(joined), alone)


def test_negative_ions_are_compared_with_negative_ions() -> None:
    # acetate, propionate, pyruvate, phenolate, benzoate: an electron is 0.0005 Da, the two modes 0.0011 Da apart
    ions = [59.01385, 73.02950, 87.00877, 93.03459, 121.02950]
    spectra = spectrum_arrays([make_spectrum(ions, precursor_mz=250.0, ionmode="negative", adduct="[M-H]-")])
    assert estimate_accuracy(spectra)[0].da <= LEVELS[0][1]
    wrong = replace(spectra, ion_mode=np.array([1], np.int8))
    assert estimate_accuracy(wrong)[0].da > LEVELS[0][1]


def test_tolerance_is_the_wider_of_both() -> None:
    accuracy = MassAccuracy(10.0, 0.001, "given")
    np.testing.assert_allclose(accuracy.tolerance_da(np.array([50.0, 500.0])), [0.001, 0.005])
    assert str(accuracy) == "10 ppm or 0.001 Da"
    assert str(MassAccuracy(0.0, 0.4, "given")) == "0.4 Da"


def test_records_of_massbank_have_the_accuracy_of_their_instruments(shared: Path, tmp_path: Path) -> None:
    """On 2,000 records of each analyser the shares were .97 and .99; true formulas explain .98 and .93 of the peaks."""
    some = tmp_path / "some.mgf"
    with gzip.open(shared / "data" / "massbank.mgf.gz", "rt") as lines:
        some.write_text("".join(islice(lines, 20_000)).rsplit("END IONS", 1)[0] + "END IONS\n")
    spectra = spectrum_arrays(load_spectra(some, per_feature="all"))
    da = np.array([accuracy.da for accuracy in estimate_accuracy(spectra)])
    for name, most in (("orbitrap", 0.003), ("tof", 0.02)):
        found = da[spectra.analyzer == ANALYZERS.index(name)]
        if found.size >= 50:
            assert np.mean(found <= most) > 0.9


def test_true_formulas_explain_within_the_tolerance() -> None:
    spectra = disturbed(0.003)
    accuracy = estimate_accuracy(spectra)[0]
    mz = spectra.mz[: spectra.offsets[1]]
    found = explain_peaks(mz, "C14H18N6O4", "[M+H]+", tolerance_ppm=accuracy.ppm, tolerance_da=accuracy.da)
    assert found.explained.mean() > 0.8
