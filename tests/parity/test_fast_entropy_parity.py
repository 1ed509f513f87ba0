"""The spectral entropy similarity gives the numbers of ms_entropy, which computes in single precision."""

from __future__ import annotations

import numpy as np
import pytest
from competing_spectra import EXAMPLES, spectra
from hypothesis import given
from hypothesis import strategies as st
from known_spectra import known_spectra
from matchms import Spectrum

from matchms_fingerprint.similarity.fast_entropy import FastSpectralEntropy

ms_entropy = pytest.importorskip("ms_entropy")

# m/z as ms_entropy sees them, so that nothing depends on how a test rounds
SETTINGS = st.sampled_from([(0.005, 0.0), (0.02, 0.0), (0.1, 0.0), (1.0, 0.0), (0.0, 10.0), (0.0, 500.0)])


def theirs(reference: Spectrum, query: Spectrum, da: float, ppm: float, weighted: bool, noise_cutoff: float) -> float:
    name = "calculate_entropy_similarity" if weighted else "calculate_unweighted_entropy_similarity"
    return getattr(ms_entropy, name)(
        *(np.column_stack([one.peaks.mz, one.peaks.intensities]).astype(np.float32) for one in (reference, query)),
        ms2_tolerance_in_da=da or -1,
        ms2_tolerance_in_ppm=ppm or -1,
        noise_threshold=noise_cutoff,
    )


@EXAMPLES
@given(spectra(), spectra(), SETTINGS, st.booleans(), st.sampled_from([0.0, 0.01, 0.2]))
def test_similarity(
    references: list[Spectrum],
    queries: list[Spectrum],
    tolerances: tuple[float, float],
    weighted: bool,
    noise_cutoff: float,
) -> None:
    score = FastSpectralEntropy(tolerances[0], noise_cutoff, weighted, tolerances[1])
    expected = [
        [theirs(reference, query, *tolerances, weighted, noise_cutoff) for query in queries] for reference in references
    ]
    ours = score.matrix(references, queries, progress_bar=False)["score"]
    np.testing.assert_allclose(ours, expected, rtol=0, atol=2e-6)


def test_known_spectra_with_the_defaults_of_both() -> None:
    some = known_spectra()
    peaks = [np.column_stack([one.peaks.mz, one.peaks.intensities]).astype(np.float32) for one in some]
    expected = [[ms_entropy.calculate_entropy_similarity(one, other) for other in peaks] for one in peaks]
    ours = FastSpectralEntropy().matrix(some, some, is_symmetric=True, progress_bar=False)["score"]
    np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-6)
    assert np.count_nonzero(ours > 0.1) > len(some)
