"""Names that matchms knows after `register_with_matchms`, and where filters come to stand."""

import subprocess
import sys

import pytest
from matchms.filtering.filter_order import ALL_FILTERS, FILTER_FUNCTION_NAMES
from matchms.filtering.SpectrumProcessor import SpectrumProcessor
from matchms.similarity import CosineGreedy
from matchms.similarity.BaseSimilarity import BaseSimilarity
from matchms_tables import SCORES_BY_NAME, registered

from matchms_fingerprint import filters, register_with_matchms, similarity
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.similarity.registration import RUNS_AFTER


def order() -> list[str]:
    return [function.__name__ for function in ALL_FILTERS]


def test_importing_registers_nothing_and_leaves_torch_alone() -> None:
    code = (
        "import importlib, sys, matchms_fingerprint.similarity, matchms_fingerprint.filters;"
        "from matchms.filtering.filter_order import FILTER_FUNCTION_NAMES as names;"
        "scores = importlib.import_module('matchms.Pipeline')._score_functions;"
        "print('require_ms2' in names, 'fingerprintretrieval' in scores, 'torch' in sys.modules)"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    assert printed.split() == ["False", "False", "False"]


def test_every_exported_score_is_known_by_the_name_of_its_class() -> None:
    exported = [getattr(similarity, name) for name in similarity.__all__]
    scores = [score for score in exported if isinstance(score, type) and issubclass(score, BaseSimilarity)]
    assert SCORES_BY_NAME["cosinegreedy"] is CosineGreedy  # how matchms derives its own names
    with registered():
        assert {score.__name__.lower(): score for score in scores}.items() <= SCORES_BY_NAME.items()


def test_every_exported_filter_is_known_by_its_name() -> None:
    with registered():
        assert {name: getattr(filters, name) for name in filters.__all__}.items() <= FILTER_FUNCTION_NAMES.items()


def test_registering_again_changes_nothing() -> None:
    with registered():
        before = order(), dict(FILTER_FUNCTION_NAMES), dict(SCORES_BY_NAME)
        register_with_matchms()
        assert (order(), dict(FILTER_FUNCTION_NAMES), dict(SCORES_BY_NAME)) == before


def test_order_of_matchms_is_kept() -> None:
    before = order()
    with registered():
        assert [name for name in order() if name in before] == before
        ours = {*filters.__all__, "add_structure_annotation"}
        assert len(order()) == len(set(order())) == len(before) + len(ours)
        assert ours == set(RUNS_AFTER)


@pytest.mark.parametrize(
    ("name", "after", "before"),
    [
        # spectra that are no MS2 cost nothing further
        ("require_ms2", "require_correct_ms_level", "make_charge_int"),
        # needs the precursor m/z
        ("normalize_collision_energy", "add_precursor_mz", "normalize_intensities"),
        # measures what is left of the precursor before any peak is removed
        ("add_fragmentation_level", "require_precursor_mz", "remove_noise_below_frequent_intensities"),
        ("add_fragmentation_level", "require_precursor_mz", "remove_precursor_window"),
        # counts of peaks are checked after the window is gone
        ("remove_precursor_window", "select_by_mz", "require_minimum_number_of_peaks"),
        ("remove_precursor_window", "select_by_mz", "reduce_to_number_of_peaks"),
        # work for spectra that stay, on their final peaks
        ("add_neutral_losses_summary", "require_minimum_number_of_high_peaks", "add_fingerprint"),
        ("add_predicted_fingerprint_summary", "require_minimum_number_of_high_peaks", "add_fingerprint"),
        ("add_structure_annotation", "require_minimum_number_of_high_peaks", "add_fingerprint"),
    ],
)
def test_filters_stand_where_they_make_sense(name: str, after: str, before: str) -> None:
    with registered():
        assert order().index(after) < order().index(name) < order().index(before)


def test_a_processor_sorts_filters_into_that_order() -> None:
    with registered():
        names = ["require_minimum_number_of_peaks", "remove_precursor_window", "add_fragmentation_level", "require_ms2"]
        processor = SpectrumProcessor(names)
        assert [function.__name__ for function in processor.filters] == names[::-1]


@pytest.mark.parametrize("table", [SCORES_BY_NAME, FILTER_FUNCTION_NAMES], ids=["score", "filter"])
def test_a_name_that_is_taken_is_not_replaced(table: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> None:
    name = "fingerprintretrieval" if table is SCORES_BY_NAME else "require_ms2"
    monkeypatch.setitem(table, name, print)
    with pytest.raises(SettingsError, match=f"another '{name}'"), registered():
        pass
    assert table[name] is print
