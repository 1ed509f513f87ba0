"""Blocks that share a feature id without being one feature, as in files made by joining several exports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matchms_fingerprint.io.blocks import RawSpectrum
from matchms_fingerprint.io.metadata import precursor_mz_of, settle_ion

TOLERANCE_DA = 0.02
TOLERANCE_PPM = 20.0


@dataclass(frozen=True, slots=True)
class Group:
    """Blocks that may be one feature.

    Parameters
    ----------
    indices
        Their positions in the input, ascending.
    reason
        Why they do not belong to the first group; empty for the first.
    """

    indices: tuple[int, ...]
    reason: str


def split_by_ion(spectra: Sequence[RawSpectrum]) -> list[Group]:
    """Group the spectra of one feature id by what they were measured from.

    Spectra belong together that agree in ion mode, precursor m/z (within 0.02 Da or 20 ppm, whichever is more), adduct,
    and structure (first block of the InChIKey, else SMILES). What is missing agrees with anything. Each spectrum goes
    into the first group with all of which it agrees.

    Parameters
    ----------
    spectra
        In the order of the file.
    """
    known: list[dict[str, Any]] = []  # for each group, what its spectra say
    members: list[list[int]] = []
    reasons: list[str] = []
    for index, spectrum in enumerate(spectra):
        facts = _facts(spectrum.metadata)
        for group, said in enumerate(known):
            if not _difference(said, facts):
                known[group] = facts | said  # the precursor stays that of the first, so that groups do not drift
                members[group].append(index)
                break
        else:
            reasons.append(_difference(known[0], facts) if known else "")
            known.append(facts)
            members.append([index])
    return [Group(tuple(indices), reason) for indices, reason in zip(members, reasons, strict=True)]


def _facts(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is known of the ion and the compound, by the names that people know."""
    settled = dict(metadata)
    try:
        settle_ion(settled, None)
    except Exception:  # what matchms refuses is reported when the spectrum is made
        return {}
    facts = {
        "ion mode": settled.get("ionmode"),
        "precursor m/z": precursor_mz_of(settled),
        "adduct": settled.get("adduct"),
        "InChIKey": str(settled.get("inchikey", ""))[:14],
        "SMILES": settled.get("smiles"),
    }
    return {name: value for name, value in facts.items() if value}


def _difference(said: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    """Return the first thing in which two do not agree, for people; empty where they agree."""
    for name in ("ion mode", "precursor m/z", "adduct", "InChIKey", "SMILES"):
        if name not in said or name not in facts:
            continue
        one, other = said[name], facts[name]
        if name == "precursor m/z":
            differ = abs(one - other) > max(TOLERANCE_DA, TOLERANCE_PPM * 1e-6 * one)
        else:
            differ = one != other
        if differ:
            return f"{name} {other} instead of {one}"
        if name == "InChIKey":
            break  # one structure has many SMILES
    return ""
