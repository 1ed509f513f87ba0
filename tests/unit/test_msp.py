"""MSP files of several writers."""

import numpy as np
import pytest
from builders_mgf import read_one, read_text
from matchms import Spectrum
from matchms.exporting import save_as_msp

from matchms_fingerprint.io import UnreadableBlock

MZMINE = """Name: Caffeine
PrecursorMZ: 195.0877
RT: 5.45
Precursor_type: [M+H]+
ExactMass: 194.0804
Spectrum_type: 2
charge: 1
SMILES: CN1C=NC2=C1C(=O)N(C(=O)N2C)C
InChIKey: RYYVLZVUVIJVGH-UHFFFAOYSA-N
Collision_energy: [30.0]
Ion_mode: POSITIVE
Num Peaks: 2
138.0662 100
195.0877 50.5

"""
MASSBANK = """Name: Mellein; LC-ESI-ITFT; MS2
Precursor_type: [M+H]+
Spectrum_type: MS2
PrecursorMZ: 179.0697
Instrument_type: LC-ESI-ITFT
Ion_mode: P
Collision_energy: 10(NCE)
Formula: C10H10O3
DB#: AC000001
Comments: "SMILES=CC1Cc2cccc(O)c2C(=O)O1" "author=A, B"
Num Peaks: 2
133.0648 226 "C9H9O+"
151.0754 95
"""


def test_mzmine(tmp_path):
    metadata = read_one(tmp_path, MZMINE, "x.msp").metadata
    wanted = {
        "feature_id": "1",
        "compound_name": "Caffeine",
        "precursor_mz": 195.0877,
        "retention_time": pytest.approx(327.0),  # 5.45 minutes
        "adduct": "[M+H]+",
        "charge": 1,
        "ionmode": "positive",
        "ms_level": "2",
        "collision_energy": "[30.0]",
        "inchikey": "RYYVLZVUVIJVGH-UHFFFAOYSA-N",
        "parent_mass": 194.0804,
    }
    assert {key: metadata.get(key) for key in wanted} == wanted


def test_massbank(tmp_path):
    spectrum = read_one(tmp_path, MASSBANK, "x.msp")
    metadata = spectrum.metadata
    wanted = {
        "ms_level": "2",
        "ionmode": "positive",
        "charge": 1,
        "smiles": "CC1Cc2cccc(O)c2C(=O)O1",
        "spectrum_id": "AC000001",
        "instrument_type": "LC-ESI-ITFT",
        "collision_energy": "10(NCE)",
    }
    assert {key: metadata.get(key) for key in wanted} == wanted
    assert spectrum.peaks.mz.tolist() == [133.0648, 151.0754]


def test_file_of_matchms_keeps_its_seconds(tmp_path):
    metadata = {"precursor_mz": 195.0877, "retention_time": 327.0, "feature_id": "7", "ms_level": "2", "charge": -1}
    written = Spectrum(np.array([50.0, 60.5]), np.array([1.0, 0.25]), metadata)
    save_as_msp([written, written], str(tmp_path / "x.msp"))
    spectrum = read_one(tmp_path, (tmp_path / "x.msp").read_bytes(), "x.msp", per_feature="best")
    assert spectrum.metadata == metadata | {"ionmode": "negative"}
    assert spectrum.peaks == written.peaks


@pytest.mark.parametrize("between", ["\n", "\n\n\n", "", " \n"], ids=["one", "three", "none", "blank"])
def test_blocks_end_with_or_without_blank_lines(tmp_path, between):
    blocks = [f"Name: s{n}\nPrecursorMZ: {100 + n}\nNum Peaks: {n}\n" + f"5{n}.0 1\n" * n for n in (1, 0, 2)]
    items, _ = read_text(tmp_path, between.join(blocks), "x.msp")
    assert [(item.get("compound_name"), len(item.peaks)) for item in items] == [("s1", 1), ("s0", 0), ("s2", 2)]


@pytest.mark.parametrize(
    "peaks",
    [
        "85.02 1; 86.03 2;",
        "85.02:1 86.03:2",
        "85.02\t1\t\"a: b\"\n86.03\t2\t'c'",
        "85.02 1 86.03 2",
        "8.502E1 1e0\n86.03 2.0",
    ],
    ids=["semicolons", "colons", "comments", "one line", "E notation"],
)
def test_ways_of_writing_peaks(tmp_path, peaks):
    text = f"Name: x\nNum Peaks: 2\n{peaks}\n"
    spectrum = read_one(tmp_path, text, "x.msp")
    assert spectrum.peaks.mz.tolist() == pytest.approx([85.02, 86.03])
    assert spectrum.peaks.intensities.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("block", "says"),
    [
        ("Name: x\nNum Peaks: 3\n85.02 1\n86.03 2\n", "Num Peaks says 3, but there are 2"),
        ("Name: x\nPrecursorMZ: 100\n", "no line `Num Peaks`"),
        ("Name: x\nNum Peaks: 1\n85,02 1\n", "'85,02 1'"),
        ("Name: x\nNum Peaks: 1\n85,02 1,5\n", "'85,02 1,5'"),
        ("Name: x\nNum Peaks: 1\n-85.02 1\n", "m/z -85.02"),
        ("Name: x\nNum Peaks: 1\n85.02 -1\n", "intensity -1"),
        ("Name: x\nNum Peaks: 2\n85.02 -1; 86 2\n", "no pairs of numbers"),
        ("Name: x\nNum Peaks: 1\n85.02 nan\n", "intensity nan"),
        ("Name: x\nNum Peaks: 1\n85.02\n", "'85.02'"),
        ("Name: x\nPrecursorMZ: abc\nNum Peaks: 1\n85.02 1\n", "'abc'"),
    ],
)
def test_bad_block_costs_that_block(tmp_path, block, says):
    items, report = read_text(tmp_path, MZMINE + block + MASSBANK, "x.msp")
    assert [type(item) for item in items] == [Spectrum, UnreadableBlock, Spectrum]
    assert (items[1].block, report.blocks) == (2, 3)
    assert says in items[1].reason


def test_features_and_ms1(tmp_path):
    block = "NAME: x\nFEATURE_ID: {}\nSPECTRUM_TYPE: {}\nNUM PEAKS: 1\n85.02 1\n\n"
    text = "".join(block.format(*values) for values in [(7, "MS1"), (7, "MS2"), (8, "MS2"), (7, "MS2")])
    items, report = read_text(tmp_path, text, "x.msp")
    assert [(item.get("feature_id"), item.get("merged_spectra")) for item in items] == [("7", 2), ("8", None)]
    assert (report.ms1, report.merged) == (1, 1)
