"""Merging: expected peaks are worked out by hand."""

import json

import numpy as np
import pytest

from matchms_fingerprint.features.collision_energy import parse_collision_energy
from matchms_fingerprint.io.blocks import RawSpectrum
from matchms_fingerprint.io.merging import merge, merge_peaks


def raw(mz, intensities, **metadata):
    return RawSpectrum(np.array(mz, dtype=float), np.array(intensities, dtype=float), metadata)


def test_peaks_are_scaled_joined_and_scaled_back():
    # base peaks 100 and 10: relative 0.5, 1 and 1, 0.2; the peaks at 100 join to 0.5 + 1 = 1.5 at
    # (0.5 * 100.000 + 1 * 100.003) / 1.5 = 100.002; the sum 1.5 is the new base peak and stands for 100
    mz, intensities = merge_peaks(
        [(np.array([100.0, 200.0]), np.array([50.0, 100.0])), (np.array([100.003, 300.0]), np.array([10.0, 2.0]))]
    )
    assert mz == pytest.approx([100.002, 200.0, 300.0], abs=1e-9)
    assert intensities == pytest.approx([100.0, 100.0 / 1.5, 20.0 / 1.5])


@pytest.mark.parametrize(
    ("first", "second", "n_peaks"),
    [(100.0, 100.0049, 1), (100.0, 100.0051, 2), (1000.0, 1000.0099, 1), (1000.0, 1000.0101, 2)],
    ids=["below 0.005 Da", "above 0.005 Da", "below 10 ppm", "above 10 ppm"],
)
def test_tolerance(first, second, n_peaks):
    mz, _ = merge_peaks([(np.array([first]), np.array([1.0])), (np.array([second]), np.array([1.0]))])
    assert len(mz) == n_peaks


@pytest.mark.parametrize("peaks", [([], []), ([100.0], [0.0])])
def test_spectra_without_signal_add_nothing(peaks):
    signal = (np.array([50.0, 60.0]), np.array([1.0, 0.0]))
    silence = tuple(np.array(values, dtype=float) for values in peaks)
    mz, intensities = merge_peaks([silence, signal, silence])
    assert (mz.tolist(), intensities.tolist()) == ([50.0], [1.0])
    assert merge_peaks([silence, silence])[0].shape == (0,)


def test_metadata_come_from_the_most_intense_spectrum_and_are_completed():
    merged = merge(
        [
            raw([50], [1], feature_id="3", retention_time=10.0, scans="4", smiles="C"),
            raw([50], [9], feature_id="3", retention_time=12.0, scans="6"),
            raw([50], [5], feature_id="3", retention_time=11.0, scans="4", smiles="CC"),
        ]
    )
    expected = {"feature_id": "3", "retention_time": 12.0, "scans": "4,6", "smiles": "CC", "merged_spectra": 3}
    assert merged.metadata == expected


@pytest.mark.parametrize(
    ("energies", "text", "mean_ev"),
    [
        (["20.0", "20.0"], "20.0", 20.0),
        (["[20.0,45.0]", "[20.0,45.0]"], "[20.0,45.0]", 32.5),
        (["[45.0]", "[20.0]", "[20.0]"], "[20.0, 45.0]", 32.5),
        (["45", "20"], "[20.0, 45.0]", 32.5),
        (["20 eV", "40 eV"], '["20 eV", "40 eV"]', 30.0),
        (["20 eV", None], "20 eV", 20.0),
    ],
)
def test_collision_energies_of_all_spectra(energies, text, mean_ev):
    spectra = [raw([50], [1], **({} if energy is None else {"collision_energy": energy})) for energy in energies]
    merged = merge(spectra).metadata["collision_energy"]
    assert merged == text
    assert parse_collision_energy(merged).ev == mean_ev
    if text.startswith("["):
        json.loads(text)


def test_single_spectrum_is_returned_as_it_is():
    spectrum = raw([50, 50.001], [0, 3], scans="1")
    assert merge([spectrum]) is spectrum
    assert "merged_spectra" not in spectrum.metadata
