"""The real exports of MZmine, counted; and the hand-written edge cases, block by block."""

import pytest
from builders_mgf import read_items
from matchms import Spectrum

from matchms_fingerprint.io.isotope_peaks import read_isotope_peaks

pytestmark = pytest.mark.shared


@pytest.mark.parametrize("per_feature", ["merge", "best", "all"])
@pytest.mark.parametrize(
    ("name", "n_spectra", "n_ms1", "n_unknown_ion_mode"),
    [
        ("fermo_mzmine3.9.0.mgf", 141, 0, 141),  # CHARGE=0+ on all, no IONMODE
        ("fermo_mzmine4.5.37.mgf", 80, 0, 0),
        ("mascot-rs_001_gnps.mgf", 139, 0, 0),
        ("mascot-rs_001_sirius.mgf", 139, 139, 0),
    ],
)
def test_counts(shared, name, n_spectra, n_ms1, n_unknown_ion_mode, per_feature):
    items, report = read_items(shared / "mzmine" / name, per_feature=per_feature)
    assert all(isinstance(item, Spectrum) for item in items)
    assert len({item.get("feature_id") for item in items}) == len(items) == n_spectra
    assert report.blocks == n_spectra + n_ms1
    assert (report.spectra, report.ms1, report.merged, report.unreadable) == (n_spectra, n_ms1, 0, [])
    assert (report.unknown_ion_mode, report.contradictions) == (n_unknown_ion_mode, 0)
    assert all(item.get("precursor_mz") > 0 and item.get("retention_time") > 0 for item in items)


def test_isotope_patterns_go_with_their_features(shared):
    """Each of the 139 features has an MS1 block with the precursor and one to five more peaks beside it."""
    items, _ = read_items(shared / "mzmine" / "mascot-rs_001_sirius.mgf")
    for item in items:
        pattern = read_isotope_peaks(item.metadata)
        assert pattern is not None
        assert 2 <= pattern.mz.size <= 6
        assert abs(pattern.mz - item.get("precursor_mz")).min() < 0.001
    gnps, _ = read_items(shared / "mzmine" / "mascot-rs_001_gnps.mgf")
    assert all(read_isotope_peaks(item.metadata) is None for item in gnps)


def test_ion_mode_asked_for_fills_the_gap(shared):
    items, report = read_items(shared / "mzmine" / "fermo_mzmine3.9.0.mgf", ion_mode="positive")
    assert {item.get("ionmode") for item in items} == {"positive"}
    assert {item.get("charge") for item in items} == {None}
    assert report.unknown_ion_mode == 0


def test_charges_of_mzmine_2_and_4(shared):
    gnps, _ = read_items(shared / "mzmine" / "mascot-rs_001_gnps.mgf")
    sirius, _ = read_items(shared / "mzmine" / "mascot-rs_001_sirius.mgf")
    assert {item.get("charge") for item in gnps} >= {1, 2, 4}  # written 1+ .. 4+ and as a bare 1
    assert {item.get("ionmode") for item in gnps} == {item.get("ionmode") for item in sirius} == {"positive"}
    newer, _ = read_items(shared / "mzmine" / "fermo_mzmine4.5.37.mgf")
    assert sorted({item.get("charge") for item in newer}, key=str) == [1, None]
    assert sum(item.get("charge") is None for item in newer) == 10


# feature, charge, ion mode, adduct, precursor m/z, m/z of the peaks, ms level; block 7 is MS1
EDGE_CASES = [
    ("1", -1, "negative", "[M-H]-", 193.0354, [85.02, 193.0354], "2"),
    ("2", -1, "negative", None, 193.0354, [85.02], "2"),
    ("3", None, None, None, 193.0354, [85.02], "2"),
    ("4", -1, "negative", "[M-H]-", 193.0354, [85.02], "2"),
    ("5", -1, "negative", None, 193.0354, [85.02], "2"),
    ("6", None, None, None, 193.0354, [], "2"),
    ("8", None, "negative", None, 193.0354, [50.01, 85.02], "2"),
    ("9", 2, "positive", None, 193.0354, [85.02], "3"),
]


def test_edge_cases_block_by_block(shared):
    items, report = read_items(shared / "mzmine" / "edge_cases.mgf")
    keys = ("feature_id", "charge", "ionmode", "adduct", "precursor_mz")
    found = [(*(item.get(key) for key in keys), item.peaks.mz.tolist(), item.get("ms_level")) for item in items]
    assert found == EDGE_CASES
    assert (report.blocks, report.ms1, report.unreadable) == (9, 1, [])
    assert items[0].get("collision_energy") == "[20.0,45.0]"
    assert items[0].peaks.intensities.tolist() == [12345.678, 9900.0]
    assert items[1].get("scans") == "1,4,6-9"
