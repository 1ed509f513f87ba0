"""The charge that the name of an adduct tells."""

from __future__ import annotations

import re

_CHARGE = re.compile(r"\](\d*)([+-])$")


def charge_of(adduct: str, ion_mode: str | None = None) -> int:
    """Return the signed charge of an adduct such as "[M+2H]2+"; of one that tells none, 1 of the ion mode's sign."""
    match = _CHARGE.search(adduct)
    if match is None:
        return -1 if ion_mode == "negative" else 1
    size = int(match[1] or 1)
    return size if match[2] == "+" else -size
