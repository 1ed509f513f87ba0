"""Collision energies, read from the many ways in which they are written.

Two scales are in use. Time-of-flight and triple-quadrupole instruments state the laboratory energy in eV (or V of
offset, the same number for singly charged ions). Orbitraps state a *normalized* collision energy (NCE, in percent),
which stands for an energy that grows with the precursor: eV = NCE x (m/z) / 500 x charge factor, 1 for a single charge
(Thermo Fisher Scientific, product support bulletin PSB 104, "Normalized Collision Energy Technology").
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

NCE_REFERENCE_MZ = 500.0
"""Precursor m/z at which the normalized energy in percent equals the energy in eV."""

_NUMBER = re.compile(r"(?<![A-Za-z\d.])\d+(?:\.\d+)?")
_RANGE = re.compile(r"(\d+(?:\.\d+)?)(\s*(?:%|ev|v)?\s*)-\s*(\d)", re.IGNORECASE)
_PARENTHESES = re.compile(r"\([^)]*(?:m/?z|nominal|stepped|ramped)[^)]*\)", re.IGNORECASE)
_MZ_CONDITION = re.compile(r"\(?\s*m/?z\s*[=<>][^)]*\)?", re.IGNORECASE)
_NORMALIZED = re.compile(r"%|\bnce\b|\(nce\)|normali[sz]ed|nominal units", re.IGNORECASE)
_VOLTS = re.compile(r"\d\s*k?e?v\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CollisionEnergy:
    """A collision energy on both scales.

    Parameters
    ----------
    ev
        Laboratory energy in eV; the mean where several energies were stepped, ramped or merged. None where the text
        gives only a normalized energy and the precursor m/z is not known.
    normalized
        Normalized energy in percent, or None where it cannot be derived.
    stepped
        True where more than one energy went into the spectrum.
    """

    ev: float | None
    normalized: float | None
    stepped: bool = False


def parse_collision_energy(
    value: object, precursor_mz: float | None = None, normalized: bool | None = None
) -> CollisionEnergy | None:
    """Read a collision energy from a number or from text.

    Parameters
    ----------
    value
        A number, a list of numbers, or text such as `"30 eV"`, `"35% (nominal)"`, `"15,30,45 (NCE)"`,
        `"Ramp 21.1-31.6 eV"`, `"[20.0,45.0]"`.
    precursor_mz
        Precursor m/z, with which one scale is turned into the other.
    normalized
        Scale of a value that names no unit: True for percent, False for eV. None: eV.

    Returns
    -------
    CollisionEnergy or None
        None where the value holds no usable number.
    """
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, list | tuple):
        value = ",".join(str(item) for item in value)
    text = str(value).strip()
    energies = _numbers(text)
    if not energies:
        return None
    if _NORMALIZED.search(text):
        is_normalized = True
    elif _VOLTS.search(text):
        is_normalized = False
    else:
        is_normalized = bool(normalized)
    energy = sum(energies) / len(energies)
    stepped = len(set(energies)) > 1
    factor = precursor_mz / NCE_REFERENCE_MZ if precursor_mz and precursor_mz > 0 else None
    if is_normalized:
        return CollisionEnergy(ev=energy * factor if factor else None, normalized=energy, stepped=stepped)
    return CollisionEnergy(ev=energy, normalized=energy / factor if factor else None, stepped=stepped)


def _numbers(text: str) -> list[float]:
    """Return the energies in a text, without masses, gas shares and other numbers that stand beside them."""
    text = _MZ_CONDITION.sub(" ", _PARENTHESES.sub(" ", text))
    text = re.sub(r"\bwith stepped.*|\bby ar\b.*", " ", text, flags=re.IGNORECASE)
    text = re.sub(r"\bCE\s*=?\s*(?=\d)", " ", text, flags=re.IGNORECASE)
    text = _RANGE.sub(r"\1\2, \3", text)
    factor = 1000.0 if re.search(r"\d\s*kV\b", text, re.IGNORECASE) else 1.0
    numbers = [float(match) * factor for match in _NUMBER.findall(text)]
    return [number for number in numbers if math.isfinite(number) and 0 < number < 2000]
