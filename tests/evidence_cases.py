"""Evidence drawn from known weights, so that the right answer of every fit is known."""

from __future__ import annotations

import numpy as np

from matchms_fingerprint.annotation.posterior.conditional_logit import standardised_in_list
from matchms_fingerprint.annotation.posterior.evidence_table import EvidenceTable, QueryDescription
from matchms_fingerprint.evaluation.posterior.labelled_table import LabelledTable

COLUMNS = ("fingerprint_cosine", "neighbours_tanimoto", "fragments_log_ratio")
CHEAP = COLUMNS[:2]
WEIGHTS = np.array([1.5, 0.5, 1.0])


def table_of(values: np.ndarray, columns: tuple[str, ...] = COLUMNS, ion_mode: int = 1) -> EvidenceTable:
    return EvidenceTable(columns, np.asarray(values, float), QueryDescription(ion_mode, 12, False, 300.0))


def labelled(values: np.ndarray, right: int, structure: int, ion_mode: int = 1) -> LabelledTable:
    """One list; candidates 0, 1 | 2, 3 | ... share a formula."""
    correct = np.arange(len(values)) == right
    formula = np.arange(len(values)) // 2
    return LabelledTable(table_of(values, ion_mode=ion_mode), correct, formula, correct * 1.0, structure, structure)


def drawn_lists(
    n_lists: int, n_candidates: int = 20, weights: np.ndarray = WEIGHTS, seed: int = 0, absolute: float = 0.0
) -> list[LabelledTable]:
    """Draw lists of about `n_candidates`; the right one follows the softmax of weighted evidence.

    With `absolute`, the first column of the right candidate is higher by it: then a list without the right candidate
    shows that it lacks it.
    """
    rng = np.random.default_rng(seed)
    lists = []
    for number in range(n_lists):
        n = int(rng.integers(2, 2 * n_candidates))
        values = rng.normal(size=(n, weights.size))
        logits = standardised_in_list(values, np.ones(weights.size)) @ weights
        shares = np.exp(logits - logits.max())
        right = int(rng.choice(n, p=shares / shares.sum()))
        values[right, 0] += absolute
        lists.append(labelled(values, right, number, int(rng.choice([1, -1]))))
    return lists
