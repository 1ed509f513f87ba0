"""Fixtures for tests of the command line and of annotation, all of real parts."""

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from annotation_cases import FEATURES, STRUCTURES, CommandLine
from builders import TINY_FINGERPRINT, tiny_model

from matchms_fingerprint import CandidateLibrary
from matchms_fingerprint.cli import app
from matchms_fingerprint.constants import DEFAULT_FINGERPRINT


@pytest.fixture
def command_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[CommandLine]:
    """Run `matchms-fingerprint` in this process; returns exit code, stdout and stderr."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["matchms-fingerprint", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            app.main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    yield run
    for number, handler in before.items():
        signal.signal(number, handler)


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
def wide_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with random weights and the fingerprint of the starter library."""
    return tiny_model(tmp_path_factory.mktemp("wide"), fingerprint=DEFAULT_FINGERPRINT, n_bits=4096)


@pytest.fixture(scope="session")
def features_mgf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export with a feature for each status."""
    path = tmp_path_factory.mktemp("spectra") / "features.mgf"
    path.write_text("\n".join(FEATURES), encoding="utf-8")
    return path
