"""Mass analysers, read from the many ways in which instruments are named."""

from __future__ import annotations

import re

ANALYZERS = ("unknown", "orbitrap", "tof", "unit")
"""Classes of the analyser that recorded the fragments: Fourier transform (Orbitrap, ICR), time of flight, and the
quadrupoles and ion traps that resolve unit mass."""

_PATTERNS = (
    ("tof", r"tof|impact|maxis|synapt|xevo g\d|qstar"),
    ("orbitrap", r"exactive|orbitr?ap|itft|qft|\bft\b|\bq?e?ft\b|\b(?:ft-?)?icr\b|exploris|fusion|astral|\bid-?x\b"),
    (
        "unit",
        r"\bq+\b|\bit\b|ion ?trap|\bl[ct]q\b|quadrupole|q-?trap|triple quad"
        r"|\bts?q|\btq|quattro|quadro|api ?\d{3,4}|lcms-80",
    ),
)
_COMPILED = tuple((ANALYZERS.index(name), re.compile(pattern, re.IGNORECASE)) for name, pattern in _PATTERNS)


def analyzer_index(instrument_type: str | None, instrument: str | None = None) -> int:
    """Return the position in `ANALYZERS` of an instrument.

    Parameters
    ----------
    instrument_type
        Type as MassBank writes it (`LC-ESI-QTOF`, `LC-ESI-ITFT`), or free text.
    instrument
        Name of the instrument, asked where the type says nothing.

    Returns
    -------
    int
        0 (unknown) where neither text names an analyser.
    """
    for text in (instrument_type, instrument):
        if text:
            for index, pattern in _COMPILED:
                if pattern.search(str(text)):
                    return index
    return 0


def states_normalized_energy(analyzer: int, fragmentation: str | None) -> bool:
    """Tell whether a collision energy without a unit is a normalized one: so on Orbitraps, and wherever it is HCD."""
    return ANALYZERS[analyzer] == "orbitrap" or "hcd" in str(fragmentation or "").lower()
