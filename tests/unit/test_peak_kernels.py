"""What the kernels under the scores of peaks promise: runs, indices, threads, forks, and no waiting for a compiler."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from builders import random_spectra
from competing_spectra import EXAMPLES, INTERPRETED
from hypothesis import given
from hypothesis import strategies as st

from matchms_fingerprint.kernels import (
    peak_index,
    peak_pairs,
    peak_rivals,
    peak_scores,
    peak_search,
    peak_table,
    peak_tiles,
    spectral_entropy,
)
from matchms_fingerprint.kernels.peak_index import find_runs, index_peaks
from matchms_fingerprint.kernels.peak_table import Matching, PeakTable, cosine_table, take_spectra
from matchms_fingerprint.kernels.threads import in_threads, n_threads
from matchms_fingerprint.similarity.fast_cosine import (
    FastCosineGreedy,
    FastModifiedCosineGreedy,
    FastNeutralLossesCosine,
)
from matchms_fingerprint.similarity.fast_entropy import FastSpectralEntropy

MODULES = (peak_index, peak_pairs, peak_rivals, peak_scores, peak_table, peak_tiles, spectral_entropy)
FRAGMENTS = Matching(tolerance_da=0.1)
compiled = pytest.mark.skipif(INTERPRETED, reason="nothing is compiled")


def table_of(mz: list[list[float]], matching: Matching = FRAGMENTS) -> PeakTable:
    """Make a table of spectra of equal intensities with precursors at 100, 101, and so on."""
    starts = np.cumsum([0, *map(len, mz)])
    flat = np.array([peak for one in mz for peak in one], float)
    return cosine_table(starts, flat, np.ones(flat.size), 100.0 + np.arange(len(mz)), matching, 0.0, 1.0)


@EXAMPLES
@given(
    st.lists(st.sampled_from(np.arange(0, 3, 0.1).tolist()), max_size=20),
    st.lists(st.tuples(st.floats(-1, 4), st.sampled_from([-0.1, 0.0, 0.1, 0.25, 1.0])), max_size=8),
    st.randoms(use_true_random=False),
)
def test_find_runs_is_a_binary_search_in_any_order(
    keys: list[float], windows: list[tuple[float, float]], random
) -> None:
    key = np.sort(np.array(keys, float))
    low = np.array([start for start, _ in windows], float)
    high = low + np.array([width for _, width in windows], float)
    order = np.array(random.sample(range(len(windows)), len(windows)), np.int64)
    starts, stops = find_runs(key, low, high, order)
    expected = np.searchsorted(key, low), np.searchsorted(key, high, side="right")
    assert starts.tolist() == expected[0].tolist()
    assert stops.tolist() == np.maximum(*expected).tolist()  # an empty window has an empty run


@pytest.mark.parametrize("losses", [False, True])
@EXAMPLES
@given(
    st.lists(st.lists(st.sampled_from([50.0, 50.1, 50.15, 51.0, 60.0]), max_size=6).map(sorted), min_size=1, max_size=5)
)
def test_index_links_neighbours_within_reach(losses: bool, mz: list[list[float]]) -> None:
    """Also where several peaks of a spectrum have one m/z, which sorting may leave in any order."""
    table = table_of(mz)
    index = index_peaks(table, 0, len(mz), 0.12, losses)
    owner = np.repeat(np.arange(len(mz)), [len(one) for one in mz])
    keys = table.precursor_mz[owner] - table.mz if losses else table.mz
    assert index.key.tolist() == sorted(keys.tolist())
    assert index.key.tolist() == keys[index.peak].tolist()
    assert index.mz.tolist() == table.mz[index.peak].tolist()
    assert (index.cell // 2).tolist() == owner[index.peak].tolist()
    assert index.place[index.peak].tolist() == list(range(len(keys)))
    for place in range(len(keys)):
        same = [k for k in range(place) if index.cell[k] == index.cell[place]]
        close = same and index.key[place] - index.key[same[-1]] <= 0.12
        assert index.before[place] == (same[-1] if close else -1)
        assert index.n_close_before[place] == np.count_nonzero(index.before[:place] >= 0)
    assert index.close.tolist() == np.flatnonzero(index.before >= 0).tolist()


def test_take_spectra_in_another_order() -> None:
    table = table_of([[50.0, 60.0], [], [70.0]])
    taken = take_spectra(table, np.array([2, 1, 0]))
    assert taken.starts.tolist() == [0, 1, 1, 3]
    assert taken.mz.tolist() == [70.0, 50.0, 60.0]
    assert taken.low.tolist() == (taken.mz - 0.1).tolist()
    assert taken.precursor_mz.tolist() == [102.0, 101.0, 100.0]


def test_in_threads_keeps_the_order_and_reports_progress() -> None:
    seen: list[int] = []

    def track(futures: list[Future[int]]) -> Iterator[Future[int]]:
        for future in futures:
            yield future
            seen.append(future.result())

    def slow_at_first(number: int) -> int:
        time.sleep(0.02 if number == 0 else 0.0)
        return number

    tasks = [lambda number=number: slow_at_first(number) for number in range(5)]
    assert in_threads(tasks, track) == seen == [0, 1, 2, 3, 4]
    assert in_threads([]) == []


def test_in_threads_raises_what_a_task_raises_and_drops_the_rest() -> None:
    done: list[int] = []

    def fail() -> None:
        raise ZeroDivisionError("first")

    with pytest.raises(ZeroDivisionError, match="first"):
        in_threads([fail] + [lambda: (time.sleep(0.01), done.append(1))] * 500)
    assert len(done) < 500


def test_number_of_threads() -> None:
    assert 1 <= n_threads() <= max(os.cpu_count() or 1, int(os.environ.get("NUMBA_NUM_THREADS", 0)))


def test_callers_in_several_threads_do_not_disturb_each_other() -> None:
    some = random_spectra(60, seed=1)
    score = FastModifiedCosineGreedy(0.5)
    expected = score.matrix(some, some, progress_bar=False)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: score.matrix(some, some, progress_bar=False), range(12)):
            np.testing.assert_array_equal(found, expected)


def scores_in_child(queue: multiprocessing.Queue) -> None:
    some = random_spectra(60, seed=1)
    queue.put(FastModifiedCosineGreedy(0.5).matrix(some, some, progress_bar=False))


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_can_score_after_its_parent_did() -> None:
    some = random_spectra(60, seed=1)
    expected = FastModifiedCosineGreedy(0.5).matrix(some, some, progress_bar=False)
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=scores_in_child, args=(queue,))
    child.start()
    np.testing.assert_array_equal(queue.get(timeout=60), expected)
    child.join(timeout=10)


def kernels(module: ModuleType) -> dict[str, object]:
    return {
        name: member
        for name, member in vars(module).items()
        if hasattr(member, "py_func") and member.__module__ == module.__name__
    }


@compiled
def test_kernels_are_compiled_for_one_signature() -> None:
    """Those that are called from Python, whatever is asked: a second one would be compiled while the user waits."""
    some = random_spectra(5)
    pairs = np.array([0, 1]), np.array([1, 2])
    for cls in (FastCosineGreedy, FastModifiedCosineGreedy, FastNeutralLossesCosine, FastSpectralEntropy):
        score = cls(tolerance=1)
        score.matrix(some, some, progress_bar=False)
        score.matrix(some, some[:2], array_type="sparse", progress_bar=False)
        score.matrix(some, some, is_symmetric=True, progress_bar=False)
        score.sparse_array(some, some, *pairs, progress_bar=False)
        score.top_k(some, some, precursor_tolerance=5, progress_bar=False)
    tiles = (peak_tiles.matrix_tile, peak_tiles.sparse_tile, peak_tiles.top_tile, peak_tiles.mirror_tile)
    tables = (peak_table.cosine_table, spectral_entropy.entropy_table)
    for kernel in (*tiles, *tables, peak_index._lay_out, peak_index.find_runs, peak_pairs.score_pairs):
        assert len(kernel.signatures) == 1, kernel.__name__


@compiled
def test_every_kernel_is_cached_and_lets_go_of_the_interpreter_lock() -> None:
    for module in MODULES:
        for name, kernel in kernels(module).items():
            assert kernel.targetoptions["nogil"], name
            assert not kernel.targetoptions.get("fastmath"), name
            assert type(kernel._cache).__name__ == "FunctionCache", name


@compiled
def test_first_call_in_a_fresh_process_takes_less_than_a_second() -> None:
    code = """
import time
import numpy as np
from matchms import Spectrum
from matchms_fingerprint.similarity.fast_cosine import FastModifiedCosineGreedy
some = [Spectrum(np.array([100.0, 150.0]), np.array([0.5, 1.0]), {"precursor_mz": 200.0 + i}) for i in range(5)]
start = time.process_time()
FastModifiedCosineGreedy().matrix(some, some, progress_bar=False)
print(time.process_time() - start)
"""
    some = random_spectra(5)
    FastModifiedCosineGreedy().matrix(some, some, progress_bar=False)  # whoever comes first fills the cache
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(run.stdout) < 1.0


@compiled
@pytest.mark.slow
def test_the_properties_hold_without_the_compiler() -> None:
    folder = Path(__file__).resolve().parents[1]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "properties/test_peak_score_properties.py"],
        cwd=folder,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-3000:]


def test_pieces_give_every_thread_some_work() -> None:
    assert peak_search._pieces(5, 2) == [(0, 2), (2, 4), (4, 5)]
    assert peak_search._pieces(0, 2) == []
    assert peak_search._size_of(0, 10) == 1
    assert peak_search._size_of(10**6, 10) == 10
