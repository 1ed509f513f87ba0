"""How well the fingerprint of a candidate fits the one that a model predicts from the spectrum."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.annotation.evidence.evidence import Candidates, Query
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.kernels import SCORES, bit_sums

_LOWEST = 1e-4


class FingerprintEvidence:
    """Scores of the predicted fingerprint against those of the candidates.

    `fingerprint_log_likelihood` is the logarithm of the Bernoulli likelihood of the candidate's bits, relative to the
    most likely fingerprint and per expected bit, see `kernels.log_likelihood_scores`. `fingerprint_log_ratio` compares
    that likelihood with the one under the frequencies of the bits among training structures, so that a candidate gains
    nothing from having common bits: the sum of the differences of log-odds over its bits, per expected bit.

    Parameters
    ----------
    bit_frequencies
        Share of training structures that have each bit, shape (n_bits,), float32; None where a model does not say: the
        log-ratio is then missing.
    """

    columns: ClassVar[tuple[str, ...]] = (
        "fingerprint_cosine",
        "fingerprint_tanimoto",
        "fingerprint_log_likelihood",
        "fingerprint_log_ratio",
    )

    def __init__(self, bit_frequencies: NDArray[np.float32] | None = None) -> None:
        self._prior = None if bit_frequencies is None else _log_odds(bit_frequencies)

    def of(self, query: Query, candidates: Candidates) -> NDArray[np.float64]:
        """See `Evidence`.

        Raises
        ------
        SettingsError
            If the bit frequencies are not of the predicted fingerprint's length.
        """
        predicted, packed = query.fingerprint, candidates.fingerprints
        scores = np.full((len(candidates), len(self.columns)), np.nan)
        scores[:, 0] = SCORES["cosine"](predicted, packed)
        scores[:, 1] = SCORES["tanimoto"](predicted, packed)
        scores[:, 2] = np.log(SCORES["log_likelihood"](predicted, packed))
        if self._prior is not None:
            if self._prior.shape != predicted.shape:
                raise SettingsError(
                    f"frequencies of {self._prior.size} bits do not fit a fingerprint of {predicted.size}: "
                    "take those of the model that predicted it"
                )
            sums = bit_sums(_log_odds(predicted) - self._prior, packed)
            scores[:, 3] = sums / max(1.0, float(predicted.sum(dtype=np.float64)))
        return scores


def _log_odds(probabilities: NDArray[np.float32]) -> NDArray[np.float64]:
    clipped = np.clip(probabilities.astype(np.float64), _LOWEST, 1 - _LOWEST)
    odds: NDArray[np.float64] = np.log(clipped / (1 - clipped))
    return odds
