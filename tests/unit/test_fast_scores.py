"""What the fast scores refuse, what they say, and how they rank."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest
from builders import make_spectrum, random_spectra
from matchms import Spectrum

from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.kernels import peak_search
from matchms_fingerprint.similarity.fast_cosine import (
    FastCosineGreedy,
    FastModifiedCosineGreedy,
    FastNeutralLossesCosine,
)
from matchms_fingerprint.similarity.fast_entropy import FastSpectralEntropy

ALL = (FastCosineGreedy, FastModifiedCosineGreedy, FastNeutralLossesCosine, FastSpectralEntropy)
WITH_PRECURSOR = (FastModifiedCosineGreedy, FastNeutralLossesCosine)
MISSING = "Precursor_mz missing. Apply 'add_precursor_mz' filter first."


@pytest.mark.parametrize("cls", ALL)
@pytest.mark.parametrize("name", ["tolerance", "tolerance_ppm"])
@pytest.mark.parametrize("value", [-0.1, float("inf"), float("nan"), True])
def test_tolerances_that_make_no_sense(cls: Any, name: str, value: Any) -> None:
    with pytest.raises(SettingsError, match=rf"^{cls.__name__}: {name} must be a .*number.*not {value!r}"):
        cls(**{name: value})


def test_other_settings_that_make_no_sense() -> None:
    with pytest.raises(SettingsError, match="at most 100000"):
        FastCosineGreedy(tolerance_ppm=1e6)
    with pytest.raises(SettingsError, match="noise_cutoff must be at most 1"):
        FastSpectralEntropy(noise_cutoff=1.5)
    with pytest.raises(SettingsError, match="ignore_peaks_above_precursor must be True or False"):
        FastNeutralLossesCosine(ignore_peaks_above_precursor=1)


def test_settings_are_plain_numbers() -> None:
    """Numpy numbers would not survive JSON."""
    score = FastCosineGreedy(np.float32(0.5), np.int64(1), 2)
    assert [type(value) for value in score.to_dict().values()] == [str, float, float, float, float]
    assert (score.tolerance, score.mz_power, score.intensity_power) == (0.5, 1.0, 2.0)


@pytest.mark.parametrize("cls", WITH_PRECURSOR)
def test_a_missing_precursor_is_said_as_in_matchms_and_where(cls: Any) -> None:
    good, bad = make_spectrum(), make_spectrum(precursor_mz=None)
    with pytest.raises(AssertionError) as raised:
        cls().pair(good, bad)
    assert str(raised.value) == MISSING
    with pytest.raises(SettingsError, match="It is missing in query 1"):
        cls().matrix([good], [good, bad], progress_bar=False)
    with pytest.raises(SettingsError, match="It is missing in reference 2"):
        cls().sparse_array([good, good, bad], [good], np.array([2, 0]), np.array([0, 0]), progress_bar=False)
    with pytest.raises(SettingsError, match="It is missing in reference 0"):
        cls().top_k([good], [bad], progress_bar=False)


@pytest.mark.parametrize("cls", WITH_PRECURSOR)
def test_precursors_are_asked_for_only_where_they_are_needed(cls: Any) -> None:
    good, bad = make_spectrum(), make_spectrum(precursor_mz=None)
    scores = cls().sparse_array([bad, good], [good, bad], np.array([1]), np.array([0]), progress_bar=False)
    assert scores["score"] == pytest.approx([1.0])
    assert cls().matrix([], [bad], progress_bar=False).shape == (0, 1)
    assert len(cls().matrix([bad], [], array_type="sparse", progress_bar=False).row) == 0
    FastCosineGreedy().matrix([bad], [bad], progress_bar=False)


def test_a_precursor_that_is_text_is_used_with_the_warning_of_matchms(caplog: pytest.LogCaptureFixture) -> None:
    texts = [Spectrum(np.array([100.0]), np.array([1.0]), {"precursor_mz": "200.5"}, metadata_harmonization=False)]
    with caplog.at_level(logging.WARNING, logger="matchms"):
        scores = FastModifiedCosineGreedy().matrix(texts, texts, progress_bar=False)
    assert scores["score"] == pytest.approx(1.0)
    assert "Precursor_mz must be int or float" in caplog.text


def test_unequal_numbers_are_an_error_of_both_families() -> None:
    one, two = [make_spectrum()], [make_spectrum(), make_spectrum()]
    with pytest.raises(ValueError, match=r"unequal number of spectra.*2 references and 1 queries"):
        FastCosineGreedy().matrix(two, one, is_symmetric=True)
    with pytest.raises(SettingsError, match="unequal number of spectra"):
        FastCosineGreedy().sparse_array(two, one, np.array([0]), np.array([0]), is_symmetric=True)


def test_matches_without_score_count_for_pairs_and_vanish_from_matrices() -> None:
    """As in matchms, whose matrices keep a pair only if no field is 0."""
    one, other = make_spectrum([100.0, 200.0], [0.0, 1.0]), make_spectrum([100.0, 300.0], [1.0, 1.0])
    score = FastCosineGreedy()
    assert score.pair(one, other).tolist() == (0.0, 1)
    assert score.sparse_array([one], [other], [0], [0], progress_bar=False).tolist() == [(0.0, 1)]
    assert score.matrix([one], [other], progress_bar=False).tolist() == [[(0.0, 0)]]
    assert len(score.matrix([one], [other], array_type="sparse", progress_bar=False).row) == 0
    assert score.top_k([other], [one], 1, progress_bar=False).references.tolist() == [[-1]]


class OnlyPublicPeaks:
    """A spectrum of which nothing is known but what matchms documents."""

    def __init__(self, spectrum: Spectrum) -> None:
        self.peaks = type("Peaks", (), {"mz": spectrum.peaks.mz, "intensities": spectrum.peaks.intensities})()


def test_spectra_need_no_more_than_public_peaks() -> None:
    some = random_spectra(6)
    public = [OnlyPublicPeaks(spectrum) for spectrum in some]
    score = FastCosineGreedy(0.5)
    expected = score.matrix(some, some, progress_bar=False)
    np.testing.assert_array_equal(score.matrix(public, public, progress_bar=False), expected)


@pytest.mark.parametrize("cls", ALL)
def test_every_spectrum_finds_itself_first(cls: Any) -> None:
    some = random_spectra(40, seed=3)
    hits = cls(tolerance=0.01).top_k(some, some, 3, progress_bar=False)
    assert hits.references[:, 0].tolist() == list(range(40))
    assert hits.scores[:, 0] == pytest.approx(1.0)
    assert (np.diff(hits.scores, axis=1) <= 0).all()


def test_equal_scores_are_ranked_by_position() -> None:
    spectrum = make_spectrum()
    hits = FastCosineGreedy().top_k([spectrum], [spectrum] * 5, 3, progress_bar=False)
    assert hits.references.tolist() == [[0, 1, 2]]
    by_precursor = [make_spectrum(precursor_mz=mz) for mz in (181.02, 181.0, 181.01, 300.0)]
    hits = FastCosineGreedy().top_k(by_precursor[:1], by_precursor, 4, precursor_tolerance=0.5, progress_bar=False)
    assert hits.references.tolist() == [[0, 1, 2, -1]]
    assert hits.scores[0, 3] == hits.matches[0, 3] == 0


def test_spectra_without_precursor_have_no_hits_within_a_tolerance_of_it() -> None:
    good, bad = make_spectrum(), make_spectrum(precursor_mz=None)
    score = FastCosineGreedy()
    hits = score.top_k([good, bad], [bad, good, bad], 2, precursor_tolerance=1000.0, progress_bar=False)
    assert hits.references.tolist() == [[1, -1], [-1, -1]]
    assert score.top_k([good, bad], [bad, good], 2, progress_bar=False).references.tolist() == [[0, 1], [0, 1]]


def test_top_k_of_nothing() -> None:
    spectrum = make_spectrum()
    score = FastCosineGreedy()
    assert score.top_k([], [spectrum], 2, progress_bar=False).references.shape == (0, 2)
    assert score.top_k([spectrum], [], 2, progress_bar=False).references.tolist() == [[-1, -1]]
    assert score.top_k([], [], 2, precursor_tolerance=1.0, progress_bar=False).scores.shape == (0, 2)
    assert score.top_k([spectrum], [], 1, precursor_tolerance=1.0, progress_bar=False).references.tolist() == [[-1]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"k": 0}, "k must be a whole number of at least 1, not 0"),
        ({"k": 2.5}, "k must be a whole number"),
        ({"minimum_matches": 0}, "minimum_matches must be a whole number of at least 1"),
        ({"minimum_score": "high"}, "minimum_score must be a number"),
        ({"precursor_tolerance": -1.0}, "precursor_tolerance must be a finite number of at least 0"),
    ],
)
def test_searches_that_make_no_sense(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=rf"^FastCosineGreedy.top_k: {message}"):
        FastCosineGreedy().top_k([], [], **arguments)


def test_a_search_within_precursors_scores_only_tiles_where_some_match(monkeypatch: pytest.MonkeyPatch) -> None:
    scored: list[int] = []
    top_tile = peak_search.top_tile

    def count(*arguments: Any) -> None:
        scored.append(1)
        top_tile(*arguments)

    monkeypatch.setattr(peak_search, "top_tile", count)
    monkeypatch.setattr(peak_search, "_MOST_ROWS", 10)
    monkeypatch.setattr(peak_search, "_MOST_QUERIES_WITH_LOSSES", 10)
    some = [make_spectrum(precursor_mz=200.0 + i) for i in range(100)]
    hits = FastCosineGreedy().top_k(some, some, 5, precursor_tolerance=0.5, progress_bar=False)
    assert hits.references[:, :2].tolist() == [[i, -1] for i in range(100)]
    assert len(scored) == 10  # one for each block of ten queries, of a hundred tiles


def test_huge_numbers_of_matches_between_two_spectra() -> None:
    """Everything matches everything: 160,000 matches, assigned one to one."""
    crowded = make_spectrum(np.linspace(100.0, 100.5, 400).tolist(), np.linspace(0.1, 1.0, 400).tolist())
    for cls in (FastCosineGreedy, FastModifiedCosineGreedy, FastNeutralLossesCosine):
        score = cls(tolerance=1.0)
        assert score.pair(crowded, crowded).tolist() == pytest.approx((1.0, 400))
        assert score.matrix([crowded], [crowded], progress_bar=False)[0, 0].tolist() == pytest.approx((1.0, 400))
