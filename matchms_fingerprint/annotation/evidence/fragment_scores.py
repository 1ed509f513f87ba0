"""How much its fragments speak for a candidate: learned from true structures and decoys of equal mass.

First come tables of log-ratios: how often a peak of a true structure is explained in some way, against how often one of
a decoy is. The coarsest asks for the cost of the broken bonds and the hydrogens that moved; then which bonds broke, the
fragment itself, and the neutral that was lost. This is the statistical learning of MetFrag (Ruttkies et al. 2019, doi
10.1186/s12859-019-2954-7), where it asks for fingerprints of fragments. The same tables are kept of the fragments that
a candidate should give, seen or not. What they say goes, with what else is known, into a small network for either kind;
both were trained together to tell the true structure among decoys, as CFM-ID learns from bonds and their neighbourhood
how likely they break (Allen et al. 2015, doi 10.1007/s11306-014-0676-4).

A candidate's score is a sum over the peaks that it explains, and over the fragments that it should give.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.annotation.evidence.expected_fragments import EXPECTED_FEATURES, Expectations
from matchms_fingerprint.annotation.evidence.fragment_items import FEATURES, Explanations
from matchms_fingerprint.annotation.evidence.item_scores import ItemScores, share_of_items

KINDS = {"explained": len(FEATURES), "expected": len(EXPECTED_FEATURES)}
"""Kinds of items, and how many features each has."""


@dataclass(frozen=True, eq=False)
class FragmentScores:
    """What explained peaks and expected fragments bring a candidate.

    Parameters
    ----------
    explained, expected
        Tables and network for either.
    """

    explained: ItemScores
    expected: ItemScores

    def of_candidates(
        self, explanations: Explanations, expectations: Expectations, n_candidates: int, n_peaks: int
    ) -> NDArray[np.float64]:
        """Return the score of each candidate, shape (n_candidates,)."""
        brought = self.explained.of_items(explanations.features, explanations.keys)
        explained = np.bincount(explanations.candidates, brought, minlength=n_candidates)
        brought = self.expected.of_items(expectations.features, expectations.keys)
        expected = np.bincount(expectations.candidates, brought, minlength=n_candidates)
        n_expected = np.bincount(expectations.candidates, minlength=n_candidates)
        of_peaks = share_of_items(np.array(n_peaks), self.explained.exponent)
        of_expected = share_of_items(n_expected, self.expected.exponent)
        return np.asarray(explained * of_peaks + expected * of_expected, np.float64)

    def tensors(self) -> dict[str, NDArray[Any]]:
        """Return all as arrays with names, for a file."""
        parts = {kind: getattr(self, kind).tensors() for kind in KINDS}
        return {f"{kind}.{name}": array for kind, arrays in parts.items() for name, array in arrays.items()}

    @classmethod
    def from_tensors(cls, arrays: Mapping[str, NDArray[Any]]) -> FragmentScores:
        """Make scores of what `tensors` gave.

        Raises
        ------
        ModelError
            If something is missing, or was made for other inputs.
        """
        parts = {
            kind: {name.removeprefix(f"{kind}."): array for name, array in arrays.items() if name.startswith(kind)}
            for kind in KINDS
        }
        return cls(**{kind: ItemScores.from_tensors(parts[kind], n_features) for kind, n_features in KINDS.items()})
