import doctest
import multiprocessing
import subprocess
import sys
import threading
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from oracles import naive_top_k

from matchms_fingerprint.errors import FingerprintSpecError, SettingsError
from matchms_fingerprint.kernels import SCORES, BitIndex, bit_index, packed_similarity, top_k_packed
from matchms_fingerprint.kernels.bit_planes import BLOCK

N_BITS = 300


def random_fingerprints(n: int, seed: int = 0) -> np.ndarray:
    """Return packed fingerprints with common and rare bits, as molecules have them."""
    rng = np.random.default_rng(seed)
    frequencies = rng.permutation(np.geomspace(0.001, 0.95, N_BITS))
    bits = np.zeros((n, 320), np.uint8)
    for bit, frequency in enumerate(frequencies):
        bits[:, bit] = rng.random(n) < frequency
    return np.packbits(bits, axis=1, bitorder="little").view(np.uint64)


def predictions(n: int, seed: int = 1) -> np.ndarray:
    """Return probabilities of which most are near 0 and some near 1."""
    return np.random.default_rng(seed).beta(0.05, 0.5, (n, N_BITS)).astype(np.float32)


@pytest.fixture(scope="module")
def many() -> np.ndarray:
    """Enough candidates for two whole blocks of an index and a part of a third."""
    return random_fingerprints(2 * BLOCK + 77)


@pytest.fixture(scope="module")
def index(many: np.ndarray) -> BitIndex:
    return BitIndex(many)


@pytest.mark.parametrize("k", [1, 10, 1000])
@pytest.mark.parametrize("minimum", [None, 0.3])
@pytest.mark.parametrize("name", SCORES)
def test_best_of_many_are_those_of_scoring_and_sorting_all(
    name: str, minimum: float | None, k: int, many: np.ndarray, index: BitIndex
) -> None:
    for p in predictions(3):
        scores = SCORES[name](p, many)
        expected = naive_top_k(scores, k, minimum)
        for hits in (top_k_packed(p, many, k, name, minimum), index.top_k(p, k, name, minimum)):
            assert hits.indices.tolist() == expected
            assert hits.scores.tolist() == scores[expected].tolist()


@pytest.mark.parametrize("metric", ["tanimoto", "cosine", "dice"])
def test_best_of_many_for_measured_fingerprints(metric: str, many: np.ndarray, index: BitIndex) -> None:
    queries = many[[0, 1000, BLOCK, -1]]
    similarity = packed_similarity(queries, many, metric)
    expected = [naive_top_k(row, 20) for row in similarity]
    for hits in (top_k_packed(queries, many, 20, metric), index.top_k(queries, 20, metric)):
        assert hits.indices.tolist() == expected
        assert hits.scores.tolist() == np.take_along_axis(similarity, np.array(expected), axis=1).tolist()


def test_more_queries_than_fit_in_a_piece(many: np.ndarray, index: BitIndex) -> None:
    queries = predictions(20)
    hits = top_k_packed(queries, many, 5)
    assert hits.indices.tolist() == index.top_k(queries, 5).indices.tolist()
    assert hits.indices[19].tolist() == top_k_packed(queries[19], many, 5).indices.tolist()


def test_equal_candidates_come_in_their_order() -> None:
    packed = np.repeat(random_fingerprints(3), BLOCK // 2, axis=0)
    p = predictions(1)[0]
    best = int(np.argmax(SCORES["cosine"](p, packed)))
    for hits in (top_k_packed(p, packed, 500), BitIndex(packed).top_k(p, 500)):
        assert hits.indices.tolist() == list(range(best, best + 500))


@pytest.mark.parametrize("query", [np.zeros(N_BITS, np.float32), np.zeros(5, np.uint64)], ids=["predicted", "measured"])
def test_an_all_zero_query_scores_zero_everywhere(query: np.ndarray) -> None:
    packed = random_fingerprints(50)
    packed[7] = 0
    for hits in (top_k_packed(query, packed, 60), BitIndex(packed).top_k(query, 60)):
        assert hits.indices.tolist() == list(range(50))
        assert hits.scores.tolist() == [0.0] * 50
        assert not top_k_packed(query, packed, 60, minimum_score=0.1).indices.size


def test_no_candidates_and_one() -> None:
    p = predictions(1)[0]
    none, one = np.empty((0, 5), np.uint64), random_fingerprints(1)
    for search in (lambda packed: top_k_packed(p, packed, 3), lambda packed: BitIndex(packed).top_k(p, 3)):
        assert search(none).indices.shape == search(none).scores.shape == (0,)
        assert search(one).indices.tolist() == [0]
        assert search(one).scores.tolist() == SCORES["cosine"](p, one).tolist()
    assert top_k_packed(np.empty((0, N_BITS)), one, 3).indices.shape == (0, 3)


def test_memory_mapped_and_scattered_arrays_are_searched(tmp_path: Path) -> None:
    packed = random_fingerprints(3000)
    np.save(tmp_path / "packed.npy", packed)
    mapped = np.load(tmp_path / "packed.npy", mmap_mode="r")
    p = predictions(1)[0]
    expected = top_k_packed(p, packed, 10).indices.tolist()
    assert top_k_packed(p, mapped, 10).indices.tolist() == expected
    assert BitIndex(mapped).top_k(p, 10).indices.tolist() == expected
    assert top_k_packed(p, np.asfortranarray(packed), 10).indices.tolist() == expected
    assert packed_similarity(mapped[:2], mapped)[1, 1] == 1.0


def test_memory_does_not_grow_with_queries_times_candidates() -> None:
    packed = np.random.default_rng(0).integers(0, 2**63, (1 << 20, 1)).astype(np.uint64)
    top_k_packed(packed[:1], packed[:10], 5)
    tracemalloc.start()
    top_k_packed(packed[:64], packed, 5, "tanimoto")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6  # a table of all scores would take 537 MB


def test_memory_does_not_grow_with_the_width_of_many_queries() -> None:
    packed = np.random.default_rng(0).integers(0, 2**63, (3000, 64)).astype(np.uint64)
    index = BitIndex(packed[:10])
    tracemalloc.start()
    index.top_k(packed, 5, "tanimoto")
    top_k_packed(packed, packed[:10], 5, "tanimoto")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30e6  # the values of all bits of all queries alone would take 98 MB


def test_an_index_is_smaller_than_what_it_indexes() -> None:
    rng = np.random.default_rng(0)
    frequencies = rng.permutation(np.geomspace(0.0005, 0.06, 4096))  # about 50 bits set, as of molecules
    bits = rng.random((BLOCK, 4096), np.float32) < frequencies
    packed = np.packbits(bits, axis=1, bitorder="little").view(np.uint64)
    assert BitIndex(packed).nbytes < packed.nbytes / 3


def test_threads_do_not_disturb_each_other(many: np.ndarray, index: BitIndex) -> None:
    queries = predictions(6)
    expected = [index.top_k(p, 50).indices.tolist() for p in queries]
    found: dict[int, list[list[int]]] = {}

    def search(i: int) -> None:
        found[i] = [index.top_k(queries[i], 50).indices.tolist(), top_k_packed(queries[i], many, 50).indices.tolist()]

    workers = [threading.Thread(target=search, args=(i,)) for i in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=120)
    assert found == {i: [indices] * 2 for i, indices in enumerate(expected)}


def _search_in_child(index: BitIndex, p: np.ndarray, results: "multiprocessing.Queue[list[int]]") -> None:
    results.put(index.top_k(p, 50).indices.tolist())


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="no fork on this system")
def test_searches_after_a_fork(index: BitIndex) -> None:
    p = predictions(1)[0]
    expected = index.top_k(p, 50).indices.tolist()  # threads have been at work before the fork
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    child = context.Process(target=_search_in_child, args=(index, p, results))
    child.start()
    assert results.get(timeout=120) == expected
    child.join(timeout=120)
    assert child.exitcode == 0


def test_the_first_call_in_a_fresh_process_does_not_compile(tmp_path: Path) -> None:
    code = (
        "import time, numba, numpy as np\n"
        "start = time.perf_counter()\n"
        "from matchms_fingerprint.kernels import BitIndex, packed_similarity, top_k_packed\n"
        "packed = np.ones((10, 64), np.uint64)\n"
        "top_k_packed(packed[0], packed, 3), BitIndex(packed).top_k(packed[0], 3), packed_similarity(packed, packed)\n"
        "print(time.perf_counter() - start)\n"
    )
    environment = {"PATH": "", "NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", code]
    seconds = [float(subprocess.check_output(command, env=environment, timeout=300)) for _ in range(3)]
    # about 5 s to compile and 0.2 s to load what is compiled; the bounds leave room for a busy machine
    assert min(seconds[1:]) < min(3.0, seconds[0] / 2)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"k": 0}, SettingsError, "k is 0"),
        ({"score": "tanimotto"}, SettingsError, "tanimotto.*cosine, tanimoto"),
        ({"queries": np.zeros(10)}, FingerprintSpecError, r"queries of shape \(10,\).*\(4, 5\)"),
        ({"queries": np.zeros(4, np.uint64)}, FingerprintSpecError, r"packed queries of shape \(4,\)"),
        ({"queries": np.full(N_BITS, -2.5)}, FingerprintSpecError, "no probabilities"),
        ({"queries": np.full(N_BITS, np.nan)}, FingerprintSpecError, "no probabilities"),
        ({"packed": np.zeros(5, np.uint64)}, FingerprintSpecError, r"not \(5,\)"),
    ],
)
def test_wrong_parameters_are_named(change: dict, error: type[Exception], message: str) -> None:
    parameters = {"queries": np.zeros(N_BITS), "packed": random_fingerprints(4), "k": 3} | change
    with pytest.raises(error, match=message):
        top_k_packed(**parameters)


def test_wrong_parameters_of_similarities_are_named() -> None:
    packed = random_fingerprints(4)
    with pytest.raises(SettingsError, match=r"tversky.*tanimoto, cosine, dice"):
        packed_similarity(packed, packed, "tversky")
    with pytest.raises(FingerprintSpecError, match=r"\(4, 4\).*\(4, 5\)"):
        packed_similarity(packed[:, :4], packed)


def test_the_example_in_the_documentation() -> None:
    assert doctest.testmod(bit_index) == (0, 5)
