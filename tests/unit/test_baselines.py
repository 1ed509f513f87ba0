"""Baselines against naive loops over peaks, spectra and structures."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from builders import make_spectrum, random_spectra
from oracles import naive_greedy_cosine, naive_spectral_entropy

from matchms_fingerprint.chem.fingerprints import FingerprintSpec, fingerprints
from matchms_fingerprint.chem.structures import read_molecule
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.evaluation.baselines import (
    RESTRICTIONS,
    SIMILARITIES,
    WEIGHTS,
    BinnedCosine,
    EmbeddingCosine,
    MassScale,
    MeanFingerprint,
    NearestNeighbourFingerprint,
    PeakCosine,
    PrecursorMassModel,
)
from matchms_fingerprint.evaluation.baselines.nearest_neighbour import BY_ALL, BY_MEAN, BY_RESTRICTION
from matchms_fingerprint.evaluation.baselines.weights import neighbour_weights
from matchms_fingerprint.evaluation.metrics import tanimoto_of_bits
from matchms_fingerprint.evaluation.predictor import Predictor
from matchms_fingerprint.features.arrays import join_arrays, spectrum_arrays
from matchms_fingerprint.features.labelled import LabelledSpectra

SPEC = FingerprintSpec.parse("morgan:radius=2,bits=256")
SMILES = ("CCO", "COC", "CC(=O)O", "CN1C=NC2=C1C(=O)N(C(=O)N2C)C", "NC(Cc1ccccc1)C(=O)O", "OCC1OC(O)C(O)C(O)C1O", "CCN")
FORMULAS = ("C2H6O", "C2H6O", "C2H4O2", "C8H10N4O2", "C9H11NO2", "C6H12O6", "C2H7N")
N_TRAIN = 50


def labelled(spectra, structure):
    molecules = [read_molecule(text) for text in SMILES]
    return LabelledSpectra(
        spectra=spectra,
        ids=np.arange(len(spectra)).astype(str),
        structure=np.asarray(structure, np.int64),
        smiles=list(SMILES),
        inchikeys=[f"{text:A<14}" for text in SMILES],
        formulas=list(FORMULAS),
        masses=np.array([46.041865, 46.041865, 60.021129, 194.080376, 165.078979, 180.063388, 45.057849]),
        fingerprints=fingerprints(molecules, SPEC),
        fingerprint=SPEC,
    )


@cache
def make_data():
    """Spectra with few distinct m/z, so that many have peaks in common; structures 5 and 6 are not in training."""
    rng = np.random.default_rng(0)
    spectra = []
    for _ in range(74):
        positive = bool(rng.random() < 0.6)
        mz = np.sort(rng.choice(np.arange(60, 90), rng.integers(2, 9), replace=False)) + rng.normal(0, 0.004)
        adduct = rng.choice(["[M+H]+", "[M+Na]+"]) if positive else "[M-H]-"
        spectra.append(
            make_spectrum(
                mz.tolist(),
                rng.uniform(0.0005, 1, mz.size).tolist(),
                precursor_mz=float(rng.integers(95, 120)) if rng.random() < 0.9 else None,
                adduct=str(adduct),
                ionmode="positive" if positive else "negative",
                charge=1 if positive else -1,
                instrument_type=str(rng.choice(["LC-ESI-QTOF", "LC-ESI-ITFT", ""])),
            )
        )
    structure = np.where(np.arange(74) < N_TRAIN, np.arange(74) % 5, rng.integers(0, 7, 74))
    return labelled(spectrum_arrays(spectra), structure)


@pytest.fixture(scope="module")
def data():
    return make_data()


TRAIN = np.arange(N_TRAIN)[::-1].copy()
QUERIES = np.arange(N_TRAIN, 74)


def given(data, rows=QUERIES):
    """Return spectra with their formula, atoms in no order."""
    names = [data.formulas[i].replace("C2H6O", "O1H6C2") for i in data.structure[rows]]
    return replace(data.spectra.take(rows), formula=np.array(names))


def peaks_of(spectra, i, least=0.001):
    some = slice(spectra.offsets[i], spectra.offsets[i + 1])
    return [
        (mz, float(x)) for mz, x in zip(spectra.mz[some].tolist(), spectra.intensity[some], strict=True) if x >= least
    ]


def weighed_by_entropy(peaks):
    """Li et al. 2021: intensities of a spectrum with an entropy S below 3 to the power of 0.25 + 0.25 S."""
    strong = [(mz, x) for mz, x in peaks if x >= 0.01 * max(y for _, y in peaks)]
    shares = np.array([x for _, x in strong]) / sum(x for _, x in strong)
    entropy = -(shares * np.log(shares)).sum()
    power = 0.25 + 0.25 * entropy if entropy < 3 else 1.0
    return [(mz, share**power) for (mz, _), share in zip(strong, shares, strict=True)]


def naive_similarity(name, spectra, reference, query):
    one, other = peaks_of(spectra, reference), peaks_of(spectra, query)
    shift = float(spectra.precursor_mz[reference] - spectra.precursor_mz[query])
    if name == "binned_cosine":
        vectors = []
        for peaks in (one, other):
            bins: dict[int, float] = {}
            for mz, x in peaks:
                bins[round(mz / 0.02)] = bins.get(round(mz / 0.02), 0.0) + x**0.5
            vectors.append(bins)
        norm = np.prod([sum(v * v for v in bins.values()) for bins in vectors]) ** 0.5
        return sum(v * vectors[1].get(k, 0.0) for k, v in vectors[0].items()) / norm if norm else 0.0
    if name == "entropy":
        return naive_spectral_entropy(weighed_by_entropy(one), weighed_by_entropy(other), 0.01)[0]
    shifts = [0.0] if name != "neutral_losses" else []
    shifts += [shift] if name != "cosine" and np.isfinite(shift) else []
    return naive_greedy_cosine(one, other, 0.01, shifts, powers=(0.0, 0.5))[0]


def may_be_neighbours(restriction, data, reference, query):
    spectra = data.spectra
    if spectra.ion_mode[reference] != spectra.ion_mode[query]:
        return False
    if restriction == "same_formula":
        return data.formulas[data.structure[reference]] == data.formulas[data.structure[query]]
    if restriction == "same_conditions":
        pairs = [(spectra.adduct[i], spectra.analyzer[i]) for i in (reference, query)]
        return pairs[0] == pairs[1] and all(pairs[0])
    return True


@cache
def all_similarities(name):
    """Return the similarity of each pair of a training spectrum and a query."""
    spectra = make_data().spectra
    return {(r, q): naive_similarity(name, spectra, r, q) for r in TRAIN.tolist() for q in QUERIES.tolist()}


def naive_neighbours(data, name, restriction, query, k, distinct):
    """Return (similarity, position) of the neighbours, those in the restriction or else all, and what answered."""
    similarities = all_similarities(name)
    for level, rule in ((BY_RESTRICTION, restriction), (BY_ALL, "all")):
        scored = [
            (similarities[reference, query], -place, reference)
            for place, reference in enumerate(TRAIN.tolist())
            if may_be_neighbours(rule, data, reference, query)
        ]
        ranked = [(s, r) for s, _, r in sorted(scored, reverse=True) if s > 1e-12]
        if distinct:
            firsts = {data.structure[r]: (s, r) for s, r in reversed(ranked)}
            ranked = [hit for hit in ranked if firsts[data.structure[hit[1]]] == hit]
        if ranked:
            return ranked[:k], level
    return [], BY_MEAN


@pytest.mark.parametrize("restriction", RESTRICTIONS)
@pytest.mark.parametrize("name", SIMILARITIES)
def test_neighbours_are_those_of_a_naive_search(data, name, restriction):
    baseline = NearestNeighbourFingerprint(data, TRAIN, name, restriction, k=3)
    found = baseline.find(given(data))
    for row, query in enumerate(QUERIES.tolist()):
        expected, level = naive_neighbours(data, name, restriction, query, 3, distinct=False)
        similarities = np.array([s for s, _ in expected] + [0.0] * (3 - len(expected)))
        # ms_entropy's single precision, which the kernels follow
        np.testing.assert_allclose(found.similarities[row], similarities, atol=1e-6 if name == "entropy" else 1e-12)
        positions = found.positions[row]
        assert (positions >= 0).sum() == len(expected)
        for position, similarity in zip(positions[: len(expected)].tolist(), similarities, strict=False):
            assert all_similarities(name)[position, query] == pytest.approx(similarity, abs=1e-6)
        assert found.answered_by[row] == (level if restriction != "all" or level == BY_MEAN else BY_RESTRICTION)
    if restriction != "all":
        assert set(found.answered_by.tolist()) >= {BY_RESTRICTION, BY_ALL}
        assert found.coverage == np.mean(found.answered_by == BY_RESTRICTION)


@pytest.mark.parametrize("k", [1, 2, 4, 9])
def test_distinct_structures_are_those_of_a_naive_search(data, k):
    found = NearestNeighbourFingerprint(data, TRAIN, k=k, distinct_structures=True).find(data.spectra.take(QUERIES))
    for row, query in enumerate(QUERIES.tolist()):
        expected, _ = naive_neighbours(data, "binned_cosine", "all", query, k, distinct=True)
        assert found.positions[row].tolist() == [r for _, r in expected] + [-1] * (k - len(expected))


def naive_weights(kind, similarities, temperature):
    if kind == "uniform":
        raw = [1.0 for _ in similarities]
    elif kind == "similarity":
        raw = [max(s, 0.0) for s in similarities]
    elif kind == "softmax":
        raw = [np.exp(s / temperature) for s in similarities]
    else:
        raw = [1 / rank for rank in range(1, len(similarities) + 1)]
    return np.array(raw) / sum(raw)


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("k", [1, 3, N_TRAIN + 30])
def test_probabilities_are_the_weighted_mean_of_bits(data, weights, k):
    baseline = NearestNeighbourFingerprint(data, TRAIN, k=k, weights=weights, temperature=0.3)
    found = baseline.predict(data.spectra.take(QUERIES))
    bits = data.bits(np.arange(len(data))).astype(float)
    assert found.probabilities.dtype == np.float32
    for row, query in enumerate(QUERIES.tolist()):
        hits, _ = naive_neighbours(data, "binned_cosine", "all", query, k, distinct=False)
        if not hits:
            assert found.answered_by[row] == BY_MEAN
            continue
        expected = naive_weights(weights, [s for s, _ in hits], 0.3) @ bits[[r for _, r in hits]]
        np.testing.assert_allclose(found.probabilities[row], expected, atol=1e-6)


def test_one_neighbour_is_copied_to_the_bit(data):
    for weights in WEIGHTS:
        found = NearestNeighbourFingerprint(data, TRAIN, weights=weights).predict(data.spectra.take(QUERIES))
        assert found.coverage > 0.5
        assert (found.probabilities[found.covered] == data.bits(found.positions[found.covered, 0])).all()


def test_weights_of_none_of_negative_and_of_far_apart_similarities():
    similarities = np.array([[0.0, 0.0], [-0.2, -0.4], [1.0, 0.0], [-5.0, 0.0]])
    is_found = np.array([[False, False], [True, True], [True, True], [True, False]])
    assert neighbour_weights(similarities, is_found, "similarity").tolist() == [[0, 0], [0.5, 0.5], [1, 0], [1, 0]]
    softmax = neighbour_weights(similarities, is_found, "softmax", temperature=1e-4)
    assert softmax.tolist() == [[0, 0], [1, 0], [1, 0], [1, 0]]


def test_without_a_given_formula_all_are_asked(data):
    queries = data.spectra.take(QUERIES)
    found = NearestNeighbourFingerprint(data, TRAIN, restriction="same_formula", k=2).predict(queries)
    everyone = NearestNeighbourFingerprint(data, TRAIN, k=2).predict(queries)
    assert found.coverage == 0.0
    assert (found.answered_by[everyone.covered] == BY_ALL).all()
    assert (found.answered_by[~everyone.covered] == BY_MEAN).all()
    assert everyone.coverage > 0.5
    assert (found.positions == everyone.positions).all()
    assert (found.probabilities == everyone.probabilities).all()


def test_a_formula_that_is_none_has_no_neighbours_of_its_own(data):
    queries = replace(data.spectra.take(QUERIES), formula=np.full(QUERIES.size, "not a formula"))
    assert NearestNeighbourFingerprint(data, TRAIN, restriction="same_formula").find(queries).coverage == 0.0


@pytest.fixture(scope="module")
def odd_spectra():
    """No peaks; peaks that no training spectrum has; unknown ion mode; an ion mode without training spectra."""
    return spectrum_arrays(
        [
            make_spectrum([], []),
            make_spectrum([500.123], ionmode="negative", adduct=None, charge=-1),
            make_spectrum([70.0, 80.0], ionmode=None, adduct=None, charge=None),
            make_spectrum([70.0, 80.0], ionmode="negative", adduct="[M-H]-", charge=-1),
        ]
    )


@pytest.mark.parametrize("name", SIMILARITIES)
def test_what_has_no_neighbour_gets_the_mean_of_its_ion_mode(data, odd_spectra, name):
    positive = np.flatnonzero(data.spectra.ion_mode[:N_TRAIN] == 1)
    assert odd_spectra.ion_mode.tolist() == [1, -1, 0, -1]
    found = NearestNeighbourFingerprint(data, positive, name, "same_conditions", k=2).predict(odd_spectra)
    expected = [BY_MEAN, BY_MEAN, BY_MEAN if name == "neutral_losses" else BY_ALL, BY_MEAN]
    assert found.answered_by.tolist() in (expected, [BY_MEAN, BY_MEAN, BY_ALL, BY_MEAN])
    means = MeanFingerprint(data, positive).predict_probabilities(odd_spectra)
    assert (found.probabilities[found.answered_by == BY_MEAN] == means[found.answered_by == BY_MEAN]).all()
    assert found.positions[found.answered_by == BY_MEAN].max() == -1
    assert found.coverage == 0.0


def test_a_spectrum_of_unknown_ion_mode_is_compared_to_those_of_either(data):
    queries = replace(data.spectra.take(TRAIN), ion_mode=np.zeros(N_TRAIN, np.int8))
    found = NearestNeighbourFingerprint(data, TRAIN).find(queries)
    np.testing.assert_allclose(found.similarities[:, 0], 1.0)
    assert set(data.spectra.ion_mode[found.positions[:, 0]].tolist()) == {-1, 1}


def test_a_training_spectrum_of_unknown_ion_mode_may_be_the_neighbour_of_any(data):
    modes = data.spectra.ion_mode.copy()
    modes[TRAIN] = 0
    unknown = replace(data, spectra=replace(data.spectra, ion_mode=modes))
    found = NearestNeighbourFingerprint(unknown, TRAIN).find(data.spectra.take(TRAIN))
    np.testing.assert_allclose(found.similarities[:, 0], 1.0)


@pytest.mark.parametrize("name", [*SIMILARITIES, "embedding"])
def test_of_equal_neighbours_the_first_in_training_is_better(data, name):
    twice = labelled(join_arrays([data.spectra, data.spectra]), np.tile(data.structure, 2))
    similarity = EmbeddingCosine(embed_by_mean) if name == "embedding" else name
    train = np.concatenate([np.arange(N_TRAIN) + len(data), np.arange(N_TRAIN)])
    found = NearestNeighbourFingerprint(twice, train, similarity, k=2).find(data.spectra.take(np.arange(5)))
    has_pair = found.similarities[:, 0] == found.similarities[:, 1]
    assert has_pair.any()
    assert (found.positions[has_pair, 0] == found.positions[has_pair, 1] + len(data)).all()


@pytest.mark.parametrize("restriction", RESTRICTIONS)
@pytest.mark.parametrize("distinct", [False, True])
@pytest.mark.parametrize("name", SIMILARITIES)
def test_one_spectrum_at_a_time_gives_the_same(data, name, restriction, distinct):
    baseline = NearestNeighbourFingerprint(data, TRAIN, name, restriction, k=3, distinct_structures=distinct)
    queries = given(data)
    together = baseline.predict(queries)
    for i in range(0, len(queries), 4):
        alone = baseline.predict(queries.take(np.array([i])))
        assert (alone.positions[0] == together.positions[i]).all()
        assert (alone.similarities[0] == together.similarities[i]).all()
        assert alone.answered_by[0] == together.answered_by[i]
        np.testing.assert_allclose(alone.probabilities[0], together.probabilities[i], atol=1e-7)


@pytest.mark.parametrize("name", SIMILARITIES)
def test_no_spectra_give_no_rows(data, name):
    baseline = NearestNeighbourFingerprint(data, TRAIN, name, "same_conditions", k=2, distinct_structures=True)
    found = baseline.predict(data.spectra.take(np.empty(0, np.int64)))
    assert found.probabilities.shape == (0, 256)
    assert found.positions.shape == (0, 2)
    assert np.isnan(found.coverage)
    assert baseline.predict_fingerprints([]).shape == (0, 256)


def embed_by_mean(spectra):
    """Embed by mean m/z and number of peaks, some of them negative."""
    counts = np.diff(spectra.offsets)
    sums = np.bincount(spectra.rows, spectra.mz, minlength=len(spectra))
    return np.stack([sums / np.maximum(counts, 1) - 75, counts - 4.0], axis=1)


def test_neighbours_by_a_learned_embedding(data):
    vectors = embed_by_mean(data.spectra)
    queries = data.spectra.take(QUERIES)
    found = NearestNeighbourFingerprint(data, TRAIN, EmbeddingCosine(embed_by_mean), k=N_TRAIN).find(queries)
    for row, query in enumerate(QUERIES.tolist()):
        same_mode = TRAIN[data.spectra.ion_mode[TRAIN] == data.spectra.ion_mode[query]]
        lengths = np.linalg.norm(vectors, axis=1)
        cosine = vectors[same_mode] @ vectors[query] / (lengths[same_mode] * lengths[query])
        # float32 vectors
        np.testing.assert_allclose(found.similarities[row, : cosine.size], np.sort(cosine)[::-1], atol=1e-6)
        assert sorted(found.positions[row, : cosine.size]) == sorted(same_mode)
    assert found.coverage == 1.0
    assert found.similarities.min() < 0


def test_a_spectrum_without_an_embedding_is_like_none(data):
    spectra = spectrum_arrays([make_spectrum()])
    nothing = NearestNeighbourFingerprint(data, TRAIN, EmbeddingCosine(lambda s: np.zeros((len(s), 3)))).find(spectra)
    assert nothing.similarities.tolist() == [[0.0]]


def test_a_network_and_a_model_embed_spectra(tmp_path):
    from builders import tiny_model

    from matchms_fingerprint import load_model

    model = load_model(str(tiny_model(tmp_path)))
    arrays = spectrum_arrays(random_spectra(30))
    known = labelled(arrays, np.arange(30) % 7)
    for source in (model, model.network):
        found = NearestNeighbourFingerprint(known, np.arange(20), EmbeddingCosine(source)).find(arrays)
        vectors = model.embed(random_spectra(30))
        same_mode = arrays.ion_mode[:, None] == arrays.ion_mode[:20]
        expected = np.where(same_mode, vectors @ vectors[:20].T, -2.0).max(axis=1)
        np.testing.assert_allclose(found.similarities[:, 0], expected, atol=1e-5)


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


def test_the_threshold_is_the_best_on_the_spectra_it_is_chosen_on(data):
    baseline = NearestNeighbourFingerprint(data, TRAIN, k=5)
    threshold = baseline.choose_threshold(data, QUERIES)
    probabilities, true = baseline.predict_probabilities(data.spectra.take(QUERIES)), data.bits(QUERIES)
    means = [tanimoto_of_bits(probabilities > t, true).mean() for t in np.round(np.arange(0.05, 0.605, 0.01), 2)]
    assert baseline.bit_threshold == threshold
    assert tanimoto_of_bits(probabilities > threshold, true).mean() == pytest.approx(max(means))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"similarity": "levenshtein"}, "levenshtein.*binned_cosine"),
        ({"restriction": "same_colour"}, "same_colour.*same_formula"),
        ({"k": 0}, "at least 1, not 0"),
        ({"weights": "votes"}, "votes.*softmax"),
        ({"temperature": 0.0}, "above 0"),
    ],
)
def test_settings_that_are_none_are_refused(data, settings, message):
    with pytest.raises(SettingsError, match=message):
        NearestNeighbourFingerprint(data, TRAIN, **settings)


def test_similarities_refuse_widths_that_are_none():
    with pytest.raises(SettingsError, match="bin_width_da"):
        BinnedCosine(bin_width_da=0.0)
    with pytest.raises(SettingsError, match="tolerance_da"):
        PeakCosine(tolerance_da=-0.1)


def test_no_training_spectra_are_refused(data):
    for kind in (MeanFingerprint, NearestNeighbourFingerprint, PrecursorMassModel):
        with pytest.raises(SettingsError, match="at least one training spectrum"):
            kind(data, np.empty(0, np.int64))
