"""Fixtures that every part of the suite shares."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder with the benchmark data and the MZmine exports; the test is skipped where it is missing."""
    folder = Path(os.environ.get("MATCHMS_FINGERPRINT_SHARED", Path(__file__).resolve().parents[2] / "shared"))
    if not (folder / "data" / "massbank.mgf.gz").is_file():
        pytest.skip(f"benchmark data not found in {folder}")
    return folder
