"""MS1 peaks go with the MS2 spectra of their feature."""

from __future__ import annotations

import json

import numpy as np
import pytest
from matchms import Spectrum

from matchms_fingerprint.annotation.features import harmonized
from matchms_fingerprint.io.isotope_peaks import KEY, isotope_peaks_text, read_isotope_peaks
from tests.builders_mgf import TWO_PEAKS, feature_block, read_text

PATTERN = [(194.0427, 1e6), (195.0461, 6.7e4), (196.0469, 1.3e4)]
OTHER = [(194.0427, 5e5), (195.0461, 3e4)]


def ms1(feature_id: object, peaks: object = PATTERN, **keys: object) -> str:
    return feature_block(feature_id, peaks, **({"MSLEVEL": 1} | keys))


def patterns(items: list[Spectrum]) -> list[object]:
    return [json.loads(item.get(KEY)) if item.get(KEY) else None for item in items]


def as_lists(peaks: list[tuple[float, float]]) -> list[list[float]]:
    return [list(peak) for peak in peaks]


@pytest.mark.parametrize("per_feature", ["merge", "best", "all"])
def test_before_or_behind_its_ms2_block_or_far_away(tmp_path, per_feature) -> None:
    text = ms1(1) + feature_block(1) + feature_block(2) + ms1(2, OTHER) + feature_block(3) + feature_block(4) + ms1(3)
    items, report = read_text(tmp_path, text, per_feature=per_feature)
    assert patterns(items) == [as_lists(PATTERN), as_lists(OTHER), as_lists(PATTERN), None]
    assert (report.spectra, report.ms1) == (4, 3)


def test_all_spectra_of_a_feature_have_it_and_the_last_ms1_block_counts(tmp_path) -> None:
    text = ms1(1, OTHER) + ms1(1) + feature_block(1) + feature_block(1, [(60.0, 1.0)])
    assert patterns(read_text(tmp_path, text, per_feature="all")[0]) == [as_lists(PATTERN)] * 2
    assert patterns(read_text(tmp_path, text)[0]) == [as_lists(PATTERN)]


def test_two_features_with_one_id_keep_their_own(tmp_path) -> None:
    far = [(294.1, 3.0), (295.1034, 1.0)]
    text = ms1(1) + feature_block(1) + ms1(1, far, PEPMASS=294.1) + feature_block(1, PEPMASS=294.1)
    items, _ = read_text(tmp_path, text)
    assert [item.get("feature_id") for item in items] == ["1", "1#2"]
    assert patterns(items) == [as_lists(PATTERN), as_lists(far)]


def test_ms1_blocks_that_cannot_be_read_cost_nothing(tmp_path) -> None:
    text = ms1(1, [("194,1", 1)]) + feature_block(1) + ms1(2) + ms1(2, end=False) + feature_block(2)
    items, _ = read_text(tmp_path, text)
    assert patterns(items) == [None, as_lists(PATTERN)]


def test_a_feature_with_ms1_alone_is_none(tmp_path) -> None:
    items, report = read_text(tmp_path, ms1(1) + feature_block(2))
    assert [item.get("feature_id") for item in items] == ["2"]
    assert report.ms1 == 1


def test_of_a_full_scan_the_peaks_about_the_precursor_are_kept() -> None:
    mz = np.array([201.0, 400.0, 188.9, 194.0427, 189.1, 200.9, 195.0461])
    text = isotope_peaks_text(mz, np.array([1.0, 9.0, 9.0, 8.0, 2.0, 0.0, 1.0]), 194.0427)
    assert json.loads(text or "") == [[189.1, 2.0], [194.0427, 8.0], [195.0461, 1.0], [201.0, 1.0]]
    assert isotope_peaks_text(mz, np.ones(mz.size), 800.0) is None


def test_text_is_read_back_and_what_is_no_text_is_nothing() -> None:
    found = read_isotope_peaks({KEY: isotope_peaks_text(*np.array(PATTERN).T, 194.0427)})
    assert found is not None
    np.testing.assert_allclose(np.column_stack([found.mz, found.intensities]), PATTERN)
    for text in (None, "", "[]", "194.04 1", "[[1, 2, 3]]", "[[1, null]]", "[[0, 1]]", "{}", 7):
        assert read_isotope_peaks({KEY: text}) is None
    assert read_isotope_peaks({}) is None


def test_spectra_from_memory_have_it_too() -> None:
    mz, intensities = (np.array(column) for column in zip(*PATTERN, strict=True))
    about = {"feature_id": "7", "precursor_mz": 194.0427, "charge": 1}
    survey = Spectrum(mz, intensities, about | {"ms_level": 1})
    peaks = [np.array(column) for column in zip(*TWO_PEAKS, strict=True)]
    spectra = [survey, *(Spectrum(*peaks, about | {"feature_id": name}) for name in ("7", "7", "8"))]
    items = list(harmonized(spectra, None))
    assert patterns(items) == [as_lists(PATTERN), as_lists(PATTERN), None]
    assert patterns(list(harmonized(items, None))) == patterns(items)
    assert all(isinstance(hash(item), int) for item in items)
