"""How purely the precursor of a spectrum was isolated, where the file tells it.

MZmine's check for chimeric spectra writes `PRECURSOR_PURITY`, the share of the signal in the isolation window that is
of the precursor, and `QUALITY_CHIMERIC`, one of `PASSED`, `CHIMERIC`, `MISSING_MAIN_SIGNAL` and `MISSING_MS1_SCAN`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

PURITY, FLAG = "precursor_purity", "quality_chimeric"
"""The keys in clean metadata."""
LEAST_PURITY = 0.75
"""Below it a spectrum is called chimeric: the default of MZmine's check, which knows nothing else of the sample."""
CHIMERIC, MISSING_MAIN_SIGNAL = "CHIMERIC", "MISSING_MAIN_SIGNAL"

_WORST_FIRST = (CHIMERIC, MISSING_MAIN_SIGNAL, "MISSING_MS1_SCAN", "PASSED")


def read_purity(value: Any) -> float | None:
    """Return a share from 0 to 1; None for anything else."""
    try:
        share = float(value)
    except (TypeError, ValueError):
        return None
    return share if 0.0 <= share <= 1.0 else None


def read_flag(value: Any) -> str | None:
    """Return what MZmine's check found; None for a word that it does not have."""
    flag = str(value).strip().upper().replace(" ", "_")
    return flag if flag in _WORST_FIRST else None


def isolation_warnings(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what clean metadata say against the isolation of the precursor, in words; nothing where all is well.

    The purity decides where it is known, since a threshold of the user's may stand behind a flag.
    """
    purity, flag = read_purity(metadata.get(PURITY)), metadata.get(FLAG)
    if flag == MISSING_MAIN_SIGNAL:
        return ("the precursor is not seen in the MS1 scan before: the spectrum may be of another compound",)
    if purity is not None and (purity < LEAST_PURITY or flag == CHIMERIC):
        return (f"chimeric: only {purity:.0%} of the signal in the isolation window is of this precursor",)
    if flag == CHIMERIC:
        return ("chimeric: other ions than this precursor were in the isolation window",)
    return ()


def worst_isolation(several: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return lowest purity and worst flag of spectra that are merged: what is in one of them is in the merged one."""
    purities = [metadata[PURITY] for metadata in several if PURITY in metadata]
    flags = [metadata[FLAG] for metadata in several if FLAG in metadata]
    worst: dict[str, Any] = {PURITY: min(purities)} if purities else {}
    return worst | ({FLAG: min(flags, key=_WORST_FIRST.index)} if flags else {})
