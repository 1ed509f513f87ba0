"""Fixtures that every part of the suite shares."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# the first example of a property compiles kernels, and a busy machine takes its time
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")

# the networks of the tests are tiny: threads of torch that wait for each other cost more than they do, many times more
# on a busy machine
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder with the benchmark data and the MZmine exports; the test is skipped where it is missing."""
    folder = Path(os.environ.get("MATCHMS_FINGERPRINT_SHARED", Path(__file__).resolve().parents[2] / "shared"))
    if not (folder / "data" / "massbank.mgf.gz").is_file():
        pytest.skip(f"benchmark data not found in {folder}")
    return folder


@pytest.fixture(autouse=True)
def own_log_handlers() -> Iterator[None]:
    """Give each test the log handlers that it found; the command line replaces them for its process."""
    loggers = [logging.getLogger(name) for name in ("matchms", "matchms_fingerprint", "py.warnings")]
    before = [(logger, logger.handlers[:], logger.level, logger.propagate) for logger in loggers]
    yield
    for logger, handlers, level, propagate in before:
        logger.handlers[:] = handlers
        logger.setLevel(level)
        logger.propagate = propagate
