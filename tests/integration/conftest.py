"""Fixtures for tests of the command line and of annotation, all of real parts."""

import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from builders import TINY_FINGERPRINT, tiny_model
from builders_mgf import mgf_block

from matchms_fingerprint import CandidateLibrary
from matchms_fingerprint.cli import app

CommandLine = Callable[..., tuple[int, str, str]]

# three isomers of C6H12O6, two of C8H10N4O2, and others
STRUCTURES = (
    ("OCC1OC(O)C(O)C(O)C1O", "glucose"),
    ("OC1C(O)C(O)C(O)C(O)C1O", "inositol"),
    ("OCC(=O)C(O)C(O)C(O)CO", "fructose"),
    ("CN1C=NC2=C1C(=O)N(C(=O)N2C)C", "caffeine"),
    ("Cn1cnc2c1n(C)c(=O)n(C)c2=O", "isocaffeine"),
    ("CC(=O)Oc1ccccc1C(=O)O", "aspirin"),
    ("NC(Cc1ccccc1)C(=O)O", "phenylalanine"),
    ("OC(=O)CC(O)(CC(=O)O)C(=O)O", "citric acid"),
)
PEAKS = ((85.0284, 10.0), (110.0712, 50.0), (127.0390, 30.0), (138.0662, 100.0))


@pytest.fixture
def command_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[CommandLine]:
    """Run `matchms-fingerprint` in this process; returns exit code, stdout and stderr."""
    before = signal.getsignal(signal.SIGTERM)

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["matchms-fingerprint", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            app.main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    yield run
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="session")
def small_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of eight structures with the fingerprint of `tiny_bundle`."""
    folder = tmp_path_factory.mktemp("library") / "small"
    pairs = [{"smiles": smiles, "name": name, "source": "tests"} for smiles, name in STRUCTURES]
    return CandidateLibrary.build(pairs, folder, fingerprint=TINY_FINGERPRINT, n_jobs=1).path


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with random weights."""
    return tiny_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="session")
def features_mgf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export with a feature for each status; expected ones are in the ids."""
    blocks = [
        mgf_block(PEAKS, FEATURE_ID="annotated", PEPMASS=195.0877, ADDUCT="[M+H]+", RTINSECONDS=61.5, SCANS="1,4-6"),
        mgf_block(PEAKS, FEATURE_ID="no_candidates", PEPMASS=500.5, CHARGE="1+"),
        mgf_block(PEAKS[:2], FEATURE_ID="too_few_peaks", PEPMASS=195.0877, CHARGE="1+"),
        mgf_block(PEAKS, FEATURE_ID="unknown_ion_mode", PEPMASS=195.0877, CHARGE="0"),
        mgf_block(PEAKS, FEATURE_ID="no_precursor", PEPMASS="0", CHARGE="1+"),
        mgf_block([("85.0284", "many")], FEATURE_ID="unreadable", PEPMASS=195.0877, CHARGE="1+"),
        mgf_block(PEAKS, FEATURE_ID="annotated-negative", PEPMASS=179.0561, CHARGE="1-"),
    ]
    path = tmp_path_factory.mktemp("spectra") / "features.mgf"
    path.write_text("\n".join(blocks), encoding="utf-8")
    return path
