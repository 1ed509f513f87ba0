"""Who wins where: results by ion mode, adduct, instrument, collision energy, number of peaks and novelty."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.evaluation.estimates import Columns, StructureBootstrap
from matchms_fingerprint.evaluation.result_table import ResultTable

MIN_SPECTRA = 20
"""Groups of fewer spectra are put together."""

OTHERS = "others"
UNKNOWN = "unknown"

_ANALYZERS = {
    "orbitrap": "Orbitrap, ICR",
    "tof": "time of flight",
    "unit": "quadrupole, ion trap",
    UNKNOWN: UNKNOWN,
}
COLLISION_ENERGY_EDGES_EV = (0.0, 10.0, 20.0, 35.0, 50.0, 80.0)
N_PEAKS_EDGES = (1.0, 3.0, 6.0, 11.0, 21.0, 51.0)
NOVELTY_EDGES = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.85, 1.0)

Grouping = tuple[NDArray[np.str_], list[str]]
"""The group of each spectrum, shape (n_spectra,), and the groups in their order."""


def groupings(table: ResultTable) -> dict[str, Grouping]:
    """Return how the spectra of a table are grouped, by name of the property."""
    return {
        "ion mode": _by_text(table["ion_mode"]),
        "adduct": _by_text(table["adduct"], {UNKNOWN: "other or unknown"}, "other or unknown"),
        "instrument": _by_text(table["analyzer"], _ANALYZERS),
        "collision energy": _by_bins(table["collision_energy_ev"], COLLISION_ENERGY_EDGES_EV, _energy_name),
        "number of peaks": _by_bins(table["n_peaks"].astype(np.float64), N_PEAKS_EDGES, _count_name),
        "highest Tanimoto to train": _by_bins(table["novelty"], NOVELTY_EDGES, _share_name),
    }


def _by_text(values: NDArray[Any], names: dict[str, str] | None = None, others: str = OTHERS) -> Grouping:
    """Group by a text, the largest group first; small ones are put together."""
    labels = np.array([(names or {}).get(str(value), str(value)) for value in values], dtype=object)
    found, counts = np.unique(labels.astype(str), return_counts=True)
    small = set(found[counts < MIN_SPECTRA].tolist())
    if len(small) > 1 or (small and others in found):
        labels = np.array([others if label in small else label for label in labels], dtype=object)
        found, counts = np.unique(labels.astype(str), return_counts=True)
    last = (others, UNKNOWN)
    order = sorted(range(found.size), key=lambda i: (str(found[i]) in last, -counts[i]))
    return labels.astype(str), [str(found[i]) for i in order]


def _by_bins(
    values: NDArray[np.float64], edges: Sequence[float], name: Callable[[float, float | None], str]
) -> Grouping:
    """Group by bins that hold their lower edge; the last one is open, and what is NaN is unknown."""
    names = [name(low, high) for low, high in zip(edges, [*edges[1:], None], strict=True)]
    place = np.clip(np.searchsorted(edges, np.nan_to_num(values), side="right") - 1, 0, len(edges) - 1)
    labels = np.where(np.isnan(values), UNKNOWN, np.array(names)[place])
    present = set(labels.tolist())
    return labels, [label for label in (*names, UNKNOWN) if label in present]


def _energy_name(low: float, high: float | None) -> str:
    return f"{low:g} to {high:g} eV" if high is not None else f"{low:g} eV and more"


def _count_name(low: float, high: float | None) -> str:
    return f"{low:g} to {high - 1:g}" if high is not None else f"{low:g} and more"


def _share_name(low: float, high: float | None) -> str:
    return f"{low:g} to {high:g}" if high is not None else f"{low:g} (same bits)"


def break_down(
    table: ResultTable, measures: dict[str, tuple[Columns, NDArray[np.bool_]]]
) -> dict[str, list[dict[str, Any]]]:
    """Summarize measures group by group.

    Parameters
    ----------
    table
        The spectra.
    measures
        Name of a measure -> values of "model" and "baseline", shape (n_spectra,), and for which spectra they count.

    Returns
    -------
    dict
        Property -> one row a group: its name, and per measure the number of spectra and structures, the estimates of
        model and baseline, and of their paired difference; a measure without spectra in the group is left out.
    """
    result = {}
    for name, (labels, groups) in groupings(table).items():
        result[name] = [
            {"group": group}
            | {
                measure: _estimates(values, table["structure"], counts & (labels == group))
                for measure, (values, counts) in measures.items()
                if (counts & (labels == group)).any()
            }
            for group in groups
        ]
    return result


def _estimates(values: Columns, structure: NDArray[Any], chosen: NDArray[np.bool_]) -> dict[str, Any]:
    bootstrap = StructureBootstrap(structure[chosen])
    return {
        "n_spectra": bootstrap.n_spectra,
        "n_structures": bootstrap.n_structures,
        **{name: bootstrap.over_spectra(column[chosen]).to_dict() for name, column in values.items()},
        "difference": bootstrap.over_spectra((values["model"] - values["baseline"])[chosen]).to_dict(),
    }
