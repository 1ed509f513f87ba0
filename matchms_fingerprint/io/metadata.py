"""Metadata of one spectrum, from the many ways in which files write it to the way of matchms.

Names of keys, m/z, retention times and adducts are matchms' business and left to its own functions. What stands here is
what they lack for the exports of MZmine: every spelling of a charge, `ION=`, blanks in adducts, precursors of 0, and an
ion mode that is derived rather than believed.
"""

from __future__ import annotations

import json
import logging
import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from matchms import Metadata, Spectrum
from matchms.filtering import (
    add_retention_index,
    add_retention_time,
    interpret_pepmass,
)
from matchms.filtering.filter_utils.interpret_unknown_adduct import get_charge_of_adduct
from matchms.importing.parsing_utils import parse_spectrum_dict

from matchms_fingerprint.io.adduct_names import clean_adduct_name
from matchms_fingerprint.io.blocks import BlockError, RawSpectrum
from matchms_fingerprint.io.isolation import FLAG, PURITY, read_flag, read_purity

_UNKNOWN = frozenset({"", "N/A", "n/a", "NA", "NaN", "nan", "None", "none", "null", "Unknown", "unknown", "?"})
_FOREIGN_KEYS = {
    "fragmenation_method": "fragmentation_method",  # spelled like this in MZmine's JSON
    "ion": "adduct",
    "ionization_mode": "ionmode",
    "lib_id": "spectrum_id",
    "polarity": "ionmode",
    "precursor_m/z": "precursor_mz",
    "raw_file_name": "file_name",
    "scan_number": "scans",
}
"""Names that MZmine and MoNA use and matchms does not know."""

_MINUTES_KEYS = frozenset({"rt", "retentiontime", "retention time", "rettime"})
_CHARGE = re.compile(r"([+-]?)(\d+)(?:\.0*)?([+-]?)")
_DECIMAL_COMMA = re.compile(r"\d{1,5},\d+")
_INCHIKEY = re.compile(r"[A-Z]{14}-[A-Z]{10}-[A-Z]")
_MOLECULE = re.compile(r"\[?\d?M(?![a-z])")


@contextmanager
def quiet_matchms() -> Iterator[None]:
    """Silence matchms, which logs each thing it mends to stdout; its level and handlers stay as the user set them."""
    loggers = (logging.getLogger("matchms"), logging.getLogger("pickydict"))
    before = [logger.disabled for logger in loggers]
    for logger in loggers:
        logger.disabled = True
    try:
        yield
    finally:
        for logger, disabled in zip(loggers, before, strict=True):
            logger.disabled = disabled


def is_unknown(value: Any) -> bool:
    """Say whether a value stands for "not known"."""
    return value is None or (isinstance(value, str) and value.strip() in _UNKNOWN)


def read_charge(value: Any) -> int | None:
    """Return a signed charge; None where it is absent, 0 or not a charge.

    Understands `1`, `1+`, `+1`, `-1`, `1-`, `-1-`, `0+` and the like; of a list ("2+ and 3+") the first, like matchms.
    """
    if isinstance(value, list | tuple):
        value = value[0] if value else None
    if value is None:
        return None
    match = _CHARGE.fullmatch(re.split(r",|;|\band\b", str(value))[0].strip())
    if match is None:
        return None
    sign, digits, sign_after = match.groups()
    charge = -int(digits) if "-" in (sign, sign_after) else int(digits)
    return charge or None


def read_ms_level(value: Any) -> int | None:
    """Return 2 for 2, "2", "MS2" and "ms 2", 1 for "MS"; None where it is absent or something else."""
    text = re.sub(r"[\s^]", "", str(value)).lower()
    if text == "ms":
        return 1
    text = text.removeprefix("ms").removesuffix(".0")
    return int(text) if text.isdecimal() and int(text) > 0 else None


def ms_level_of(parameters: Mapping[str, Any], *names: str) -> int | None:
    """Return the MS level that one of the keys `names` states; correlated MS1 signals of MZmine may state none."""
    for name in names:
        if name in parameters:
            return read_ms_level(parameters[name])
    return 1 if str(parameters.get("spectype", "")).upper() == "CORRELATED MS" else None


def read_ion_mode(value: Any) -> str | None:
    """Return "positive" or "negative" from POSITIVE, Positive, pos, P, +, ...; None from anything else."""
    text = str(value).strip().lower()
    if text in ("+", "p") or text.startswith("pos"):
        return "positive"
    return "negative" if text in ("-", "n") or text.startswith("neg") else None


def read_number(value: Any) -> float | None:
    """Return a finite float, or None."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def minutes_to_seconds(parameters: dict[str, Any]) -> None:
    """Turn retention times without a unit into seconds, in MSP and JSON files.

    There `RT` and `RETENTIONTIME` are minutes (MZmine, MS-DIAL, MassBank). `RETENTION_TIME` is the key of matchms,
    which writes seconds, and `RTINSECONDS` says so itself.
    """
    for key in parameters:
        if key.lower() in _MINUTES_KEYS:
            minutes = read_number(parameters[key])
            if minutes is not None:
                parameters[key] = minutes * 60.0


def clean_metadata(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata of one block: keys as matchms names them, values that matchms can take as they are.

    Raises
    ------
    BlockError
        If the precursor m/z is not a number.
    """
    metadata: dict[str, Any] = {}
    for key, value in parameters.items():
        name = _matchms_key(key)
        if not is_unknown(value) and (name not in metadata or name == key):
            metadata[name] = value if isinstance(value, str | int | float | tuple) else _as_text(name, value)
    metadata.pop("num_peaks", None)
    for name, read in _READERS.items():
        if name in metadata:
            _set(metadata, name, read(metadata[name]))
    _clean_precursor(metadata)
    _clean_retention_time(metadata)
    if "inchikey" not in metadata and _INCHIKEY.fullmatch(str(metadata.get("inchi_aux"))):
        metadata["inchikey"] = metadata.pop("inchi_aux")
    return metadata


def _ms_level_text(value: Any) -> str | None:
    """Return "2" for all ways to write it: text, since that is what matchms' own filter expects."""
    level = read_ms_level(value)
    return None if level is None else str(level)


_READERS: dict[str, Callable[[Any], Any]] = {
    "charge": read_charge,
    "ionmode": read_ion_mode,
    "parent_mass": read_number,
    "ms_level": _ms_level_text,
    "scans": str,
    "adduct": str,
    "collision_energy": str,
    PURITY: read_purity,
    FLAG: read_flag,
}


def settle_ion(metadata: dict[str, Any], ion_mode: str | None) -> str:
    """Settle adduct, charge and ion mode in place, by the order of trust: adduct, charge, IONMODE, `ion_mode`.

    Returns
    -------
    str
        What does not agree, in one line with the remedy; empty where all agree.
    """
    charge = metadata.get("charge")
    evidence: dict[str, str | None] = {}
    if "adduct" in metadata:
        adduct, adduct_charge, evidence["adduct"] = _read_adduct(metadata["adduct"], charge)
        _set(metadata, "adduct", adduct)
        _set(metadata, "charge", adduct_charge if adduct_charge is not None else charge)
    if charge:
        evidence["charge"] = "positive" if charge > 0 else "negative"
    evidence["ion mode"] = metadata.get("ionmode")
    evidence["ion mode asked for"] = ion_mode
    said = {source: mode for source, mode in evidence.items() if mode is not None}
    if not said:
        return ""
    winner, mode = next(iter(said.items()))
    metadata["ionmode"] = mode
    losers = [source for source, other in said.items() if other != mode]
    if not losers:
        return ""
    return (
        f"the {winner} says {mode}, but not so the {' and the '.join(losers)}; {mode} is taken. If that is wrong,"
        f" remove the {winner} lines from the file"
    )


def build_spectrum(raw: RawSpectrum) -> Spectrum:
    """Make a matchms `Spectrum` of clean metadata, with matchms' own filters for the values, and sorted peaks.

    The filters run one by one where there is something to do: `metadata_harmonization=True` gives the same at twice the
    time.
    """
    content = {"params": raw.metadata, "m/z array": raw.mz, "intensity array": raw.intensities}
    with quiet_matchms():
        spectrum = parse_spectrum_dict(content, metadata_harmonization=False)
        if "pepmass" in raw.metadata:
            spectrum = interpret_pepmass(spectrum, clone=False)
        if isinstance(raw.metadata.get("retention_time"), str):
            spectrum = add_retention_time(spectrum, clone=False)
        if "retention_index" in raw.metadata:
            spectrum = add_retention_index(spectrum, clone=False)
    return spectrum


@lru_cache(maxsize=4096)
def _matchms_key(key: str) -> str:
    """Return the name that matchms gives a key. Its own code costs 10 microseconds a key, so each is asked once."""
    with quiet_matchms():
        name = next(iter(Metadata({key.strip(): ""}).keys()))
    return _FOREIGN_KEYS.get(name, name)


@lru_cache(maxsize=4096)
def _read_adduct(text: str, charge: int | None) -> tuple[str | None, int | None, str | None]:
    """Return the clean adduct, its charge and its ion mode, each None where it cannot be told.

    The charge of the file is used only where the adduct itself does not say its sign.
    """
    name = clean_adduct_name(text)
    adduct_charge = _charge_in(name)
    mode = None
    if adduct_charge is not None:
        mode = "positive" if adduct_charge > 0 else "negative"
    elif charge and _MOLECULE.match(name):  # no ion mode of it: that would be the charge's opinion once more
        name = clean_adduct_name(text, charge)
        adduct_charge = _charge_in(name)
    is_known = adduct_charge is not None and "?" not in name  # MZmine writes [M+?]+ where it does not know
    return name if is_known else None, adduct_charge, mode


def _charge_in(name: str) -> int | None:
    """Return the signed charge that a clean adduct states."""
    with quiet_matchms():
        return get_charge_of_adduct(name) or None


def read_precursor(text: str) -> float:
    """Return a precursor m/z; raise `BlockError` where it is not a number."""
    number = read_number(text)
    if number is not None:
        return number
    if _DECIMAL_COMMA.fullmatch(text):
        raise BlockError(
            f"the precursor m/z {text!r} has a decimal comma; write {text.replace(',', '.')}, or export once more in a"
            " program set to decimal points"
        )
    raise BlockError(f"the precursor m/z {text[:40]!r} is not a number")


def precursor_mz_of(metadata: Mapping[str, Any]) -> float | None:
    """Return the precursor m/z in clean metadata, where the file may have given it in either of two ways."""
    value = metadata.get("pepmass", metadata.get("precursor_mz"))
    return read_number(value[0] if isinstance(value, tuple) else value)


def _clean_precursor(metadata: dict[str, Any]) -> None:
    """Drop precursors of 0, which stand for none."""
    for name in ("pepmass", "precursor_mz"):
        value = metadata.get(name)
        if isinstance(value, tuple):
            value = value[0]
        if value is None:
            metadata.pop(name, None)
            continue
        number = read_precursor(str(value).split()[0])
        if number <= 0:
            del metadata[name]
        elif not isinstance(metadata[name], tuple):
            metadata[name] = number


def _clean_retention_time(metadata: dict[str, Any]) -> None:
    """Make it a float in seconds where it is a number; matchms reads those with a unit ("5.4 min") afterwards."""
    if "retention_time" in metadata:
        number = read_number(metadata["retention_time"])
        if number is not None:
            _set(metadata, "retention_time", number if number >= 0 else None)


def _as_text(name: str, value: Any) -> Any:
    """Return lists and the like as JSON text, since a list in the metadata breaks the hash of a spectrum."""
    if name == "charge":
        return read_charge(value)
    if name == "scans" and isinstance(value, list):
        return ",".join(map(str, value))
    return json.dumps(value, ensure_ascii=False)


def _set(metadata: dict[str, Any], name: str, value: Any) -> None:
    """Set a key, or remove it where the value is None."""
    if value is None:
        metadata.pop(name, None)
    else:
        metadata[name] = value
