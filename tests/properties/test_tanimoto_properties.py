"""The fingerprint scores against naive ones, on any input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from oracles import naive_bit_sums, naive_cosine, naive_log_likelihood, naive_tanimoto, naive_vector_tanimoto

from matchms_fingerprint.chem import pack_bits
from matchms_fingerprint.errors import FingerprintSpecError
from matchms_fingerprint.kernels import SCORES, bit_sums, popcounts

NAIVE = {
    "cosine": naive_cosine,
    "tanimoto": naive_tanimoto,
    "vector_tanimoto": naive_vector_tanimoto,
    "log_likelihood": naive_log_likelihood,
}


@st.composite
def predictions_and_bits(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """A vector of probabilities and up to six fingerprints; all-zero ones and widths off 64 are frequent."""
    n_bits = draw(st.sampled_from([1, 5, 63, 64, 65, 167, 256]))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    width = 32 if dtype is np.float32 else 64
    p = draw(hnp.arrays(dtype, n_bits, elements=st.floats(0, 1, width=width), fill=st.sampled_from([0.0, 0.5, 1.0])))
    n_rows = draw(st.integers(0, 6))
    bits = draw(hnp.arrays(np.uint8, (n_rows, n_bits), elements=st.integers(0, 1), fill=st.just(0)))
    return p, bits


@settings(deadline=None)
@given(predictions_and_bits())
def test_sums_and_counts(example: tuple[np.ndarray, np.ndarray]) -> None:
    values, bits = example
    packed = pack_bits(bits)
    assert bit_sums(values, packed) == pytest.approx(naive_bit_sums(values, bits), rel=1e-12)
    assert popcounts(packed).tolist() == bits.sum(axis=1).tolist()


@pytest.mark.parametrize("name", SCORES)
@settings(deadline=None)
@given(predictions_and_bits())
def test_score_is_the_naive_one(name: str, example: tuple[np.ndarray, np.ndarray]) -> None:
    p, bits = example
    scores = SCORES[name](p, pack_bits(bits))
    assert scores.dtype == np.float64
    assert scores == pytest.approx([NAIVE[name](p, row) for row in bits], rel=1e-9, abs=1e-300)
    assert ((scores >= 0) & (scores <= 1 + 1e-12)).all()


@pytest.mark.parametrize("name", SCORES)
@settings(deadline=None)
@given(predictions_and_bits())
def test_one_by_one_is_the_same_as_all_at_once(name: str, example: tuple[np.ndarray, np.ndarray]) -> None:
    p, bits = example
    packed = pack_bits(bits)
    single = [SCORES[name](p, packed[i : i + 1])[0] for i in range(len(packed))]
    assert SCORES[name](p, packed).tolist() == single


@pytest.mark.parametrize("name", SCORES)
@settings(deadline=None)
@given(predictions_and_bits())
def test_read_only_arrays_are_scored(name: str, example: tuple[np.ndarray, np.ndarray]) -> None:
    p, bits = example
    packed = pack_bits(bits)
    expected = SCORES[name](p, packed)
    packed.setflags(write=False)
    assert SCORES[name](p, packed).tolist() == expected.tolist()


@settings(deadline=None)
@given(predictions_and_bits())
def test_nothing_is_more_likely_than_the_most_likely_fingerprint(example: tuple[np.ndarray, np.ndarray]) -> None:
    p, bits = example
    best = (p > 0.5).astype(np.uint8)
    assert SCORES["log_likelihood"](p, pack_bits(best[None]))[0] == pytest.approx(1.0)
    assert (SCORES["log_likelihood"](p, pack_bits(bits)) > 0).all()


@pytest.mark.parametrize(("name", "expected"), [("cosine", 0.0), ("tanimoto", 0.0)])
def test_all_zero_gives_zero(name: str, expected: float) -> None:
    zeros, ones = np.zeros(70), np.ones(70)
    nothing, something = pack_bits(np.zeros((1, 70))), pack_bits(np.ones((1, 70)))
    for p, packed in ((zeros, something), (ones, nothing), (zeros, nothing)):
        assert SCORES[name](p, packed).tolist() == [expected]


@pytest.mark.parametrize("name", SCORES)
def test_fingerprints_of_another_width_are_refused(name: str) -> None:
    with pytest.raises(FingerprintSpecError, match=r"\(4096,\).*\(3, 16\)"):
        SCORES[name](np.zeros(4096), np.zeros((3, 16), dtype=np.uint64))
