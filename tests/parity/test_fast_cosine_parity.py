"""The fast scores give the numbers of matchms: on spectra that compete, on real ones, and in matchms' own cases."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from competing_spectra import EXAMPLES, POWERS, TOLERANCES, spectra
from hypothesis import given
from matchms import Spectrum
from matchms.importing import load_from_mgf
from matchms.similarity import CosineGreedy, ModifiedCosineGreedy, NeutralLossesCosine

from matchms_fingerprint.similarity.fast_cosine import (
    FastCosineGreedy,
    FastModifiedCosineGreedy,
    FastNeutralLossesCosine,
)

PAIRS = [
    (FastCosineGreedy, CosineGreedy),
    (FastModifiedCosineGreedy, ModifiedCosineGreedy),
    (FastNeutralLossesCosine, NeutralLossesCosine),
]


def assert_same(ours: np.ndarray, theirs: np.ndarray) -> None:
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(ours["matches"], theirs["matches"])
    np.testing.assert_allclose(ours["score"], theirs["score"], rtol=0, atol=1e-9)


@pytest.mark.parametrize(("fast", "slow"), PAIRS)
@EXAMPLES
@given(spectra(), spectra(), TOLERANCES, POWERS)
def test_matrix(
    fast: Any, slow: Any, references: list[Spectrum], queries: list[Spectrum], tolerance: float, powers: Any
) -> None:
    ours, theirs = fast(tolerance, *powers), slow(tolerance, *powers)
    for others, is_symmetric in ((queries, False), (references, True)):
        how = {"is_symmetric": is_symmetric, "progress_bar": False}
        try:
            expected = theirs.matrix(references, others, **how)
        except ZeroDivisionError:  # no peak with intensity is left below the precursor
            continue
        assert_same(ours.matrix(references, others, **how), expected)


@pytest.mark.parametrize(("fast", "slow"), PAIRS)
@EXAMPLES
@given(spectra(), spectra(), TOLERANCES)
def test_pairs_and_lists_of_pairs(
    fast: Any, slow: Any, references: list[Spectrum], queries: list[Spectrum], tolerance: float
) -> None:
    """Pairs with a score of 0 keep their matches here, unlike in a matrix."""
    rows, columns = np.indices((len(references), len(queries))).reshape(2, -1)
    try:
        expected = slow(tolerance).sparse_array(references, queries, rows, columns, progress_bar=False)
    except ZeroDivisionError:
        return
    assert_same(fast(tolerance).sparse_array(references, queries, rows, columns, progress_bar=False), expected)
    pair = fast(tolerance).pair(references[-1], queries[-1])
    assert isinstance(pair, np.ndarray)
    assert pair.shape == slow(tolerance).pair(references[-1], queries[-1]).shape == ()
    assert_same(pair, expected[-1])


@pytest.fixture(scope="module")
def massbank(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Spectrum]:
    """Every 300th spectrum of MassBank, both ion modes, any number of peaks: about 240."""
    text = gzip.decompress((shared / "data" / "massbank.mgf.gz").read_bytes()).decode()
    blocks = text.split("BEGIN IONS")[1:]
    path = tmp_path_factory.mktemp("massbank") / "some.mgf"
    path.write_text("".join(f"BEGIN IONS{block}" for block in blocks[::300]), encoding="utf-8")
    return list(load_from_mgf(str(path)))


@pytest.mark.shared
@pytest.mark.parametrize("tolerance", [0.01, 0.1, 1.0])
@pytest.mark.parametrize(("fast", "slow"), PAIRS)
def test_massbank(fast: Any, slow: Any, massbank: list[Spectrum], tolerance: float) -> None:
    assert len(massbank) > 200
    references, queries = massbank[::2], massbank[1::2]
    expected = slow(tolerance, 0.5, 0.5).matrix(references, queries, progress_bar=False)
    assert np.count_nonzero(expected["matches"] > 2) > 100
    assert_same(fast(tolerance, 0.5, 0.5).matrix(references, queries, progress_bar=False), expected)


def test_single_precision_peaks() -> None:
    mz, intensities = np.array([100.1, 150.25, 150.3], np.float32), np.array([0.3, 0.7, 0.1], np.float32)
    some = [Spectrum(mz, intensities, {}), Spectrum(mz + np.float32(0.05), intensities, {})]
    assert_same(
        FastCosineGreedy(0.06, 0.3, 0.5).matrix(some, some, progress_bar=False),
        CosineGreedy(0.06, 0.3, 0.5).matrix(some, some, progress_bar=False),
    )


@pytest.mark.parametrize(("fast", "slow"), PAIRS)
def test_spectra_without_intensity_score_zero_where_matchms_fails(fast: Any, slow: Any) -> None:
    """The one difference."""
    nothing, something = (
        Spectrum(np.array([100.0, 200.0]), np.array(values), {"precursor_mz": 300.0})
        for values in ([0.0, 0.0], [1.0, 1.0])
    )
    with pytest.raises(ZeroDivisionError):
        slow().pair(nothing, something)
    assert fast().pair(nothing, something).tolist() == (0.0, 2)
    assert fast().matrix([nothing], [something], progress_bar=False).tolist() == [[(0.0, 0)]]


# The cases of matchms' tests of CosineGreedy, ModifiedCosineGreedy and NeutralLossesCosine:
# m/z and intensities of both, arguments, precursors, indices of the peaks that are expected to match
CASES = [
    (FastCosineGreedy, "100 200 300 500 510", ".1 .2 1 .3 .4", "100 200 290 490 510", ".1 .2 1 .3 .4",
     (0.1,), (1, 1), [(0, 0), (1, 1), (4, 4)]),
    (FastCosineGreedy, "100 299 300 301 510", ".1 1 .2 .3 .4", "100 300 301 511", ".1 1 .3 .4",
     (0.2,), (1, 1), [(0, 0), (2, 1), (3, 2)]),
    (FastCosineGreedy, "100 299 300 301 510", ".1 1 .2 .3 .4", "100 300 301 511", ".1 1 .3 .4",
     (2.0,), (1, 1), [(0, 0), (1, 1), (3, 2), (4, 3)]),
    (FastCosineGreedy, "100 200 300 500 510", ".1 .2 1 .3 .4", "100 200 290 490 510", ".1 .2 1 .3 .4",
     (1.0, 0.5, 2.0), (1, 1), [(0, 0), (1, 1), (4, 4)]),
    (FastModifiedCosineGreedy, "100 150 200 300 500 510 1100", ".7 .2 .1 1 .2 .005 .5",
     "55 105 205 304.5 494.5 515.5 1045", ".7 .2 .1 1 .2 .005 .5", (0.1,), (1000, 1005), [(0, 1), (2, 2)]),
    (FastModifiedCosineGreedy, "100 299 300 301 500 510", "10 500 100 200 20 100", "105 305 306 505 517",
     "10 500 100 20 100", (2.0,), (1000, 1005), [(0, 0), (1, 1), (3, 2), (4, 3), (5, 4)]),
    (FastModifiedCosineGreedy, "100 110 200 300 400 500 600", "100 50 1 80 1 1 50", "110 200 300 310 700 800",
     "100 1 90 90 1 100", (0.1,), (1000, 1010), [(0, 0), (2, 1), (3, 3)]),
    (FastModifiedCosineGreedy, "100 200 300", "10 10 500", "120 220 320", "10 10 500", (0.1,), (1000, 1010), []),
    (FastNeutralLossesCosine, "100 110 200 300 400 500", "100 50 1 80 1 1", "110 200 300 310 700",
     "100 1 90 50 1", (0.1,), (1000, 1010), [(0, 0), (3, 3)]),
    (FastNeutralLossesCosine, "100 200", ".1 1", "120 220", "10 10", (2.0,), (270, 289.5), [(0, 0), (1, 1)]),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0].__name__}-{case[5][0]}-{len(case[7])}")
def test_cases_of_matchms(case: Any) -> None:
    cls, mz, intensities, other_mz, other_intensities, arguments, precursors, expected = case
    arrays = [np.array(text.split(), float) for text in (mz, intensities, other_mz, other_intensities)]
    reference = Spectrum(arrays[0], arrays[1], {"precursor_mz": float(precursors[0])})
    query = Spectrum(arrays[2], arrays[3], {"precursor_mz": float(precursors[1])})
    powers = arguments[1:] or (0.0, 1.0)
    weights = [m ** powers[0] * i ** powers[1] for m, i in (arrays[:2], arrays[2:])]
    product = sum(weights[0][i] * weights[1][j] for i, j in expected)
    score = cls(*arguments).pair(reference, query)
    assert score["matches"] == len(expected)
    assert score["score"] == pytest.approx(product / np.linalg.norm(weights[0]) / np.linalg.norm(weights[1]))


SWAP = """
from importlib import import_module
import matchms.similarity as theirs
from matchms_fingerprint.similarity import fast_cosine as ours
for name in ("CosineGreedy", "ModifiedCosineGreedy", "NeutralLossesCosine"):
    # layers of scores are named after the class
    swapped = type(name, (getattr(ours, f"Fast{name}"),), {})
    setattr(theirs, name, swapped)
    table = import_module("matchms.Pipeline")._score_functions
    table.update({key: swapped for key in table if key == name.lower()})
"""


@pytest.mark.skipif("MATCHMS_SOURCE" not in os.environ, reason="MATCHMS_SOURCE does not name matchms' unpacked sources")
def test_matchms_own_tests_pass_with_our_classes_in_place_of_theirs(tmp_path: Path) -> None:
    """`pip download --no-binary :all: --no-deps matchms==0.33.1` fetches the sources with the tests."""
    (tmp_path / "swap.py").write_text(SWAP, encoding="utf-8")
    shutil.copytree(Path(os.environ["MATCHMS_SOURCE"]) / "tests", tmp_path / "tests")
    tests = [
        "similarity/test_cosine_greedy.py", "similarity/test_modified_cosine_greedy.py",
        "similarity/test_modified_cosine_message_consistency.py", "similarity/test_neutral_losses_cosine.py",
        "test_scoring_method_consistency.py", "test_pipeline.py", "test_scores.py", "networking",
    ]  # fmt: skip
    command = [sys.executable, "-m", "pytest", "-q", "-p", "swap", "-p", "no:cacheprovider"]
    run = subprocess.run(
        [*command, *(f"tests/{name}" for name in tests)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-3000:]
