"""Sources and mass errors as priors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from matchms_fingerprint.annotation.evidence.priors import PriorEvidence
from matchms_fingerprint.errors import SettingsError
from tests.candidate_cases import make_candidates, make_query


def test_priors_are_logarithms_of_sources_and_of_a_normal_density() -> None:
    candidates = replace(
        make_candidates(["CCO", "CCN", "CCC"]),
        mass_errors_ppm=np.array([0.0, -3.0, 8.0]),
        n_sources=np.array([0, 1, 6], np.int64),
    )
    found = PriorEvidence(4.0).of(make_query([50.0]), candidates)
    np.testing.assert_allclose(found[:, 0], np.log([1, 2, 7]))
    np.testing.assert_allclose(found[:, 1], norm.logpdf([0.0, -3.0, 8.0], scale=4.0) - norm.logpdf(0.0, scale=4.0))


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf")])
def test_a_scale_that_is_none_is_refused(scale: float) -> None:
    with pytest.raises(SettingsError, match="ppm"):
        PriorEvidence(scale)
