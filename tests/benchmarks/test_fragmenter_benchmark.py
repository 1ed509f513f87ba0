"""How many candidates a second the fragmenter explains spectra with, on one core; issue 5 asks for 300."""

import time

import numpy as np
import pytest

from matchms_fingerprint import CandidateLibrary
from matchms_fingerprint.annotation.evidence.fragments import FragmentEvidence
from matchms_fingerprint.chem.fragments import remembered_fragments
from tests.candidate_cases import make_candidates, make_query
from tests.unit.test_fragment_evidence import made_scores

CANDIDATES_PER_SECOND = 300


@pytest.mark.benchmark
@pytest.mark.parametrize("mass", [250.0, 350.0, 450.0])
def test_candidates_per_second(mass):
    found = CandidateLibrary.open("starter").search(neutral_mass=mass, tolerance_da=5.0)
    candidates = make_candidates(found.smiles[:200], precursor_mz=mass)
    query = make_query(np.linspace(50, mass - 5, 40), precursor_mz=mass)
    evidence = FragmentEvidence(made_scores(100_000))
    evidence.of(query, candidates)  # compiles
    times = []
    for _ in range(5):
        remembered_fragments.cache_clear()
        start = time.process_time()
        evidence.of(query, candidates)
        times.append(time.process_time() - start)
    rate = len(candidates) / np.median(times)
    print(f"{mass:.0f} Da: {rate:,.0f} candidates a second")
    assert rate > CANDIDATES_PER_SECOND
