"""What a command says at its end: how many features got which status, and what the user can do about it."""

from __future__ import annotations

from collections.abc import Mapping

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


def show_statuses(console: Console, statuses: Mapping[str, int], success: str) -> None:
    """Show a table of the statuses that occur, `success` first and always."""
    table = plain_table("status", "features", "")
    table.columns[1].justify = "right"
    table.add_row(success, f"{statuses.get(success, 0):,}", "", style="green")
    for status, count in statuses.items():
        if count and status != success:
            table.add_row(status, f"{count:,}", HINTS.get(status, ""))
    console.print(table)
