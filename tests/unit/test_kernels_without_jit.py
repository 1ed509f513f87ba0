"""The kernels give the same results as plain Python, where coverage and debuggers can follow them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
FAST_ENOUGH_IN_PYTHON = [
    "parity/test_packed_similarity_rdkit.py",
    "properties/test_binning_properties.py",
    "properties/test_packed_search_properties.py",
    "properties/test_sparse_search_properties.py",
    "properties/test_tanimoto_properties.py",
    "unit/test_random_fragments.py",
]


@pytest.mark.slow
@pytest.mark.parametrize("name", FAST_ENOUGH_IN_PYTHON)
def test_tests_pass_without_compilation(name: str) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(TESTS / name)]
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(command, env=environment, cwd=TESTS.parent, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-3000:]
