"""The masses of common neutral losses against those that RDKit computes from the formula."""

import re
import sys
from itertools import pairwise

import numpy as np
import pytest
from matchms import Spectrum
from rdkit.Chem import GetPeriodicTable

from matchms_fingerprint.filters import add_neutral_losses_summary

# the package exports the filter under the name of its module
COMMON_LOSSES = sys.modules[add_neutral_losses_summary.__module__].COMMON_LOSSES


@pytest.mark.parametrize(("formula", "mass"), COMMON_LOSSES.items())
def test_mass_of_a_loss(formula: str, mass: float) -> None:
    table = GetPeriodicTable()
    atoms = re.findall(r"([A-Z][a-z]?)(\d*)", formula)
    expected = sum(table.GetMostCommonIsotopeMass(element) * int(count or 1) for element, count in atoms)
    assert mass == pytest.approx(expected, abs=1e-5)


def test_nearest_losses_are_told_apart() -> None:
    """SO3 and HPO3 lie 0.0095 Da apart, within twice the default tolerance: the nearer one is named; no others do."""
    close = [pair for pair in pairwise(sorted(COMMON_LOSSES, key=COMMON_LOSSES.__getitem__)) if gap(*pair) < 0.01]
    assert close == [("SO3", "HPO3")]
    spectrum = Spectrum(np.array([120.04]), np.array([1.0]), {"precursor_mz": 200.0})
    assert add_neutral_losses_summary(spectrum).get("neutral_losses") == "79.9600 SO3 (1.00)"


def gap(one: str, other: str) -> float:
    return COMMON_LOSSES[other] - COMMON_LOSSES[one]
