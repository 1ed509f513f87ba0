"""Which fragments a candidate should give, and whether the spectrum shows them, as rows of numbers.

A peak that a candidate explains speaks for it; a fragment that it should give and that is not there speaks against it.
A fragment of one cut is looked for as an ion, and so is what is lost with it: of both halves of a molecule often only
one keeps the charge. CFM-ID (Allen et al. 2015, doi 10.1007/s11306-014-0676-4) and ICEBERG (Goldman et al. 2024, doi
10.1021/acs.analchem.3c04654) predict whole spectra to the same end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.annotation.evidence.fragment_items import (
    OF_SPECTRUM,
    TABLES,
    PeakList,
    features_of_spectrum,
    log_intensity,
    mixed_keys,
)
from matchms_fingerprint.chem.fragments import FragmentedMolecule
from matchms_fingerprint.kernels.fragmenter_expected import see_fragments
from matchms_fingerprint.kernels.fragmenter_keys import COUNTS

EXPECTED_FEATURES = (
    "cost",
    "mz",
    "relative_mz",
    "share_of_atoms",
    "is_seen",
    "log_intensity",
    "shift",
    "rest_is_seen",
    "rest_log_intensity",
    "log_fragments",
    "is_below_range",
    *OF_SPECTRUM,
    *COUNTS,
)
"""What is known of an expected fragment."""

_STRONG = 0.05  # of the base peak
_MARGIN_DA = 3.0  # hydrogens that a fragment may gain
_COST_BINS_PER_UNIT, _MAX_COST_BIN = 4.0, 60.0


@dataclass(frozen=True, eq=False)
class Expectations:
    """Expected fragments of several candidates, one candidate after the other.

    Parameters
    ----------
    candidates
        Whose each is, shape (n,), int64.
    features
        Values of `EXPECTED_FEATURES`, shape (n, len(EXPECTED_FEATURES)), float32.
    keys
        Where to look in the `TABLES`, shape (n, len(TABLES)), uint32.
    """

    candidates: NDArray[np.int64]
    features: NDArray[np.float32]
    keys: NDArray[np.uint32]


def expect(
    peaks: PeakList, molecules: Sequence[FragmentedMolecule | None], carriers: Sequence[NDArray[np.float64]]
) -> Expectations:
    """Look for the fragments that candidates should give; a spectrum without peaks says nothing of them.

    Parameters
    ----------
    peaks
        The peaks.
    molecules
        The candidates; those that are None give nothing.
    carriers
        Charge carriers of each candidate; see `charge_carriers`.
    """
    which = [i for i, molecule in enumerate(molecules) if molecule is not None and len(molecule.expected)]
    if not which or not peaks.mz.size:
        nothing = np.empty((0, len(EXPECTED_FEATURES)), np.float32), np.empty((0, len(TABLES)), np.uint32)
        return Expectations(np.empty(0, np.int64), *nothing)
    found = [molecule for molecule in (molecules[i] for i in which) if molecule is not None]
    expected = [molecule.expected for molecule in found]
    sizes = [len(one) for one in expected]
    candidates = np.repeat(np.array(which, np.int64), sizes)
    carried = _padded([carriers[i] for i in which]).repeat(sizes, axis=0)
    masses, rests = (np.concatenate([getattr(one, name) for one in expected]) for name in ("masses", "rests"))
    seen, shifts = see_fragments(peaks.mz, peaks.tolerance, peaks.intensity, masses, carried)
    rest_seen, _ = see_fragments(peaks.mz, peaks.tolerance, peaks.intensity, rests, carried)
    costs, words, counts = (
        np.concatenate([getattr(one, name) for one in expected]) for name in ("costs", "words", "counts")
    )
    n_atoms = np.repeat([len(molecule.graph) for molecule in found], sizes)
    n_all = np.repeat([one.n_all for one in expected], sizes)
    columns = [
        costs,
        masses / 500.0,
        masses / peaks.precursor_mz,
        counts[:, COUNTS.index("atoms")] / n_atoms,
        seen > 0,
        log_intensity(seen),
        shifts,
        rest_seen > 0,
        log_intensity(rest_seen),
        np.log1p(n_all),
        masses < peaks.mz[0] - _MARGIN_DA,
        *(np.full(masses.size, value) for value in features_of_spectrum(peaks)),
    ]
    features = np.concatenate([np.stack(columns, axis=1), counts], axis=1, dtype=np.float32)
    return Expectations(candidates, features, _table_keys(peaks, words, costs, seen, rest_seen))


def _padded(carriers: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return carriers of different numbers as one array, shape (n, most), NaN where there is none."""
    padded = np.full((len(carriers), max(one.size for one in carriers)), np.nan)
    for row, one in zip(padded, carriers, strict=True):
        row[: one.size] = one
    return padded


def _table_keys(
    peaks: PeakList,
    words: NDArray[np.uint64],
    costs: NDArray[np.float64],
    seen: NDArray[np.floating[Any]],
    rest_seen: NDArray[np.floating[Any]],
) -> NDArray[np.uint32]:
    """Return the keys of the tables: what the fragment is, how strong it is, and whether its other half is there."""
    state = (seen > 0).astype(np.uint64) + (seen > _STRONG) + np.uint64(3) * (rest_seen > 0)
    bins = np.minimum(costs * _COST_BINS_PER_UNIT, _MAX_COST_BIN).astype(np.uint64)
    keys = np.concatenate([bins[:, None], words], axis=1) * np.uint64(8) + state[:, None]
    return mixed_keys(keys, np.full(keys.shape[1], peaks.ion_mode < 0, np.uint64))
