"""What a table of results says of each spectrum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.evaluation.competition import Outcome, column_name
from matchms_fingerprint.evaluation.metrics import highest_tanimoto
from matchms_fingerprint.features.arrays import ADDUCTS
from matchms_fingerprint.features.instruments import ANALYZERS
from matchms_fingerprint.features.labelled import LabelledSpectra

ION_MODE_NAMES = {1: "positive", -1: "negative", 0: "unknown"}


def describe_spectra(
    data: LabelledSpectra, rows: NDArray[np.int64], train: NDArray[np.int64], in_benchmark: NDArray[np.bool_]
) -> dict[str, NDArray[Any]]:
    """Return the columns that say what a spectrum is.

    Parameters
    ----------
    data, rows
        The spectra.
    train
        The training spectra, for `novelty`: the highest Tanimoto similarity of the true structure to any of theirs (NaN
        without any).
    in_benchmark
        Which of `rows` belong to the retrieval benchmark, shape (n_rows,).
    """
    spectra, structure = data.spectra.take(rows), data.structure[rows]
    keys = np.array([key[:14] for key in data.inchikeys])
    return {
        "id": data.ids[rows],
        "structure": keys[structure],
        "smiles": np.array(data.smiles)[structure],
        "formula": np.array(data.formulas)[structure],
        "ion_mode": np.array([ION_MODE_NAMES[int(sign)] for sign in spectra.ion_mode]),
        "adduct": np.array(ADDUCTS)[spectra.adduct],
        "analyzer": np.array(ANALYZERS)[spectra.analyzer],
        "collision_energy_ev": spectra.collision_energy.astype(np.float64),
        "precursor_mz": spectra.precursor_mz,
        "n_peaks": np.diff(spectra.offsets),
        "novelty": novelty(data, structure, np.unique(data.structure[train])),
        "in_benchmark": in_benchmark.astype(np.int64),
    }


def novelty(data: LabelledSpectra, structure: NDArray[np.int64], known: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the highest Tanimoto similarity of each structure to the known ones; NaN where none is known."""
    if not known.size:
        return np.full(structure.size, np.nan)
    distinct, place = np.unique(structure, return_inverse=True)
    highest, _ = highest_tanimoto(data.fingerprints[distinct], data.fingerprints[known])
    return highest[place].astype(np.float64, copy=False)


def describe_outcomes(outcomes: Mapping[str, Outcome]) -> dict[str, NDArray[Any]]:
    """Return the columns of a competition: per kind of list the numbers of candidates, and per ranking its results."""
    columns: dict[str, NDArray[Any]] = {}
    for kind, outcome in outcomes.items():
        suffix = column_name(kind)
        columns[f"n_candidates_{suffix}"] = outcome.n_candidates.astype(np.int64)
        columns[f"n_correct_{suffix}"] = outcome.n_correct.astype(np.int64)
        for what, values in (
            ("rank", outcome.ranks),
            ("top_tanimoto", outcome.top_tanimoto),
            ("probability", outcome.confidence),
            ("top_right", outcome.right),
        ):
            columns |= {f"{what}_{suffix}_{column_name(name)}": column for name, column in values.items()}
    return columns
