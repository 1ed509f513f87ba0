"""Speed of fingerprint searches beside RDKit and FPSim2, on the same candidates in the same run.

`pytest -m benchmark -s tests/benchmarks/test_fingerprint_search_benchmark.py`. The environment variable
MATCHMS_FINGERPRINT_LIBRARY names the folder of a large candidate library, or an .npy file of its packed fingerprints;
without it a million candidates are bred from those of the starter library, half of the bits of one and half of another.
FPSim2 takes part where it is installed.
"""

import os
import resource
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import matplotlib
import numpy as np
import pytest
from rdkit import DataStructs, rdBase

from matchms_fingerprint import CandidateLibrary, load_model, load_spectra
from matchms_fingerprint.kernels import BitIndex, popcounts, top_k_packed
from matchms_fingerprint.kernels.threads import n_threads

N_CANDIDATES = 1_000_000
N_QUERIES = 12
N_ROUNDS = 5
K = 100

pytestmark = [pytest.mark.benchmark, pytest.mark.slow]
Contender = Callable[[int], object]


def candidates() -> np.ndarray:
    path = os.environ.get("MATCHMS_FINGERPRINT_LIBRARY", "")
    if path.endswith(".npy"):
        return np.load(path)[:N_CANDIDATES]
    packed = CandidateLibrary.open(path or "starter").search(neutral_mass=1000.0, tolerance_da=1e6).fingerprints
    if path:
        return packed[:N_CANDIDATES]
    rng = np.random.default_rng(0)
    one, other = (packed[rng.integers(0, len(packed), N_CANDIDATES)] for _ in range(2))
    return np.where(rng.random(one.shape) < 0.5, one, other)


def predictions(measured: np.ndarray) -> np.ndarray:
    """Predicted fingerprints of MassBank spectra, or measured ones made uncertain where there is no MassBank."""
    spectra = Path(__file__).resolve().parents[3] / "shared" / "data" / "massbank.mgf.gz"
    if spectra.is_file():
        usable = (s for s in load_spectra(spectra) if s.get("ionmode") == "positive" and len(s.peaks) >= 5)
        chosen = [spectrum for _, spectrum in zip(range(50 * N_QUERIES), usable, strict=False)][::50]
        return load_model("default").predict_fingerprints(chosen)
    bits = np.unpackbits(measured.view(np.uint8), axis=1, bitorder="little")
    return np.clip(bits * 0.9 + np.random.default_rng(0).beta(0.05, 2.0, bits.shape), 0, 1).astype(np.float32)


def fpsim2_engine(packed: np.ndarray, path: Path) -> object:
    """Return FPSim2's engine, in memory, over the same bits; it takes the first bit of a word for the highest."""
    fpsim2 = pytest.importorskip("FPSim2")
    tables = pytest.importorskip("tables")
    from FPSim2.io.backends.base import BaseStorageBackend
    from FPSim2.io.backends.pytables import create_schema

    counts = popcounts(packed)
    order = np.argsort(counts, kind="stable")
    bits = np.unpackbits(packed[order].view(np.uint8), axis=1, bitorder="little")
    rows = np.empty((len(packed), packed.shape[1] + 2), np.uint64)
    rows[:, 0], rows[:, -1] = order, counts[order]
    rows[:, 1:-1] = np.packbits(bits, axis=1).view(">u8")
    del bits
    with tables.open_file(str(path), "w") as file:
        table = file.create_table(file.root, "fps", create_schema(64 * packed.shape[1]))
        table.append(rows.view([(name, table.dtype[name]) for name in table.dtype.names]).reshape(-1))
        config = file.create_vlarray(file.root, "config", atom=tables.ObjectAtom())
        fingerprint = ("Morgan", {"radius": 2, "fpSize": 64 * packed.shape[1]})
        for entry in (*fingerprint, rdBase.rdkitVersion, fpsim2.__version__, BaseStorageBackend.calc_popcnt_bins(rows)):
            config.append(entry)
    return fpsim2.FPSim2Engine(str(path))


@pytest.fixture(scope="module")
def arena() -> SimpleNamespace:
    packed = candidates()
    measured = packed[:: len(packed) // N_QUERIES][:N_QUERIES].copy()
    start = time.perf_counter()
    index = BitIndex(packed)
    seconds = time.perf_counter() - start
    print(f"\n{len(packed)} candidates of {64 * packed.shape[1]} bits, {popcounts(packed).mean():.0f} set")
    print(f"{packed.nbytes / 1e6:.0f} MB packed; index {index.nbytes / 1e6:.0f} MB, built in {seconds:.1f} s")
    return SimpleNamespace(packed=packed, index=index, measured=measured, predicted=predictions(measured))


def race(contenders: dict[str, Contender]) -> dict[str, float]:
    """Return the milliseconds per query, the best of some rounds for each query, everybody in turn."""
    seconds = {name: np.full(N_QUERIES, np.inf) for name in contenders}
    for _ in range(N_ROUNDS):
        for query in range(N_QUERIES):
            for name, search in contenders.items():
                start = time.perf_counter()
                search(query)
                seconds[name][query] = min(seconds[name][query], time.perf_counter() - start)
    return {name: 1e3 * float(times.mean()) for name, times in seconds.items()}


def show(title: str, times: dict[str, float], peers: list[str]) -> None:
    print(f"\n{title}: best {K}, {n_threads()} threads; how many times as fast as the peer")
    print(f"{'':40}{'ms':>9}" + "".join(f"{peer:>28}" for peer in peers))
    for name, milliseconds in times.items():
        print(f"{name:40}{milliseconds:9.2f}" + "".join(f"{times[peer] / milliseconds:28.1f}" for peer in peers))


def as_rdkit(row: np.ndarray) -> DataStructs.ExplicitBitVect:
    return DataStructs.CreateFromBinaryText(row.tobytes())


def test_predicted_fingerprint_against_bulk_tanimoto_of_rdkit(arena: SimpleNamespace) -> None:
    vectors = [as_rdkit(row) for row in arena.packed]
    queries = [vectors[i] for i in range(0, len(vectors), len(vectors) // N_QUERIES)]

    def bulk(query: int) -> np.ndarray:
        scores = np.array(DataStructs.BulkTanimotoSimilarity(queries[query], vectors))
        return scores[np.argpartition(-scores, K)[:K]]

    def scan(score: str) -> Contender:
        return lambda query: top_k_packed(arena.predicted[query], arena.packed, K, score)

    def index(score: str) -> Contender:
        return lambda query: arena.index.top_k(arena.predicted[query], K, score)

    hits = arena.index.top_k(arena.measured[3], K, "tanimoto")
    np.testing.assert_allclose(np.sort(bulk(3))[::-1], hits.scores, rtol=1e-12)
    scores = ("cosine", "tanimoto", "log_likelihood")
    contenders = {"RDKit, measured": bulk}
    contenders |= {f"top_k_packed, predicted, {score}": scan(score) for score in scores}
    contenders |= {f"BitIndex, predicted, {score}": index(score) for score in scores}
    times = race(contenders)
    show("Predicted fingerprints", times, ["RDKit, measured"])
    for name in list(times)[1:]:
        assert times["RDKit, measured"] >= 3 * times[name], name


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.7])
def test_measured_fingerprint_against_fpsim2(
    threshold: float, arena: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if not hasattr(arena, "engine"):
        arena.engine = fpsim2_engine(arena.packed, tmp_path_factory.mktemp("fpsim2") / "candidates.h5")
    vectors = [as_rdkit(row) for row in arena.measured]
    minimum = threshold or None
    contenders: dict[str, Contender] = {
        "FPSim2 top_k, 1 worker": lambda query: arena.engine.top_k(vectors[query], K, threshold, n_workers=1),
        "FPSim2 top_k, all workers": lambda query: arena.engine.top_k(
            vectors[query], K, threshold, n_workers=n_threads()
        ),
        "FPSim2 similarity, 1 worker": lambda query: arena.engine.similarity(vectors[query], threshold),
        "top_k_packed": lambda query: top_k_packed(arena.measured[query], arena.packed, K, "tanimoto", minimum),
        "BitIndex": lambda query: arena.index.top_k(arena.measured[query], K, "tanimoto", minimum),
        "BitIndex, predicted, tanimoto": lambda query: arena.index.top_k(
            arena.predicted[query], K, "tanimoto", minimum
        ),
    }
    theirs, ours = arena.engine.top_k(vectors[3], K, threshold), contenders["BitIndex"](3)
    np.testing.assert_allclose(theirs["coeff"], ours.scores, rtol=1e-6)
    times = race(contenders)
    peers = list(times)[:3]
    show(f"Measured fingerprints, threshold {threshold}", times, peers)
    assert min(times[peer] for peer in peers) >= 3 * times["BitIndex"]


def test_cost_grows_no_faster_than_the_library(arena: SimpleNamespace, tmp_path: Path) -> None:
    sizes = [n for n in (1000, 4000, 16_000, 64_000, 250_000, 1_000_000) if n <= len(arena.packed)]
    times = {}
    for n in sizes:
        packed = arena.packed[:: len(arena.packed) // n][:n].copy()
        index = BitIndex(packed)
        times[n] = race(
            {
                "top_k_packed": lambda query, packed=packed: top_k_packed(arena.predicted[query], packed, K),
                "BitIndex": lambda query, index=index: index.top_k(arena.predicted[query], K),
            }
        )
    print(f"\nPredicted fingerprints, cosine, best {K}: ms per query")
    print(f"{'candidates':>12}{'top_k_packed':>16}{'BitIndex':>12}")
    for n, row in times.items():
        print(f"{n:12}{row['top_k_packed']:16.2f}{row['BitIndex']:12.2f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"peak memory of the benchmark with all that it holds: {peak:.2f} GB")
    draw(times, Path(os.environ.get("MATCHMS_FINGERPRINT_BENCHMARKS", tmp_path)) / "fingerprints_by_library_size.png")
    for smaller, larger in pairwise(sizes):
        for name in ("top_k_packed", "BitIndex"):
            # twice, for what a busy machine does to short times
            assert times[larger][name] < 2 * (larger / smaller) * times[smaller][name]


def draw(times: dict[int, dict[str, float]], path: Path) -> None:
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4.5), dpi=150, layout="constrained")
    sizes = list(times)
    for name in ("top_k_packed", "BitIndex"):
        axes.loglog(sizes, [times[n][name] for n in sizes], "o-", label=name, markersize=4)
    start = times[sizes[0]]["BitIndex"]
    axes.loglog(sizes, [start * n / sizes[0] for n in sizes], color="0.8", zorder=0, label="linear")
    axes.set(
        xlabel="candidates", ylabel="ms per query", title=f"Best {K} of a predicted fingerprint, {n_threads()} threads"
    )
    axes.legend(fontsize=8, frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    plt.close(figure)
    print(f"figure: {path}")
