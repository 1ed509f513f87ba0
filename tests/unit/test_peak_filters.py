"""Filters that look at the peaks around the precursor."""

import numpy as np
import pytest
from builders import make_spectrum
from hypothesis import given
from hypothesis import strategies as st
from matchms import Spectrum

from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.filters import add_fragmentation_level, add_neutral_losses_summary, remove_precursor_window


@pytest.mark.parametrize(
    ("at_precursor", "elsewhere", "level"),
    [
        (1.0, 0.0, 0),  # nothing but the precursor: log10(1)
        (1.0, 1.0, 0),  # a half: log10 = -0.30
        (1.0, 9.0, -1),  # a tenth
        (1.0, 99.0, -2),  # a hundredth
        (1.0, 1e7, -4),  # log10 = -7, kept at -4
        (0.0, 1.0, -4),  # nothing left
    ],
)
def test_fragmentation_level_is_the_rounded_log_share(at_precursor: float, elsewhere: float, level: int) -> None:
    spectrum = make_spectrum([100.0, 200.3], [elsewhere, at_precursor], precursor_mz=200.0)
    result = add_fragmentation_level(spectrum)
    assert result.get("fragmentation_level") == level
    assert type(result.get("fragmentation_level")) is int


def test_fragmentation_level_uses_the_window() -> None:
    spectrum = make_spectrum([199.0, 200.0], [9.0, 1.0], precursor_mz=200.0)
    assert add_fragmentation_level(spectrum).get("fragmentation_level") == -1
    assert add_fragmentation_level(spectrum, window_da=1.0).get("fragmentation_level") == 0


@pytest.mark.parametrize(
    "spectrum",
    [make_spectrum(precursor_mz=None), make_spectrum([], []), make_spectrum([100.0], [0.0])],
    ids=["no precursor", "no peaks", "no intensity"],
)
def test_fragmentation_level_is_left_out_where_it_is_not_known(spectrum: Spectrum) -> None:
    assert add_fragmentation_level(spectrum).get("fragmentation_level") is None


@given(st.lists(st.tuples(st.floats(50, 500), st.floats(1e-3, 1e6)), min_size=1, max_size=20), st.floats(50, 500))
def test_fragmentation_level_does_not_depend_on_the_scale(peaks: list[tuple[float, float]], precursor: float) -> None:
    mz, intensities = np.array(sorted(peaks)).T.copy()
    levels = [
        add_fragmentation_level(Spectrum(mz, intensities * 2.0**power, {"precursor_mz": precursor})).get(
            "fragmentation_level"
        )
        for power in (0, 10)
    ]
    assert levels[0] == levels[1]
    assert levels[0] in range(-4, 1)


def test_precursor_window_is_removed_with_the_precursor_and_nothing_else() -> None:
    mz = [150.0, 182.9, 183.0, 200.0, 201.0, 217.0, 217.1, 390.0]
    spectrum = make_spectrum(mz, precursor_mz=200.0)
    assert remove_precursor_window(spectrum).peaks.mz.tolist() == [150.0, 182.9, 217.1, 390.0]
    assert remove_precursor_window(spectrum, window_da=0).peaks.mz.tolist() == [m for m in mz if m != 200.0]


def test_precursor_window_may_leave_nothing_and_needs_a_precursor() -> None:
    assert len(remove_precursor_window(make_spectrum([199.0, 201.0], precursor_mz=200.0)).peaks) == 0
    assert len(remove_precursor_window(make_spectrum([199.0, 201.0], precursor_mz=None)).peaks) == 2


def test_precursor_may_be_text() -> None:
    spectrum = make_spectrum([100.0, 200.0]).set("precursor_mz", "200.0")
    assert remove_precursor_window(spectrum).peaks.mz.tolist() == [100.0]


def losses(spectrum: Spectrum, **settings: float) -> str | None:
    text: str | None = add_neutral_losses_summary(spectrum, **settings).get("neutral_losses")
    return text


def test_neutral_losses_are_named_and_sorted_by_intensity() -> None:
    # 200 - 181.9894 = H2O (18.0106), 200 - 150 = 50 has no name, 200 - 156.0102 = CO2 (43.9898)
    spectrum = make_spectrum([150.0, 156.0102, 181.9894, 200.0], [4.0, 1.0, 10.0, 5.0], precursor_mz=200.0)
    assert losses(spectrum) == "18.0106 H2O (1.00); 50.0000 (0.40); 43.9898 CO2 (0.10)"
    assert losses(spectrum, n_losses=1) == "18.0106 H2O (1.00)"
    assert losses(spectrum, min_relative_intensity=0.2) == "18.0106 H2O (1.00); 50.0000 (0.40)"


def test_neutral_loss_is_named_within_the_tolerance_only() -> None:
    spectrum = make_spectrum([181.98], precursor_mz=200.0)  # 18.02, 0.0094 Da beside water
    assert losses(spectrum) == "18.0200 (1.00)"
    assert losses(spectrum, tolerance_da=0.01) == "18.0200 H2O (1.00)"


def test_equal_losses_keep_one_order() -> None:
    assert losses(make_spectrum([140.0, 150.0], precursor_mz=200.0)) == "50.0000 (1.00); 60.0000 (1.00)"


@pytest.mark.parametrize(
    "spectrum",
    [
        make_spectrum(precursor_mz=None),
        make_spectrum([], []),
        make_spectrum([200.0, 399.0], precursor_mz=200.0),
        make_spectrum([100.0], precursor_mz=200.0, charge=2, adduct=None),
        make_spectrum([100.0], precursor_mz=200.0, charge=-2, adduct=None),
        make_spectrum([100.0], precursor_mz=200.0, charge=None, adduct="[M+2H]2+"),
        make_spectrum([100.0], precursor_mz=200.0, charge=0, adduct="[M+2H]2+"),
    ],
    ids=["no precursor", "no peaks", "nothing below", "2+", "2-", "2+ by adduct", "charge not known"],
)
def test_no_neutral_losses_where_there_are_none(spectrum: Spectrum) -> None:
    assert losses(spectrum) is None


def test_unknown_charge_counts_as_one() -> None:
    assert losses(make_spectrum([150.0], precursor_mz=200.0, charge=None, adduct="nonsense")) == "50.0000 (1.00)"


@pytest.mark.parametrize(
    ("function", "settings"),
    [
        (add_fragmentation_level, {"window_da": 0}),
        (add_fragmentation_level, {"window_da": float("nan")}),
        (remove_precursor_window, {"window_da": -1}),
        (add_neutral_losses_summary, {"n_losses": 0}),
        (add_neutral_losses_summary, {"tolerance_da": -0.1}),
    ],
)
def test_settings_out_of_range_are_refused_by_name(function: object, settings: dict[str, float]) -> None:
    (name,) = settings
    with pytest.raises(SettingsError, match=f"{function.__name__}: .*{name}"):  # type: ignore[attr-defined]
        function(make_spectrum(), **settings)  # type: ignore[operator]
