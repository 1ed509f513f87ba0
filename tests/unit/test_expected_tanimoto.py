"""The choice of bits that promises the highest Tanimoto similarity, against all choices there are."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from matchms_fingerprint.kernels.expected_tanimoto import expected_tanimoto


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_no_choice_of_bits_promises_more(probabilities):
    p = np.array(probabilities, np.float32).astype(np.float64)
    promised = [
        (p * chosen).sum() / (chosen.sum() + (p * (1 - chosen)).sum())
        for chosen in map(np.array, product((0, 1), repeat=p.size))
        if chosen.sum() + (p * (1 - chosen)).sum() > 0
    ]
    assert abs(expected_tanimoto(p[None])[0] - max(promised, default=0.0)) < 1e-6


def test_certain_bits_promise_everything_and_no_bits_nothing():
    p = np.zeros((2, 64), np.float32)
    p[0, :5] = 1.0
    assert expected_tanimoto(p).tolist() == [1.0, 0.0]
