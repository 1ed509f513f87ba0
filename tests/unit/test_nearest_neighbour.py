"""The nearest neighbour in all its variants, against naive loops."""

from dataclasses import replace

import numpy as np
import pytest
from baseline_cases import N_TRAIN, QUERIES, TRAIN, all_similarities, given, labelled, make_data, naive_neighbours
from builders import make_spectrum, random_spectra, tiny_model

from matchms_fingerprint import load_model
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.evaluation.baselines import (
    BY_ALL,
    BY_MEAN,
    BY_RESTRICTION,
    RESTRICTIONS,
    SIMILARITIES,
    WEIGHTS,
    BinnedCosine,
    EmbeddingCosine,
    MeanFingerprint,
    NearestNeighbourFingerprint,
    PeakCosine,
    neighbour_search,
)
from matchms_fingerprint.evaluation.baselines.weights import neighbour_weights
from matchms_fingerprint.evaluation.metrics import tanimoto_of_bits
from matchms_fingerprint.features.arrays import join_arrays, spectrum_arrays


@pytest.fixture(scope="module")
def data():
    return make_data()


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


@pytest.mark.parametrize("most_places", [1 << 22, 50])
@pytest.mark.parametrize("k", [1, 2, 4, 9])
def test_distinct_structures_are_those_of_a_naive_search(data, k, most_places, monkeypatch):
    monkeypatch.setattr(neighbour_search, "_MOST_PLACES", most_places)
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
    assert found.answered_by.tolist() == expected
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
    model = load_model(str(tiny_model(tmp_path)))
    arrays = spectrum_arrays(random_spectra(30))
    known = labelled(arrays, np.arange(30) % 7)
    for source in (model, model.network):
        found = NearestNeighbourFingerprint(known, np.arange(20), EmbeddingCosine(source)).find(arrays)
        vectors = model.embed(random_spectra(30))
        same_mode = arrays.ion_mode[:, None] == arrays.ion_mode[:20]
        expected = np.where(same_mode, vectors @ vectors[:20].T, -2.0).max(axis=1)
        np.testing.assert_allclose(found.similarities[:, 0], expected, atol=1e-5)


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
