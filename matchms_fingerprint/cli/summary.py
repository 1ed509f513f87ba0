"""What a command says at its end: how many features got which status, and what the user can do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console

from matchms_fingerprint.cli.terminal import plain_table

HINTS = {
    "unsure": "no hit reaches --min-probability; classes and substructures may still be told",
    "no_candidates": "try a larger library (--candidates), --ppm or --adduct",
    "too_few_peaks": "see --min-peaks",
    "unknown_ion_mode": "give --ion-mode",
    "no_precursor": "the input gives no precursor m/z",
    "unreadable": "named above, with block and reason",
}
"""What the user can do about each status."""

CONFIDENCES = (0.9, 0.7, 0.5, 0.3, 0.0)
"""Probabilities of the best hit at which features are counted."""


def show_confidence(console: Console, probabilities: Sequence[float], is_calibrated: bool) -> None:
    """Show how many features have a best hit of at least some probability, and how many of them are expected false.

    Parameters
    ----------
    console
        Where to.
    probabilities
        Of the best hit of each feature.
    is_calibrated
        Whether the probabilities count how often hits are wrong.
    """
    import numpy as np

    from matchms_fingerprint.annotation.posterior.false_discoveries import expected_false

    table = plain_table("probability", "features", *(["expected false"] if is_calibrated else []))
    for column in table.columns[1:]:
        column.justify = "right"
    for least in CONFIDENCES:
        n, false = expected_false(np.array(probabilities), least)
        table.add_row(
            f"{least:.0%} or more" if least else "all", f"{n:,}", *([f"{false:,.1f}"] if is_calibrated else [])
        )
    console.print(table)


def show_statuses(console: Console, statuses: Mapping[str, int], success: str) -> None:
    """Show a table of the statuses that occur, `success` first and always."""
    table = plain_table("status", "features", "")
    table.columns[1].justify = "right"
    table.add_row(success, f"{statuses.get(success, 0):,}", "", style="green")
    for status, count in statuses.items():
        if count and status != success:
            table.add_row(status, f"{count:,}", HINTS.get(status, ""))
    console.print(table)
