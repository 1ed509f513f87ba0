"""Whatever stands in an MGF file: every block is accounted for, and none costs another one."""

import string
from pathlib import Path

import pytest
from builders_mgf import feature_block, mgf_block, read_text
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from matchms import Spectrum

from matchms_fingerprint.io import UnreadableBlock
from matchms_fingerprint.io.metadata import read_charge

SETTINGS = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

mz_values = st.floats(10, 2000, allow_nan=False).map(lambda value: round(value, 4))
intensities = st.floats(0, 1e9, allow_nan=False)
good_peaks = st.lists(st.tuples(mz_values, intensities), max_size=6)
bad_lines = st.sampled_from(["85,02 1", "85.02", "-1 5", "nan 1", "85.02 inf", "85.02 x"])
feature_ids = st.sampled_from(["1", "2", "3", "row 4", None])
charges = st.sampled_from(["1", "1+", "+1", "-1", "1-", "-1-", "0", "0+", "-0", "0-", "2+ and 3+", "?", None])
levels = st.sampled_from(["2", "MS2", "1", "3", None])
noise = st.sampled_from(["Title: Scan#: 1, RT: 0.002 min", "", "   ", "Num peaks=3", "X=a=b", "ION=[M - H]-"])


@st.composite
def good_blocks(draw):
    """Return (text, is MS1) of a block that can be read."""
    level = draw(levels)
    keys = {
        "PEPMASS": draw(st.sampled_from(["194.0427", "194.0427 12", "0", None])),
        "CHARGE": draw(charges),
        "MSLEVEL": level,
        "RTINSECONDS": draw(st.sampled_from(["12.5", "", "x", None])),
    }
    text = feature_block(draw(feature_ids), draw(good_peaks), **keys)
    lines = text.splitlines()
    lines.insert(draw(st.integers(1, len(lines) - 1)), draw(noise))
    return "\n".join(lines) + "\n", level == "1"


@st.composite
def broken_blocks(draw):
    """Return the text of an MS2 block that cannot be read."""
    if draw(st.booleans()):
        return feature_block(draw(feature_ids), draw(good_peaks), end=False)
    text = feature_block(draw(feature_ids), draw(good_peaks))
    return text.replace("END IONS", draw(bad_lines) + "\nEND IONS")


blocks = st.lists(
    st.one_of(good_blocks().map(lambda block: (*block, False)), broken_blocks().map(lambda text: (text, False, True))),
    min_size=1,
    max_size=12,
)


@SETTINGS
@given(blocks=blocks, per_feature=st.sampled_from(["merge", "best", "all"]), newline=st.sampled_from(["\n", "\r\n"]))
def test_every_block_is_accounted_for(tmp_path: Path, blocks, per_feature, newline):
    text = "".join(text for text, _, _ in blocks).replace("\n", newline)
    items, report = read_text(tmp_path, text.encode(), per_feature=per_feature)
    assert report.blocks == len(blocks)
    assert report.ms1 == sum(is_ms1 for _, is_ms1, _ in blocks)
    assert report.blocks == report.spectra + report.ms1 + report.msn + report.merged + len(report.unreadable)
    broken_blocks = {number for number, (_, _, broken) in enumerate(blocks, start=1) if broken}
    assert {bad.block for bad in report.unreadable} == broken_blocks
    assert sum(isinstance(item, Spectrum) for item in items) == report.spectra


@SETTINGS
@given(blocks=blocks)
def test_each_feature_comes_once(tmp_path: Path, blocks):
    items, _ = read_text(tmp_path, "".join(text for text, _, _ in blocks))
    ids = [item.feature_id if isinstance(item, UnreadableBlock) else item.get("feature_id") for item in items]
    assert len(set(ids)) == len(ids)


@SETTINGS
@given(good=st.lists(good_blocks(), min_size=1, max_size=6), bad=broken_blocks(), position=st.integers(0, 6))
def test_a_broken_block_changes_no_other_spectrum(tmp_path: Path, good, bad, position):
    # blocks with ids of their own: those without one are named by their position, which the broken block shifts
    texts = [text.replace("BEGIN IONS", f"BEGIN IONS\nOWN={n}") for n, (text, _) in enumerate(good)]
    bad = "\n".join(line for line in bad.splitlines() if not line.startswith("FEATURE_ID")) + "\n"
    without, _ = read_text(tmp_path, "".join(texts), per_feature="all")
    with_bad, report = read_text(tmp_path, "".join([*texts[:position], bad, *texts[position:]]), per_feature="all")
    assert len(report.unreadable) == 1
    survivors = [item for item in with_bad if isinstance(item, Spectrum)]
    assert [item.get("own") for item in survivors] == [item.get("own") for item in without]
    assert [item.peaks for item in survivors] == [item.peaks for item in without]


@SETTINGS
@given(peaks=good_peaks)
def test_peaks_come_out_as_they_went_in(tmp_path: Path, peaks):
    items, _ = read_text(tmp_path, mgf_block(peaks))
    pairs = zip(items[0].peaks.mz.tolist(), items[0].peaks.intensities.tolist(), strict=True)
    assert sorted(pairs) == sorted(peaks)
    assert items[0].peaks.mz.tolist() == sorted(mz for mz, _ in peaks)


@SETTINGS
@given(text=st.text(string.printable + "µ\u2028\x85", max_size=300))
def test_any_text_between_two_good_blocks_costs_neither(tmp_path: Path, text):
    good = mgf_block()
    items, report = read_text(tmp_path, good + text.replace("=", ":") + "\n" + good)
    spectra = [item for item in items if isinstance(item, Spectrum)]
    assert len(spectra) >= 2
    assert spectra[0].peaks == spectra[-1].peaks
    assert report.blocks == len(items)


@given(number=st.integers(1, 99), form=st.sampled_from(["{}+", "+{}", "{}", "{}.0", " {} "]))
def test_charges_are_signed(number, form):
    assert read_charge(form.format(number)) == number
    assert read_charge(form.replace("+", "-").format(number)) == (-number if "+" in form else number)
    assert read_charge(f"-{number}-") == -number


@example(value="0-")
@example(value=-0.0)
@given(
    value=st.one_of(st.text(max_size=12), st.floats(), st.integers(), st.none(), st.lists(st.integers(), max_size=2))
)
def test_reading_a_charge_never_raises_and_never_gives_0(value):
    charge = read_charge(value)
    assert charge is None or (isinstance(charge, int) and charge != 0)


@pytest.mark.parametrize("per_feature", ["merge", "best", "all"])
def test_same_file_twice_gives_the_same(tmp_path, per_feature):
    text = "".join(feature_block(n % 5, [(50 + n, n)], SCANS=n) for n in range(20))
    assert read_text(tmp_path, text, per_feature=per_feature) == read_text(tmp_path, text, per_feature=per_feature)
