"""Every filter and every score on every spectrum of real MZmine exports."""

from pathlib import Path

import numpy as np
import pytest
from builders import tiny_model
from known_spectra import known_spectra
from matchms import Spectrum

from matchms_fingerprint import EmbeddingSimilarity, FingerprintRetrieval, filters, load_spectra


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tiny_model(tmp_path_factory.mktemp("model")))


@pytest.fixture(scope="module")
def exported(shared: Path) -> list[Spectrum]:
    files = sorted((shared / "mzmine").glob("*.mgf"))
    spectra = [spectrum for file in files for spectrum in load_spectra(file)]
    assert len(spectra) > 100
    return spectra


@pytest.mark.shared
@pytest.mark.parametrize("name", filters.__all__)
def test_filter(exported: list[Spectrum], model: str, name: str) -> None:
    settings = {"model": model} if name == "add_predicted_fingerprint_summary" else {}
    results = [getattr(filters, name)(spectrum, **settings) for spectrum in exported]
    kept = [result for result in results if result is not None]
    # load_spectra sets MS1 aside and leaves one MS3 spectrum, in edge_cases.mgf
    n_other_levels = sum(spectrum.get("ms_level") not in (None, "2") for spectrum in exported)
    assert n_other_levels == 1
    assert len(kept) == len(exported) - (n_other_levels if name == "require_ms2" else 0)
    assert all(isinstance(hash(spectrum), int) for spectrum in kept)


@pytest.mark.shared
@pytest.mark.parametrize("score", [FingerprintRetrieval, EmbeddingSimilarity])
def test_score(exported: list[Spectrum], model: str, score: type) -> None:
    scores = score(model).matrix(known_spectra(), exported, progress_bar=False)
    assert np.isfinite(scores).all()
    has_peaks = np.array([len(spectrum.peaks) > 0 for spectrum in exported])
    assert (scores.any(axis=0) == has_peaks).all()
