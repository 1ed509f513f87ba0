"""Speed of the scores of peaks beside matchms and ms_entropy, on the same spectra in the same run.

`pytest -m benchmark -s tests/benchmarks/test_peak_scores_benchmark.py`. The spectra are positive ones of MassBank with
at least five peaks where there is MassBank, else invented. ms_entropy takes part where it is installed. The figure is
written to the folder MATCHMS_FINGERPRINT_BENCHMARKS, or to a temporary one.
"""

from __future__ import annotations

import contextlib
import io
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import matplotlib
import numpy as np
import pytest
from matchms import Spectrum
from matchms.similarity import (
    BlinkCosine,
    CosineGreedy,
    CosineLinear,
    FlashSimilarity,
    ModifiedCosineGreedy,
    NeutralLossesCosine,
)

from matchms_fingerprint import FastCosineGreedy, FastModifiedCosineGreedy, load_spectra
from matchms_fingerprint.kernels.threads import n_threads
from matchms_fingerprint.similarity import FastNeutralLossesCosine, FastSpectralEntropy

N_SPECTRA = 2000
N_OF_SLOW_ONES = 150
N_ROUNDS = 5
TOLERANCE = 0.01
SIZES = (1000, 2000, 4000, 8000, 16_000, 32_000, 64_000)
N_QUERIES = 256
ALL = "FastCosineGreedy.top_k, all against all"
MASSBANK = Path(__file__).resolve().parents[3] / "shared" / "data" / "massbank.mgf.gz"

pytestmark = [pytest.mark.benchmark, pytest.mark.slow]
Contender = Callable[[], object]


def invented_spectra() -> Iterator[Spectrum]:
    """Spectra that share fragments as real ones do: few are frequent, most are rare."""
    rng = np.random.default_rng(0)
    fragments = np.sort(np.round(rng.uniform(50, 800, 20_000), 3))
    frequency = 1 / rng.permutation(np.arange(5, fragments.size + 5))
    frequency /= frequency.sum()
    for _ in range(max(SIZES)):
        mz = rng.choice(fragments, min(5 + rng.geometric(0.05), 200), replace=False, p=frequency)
        mz = np.sort(mz + rng.normal(0, 0.001, mz.size))
        yield Spectrum(mz, rng.exponential(0.2, mz.size), {"precursor_mz": float(mz[-1] + rng.uniform(0, 50))})


def every_spectrum() -> Iterator[Spectrum]:
    return load_spectra(MASSBANK) if MASSBANK.is_file() else invented_spectra()


@pytest.fixture(scope="module")
def library() -> list[Spectrum]:
    """Spectra of both ion modes, with peaks and a precursor m/z and no further metadata, in a fixed random order."""
    usable = [
        Spectrum(one.peaks.mz, one.peaks.intensities, {"precursor_mz": one.get("precursor_mz")})
        for one in every_spectrum()
        if len(one.peaks) and one.get("precursor_mz")
    ]
    return [usable[i] for i in np.random.default_rng(0).permutation(len(usable))]


@pytest.fixture(scope="module")
def spectra() -> list[Spectrum]:
    """Positive spectra with at least five peaks, drawn at random."""
    usable = [one for one in every_spectrum() if one.get("ionmode", "positive") == "positive" and len(one.peaks) >= 5]
    return [usable[i] for i in np.random.default_rng(0).choice(len(usable), N_SPECTRA, replace=False)]


@pytest.fixture
def figures(tmp_path: Path) -> Path:
    folder = Path(os.environ.get("MATCHMS_FINGERPRINT_BENCHMARKS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def seconds(contender: Contender, rounds: int = N_ROUNDS) -> float:
    """Return the median time of some calls, after one that does not count."""
    times = []
    for _ in range(rounds + 1):
        start = time.perf_counter()
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            contender()
        times.append(time.perf_counter() - start)
    return float(np.median(times[1:]))


def pair_rate(score: Any, spectra: list[Spectrum], **how: Any) -> float:
    return len(spectra) ** 2 / seconds(lambda: score.matrix(spectra, spectra, **how), 3)


def show(title: str, ours: dict[str, float], theirs: dict[str, float]) -> None:
    """Print pairs per second, and how many times as fast as each peer."""
    print(f"\n{title}; {n_threads()} threads, load {os.getloadavg()[0]:.1f}; times as fast as the peer")
    print(f"{'':44}{'million pairs/s':>16}" + "".join(f"{peer:>24}" for peer in theirs))
    for name, rate in {**ours, **theirs}.items():
        print(f"{name:44}{rate / 1e6:16.3f}" + "".join(f"{rate / other:24.1f}" for other in theirs.values()))


def entropy_search(spectra: list[Spectrum]) -> tuple[Any, list[np.ndarray]]:
    """Return the open search of ms_entropy over some spectra, and the same spectra as its queries."""
    ms_entropy: ModuleType = pytest.importorskip("ms_entropy")
    peaks = [np.column_stack([one.peaks.mz, one.peaks.intensities]).astype(np.float32) for one in spectra]
    entries = [
        {"precursor_mz": one.get("precursor_mz"), "peaks": values, "name": i}
        for i, (one, values) in enumerate(zip(spectra, peaks, strict=True))
    ]
    search = ms_entropy.FlashEntropySearch()
    search.build_index(entries, max_indexed_mz=20_000, clean_spectra=True)
    return search, [ms_entropy.clean_spectrum(values, min_ms2_difference_in_da=0.05) for values in peaks]


def test_dense_matrix_beside_peers(spectra: list[Spectrum]) -> None:
    """2,000 x 2,000, tolerance 0.01 Da, scores and matches; the slow peers on a part of the spectra."""
    few, quiet = spectra[:N_OF_SLOW_ONES], {"progress_bar": False}
    search, queries = entropy_search(spectra)
    theirs = {
        "CosineGreedy": pair_rate(CosineGreedy(TOLERANCE), few, **quiet),
        "CosineLinear": pair_rate(CosineLinear(TOLERANCE), few, **quiet),
        "BlinkCosine": pair_rate(BlinkCosine(TOLERANCE), spectra),
        "FlashSimilarity": max(
            pair_rate(FlashSimilarity(score_type="cosine", tolerance=TOLERANCE), spectra, n_jobs=jobs)
            for jobs in (1, -1)
        ),
        "ms_entropy open": N_SPECTRA**2
        / seconds(lambda: [search.open_search(peaks, ms2_tolerance_in_da=TOLERANCE) for peaks in queries], 3),
    }
    cosine, entropy = FastCosineGreedy(TOLERANCE), FastSpectralEntropy(TOLERANCE)
    ours = {
        "FastCosineGreedy": pair_rate(cosine, spectra, **quiet),
        "FastCosineGreedy, symmetric": pair_rate(cosine, spectra, is_symmetric=True, **quiet),
        "FastCosineGreedy, sparse": pair_rate(cosine, spectra, array_type="sparse", **quiet),
        "FastCosineGreedy.top_k, k = 10": N_SPECTRA**2 / seconds(lambda: cosine.top_k(spectra, spectra, **quiet)),
        "FastSpectralEntropy": pair_rate(entropy, spectra, **quiet),
    }
    show("Fragments", ours, theirs)
    for peer, times in (("CosineGreedy", 1000), ("BlinkCosine", 5), ("FlashSimilarity", 10), ("ms_entropy open", 5)):
        assert ours["FastCosineGreedy"] >= times * theirs[peer], peer


def test_scores_with_shifts_beside_peers(spectra: list[Spectrum]) -> None:
    few, quiet = spectra[:N_OF_SLOW_ONES], {"progress_bar": False}
    theirs = {
        "ModifiedCosineGreedy": pair_rate(ModifiedCosineGreedy(TOLERANCE), few, **quiet),
        "NeutralLossesCosine": pair_rate(NeutralLossesCosine(TOLERANCE), few, **quiet),
    }
    modified = FastModifiedCosineGreedy(TOLERANCE)
    ours = {
        "FastModifiedCosineGreedy": pair_rate(modified, spectra, **quiet),
        "FastModifiedCosineGreedy, symmetric": pair_rate(modified, spectra, is_symmetric=True, **quiet),
        "FastNeutralLossesCosine": pair_rate(FastNeutralLossesCosine(TOLERANCE), spectra, **quiet),
    }
    show("Shifted fragments and neutral losses", ours, theirs)
    assert ours["FastModifiedCosineGreedy"] >= 700 * theirs["ModifiedCosineGreedy"]


@pytest.mark.parametrize("tolerance", [0.005, 0.05, 0.1, 0.5, 1.0])
def test_other_tolerances(spectra: list[Spectrum], tolerance: float) -> None:
    """With the tolerance grow the matches, and the pairs of spectra in which peaks compete."""
    few, quiet = spectra[:N_OF_SLOW_ONES], {"progress_bar": False}
    ours, theirs = (
        {cls.__name__: pair_rate(cls(tolerance), some, **quiet) for cls in classes}
        for classes, some in (
            ((FastCosineGreedy, FastModifiedCosineGreedy), spectra),
            ((CosineGreedy, ModifiedCosineGreedy), few),
        )
    )
    show(f"Tolerance {tolerance} Da", ours, theirs)
    # at 1 Da nearly all pairs have competing peaks, which are assigned greedily as matchms does
    assert ours["FastCosineGreedy"] > (50 if tolerance >= 1 else 100) * theirs["CosineGreedy"]


def test_search_by_size_of_the_library(library: list[Spectrum], figures: Path) -> None:
    """The time per query grows no faster than the library; drawn from 1,000 to 64,000 spectra."""
    sizes = [size for size in SIZES if size <= len(library)]
    queries = library[:: len(library) // N_QUERIES][:N_QUERIES]
    milliseconds: dict[str, list[float]] = {}
    for size in sizes:
        some = library[:size]
        contenders: dict[str, Contender] = {
            f"{cls.__name__}.top_k": partial(cls(TOLERANCE).top_k, queries, some, 10, progress_bar=False)
            for cls in (FastCosineGreedy, FastModifiedCosineGreedy, FastSpectralEntropy)
        }
        search, cleaned = entropy_search(some)
        asked = [cleaned[i] for i in np.linspace(0, size - 1, N_QUERIES).astype(int)]
        contenders["ms_entropy, open search"] = lambda search=search, asked=asked: [
            search.open_search(peaks, ms2_tolerance_in_da=TOLERANCE) for peaks in asked
        ]
        contenders["BlinkCosine.matrix"] = partial(BlinkCosine(TOLERANCE).matrix, some, queries)
        for name, contender in contenders.items():
            milliseconds.setdefault(name, []).append(1e3 * seconds(contender, 3) / N_QUERIES)
        everything = partial(FastCosineGreedy(TOLERANCE).top_k, some, some, 10, progress_bar=False)
        milliseconds.setdefault(ALL, []).append(1e3 * seconds(everything, 1) / size)
    print(f"\nms per query by size of the library, {N_QUERIES} queries at a time, {n_threads()} threads")
    print("The index of ms_entropy is made beforehand; our times hold the preparation of the library.")
    print(f"{'':36}" + "".join(f"{size:>10}" for size in sizes))
    for name, times in milliseconds.items():
        print(f"{name:36}" + "".join(f"{value:10.3f}" for value in times))
    draw(sizes, milliseconds, figures / "peak_scores_by_library_size.png")
    for name, times in milliseconds.items():
        for (smaller, larger), (before, after) in zip(pairwise(sizes), pairwise(times), strict=True):
            # half as much again, for what a busy machine does to short times
            assert "Fast" not in name or after <= 1.5 * before * larger / smaller, name


def draw(sizes: list[int], milliseconds: dict[str, list[float]], path: Path) -> None:
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4.5), dpi=150, layout="constrained")
    for name, times in milliseconds.items():
        axes.loglog(sizes, times, "o-" if "Fast" in name else "s--", label=name, markersize=4)
    start = min(times[0] for times in milliseconds.values())
    axes.loglog(sizes, [start * size / sizes[0] for size in sizes], color="0.8", zorder=0, label="linear")
    axes.set(
        xlabel="spectra in the library", ylabel="ms per query", title=f"Search at {TOLERANCE} Da, {n_threads()} cores"
    )
    axes.legend(fontsize=8, frameon=False)
    figure.savefig(path)
    plt.close(figure)
    print(f"figure: {path}")


ALL_AGAINST_ALL = """
import resource, sys, time
import numpy as np
from matchms import Spectrum
from matchms_fingerprint import FastCosineGreedy, load_spectra
from matchms_fingerprint.kernels.threads import n_threads
source = load_spectra(sys.argv[1])
spectra = [Spectrum(s.peaks.mz, s.peaks.intensities, {"precursor_mz": s.get("precursor_mz")}) for s in source][:70_000]
before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
hits = FastCosineGreedy(float(sys.argv[2])).top_k(spectra, spectra, 10, progress_bar=False)
took, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(len(spectra), took, before / 2**20, after / 2**20, (hits.references[:, 0] >= 0).mean())
"""


@pytest.mark.skipif(not MASSBANK.is_file(), reason="needs MassBank")
def test_all_against_all_in_bounded_memory() -> None:
    """70,000 spectra against themselves, ten hits each, in at most 3 GB with the spectra in memory."""
    command = [sys.executable, "-c", ALL_AGAINST_ALL, str(MASSBANK), str(TOLERANCE)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    n, took, before, after, with_hits = map(float, printed.split())
    print(f"\n{n:.0f} spectra against themselves, 10 hits each: {took:.1f} s, {n * n / took / 1e6:.0f} million pairs/s")
    print(f"peak memory {after:.2f} GB, of which {before:.2f} GB before the search; {with_hits:.1%} found something")
    assert n == 70_000
    assert after < 3.0


def test_memory_of_the_matrix_is_that_of_the_result(spectra: list[Spectrum]) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    scores = FastCosineGreedy(TOLERANCE).matrix(spectra, spectra, progress_bar=False)
    extra = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(f"\npeak memory of the matrix: {extra / 1024:.0f} MB more, {scores.nbytes / 2**20:.0f} MB of them the result")
    assert extra * 1024 < scores.nbytes + 200e6
