"""The line of text that says what the model sees."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from builders import make_spectrum, tiny_model

from matchms_fingerprint import load_model
from matchms_fingerprint.errors import ModelError, SettingsError
from matchms_fingerprint.filters import add_predicted_fingerprint_summary

MODULE = "matchms_fingerprint.filters.add_predicted_fingerprint_summary"


def summary(monkeypatch: pytest.MonkeyPatch, model: Any, **settings: Any) -> str | None:
    """Summarize a spectrum with a model that predicts what it is told to."""
    import sys

    monkeypatch.setattr(sys.modules[MODULE], "_load", lambda name: model)
    text: str | None = add_predicted_fingerprint_summary(make_spectrum(), **settings).get("predicted_substructures")
    return text


def a_model(probabilities: list[float], frequencies: list[float] | None, meanings: dict[int, str] | None = None) -> Any:
    return SimpleNamespace(
        predict_fingerprints=lambda spectra: np.array([probabilities] * len(spectra), np.float32),
        bit_threshold=0.3,
        bit_meanings=meanings or {},
        bit_frequencies=None if frequencies is None else np.array(frequencies, np.float32),
    )


def test_what_nearly_every_molecule_has_comes_last(monkeypatch: pytest.MonkeyPatch) -> None:
    # Kullback-Leibler divergence of (p, f): bit 0 (.99, .95) 0.03; bit 1 (.90, .05) 2.38; bit 2 (.60, .30) 0.19
    model = a_model([0.99, 0.90, 0.60, 0.20], [0.95, 0.05, 0.30, 0.01], {0: "C", 1: "c1ccccc1"})
    assert summary(monkeypatch, model) == "c1ccccc1 (0.90); bit 2 (0.60); C (0.99)"
    assert summary(monkeypatch, model, n_substructures=1) == "c1ccccc1 (0.90)"


def test_bits_below_threshold_or_frequency_are_not_predicted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert summary(monkeypatch, a_model([0.29, 0.5, 0.9], [0.01, 0.6, 0.8])) == "bit 2 (0.90)"
    assert summary(monkeypatch, a_model([0.1, 0.2], [0.01, 0.01])) is None


def test_without_frequencies_the_most_probable_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    assert summary(monkeypatch, a_model([0.5, 0.9, 0.1, 0.7], None)) == "bit 1 (0.90); bit 3 (0.70); bit 0 (0.50)"


def test_one_meaning_is_written_once(monkeypatch: pytest.MonkeyPatch) -> None:
    model = a_model([0.9, 0.8, 0.7], None, {0: "CO", 1: "CO", 2: "CN"})
    assert summary(monkeypatch, model, n_substructures=2) == "CO (0.90); CN (0.70)"


def test_certainties_do_not_overflow(monkeypatch: pytest.MonkeyPatch) -> None:
    assert summary(monkeypatch, a_model([1.0, 1.0, 0.0], [0.0, 1.0, 0.5])) == "bit 0 (1.00); bit 1 (1.00)"


def test_a_real_model_is_loaded_once(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = str(tiny_model(tmp_path_factory.mktemp("model")))
    first = add_predicted_fingerprint_summary(make_spectrum(), model=folder, n_substructures=3)
    monkeypatch.setattr("matchms_fingerprint.models.load_model", None)
    second = add_predicted_fingerprint_summary(make_spectrum(), model=folder, n_substructures=3)
    text = first.get("predicted_substructures")
    assert text == second.get("predicted_substructures")
    monkeypatch.undo()
    probabilities = {f"{p:.2f}" for p in load_model(folder).predict_fingerprints([make_spectrum()])[0]}
    written = [part.rsplit(" (", 1)[1].rstrip(")") for part in text.split("; ")]
    assert len(written) == 3
    assert set(written) <= probabilities


def test_no_peaks_no_summary() -> None:
    assert add_predicted_fingerprint_summary(make_spectrum([], []), model="not asked").metadata == (
        make_spectrum([], []).metadata
    )


def test_wrong_settings() -> None:
    with pytest.raises(SettingsError, match="n_substructures is 0; give 1 or more"):
        add_predicted_fingerprint_summary(make_spectrum(), n_substructures=0)
    with pytest.raises(ModelError, match="nowhere"):
        add_predicted_fingerprint_summary(make_spectrum(), model="nowhere")
