"""Features: merged, best or all; one item each, whatever happens to their blocks."""

import logging
import tracemalloc

import pytest
from builders_mgf import TWO_PEAKS, feature_block, mgf_block, read_items, read_text
from matchms import Spectrum

from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.io import ReadReport, UnreadableBlock, iter_features, load_spectra

WEAK, STRONG = [(50.0, 1.0), (60.0, 2.0)], [(50.0, 30.0), (70.0, 10.0)]
BAD = [("50,0", 1)]


def ids(items):
    return [item.feature_id if isinstance(item, UnreadableBlock) else item.get("feature_id") for item in items]


def counts(report):
    """Return the counts after checking that each block is in exactly one of them."""
    n_unreadable = len(report.unreadable)
    assert report.blocks == report.spectra + report.ms1 + report.msn + report.merged + n_unreadable
    return report.spectra, report.ms1, report.msn, report.merged, n_unreadable


def sirius(feature_id, *spectra):
    """Return the blocks that a SIRIUS export has for one feature: MS1, then its MS2 spectra."""
    ms1 = feature_block(feature_id, MSLEVEL=1, SPECTYPE="CORRELATED MS")
    ms2 = [
        feature_block(feature_id, peaks, COLLISION_ENERGY=f"[{20.0 * n}]", SCANS=n, RTINSECONDS=n)
        for n, peaks in enumerate(spectra, start=1)
    ]
    return "".join([ms1, *ms2])


def test_merge(tmp_path):
    items, report = read_text(tmp_path, sirius(1, WEAK, STRONG) + sirius(2, WEAK))
    assert ids(items) == ["1", "2"]
    assert counts(report) == (2, 2, 0, 1, 0)
    # relative: 50: 0.5 + 1, 60: 1, 70: 1/3; scaled so that 1.5 stands for 30, the highest base peak
    assert items[0].peaks.mz.tolist() == [50.0, 60.0, 70.0]
    assert items[0].peaks.intensities.tolist() == pytest.approx([30.0, 20.0, 20.0 / 3])
    assert items[0].get("collision_energy") == "[20.0, 40.0]"
    assert items[0].get("scans") == "1,2"
    assert items[0].get("retention_time") == 2.0  # of the strongest
    assert items[0].get("merged_spectra") == 2
    assert items[1].get("merged_spectra") is None
    assert items[1].peaks.intensities.tolist() == [1.0, 2.0]


def test_best(tmp_path):
    items, report = read_text(tmp_path, sirius(1, WEAK, STRONG, WEAK), per_feature="best")
    assert counts(report) == (1, 1, 0, 2, 0)
    assert items[0].peaks.mz.tolist() == [50.0, 70.0]
    assert items[0].peaks.intensities.tolist() == [30.0, 10.0]
    assert (items[0].get("collision_energy"), items[0].get("scans")) == ("[40.0]", "2")
    assert items[0].get("merged_spectra") is None


def test_all(tmp_path):
    items, report = read_text(tmp_path, sirius(1, WEAK, STRONG) + sirius(2, WEAK), per_feature="all")
    assert ids(items) == ["1", "1", "2"]
    assert [item.get("scans") for item in items] == ["1", "2", "1"]
    assert counts(report) == (3, 2, 0, 0, 0)


@pytest.mark.parametrize("per_feature", ["merge", "best", "all"])
def test_features_that_come_back_stand_at_their_first_place(tmp_path, per_feature):
    together = [feature_block(name, peaks, SCANS=n) for n, (name, peaks) in enumerate(
        [("a", WEAK), ("a", STRONG), ("b", WEAK), ("c", STRONG), ("c", WEAK)])]  # fmt: skip
    apart = [together[n] for n in (0, 2, 3, 1, 4)]
    expected, _ = read_text(tmp_path, "".join(together), per_feature=per_feature)
    found, report = read_text(tmp_path, "".join(apart), "apart.mgf", per_feature=per_feature)
    assert found == expected
    assert report.blocks == 5


def test_ms3_is_used_only_where_there_is_no_ms2(tmp_path):
    text = feature_block(1, WEAK, MSLEVEL=3) + feature_block(1, STRONG) + feature_block(2, WEAK, MSLEVEL=3)
    text += feature_block(3, STRONG, MSLEVEL=4) + feature_block(3, WEAK, MSLEVEL=3)
    items, report = read_text(tmp_path, text)
    assert [(item.get("feature_id"), item.get("ms_level")) for item in items] == [("1", "2"), ("2", "3"), ("3", "3")]
    assert counts(report) == (3, 0, 2, 0, 0)


def test_ms3_is_used_where_ms2_cannot_be_read(tmp_path):
    items, report = read_text(tmp_path, feature_block(1, BAD) + feature_block(1, WEAK, MSLEVEL=3))
    assert [(item.get("feature_id"), item.get("ms_level")) for item in items] == [("1", "3")]
    assert counts(report) == (1, 0, 0, 0, 1)


@pytest.mark.parametrize("per_feature", ["merge", "best"])
def test_each_feature_comes_once_whatever_is_bad(tmp_path, per_feature):
    text = feature_block(1, BAD) + feature_block(1, WEAK) + feature_block(2, BAD) + feature_block(2, BAD)
    text += feature_block(3, WEAK, end=False) + feature_block(4, BAD, MSLEVEL=1) + feature_block(4, WEAK)
    items, report = read_text(tmp_path, text, per_feature=per_feature)
    assert ids(items) == ["1", "2", "3", "4"]
    assert [type(item) for item in items] == [Spectrum, UnreadableBlock, UnreadableBlock, Spectrum]
    assert [item.block for item in report.unreadable] == [1, 3, 4, 5]
    assert items[1].block == 3
    assert counts(report) == (2, 1, 0, 0, 4)


def test_all_blocks_come_with_all(tmp_path):
    text = feature_block(1, WEAK) + feature_block(1, BAD) + feature_block(1, STRONG) + feature_block(2, BAD)
    items, _ = read_text(tmp_path, text, per_feature="all")
    assert [type(item) for item in items] == [Spectrum, UnreadableBlock, Spectrum, UnreadableBlock]
    assert ids(items) == ["1", "1", "1", "2"]


def test_load_spectra_leaves_out_what_cannot_be_read(tmp_path):
    path = tmp_path / "x.mgf"
    path.write_text(feature_block(1, BAD) + feature_block(2, WEAK))
    report = ReadReport()
    assert ids(list(load_spectra(path, report=report))) == ["2"]
    unreadable = UnreadableBlock(str(path), 1, "1", "the line '50,0 1' is not a peak")
    assert report.unreadable == [unreadable]
    assert str(unreadable) == f"{path}: block 1 (feature 1) cannot be read: the line '50,0 1' is not a peak"


def test_without_feature_ids_the_position_of_the_block_is_the_id(tmp_path):
    blocks = [mgf_block(), mgf_block(MSLEVEL=1), mgf_block(BAD), mgf_block()]
    assert ids(read_text(tmp_path, "".join(blocks))[0]) == ["1", "3", "4"]
    mixed, _ = read_text(tmp_path, "".join([*blocks, feature_block(1), mgf_block(FEATURE_ID="")]))
    assert ids(mixed) == ["block1", "block3", "block4", "1", "block6"]


def test_faults_that_nobody_foresaw_cost_one_block(tmp_path, monkeypatch):
    def fail(parameters):
        if parameters.get("feature_id") == "1":
            raise AttributeError("'int' object has no attribute 'x'")
        return {}

    monkeypatch.setattr("matchms_fingerprint.io.mgf.clean_metadata", fail)
    items, _ = read_text(tmp_path, feature_block(1) + feature_block(2))
    assert [type(item) for item in items] == [UnreadableBlock, Spectrum]
    assert items[0].reason == "AttributeError: 'int' object has no attribute 'x'"


def test_metadata_that_matchms_refuses_cost_one_block(tmp_path):
    text = feature_block(1, PEAK_COMMENTS="{") + feature_block(2)  # a dictionary, as matchms writes it
    items, report = read_text(tmp_path, text)
    assert [type(item) for item in items] == [UnreadableBlock, Spectrum]
    assert "matchms refuses its metadata" in items[0].reason
    counts(report)


@pytest.mark.parametrize("options", [{"per_feature": "first"}, {"ion_mode": "both"}, {"ion_mode": "Positive"}])
def test_wrong_options_are_refused_at_once(tmp_path, options):
    with pytest.raises(SettingsError, match="must be one of"):
        load_spectra(tmp_path / "x.mgf", **options)


def test_warnings_are_limited(tmp_path, caplog):
    with caplog.at_level(logging.WARNING, "matchms_fingerprint"):
        _, report = read_text(tmp_path, "".join(feature_block(n, BAD) for n in range(25)))
    messages = [record.getMessage() for record in caplog.records]
    assert len(report.unreadable) == 25
    assert len(messages) == 11
    assert "block 10 (feature 9)" in messages[9]
    assert messages[10].endswith("15 further blocks cannot be read")


def test_report_adds_up_over_files_and_speaks(tmp_path):
    report = ReadReport()
    for name in ("a.mgf", "b.mgf"):
        (tmp_path / name).write_text(sirius(1, WEAK, STRONG) + feature_block(2, BAD))
        list(load_spectra(tmp_path / name, report=report))
    assert report.summary() == (
        "2 spectra from 8 blocks, 2 MS1 blocks set aside, 2 blocks joined with others of their feature, 2 unreadable"
    )
    assert ReadReport().summary() == "0 spectra from 0 blocks"


def peak_memory(path):
    """Return the bytes that reading a file needs at most, and the number of its spectra."""
    tracemalloc.start()
    n_spectra = sum(1 for _ in iter_features(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak, n_spectra


def test_memory_does_not_grow_with_the_file(tmp_path):
    sizes = (300, 3000)
    for size in sizes:
        with open(tmp_path / f"{size}.mgf", "w") as handle:
            for number in range(size):
                handle.write(feature_block(number, TWO_PEAKS, SCANS=number, COMMENT="x" * 1000))
    read_items(tmp_path / "300.mgf")  # fills the caches
    (small, _), (large, n_spectra) = (peak_memory(tmp_path / f"{size}.mgf") for size in sizes)
    assert n_spectra == sizes[1]
    # 8 bytes a block, with what the array that grows holds in reserve; the text of the larger file is 3.4 MB
    assert large - small < 16 * (sizes[1] - sizes[0]) + 20_000
