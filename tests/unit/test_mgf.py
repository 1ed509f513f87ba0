"""MGF blocks: what is read, what a block costs, and what only costs a line."""

import pytest
from builders_mgf import feature_block, mgf_block, read_one, read_text
from matchms import Spectrum

from matchms_fingerprint.io import UnreadableBlock

GOOD = feature_block("good")


def reason(folder, text):
    """Return why the first of two blocks cannot be read; the second is good and survives."""
    items, report = read_text(folder, text + GOOD)
    assert [type(item) for item in items] == [UnreadableBlock, Spectrum]
    assert items[0] is report.unreadable[0]
    assert items[0].block == 1
    return items[0].reason


@pytest.mark.parametrize(
    ("written", "charge", "ion_mode"),
    [
        ("1", 1, "positive"),
        ("1+", 1, "positive"),
        ("+1", 1, "positive"),
        ("-1", -1, "negative"),
        ("1-", -1, "negative"),
        ("-1-", -1, "negative"),
        ("2+", 2, "positive"),
        ("3-", -3, "negative"),
        ("2+ and 3+", 2, "positive"),
        ("2-,3-", -2, "negative"),
        ("1.0", 1, "positive"),
        ("0", None, None),
        ("0+", None, None),
        ("-0", None, None),
        ("0-", None, None),
        ("", None, None),
        ("unknown", None, None),
        (None, None, None),
    ],
)
def test_every_way_of_writing_a_charge(tmp_path, written, charge, ion_mode):
    spectrum = read_one(tmp_path, feature_block(1, CHARGE=written))
    assert spectrum.get("charge") == charge
    assert spectrum.get("ionmode") == ion_mode


def test_metadata_of_an_export_of_mzmine_4(tmp_path):
    spectrum = read_one(
        tmp_path,
        mgf_block(
            FEATURE_ID=7,
            MSLEVEL=2,
            RTINSECONDS="327.00",
            ADDUCT="[M-H]-",
            PEPMASS="193.0354",
            CHARGE="-1",
            SPECTYPE="SAME_ENERGY",
            COLLISION_ENERGY="[20.0,45.0]",
            IONMODE="NEGATIVE",
            FILENAME="a.mzML;b.mzML",
            SCANS="1,4,6-9",
            **{"Num peaks": 2},
        ),
    )
    assert spectrum.metadata == {
        "feature_id": "7",
        "ms_level": "2",
        "retention_time": 327.0,
        "adduct": "[M-H]-",
        "precursor_mz": 193.0354,
        "charge": -1,
        "spectype": "SAME_ENERGY",
        "collision_energy": "[20.0,45.0]",
        "ionmode": "negative",
        "file_name": "a.mzML;b.mzML",
        "scans": "1,4,6-9",
    }
    assert spectrum.peaks.mz.tolist() == [85.02, 193.0354]
    assert spectrum.peaks.intensities.tolist() == [10.0, 20.0]


@pytest.mark.parametrize(
    "pepmass", ["193.0354", "193.0354 12345.6", "193.0354\t12345.6", "193.0354 12345.6 2+ and more"]
)
def test_precursor_with_what_other_programs_add(tmp_path, pepmass):
    assert read_one(tmp_path, feature_block(1, PEPMASS=pepmass)).get("precursor_mz") == 193.0354


@pytest.mark.parametrize("pepmass", ["0", "0.0", "-1", "", "N/A", "nan", None])
def test_no_precursor(tmp_path, pepmass):
    assert read_one(tmp_path, feature_block(1, PEPMASS=pepmass)).get("precursor_mz") is None


@pytest.mark.parametrize("pepmass", ["193,0354", "abc", "inf"])
def test_precursor_that_is_no_number_costs_the_block(tmp_path, pepmass):
    assert pepmass in reason(tmp_path, feature_block(1, PEPMASS=pepmass))


@pytest.mark.parametrize(("pepmass", "shown"), [("195,0877", "195,0877"), ("195,0877 12,5", "195,0877")])
def test_decimal_comma_in_the_precursor_is_named(tmp_path, pepmass, shown):
    found = reason(tmp_path, feature_block(1, PEPMASS=pepmass))
    assert found.startswith(f"the precursor m/z '{shown}' has a decimal comma; write 195.0877")


@pytest.mark.parametrize("second", ["junk", "12,5", "nan", "- 2+"])
def test_second_field_of_pepmass_that_is_no_number_is_dropped(tmp_path, second):
    spectrum = read_one(tmp_path, feature_block(1, PEPMASS=f"193.0354 {second}"))
    assert (spectrum.get("precursor_mz"), spectrum.get("precursor_intensity")) == (193.0354, None)
    assert spectrum.get("charge") == 1  # of the block


@pytest.mark.parametrize("time", ["", "abc", "-1", "10-20", None])
def test_retention_time_that_is_no_number_costs_only_itself(tmp_path, time):
    spectrum = read_one(tmp_path, feature_block(1, RTINSECONDS=time))
    assert spectrum.get("retention_time") is None
    assert len(spectrum.peaks) == 2


@pytest.mark.parametrize("scans", ["1", "1,4,6-9", "-1", "392-397"])
def test_scans_stay_as_written(tmp_path, scans):
    assert read_one(tmp_path, feature_block(1, SCANS=scans)).get("scans") == scans


@pytest.mark.parametrize(
    "peak_lines",
    [
        "85.02\t10\n193.0354\t20",
        "85.02 10 1+\n193.0354 20 1+",
        "8.502E1 1e1\n1.930354E2 2.0E1",
        "  85.02   10\n 193.0354 20 ",
    ],
    ids=["tabs", "third column", "E notation", "blanks"],
)
def test_ways_of_writing_peaks(tmp_path, peak_lines):
    spectrum = read_one(tmp_path, f"BEGIN IONS\nFEATURE_ID=1\nPEPMASS=194\n{peak_lines}\nEND IONS\n")
    assert spectrum.peaks.mz.tolist() == pytest.approx([85.02, 193.0354], rel=1e-12)
    assert spectrum.peaks.intensities.tolist() == [10.0, 20.0]


def test_peaks_are_sorted(tmp_path):
    spectrum = read_one(tmp_path, feature_block(1, peaks=[(85.02, 1), (50.01, 3)]))
    assert spectrum.peaks.mz.tolist() == [50.01, 85.02]
    assert spectrum.peaks.intensities.tolist() == [3.0, 1.0]


@pytest.mark.parametrize(
    ("line", "in_reason"),
    [
        ("85,02 1", "'85,02 1'"),
        ("85.02 1,5", "'85.02 1,5'"),
        ("85.02 ten", "'85.02 ten'"),
        ("85.02", "1 m/z values but 0 intensities"),
        ("-85.02 1", "m/z -85.02"),
        ("85.02 -1", "intensity -1"),
        ("nan 1", "m/z nan"),
        ("85.02 nan", "intensity nan"),
        ("inf 1", "m/z inf"),
        ("85.02 inf", "intensity inf"),
        ("85.02 1e400", "intensity inf"),
    ],
)
def test_bad_peak_costs_its_block(tmp_path, line, in_reason):
    assert in_reason in reason(tmp_path, f"BEGIN IONS\nFEATURE_ID=3\nPEPMASS=194\n{line}\nEND IONS\n")


@pytest.mark.parametrize(
    "line", ["Title: Scan#: 1, RT: 0.0021 min", "some text", "# a comment = 1", "; another", "Num peaks: 2"]
)
def test_lines_that_are_neither_key_nor_peak_cost_nothing_else(tmp_path, line):
    spectrum = read_one(tmp_path, f"BEGIN IONS\nFEATURE_ID=1\nPEPMASS=194\n{line}\n85.02 1\nEND IONS\n")
    assert (spectrum.get("precursor_mz"), len(spectrum.peaks)) == (194.0, 1)


def test_block_without_its_end(tmp_path):
    broken = feature_block(1, end=False)
    assert reason(tmp_path, broken) == "END IONS is missing"


def test_last_block_without_its_end(tmp_path):
    items, _ = read_text(tmp_path, GOOD + feature_block("cut", end=False))
    assert [type(item) for item in items] == [Spectrum, UnreadableBlock]
    assert (items[1].block, items[1].feature_id) == (2, "cut")


def test_empty_spectrum_is_kept(tmp_path):
    spectrum = read_one(tmp_path, feature_block(6, peaks=[]))
    assert (len(spectrum.peaks), spectrum.get("feature_id")) == (0, "6")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r"),
        lambda text: "\ufeff" + text,
        lambda text: text.rstrip("\n"),
        lambda text: "\n\n" + text,
        lambda text: "### exported\nSEARCH=MIS\n" + text,
        lambda text: text.replace("BEGIN IONS", "  begin ions ").replace("END IONS", "End Ions"),
    ],
    ids=["windows", "old mac", "byte order mark", "no final newline", "blank lines", "header", "case"],
)
def test_ways_of_writing_the_file(tmp_path, change):
    spectrum = read_one(tmp_path, change(feature_block("x", COMPOUND_NAME="Mellein")))
    assert (spectrum.get("feature_id"), spectrum.get("compound_name")) == ("x", "Mellein")
    assert len(spectrum.peaks) == 2


def test_latin_1_and_utf_8_in_one_file(tmp_path):
    first, second = feature_block(1, NAME="µ-acid"), feature_block(2, NAME="β-acid")
    items, _ = read_text(tmp_path, first.encode("latin-1") + second.encode("utf-8"))
    assert [item.get("compound_name") for item in items] == ["µ-acid", "β-acid"]


def test_keys_above_the_first_block_hold_for_all(tmp_path):
    text = "CHARGE=1-\nCOM=run 5\n" + mgf_block(PEPMASS=194) + mgf_block(PEPMASS=195, CHARGE="1+")
    items, _ = read_text(tmp_path, text)
    assert [item.get("charge") for item in items] == [-1, 1]
    assert [item.get("com") for item in items] == ["run 5", "run 5"]


def test_lower_case_keys_as_pyteomics_reads_them(tmp_path):
    spectrum = read_one(tmp_path, "BEGIN IONS\nfeature_id=4\nmslevel=2\npepmass=194\ncharge=-1-\n85.02 1\nEND IONS\n")
    assert (spectrum.get("feature_id"), spectrum.get("charge")) == ("4", -1)


@pytest.mark.parametrize(
    "keys",
    [{"MSLEVEL": "1"}, {"MSLEVEL": "MS1"}, {"MSLEVEL": "ms"}, {"MSLEVEL": None, "SPECTYPE": "CORRELATED MS"}],
)
def test_ms1_blocks_are_set_aside(tmp_path, keys):
    items, report = read_text(tmp_path, feature_block(1, **keys) + feature_block(1))
    assert (len(items), report.ms1, report.blocks) == (1, 1, 2)
    assert items[0].get("merged_spectra") is None


@pytest.mark.parametrize("level", ["2", "MS2", "ms2", "MS 2", None, "abc"])
def test_ms2_blocks_are_read(tmp_path, level):
    spectrum = read_one(tmp_path, feature_block(1, MSLEVEL=level))
    assert spectrum.get("ms_level") == (None if level in (None, "abc") else "2")


def test_library_of_mzmine(tmp_path):
    spectrum = read_one(
        tmp_path,
        mgf_block(
            NAME="Caffeine",
            EXACTMASS="194.0804",
            INCHIAUX="RYYVLZVUVIJVGH-UHFFFAOYSA-N",
            SMILES="CN1C=NC2=C1C(=O)N(C(=O)N2C)C",
            FEATURE_ID="list msn trees:7",
            ADDUCT="[M+H]+",
            PEPMASS=195.0877,
            CHARGE=1,
            COLLISION_ENERGY="[20.0, 30.0, 60.0]",
            IONMODE="Positive",
        ),
    )
    assert spectrum.get("inchikey") == "RYYVLZVUVIJVGH-UHFFFAOYSA-N"
    assert spectrum.get("parent_mass") == 194.0804
    assert spectrum.get("compound_name") == "Caffeine"
    assert spectrum.get("feature_id") == "list msn trees:7"
    assert spectrum.get("collision_energy") == "[20.0, 30.0, 60.0]"
