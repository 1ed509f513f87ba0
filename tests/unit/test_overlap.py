"""Overlap on spectra whose answers can be counted by hand."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from builders import make_spectrum
from matchms.exporting import save_as_mgf
from rdkit import Chem, DataStructs
from rdkit.Chem import rdFingerprintGenerator

from matchms_fingerprint.chem.fingerprints import FingerprintSpec
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.evaluation.metrics import highest_tanimoto
from matchms_fingerprint.features.arrays import spectrum_arrays
from matchms_fingerprint.features.labelled import read_labelled_spectra
from matchms_fingerprint.training.overlap import (
    QUANTILES,
    TABLE_COLUMNS,
    Distribution,
    OverlapMeter,
    write_overlap_table,
)
from matchms_fingerprint.training.unseen_fragments import fragment_formulas, unseen_masses

PHENYLALANINE, TYROSINE, IBUPROFEN = "NC(Cc1ccccc1)C(=O)O", "NC(Cc1ccc(O)cc1)C(=O)O", "CC(C)Cc1ccc(cc1)C(C)C(=O)O"
ALANINE, SARCOSINE, LACTATE = "CC(N)C(=O)O", "CNCC(=O)O", "CC(O)C(=O)O"

# m/z of C8H10N+, C4H7+, C3H5O+, CH4N+ and C2H6N+, from the masses of their atoms less an electron
C8H10N, C4H7, C3H5O, CH4N, C2H6N = 120.0808, 55.0542, 57.0335, 30.0338, 44.0495

SPECTRA = [
    # smiles, precursor m/z, adduct, peaks, fold
    (PHENYLALANINE, 166.0863, "[M+H]+", [C8H10N, 70.5], "train"),
    (ALANINE, 90.0550, "[M+H]+", [C2H6N], "train"),
    (ALANINE, 88.0404, "[M-H]-", [50.0], "train"),
    (PHENYLALANINE, 166.0863, "[M+H]+", [C8H10N], "test"),  # its structure is trained on
    (TYROSINE, 182.0812, "[M+H]+", [C2H6N, C8H10N + 0.02, 150.0], "test"),  # same scaffold
    (SARCOSINE, 90.0550, "[M+H]+", [C2H6N, CH4N], "test"),  # same formula as alanine, acyclic
    (IBUPROFEN, 207.1380, "[M+H]+", [50.0], "val"),  # 50.0 is trained on, but in the other ion mode
    (LACTATE, 89.0244, "[M-H]-", [50.004, 60.0], ""),
]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = str(tmp_path_factory.mktemp("spectra") / "spectra.mgf")
    for i, (smiles, precursor_mz, adduct, peaks, _) in enumerate(SPECTRA):
        mode = "negative" if adduct.endswith("-") else "positive"
        intensities = [1.0] + [0.5] * (len(peaks) - 1)
        order = np.argsort(peaks)
        spectrum = make_spectrum(
            np.array(peaks)[order].tolist(),
            np.array(intensities)[order].tolist(),
            smiles=smiles,
            precursor_mz=precursor_mz,
            adduct=adduct,
            ionmode=mode,
            charge=-1 if mode == "negative" else 1,
            spectrum_id=f"S{i}",
        )
        save_as_mgf(spectrum, path)
    return read_labelled_spectra(path, FingerprintSpec.parse("morgan:radius=2,bits=1024"))


@pytest.fixture(scope="module")
def report(data):
    return OverlapMeter(data).report(np.array([row[-1] for row in SPECTRA]), "given")


def test_what_is_shared_is_counted(report):
    test = report.overlaps["test"]
    assert (test.n_spectra, test.n_structures) == (3, 3)
    # phenylalanine itself is trained on; benzene is a scaffold of train, sarcosine has none; alanine is an isomer
    assert (test.structures.groups, test.structures.shared) == (3, 1)
    assert (test.scaffolds.groups, test.scaffolds.shared) == (1, 1)
    assert (test.formulas.groups, test.formulas.shared) == (3, 2)
    assert test.structures.spectra == pytest.approx(1 / 3)
    assert test.scaffolds.spectra == pytest.approx(2 / 3)
    assert test.formulas.spectra == pytest.approx(2 / 3)
    assert report.leaking_structures == 1
    assert report.folds["train"] == {"spectra": 3, "structures": 2}
    assert report.folds["val"] == {"spectra": 1, "structures": 1}


def test_the_highest_tanimoto_is_that_of_rdkit(data, report):
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=1024)
    known = {smiles: generator.GetFingerprint(Chem.MolFromSmiles(smiles)) for smiles, *_ in SPECTRA}
    expected = [
        max(DataStructs.TanimotoSimilarity(known[smiles], known[other]) for other in (PHENYLALANINE, ALANINE))
        for smiles in (PHENYLALANINE, TYROSINE, SARCOSINE)
    ]
    found = report.spectra["test"]
    np.testing.assert_allclose(found.highest_tanimoto, expected)
    nearest = [data.inchikeys[i][:14] for i in found.nearest]
    keys = [Chem.MolToInchiKey(Chem.MolFromSmiles(s))[:14] for s in (PHENYLALANINE, PHENYLALANINE, ALANINE)]
    assert nearest == keys
    described = report.overlaps["test"].highest_tanimoto
    assert described.mean == pytest.approx(np.mean(expected))
    np.testing.assert_allclose(described.quantiles, np.quantile(expected, QUANTILES))
    histogram = report.overlaps["test"].tanimoto_histogram
    assert sum(histogram) == 3
    assert histogram[-1] == 1  # a similarity of 1 is in the last bin


def test_unseen_masses_are_counted_by_bin_and_ion_mode(report):
    found = report.spectra["test"].masses
    # tyrosine: 44.0495 is seen, 0.02 Da beside 120.0808 and 150 are not; sarcosine: 30.0338 is not
    np.testing.assert_allclose(found.peaks, [0, 2 / 3, 1 / 2])
    # the first peak has intensity 1, the others 0.5
    np.testing.assert_allclose(found.intensity, [0, 1 / 2, 0.5 / 1.5])
    assert report.spectra["val"].masses.peaks == pytest.approx([1.0])
    assert report.overlaps["test"].unseen_mass_peaks.mean == pytest.approx((0 + 2 / 3 + 1 / 2) / 3)


def test_an_unknown_ion_mode_is_held_against_all():
    spectra = spectrum_arrays(
        [
            make_spectrum([100.0]),
            make_spectrum([200.0], ionmode="negative", adduct="[M-H]-", charge=-1),
            make_spectrum([100.0, 200.0, 300.0], adduct=None, ionmode=None, charge=None),
            make_spectrum([100.0, 200.0]),
            make_spectrum([]),
        ]
    )
    found = unseen_masses(spectra, np.array([0, 1]), np.array([2, 3, 4]))
    np.testing.assert_allclose(found.peaks, [1 / 3, 1 / 2, np.nan])
    np.testing.assert_allclose(found.counted, [1, 1, np.nan])


def test_two_masses_are_the_same_in_one_bin():
    # bin 10000 goes from 99.995 to 100.005
    spectra = spectrum_arrays([make_spectrum([100.0]), make_spectrum([99.9951, 100.0049]), make_spectrum([100.0051])])
    found = unseen_masses(spectra, np.array([0]), np.array([1, 2]))
    np.testing.assert_allclose(found.peaks, [0, 1])
    np.testing.assert_allclose(unseen_masses(spectra, np.array([0]), np.array([1, 2]), width_da=1.0).peaks, [0, 0])


def test_fragment_formulas_are_the_same_number_where_they_are_the_same(data):
    keys = fragment_formulas(data)
    peaks = [keys[data.spectra.offsets[i] : data.spectra.offsets[i + 1]] for i in range(len(data))]
    # C8H10N of phenylalanine twice, C2H6N of alanine, tyrosine and sarcosine; 70.5 and 150.0 are no sub-formulas
    assert peaks[0][1] == peaks[3][0] != 0
    assert peaks[0][0] == 0
    assert peaks[1][0] == peaks[4][0] == peaks[5][1] != 0
    assert len({int(peaks[0][1]), int(peaks[1][0]), int(peaks[5][0])}) == 3


def test_unseen_formulas_are_shares_of_explained_peaks(report):
    found = report.spectra["test"].formulas
    # tyrosine: of its three peaks C2H6N alone is explained, and seen; sarcosine: C2H6N is seen, CH4N is not
    np.testing.assert_allclose(found.counted, [1, 1 / 3, 1])
    np.testing.assert_allclose(found.peaks, [0, 0, 1 / 2])
    np.testing.assert_allclose(found.intensity, [0, 0, 0.5 / 1.5])
    # ibuprofen: 50.0 is no sub-formula, so nothing is known
    assert np.isnan(report.spectra["val"].formulas.peaks).all()
    assert report.overlaps["val"].unseen_formula_peaks.n == 0


def test_spectra_of_unknown_adduct_have_no_fragment_formulas(data):
    unknown = replace(data, spectra=replace(data.spectra, adduct=np.zeros_like(data.spectra.adduct)))
    assert not fragment_formulas(unknown).any()


def test_the_report_is_json_and_a_table(data, report, tmp_path):
    content = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert content["overlaps"]["test"]["structures"] == {"groups": 3, "shared": 1, "spectra": 0.3333}
    assert content["overlaps"]["val"]["unseen_formula_peaks"]["mean"] is None
    assert content["mass_bin_da"] == 0.01
    write_overlap_table(tmp_path / "spectra.tsv", data, [report])
    with open(tmp_path / "spectra.tsv", newline="") as handle:
        rows = list(csv.DictReader(handle, delimiter="\t"))
    assert list(rows[0]) == list(TABLE_COLUMNS)
    assert [(row["fold"], row["spectrum_id"]) for row in rows] == [("val", "S6")] + [
        ("test", f"S{i}") for i in (3, 4, 5)
    ]
    by_id = {row["spectrum_id"]: row for row in rows}
    assert by_id["S5"]["shares_formula"] == "yes"
    assert by_id["S5"]["shares_structure"] == by_id["S5"]["shares_scaffold"] == "no"
    assert by_id["S4"]["unseen_mass_peaks"] == "0.6667"
    assert by_id["S6"]["unseen_formula_peaks"] == ""


def test_a_split_without_train_or_test_is_refused(data):
    meter = OverlapMeter(data)
    for folds in (["test"] * 8, ["train"] * 8, [""] * 8):
        with pytest.raises(SettingsError, match="'odd' has no spectra"):
            meter.report(np.array(folds), "odd")
    assert list(meter.report(np.array(["train"] * 4 + ["test"] * 4), "no val").overlaps) == ["test"]


def test_empty_fingerprints_are_like_nothing():
    similarity, nearest = highest_tanimoto(np.array([[0], [3]], np.uint64), np.array([[0], [1], [7]], np.uint64))
    # 3 has two bits, both among the three of 7 (2/3), and one of them is that of 1 (1/2)
    np.testing.assert_allclose(similarity, [0, 2 / 3])
    assert nearest[1] == 2


def test_distributions_leave_out_what_is_not_known():
    found = Distribution.of(np.array([1.0, np.nan, 3.0]))
    assert (found.n, found.mean, found.quantiles[2]) == (2, 2.0, 2.0)
    assert np.isnan(Distribution.of(np.array([np.nan])).mean)
