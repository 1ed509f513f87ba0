import numpy as np
import pytest
import torch
from builders import TINY_FINGERPRINT, random_spectra, tiny_memory_model
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from oracles import naive_group_neighbours

from matchms_fingerprint import load_model
from matchms_fingerprint.chem.fingerprints import FingerprintSpec, unpack_bits
from matchms_fingerprint.errors import ModelError
from matchms_fingerprint.features.arrays import spectrum_arrays
from matchms_fingerprint.features.peak_tokens import strongest_peaks
from matchms_fingerprint.kernels.neighbour_groups import group_neighbours
from matchms_fingerprint.models.bundle import MEMORY, read_bundle
from matchms_fingerprint.models.memory.gate import Gate, describe
from matchms_fingerprint.models.memory.neighbours import N_FEATURES, NeighbourSearch
from matchms_fingerprint.models.memory.spectrum_memory import LEAST_INTENSITY, SpectrumMemory, remember

N_BITS = FingerprintSpec.parse(TINY_FINGERPRINT).n_bits


@pytest.fixture(scope="module")
def arrays():
    return spectrum_arrays(random_spectra(40, seed=3))


@pytest.fixture(scope="module")
def embedding():
    drawn = np.random.default_rng(0).normal(size=(40, 8)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def memory(arrays, embedding):
    rng = np.random.default_rng(1)
    fingerprints = rng.integers(0, 2**63, (12, N_BITS // 64), np.int64).astype(np.uint64)
    return remember(arrays, np.arange(40) % 10, fingerprints, embedding, most_peaks=6)


@given(st.integers(0, 10_000))
def test_neighbours_are_grouped_as_in_the_naive_way(seed):
    rng = np.random.default_rng(seed)
    n_queries, n_lists, k, n_references = rng.integers(1, 4), 3, int(rng.integers(1, 7)), 9
    references = np.full((n_queries, n_lists, k), -1, np.int64)
    similarities = np.zeros((n_queries, n_lists, k))
    for query in range(n_queries):
        for one in range(n_lists):
            n = int(rng.integers(0, min(k, n_references) + 1))
            references[query, one, :n] = rng.permutation(n_references)[:n]
            similarities[query, one, :n] = np.sort(np.round(rng.random(n), 1))[::-1]
    group, importance = rng.integers(0, 4, n_references), np.array([1.0, 0.5, 0.25])
    found = group_neighbours(references, similarities, group, importance, 3)
    expected = naive_group_neighbours(references.tolist(), similarities.tolist(), group.tolist(), importance, 3)
    for query, groups in enumerate(expected):
        assert found[0][query].tolist() == [one["group"] for one in groups] + [-1] * (3 - len(groups))
        for place, one in enumerate(groups):
            assert found[1][query, place].tolist() == one["best"]
            assert_allclose(found[2][query, place], one["highest"])


def test_a_memory_keeps_what_it_was_given(memory, arrays):
    assert len(memory) == 40
    assert memory.n_compounds == 10
    kept = strongest_peaks(arrays, 6, LEAST_INTENSITY)
    assert_allclose(memory.mz, kept.mz, rtol=1e-7)
    # the square root is kept in 255 steps
    assert_allclose(np.sqrt(memory.relative_intensity()), np.sqrt(kept.intensity), atol=0.5 / 255 + 1e-6)
    again = SpectrumMemory.from_tensors(memory.tensors())
    assert_array_equal(again.mz, memory.mz)
    assert_array_equal(again.fingerprints, memory.fingerprints)
    assert memory.n_bytes == sum(t.numel() * t.element_size() for t in memory.tensors().values())


def test_a_spectrum_of_the_memory_finds_its_compound(memory, arrays, embedding):
    found = NeighbourSearch(memory).find(arrays, embedding)
    assert_array_equal(found.compound[:, 0], np.arange(40) % 10)
    # the cosine of roots of intensities with the strongest of themselves
    kept = strongest_peaks(arrays, 6, LEAST_INTENSITY)
    share = np.bincount(kept.rows, kept.intensity) / np.bincount(arrays.rows, arrays.intensity)
    assert_allclose(found.features[:, 0, 0], np.sqrt(share), atol=2e-3)
    assert (found.features[:, 0, 1] >= found.features[:, 0, 0] - 1e-6).all()
    # the same adduct, and the same precursor m/z
    assert (found.features[:, 0, 6:8] == 1).all()
    there = found.compound >= 0
    assert (found.features[~there] == 0).all()


def test_what_is_hidden_is_not_found(memory, arrays, embedding):
    hidden = np.arange(40) % 10 == 3
    found = NeighbourSearch(memory).find(arrays, embedding, hidden)
    assert not (found.compound == 3).any()
    everything = NeighbourSearch(memory).find(arrays, embedding, np.ones(40, bool))
    assert (everything.compound == -1).all()


def test_spectra_are_compared_within_their_ion_mode(memory, arrays, embedding):
    found = NeighbourSearch(memory).find(arrays, embedding)
    modes = [set(memory.ion_mode[memory.compound == compound].tolist()) for compound in range(10)]
    for mode, compounds in zip(arrays.ion_mode, found.compound, strict=True):
        assert all(mode in modes[compound] for compound in compounds[compounds >= 0])


def test_without_neighbours_the_gate_starts_at_the_network():
    torch.manual_seed(0)
    gate, p = Gate(N_BITS).eval(), torch.rand(3, N_BITS) * 0.9 + 0.05
    described = describe(p, torch.tensor([3, 4, 0]), torch.tensor([1, -1, 0]), torch.tensor([100.0, 2e3, torch.nan]))
    nothing = torch.zeros(3, 4, dtype=torch.bool)
    bits = torch.zeros(3, 4, N_BITS)
    logits, attention = gate(p, described, torch.zeros(3, 4, N_FEATURES), bits, nothing)
    torch.testing.assert_close(torch.sigmoid(logits), p, atol=1e-5, rtol=0)
    torch.testing.assert_close(attention, torch.tensor([[1.0, 0, 0, 0, 0]] * 3))


def test_the_gate_mixes_by_attention():
    torch.manual_seed(0)
    gate, p = Gate(N_BITS).eval(), torch.rand(2, N_BITS)
    described = describe(p, torch.tensor([3, 4]), torch.tensor([1, -1]), torch.tensor([100.0, 200.0]))
    bits, there = (torch.rand(2, 4, N_BITS) < 0.2).float(), torch.tensor([[True] * 4, [True, True, False, False]])
    logits, attention = gate(p, described, torch.rand(2, 4, N_FEATURES), bits, there)
    assert (attention[1, 3:] == 0).all()
    expected = attention[:, :1] * p + (attention[:, 1:, None] * bits).sum(dim=1)
    torch.testing.assert_close(torch.sigmoid(logits), expected.clamp(1e-4, 1 - 1e-4), atol=1e-5, rtol=0)


def test_a_bundle_with_a_memory_predicts_the_same_alone_and_together(tmp_path):
    model = load_model(tiny_memory_model(tmp_path))
    spectra = random_spectra(30, seed=5)
    together = model.predict_fingerprints(spectra)
    alone = np.concatenate([model.predict_fingerprints([one]) for one in spectra])
    assert_allclose(together, alone, atol=1e-5)
    assert model.predict_fingerprints([]).shape == (0, N_BITS)


def test_a_known_compound_is_remembered_where_the_gate_trusts_the_memory(tmp_path):
    folder = tiny_memory_model(tmp_path)
    model = load_model(folder)
    with torch.no_grad():
        for parameter in model.network.gate.of_network.parameters():
            parameter.zero_()
        model.network.gate.of_network[-1].bias.fill_(-1e4)
        for parameter in model.network.gate.of_neighbour.parameters():
            parameter.zero_()
        # the fifth feature from the end of those of a neighbour is whether its precursor m/z is the same
        model.network.gate.of_neighbour[0].weight[0, 7] = 1e3
        model.network.gate.of_neighbour[3].weight[0, 0] = 1.0
        model.network.gate.of_neighbour[5].weight[0, 0] = 1.0
    spectra = random_spectra(40, seed=3)
    memory = model.network.memory
    bits = unpack_bits(memory.fingerprints.view(np.uint64), N_BITS)[memory.compound]
    assert_array_equal(model.predict_fingerprints(spectra) > 0.5, bits == 1)


def test_a_missing_or_damaged_memory_is_refused(tmp_path):
    folder = tiny_memory_model(tmp_path)
    assert read_bundle(folder).memory is not None
    content = bytearray((folder / MEMORY).read_bytes())
    content[-1] ^= 1
    (folder / MEMORY).write_bytes(content)
    with pytest.raises(ModelError, match="sha256"):
        load_model(folder)
    (folder / MEMORY).unlink()
    with pytest.raises(ModelError, match="missing"):
        load_model(folder)
