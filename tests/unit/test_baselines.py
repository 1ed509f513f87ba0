"""The mean fingerprint and the precursor mass against their definitions; what baselines have in common."""

from dataclasses import replace

import numpy as np
import pytest
from baseline_cases import QUERIES, TRAIN, make_data
from builders import random_spectra

from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.evaluation.baselines import (
    MassScale,
    MeanFingerprint,
    NearestNeighbourFingerprint,
    PrecursorMassModel,
)
from matchms_fingerprint.evaluation.metrics import tanimoto_of_bits
from matchms_fingerprint.evaluation.predictor import Predictor
from matchms_fingerprint.features.arrays import spectrum_arrays


@pytest.fixture(scope="module")
def data():
    return make_data()


def test_the_mean_counts_each_structure_once(data):
    baseline = MeanFingerprint(data, TRAIN)
    bits = {i: data.bits(np.array([np.flatnonzero(data.structure == i)[0]]))[0] for i in range(7)}
    for mode in (-1, 0, 1):
        measured = {data.structure[i] for i in TRAIN if mode in (0, data.spectra.ion_mode[i])}
        query = replace(data.spectra.take(np.array([0])), ion_mode=np.array([mode], np.int8))
        expected = np.mean([bits[i] for i in measured], axis=0)
        np.testing.assert_allclose(baseline.predict_probabilities(query)[0], expected, atol=1e-7)
    repeated = np.concatenate([TRAIN, np.repeat(TRAIN[:1], 40)])
    assert (MeanFingerprint(data, repeated).means == baseline.means).all()


def naive_precursor_mass(data, query, scales, other_mode_weight):
    """Narrow the mean fingerprint scale by scale, structure by structure."""
    spectra = data.spectra
    mode, mz = spectra.ion_mode[query], spectra.precursor_mz[query]
    # [M+H]+, [M+Na]+, [M-H]-: masses of the ions that are added
    mass = mz - {1: 1.007276, 4: 22.989218, 2: -1.007276}[int(spectra.adduct[query])]
    bits = {i: data.bits(np.array([np.flatnonzero(data.structure == i)[0]]))[0] for i in range(7)}
    weight = {
        i: 1.0 if any(data.structure[r] == i and spectra.ion_mode[r] == mode for r in TRAIN) else other_mode_weight
        for i in sorted({data.structure[r] for r in TRAIN})
    }
    estimate = np.mean([bits[i] for i in weight if weight[i] == 1.0], axis=0)
    for mass_da, defect_da, mass_ppm, strength in scales:
        total, summed = strength, strength * estimate
        for i in weight:
            apart = data.masses[i] - mass
            defect = apart - 1.0005 * round(apart / 1.0005)
            squares = (apart / mass_da) ** 2 + (defect / defect_da) ** 2 + (apart / (mass * mass_ppm * 1e-6)) ** 2
            kernel = weight[i] * np.exp(-squares / 2)
            total, summed = total + kernel, summed + kernel * bits[i]
        estimate = summed / total
    return estimate


@pytest.fixture(scope="module")
def heavy(data):
    """Spectra with precursors near the masses of structures, by a few mDa."""
    rng = np.random.default_rng(3)
    added = np.array([0, 1.007276, -1.007276, 0, 22.989218])[data.spectra.adduct]
    precursor_mz = data.masses[data.structure] + added + rng.normal(0, 0.002, len(data))
    return replace(data, spectra=replace(data.spectra, precursor_mz=precursor_mz))


def test_the_precursor_mass_model_agrees_with_its_definition(heavy):
    scales = (
        MassScale(20.0, np.inf, np.inf, 3.0),
        MassScale(50.0, 0.02, np.inf, 2.0),
        MassScale(np.inf, np.inf, 9.0, 0.2),
    )
    model = PrecursorMassModel(heavy, TRAIN, scales, other_mode_weight=0.4)
    predicted = model.predict_probabilities(heavy.spectra.take(QUERIES))
    assert predicted.dtype == np.float32
    for row, query in enumerate(QUERIES.tolist()):
        # 1e-6 Da of the masses above are 0.02 ppm, 0.2 % of the narrowest width
        np.testing.assert_allclose(predicted[row], naive_precursor_mass(heavy, query, scales, 0.4), atol=5e-3)


def test_the_precursor_mass_of_a_known_compound_tells_its_fingerprint(heavy):
    rows = np.array([np.flatnonzero(heavy.structure == i)[0] for i in (2, 3, 4)])
    exact = (
        heavy.masses[heavy.structure[rows]]
        + np.array([0, 1.007276, -1.007276, 0, 22.989218])[heavy.spectra.adduct[rows]]
    )
    queries = replace(heavy.spectra.take(rows), precursor_mz=exact)
    predicted = PrecursorMassModel(heavy, TRAIN).predict_probabilities(queries)
    assert tanimoto_of_bits(predicted > 0.5, heavy.bits(rows)).tolist() == [1.0, 1.0, 1.0]


def test_without_a_precursor_mass_there_is_the_mean(heavy):
    queries = heavy.spectra.take(QUERIES)
    unknown = replace(queries, precursor_mz=np.full(QUERIES.size, np.nan))
    expected = MeanFingerprint(heavy, TRAIN).predict_probabilities(queries)
    assert (PrecursorMassModel(heavy, TRAIN).predict_probabilities(unknown) == expected).all()


def test_the_precursor_mass_model_sees_no_peaks_and_each_spectrum_alone(heavy):
    model, queries = PrecursorMassModel(heavy, TRAIN), heavy.spectra.take(QUERIES)
    together = model.predict_probabilities(queries)
    weaker = replace(queries, intensity=queries.intensity[::-1], mz=queries.mz + 1.0)
    assert (model.predict_probabilities(weaker) == together).all()
    for i in range(0, QUERIES.size, 5):
        alone = model.predict_probabilities(queries.take(np.array([i])))
        np.testing.assert_allclose(alone[0], together[i], atol=1e-7)


def test_an_unknown_adduct_is_a_proton(heavy):
    queries = heavy.spectra.take(np.flatnonzero(np.isin(heavy.spectra.adduct, (1, 2))))
    unknown = replace(queries, adduct=np.zeros(len(queries), np.int16))
    model = PrecursorMassModel(heavy, TRAIN)
    # the mass of a proton and that of a hydrogen atom less an electron differ by 1e-8 Da
    np.testing.assert_allclose(model.predict_probabilities(unknown), model.predict_probabilities(queries), atol=1e-4)


def test_baselines_read_matchms_spectra_like_models(data):
    spectra = random_spectra(5)
    baselines = [
        MeanFingerprint(data, TRAIN),
        PrecursorMassModel(data, TRAIN),
        NearestNeighbourFingerprint(data, TRAIN, k=3),
    ]
    for baseline in baselines:
        assert isinstance(baseline, Predictor)
        probabilities = baseline.predict_fingerprints(spectra)
        assert (probabilities == baseline.predict_probabilities(spectrum_arrays(spectra))).all()
        baseline.bit_threshold = 0.25
        bits = baseline.predict_fingerprints(iter(spectra), binary=True)
        assert bits.dtype == np.uint8
        assert (bits == (probabilities > 0.25)).all()


def test_no_training_spectra_are_refused(data):
    for kind in (MeanFingerprint, NearestNeighbourFingerprint, PrecursorMassModel):
        with pytest.raises(SettingsError, match="at least one training spectrum"):
            kind(data, np.empty(0, np.int64))
