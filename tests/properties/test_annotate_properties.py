"""`annotate` against its definition, written down without windows, batches or kernels."""

import math

import numpy as np
import pytest
from annotation_cases import STRUCTURES
from builders import TINY_FINGERPRINT, make_spectrum, tiny_model
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracles import naive_cosine, naive_log_likelihood, naive_tanimoto, naive_vector_tanimoto

from matchms_fingerprint import Candidate, CandidateLibrary, FingerprintModel, annotate, load_model
from matchms_fingerprint.chem import common_adducts, get_adduct, unpack_bits

NAIVE = {
    "cosine": naive_cosine,
    "tanimoto": naive_tanimoto,
    "vector_tanimoto": naive_vector_tanimoto,
    "log_likelihood": naive_log_likelihood,
}
ADDUCTS = ("[M+H]+", "[M+Na]+", "[M-H]-", "[M+HCOO]-", "[2M+H]+", "[M]+", "[M]-")
IONS = (("C[N+](C)(C)CCO", "choline"), ("F[B-](F)(F)F", "tetrafluoroborate"), ("C[n+]1cccc(C(=O)O)c1", "trigonelline"))
MASSES = (180.063388, 194.080376, 165.078979, 180.042259, 192.027003, 104.107539, 87.002918)  # of the structures

Everything = tuple[CandidateLibrary, FingerprintModel, list[Candidate], np.ndarray]


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Everything:
    """Library, model, and all candidates with their bits."""
    folder = tmp_path_factory.mktemp("annotate")
    library = CandidateLibrary.build([*STRUCTURES, *IONS], folder / "lib", fingerprint=TINY_FINGERPRINT, n_jobs=1)
    candidates = library.search(neutral_mass=1000.0, tolerance_da=1000.0)
    return library, load_model(tiny_model(folder)), list(candidates), unpack_bits(candidates.fingerprints, 256)


def expected_hits(
    everything: Everything,
    p: np.ndarray,
    mz: float,
    adducts: list[str],
    is_given: bool,
    tolerance_da: float,
    score: str,
) -> list[tuple[str, str, float, float]]:
    """Every candidate under every adduct where it fits, the best of each kept; then sorted.

    The logit is score / temperature, of a likelihood its logarithm, plus the logarithm of the adduct's prior where
    several adducts compete: its share in training (0.001 where there is none), to the power of 0.5, over their sum.
    Permanent ions (of one charge here) come under [M]+ or [M]- of their sign alone, neutral molecules under every other
    adduct, and under these where the adduct is given. Returns key, adduct, score, share of the softmax.
    """
    _, model, candidates, bits = everything
    found: dict[str, tuple[str, float, float, float]] = {}
    shares = {"[M+H]+": 0.9, "[M+Na]+": 0.1, "[M-H]-": 1.0}  # of the tiny model
    priors = {name: shares.get(name, 0.001) ** 0.5 for name in adducts}
    for candidate, row in zip(candidates, bits, strict=True):
        for name in adducts:
            adduct = get_adduct(name)
            calculated = adduct.precursor_mz(candidate.exact_mass)
            error = 1e6 * (mz - calculated) / calculated
            own = {"+": "[M]+", "-": "[M]-"}.get(candidate.formula[-1])
            fits = name == own if own else is_given or name not in ("[M]+", "[M]-")
            if abs(mz - calculated) > tolerance_da or not fits:
                continue
            value = NAIVE[score](p, row)
            logit = (math.log(value) if score == "log_likelihood" else value) / model.temperatures[score]
            logit += math.log(priors[name] / sum(priors.values()))
            _, known_error, _, known_logit = found.get(candidate.inchikey, ("", math.inf, 0.0, -math.inf))
            if (logit, -abs(error)) > (known_logit, -abs(known_error)):
                found[candidate.inchikey] = (name, error, value, logit)
    total = sum(math.exp(logit) for *_, logit in found.values())
    return [
        (key, name, value, math.exp(logit) / total)
        for key, (name, error, value, logit) in sorted(
            found.items(), key=lambda item: (-round(item[1][3], 8), round(abs(item[1][1]), 3), item[0])
        )
    ]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    mass=st.sampled_from(MASSES),
    ion=st.sampled_from(ADDUCTS),
    given_adduct=st.booleans(),
    offset=st.floats(-0.02, 0.02),
    tolerance_da=st.sampled_from([0.00137, 0.0313, 20.0]),
    score=st.sampled_from(list(NAIVE)),
    top_k=st.integers(1, 10),
    peaks=st.lists(st.floats(50, 300), min_size=3, max_size=12, unique=True),
)
def test_annotate_is_its_definition(
    everything: Everything,
    mass: float,
    ion: str,
    given_adduct: bool,
    offset: float,
    tolerance_da: float,
    score: str,
    top_k: int,
    peaks: list[float],
) -> None:
    library, model, _, _ = everything
    adduct = get_adduct(ion)
    spectrum = make_spectrum(
        sorted(peaks),
        precursor_mz=adduct.precursor_mz(mass) + offset,
        adduct=ion if given_adduct else None,
        ionmode=adduct.ion_mode,
        charge=adduct.charge,
    )
    (annotation,) = annotate(
        [spectrum], library, model, top_k=top_k, score=score, tolerance_da=tolerance_da, min_peaks=0
    )
    names = [ion] if given_adduct else [common.name for common in common_adducts(adduct.ion_mode)]
    (p,) = model.predict_fingerprints([spectrum])
    expected = expected_hits(everything, p, spectrum.get("precursor_mz"), names, given_adduct, tolerance_da, score)
    assert annotation.status == ("annotated" if expected else "no_candidates")
    assert [(h.candidate.inchikey, h.adduct) for h in annotation.hits] == [(e[0], e[1]) for e in expected[:top_k]]
    assert [h.score for h in annotation.hits] == pytest.approx([e[2] for e in expected[:top_k]], rel=1e-5)
    assert [h.probability for h in annotation.hits] == pytest.approx([e[3] for e in expected[:top_k]], rel=1e-4)
    assert [h.rank for h in annotation.hits] == list(range(1, len(annotation.hits) + 1))
