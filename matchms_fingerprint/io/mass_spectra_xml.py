"""mzML and mzXML through pyteomics, scan by scan."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from matchms.importing.parsing_utils import find_by_key, parse_mzml_mzxml_metadata
from pyteomics import mzml, mzxml
from pyteomics.auxiliary import PyteomicsError
from pyteomics.xml import etree

from matchms_fingerprint.io.blocks import Block, BlockError, RawSpectrum, checked_peaks
from matchms_fingerprint.io.metadata import clean_metadata, ms_level_of, read_ion_mode
from matchms_fingerprint.io.sources import open_binary

_SCAN = re.compile(r"(?:controllerType=0 controllerNumber=1 )?scan=(\d+)")


class _NoVocabulary:
    """Stands in for the PSI-MS vocabulary, which pyteomics would fetch from the internet to learn types of values.

    Without it a value is a number where it looks like one, which is enough for spectra.
    """

    def __getitem__(self, accession: str) -> SimpleNamespace:
        return SimpleNamespace(name=accession, relationship=())


def read_mzml(path: Path) -> Iterator[Block]:
    """Yield the scans of an mzML file."""
    return _read(path, lambda handle: mzml.MzML(handle, use_index=False, decode_binary=False, cv=_NoVocabulary()))


def read_mzxml(path: Path) -> Iterator[Block]:
    """Yield the scans of an mzXML file."""
    return _read(path, lambda handle: mzxml.read(handle, use_index=False, decode_binary=False))


def parse_block(block: Block) -> RawSpectrum:
    """Read one scan.

    Raises
    ------
    BlockError
        If its arrays cannot be decoded, or peaks are missing.
    """
    scan = block.data
    try:
        arrays = [scan[name].decode() if name in scan else () for name in ("m/z array", "intensity array")]
    except Exception as error:  # base64, zlib, numpress and numpy each raise their own
        raise BlockError(f"its arrays cannot be decoded ({error})") from None
    mz, intensities = checked_peaks(*arrays)
    expected = int(scan.get("defaultArrayLength") or scan.get("peaksCount") or 0)
    if len(mz) < expected:
        raise BlockError(f"it should have {expected} peaks, but there are {len(mz)}")
    return RawSpectrum(mz, intensities, clean_metadata(_parameters(scan)))


def _read(path: Path, reader: Callable[[Any], Iterator[dict[str, Any]]]) -> Iterator[Block]:
    number = 0
    with open_binary(path) as handle:
        try:
            for scan in reader(handle):
                number += 1
                # spectra of other detectors (UV) state no MS level and are set aside with the MS1 scans
                level = ms_level_of(scan, "ms level", "msLevel") or 1
                yield Block(number, "", feature_id=_scan_number(scan) or str(number), ms_level=level, data=scan)
        except (etree.LxmlError, PyteomicsError, AttributeError, LookupError, TypeError, ValueError) as error:
            problem = f"the file breaks off here, what follows is lost ({error})"
            yield Block(number + 1, "", feature_id=f"after {number}", problem=problem)


def _scan_number(scan: dict[str, Any]) -> str | None:
    """Return the scan number, or None where the id does not consist of one (Waters and Sciex count per function)."""
    if "num" in scan:
        return str(scan["num"])
    match = _SCAN.fullmatch(str(scan.get("id", "")))
    return match[1] if match else None


def _parameters(scan: dict[str, Any]) -> dict[str, Any]:
    """Return what matchms reads from a scan, and what it passes over: polarity, times with units, collision energy."""
    found = parse_mzml_mzxml_metadata(scan)
    parameters: dict[str, Any] = {
        "title": found["title"],
        "precursor_mz": found["precursor_mz"] or _first(scan, "isolation window target m/z"),
        "scans": _scan_number(scan),
        "ms_level": scan.get("ms level") or scan.get("msLevel"),
        "retention_time": _seconds(_first(scan, "scan start time", "retentionTime")),
        "collision_energy": _first(scan, "collision energy", "collisionEnergy"),
        "ionmode": read_ion_mode(scan.get("polarity")),
        "native_id": scan.get("id") if "num" not in scan else None,
    }
    if "positive scan" in scan:
        parameters["ionmode"] = "positive"
    elif "negative scan" in scan:
        parameters["ionmode"] = "negative"
    charge = _first(scan, "charge state", "precursorCharge")
    if charge and parameters["ionmode"]:
        # charge states have no sign in these formats; the polarity of the scan gives it
        sign = -1 if parameters["ionmode"] == "negative" else 1
        parameters["charge"] = sign * abs(int(charge))
    return parameters


def _first(scan: dict[str, Any], *names: str) -> Any:
    """Return the first value of the first of these keys, at any depth of a scan."""
    return next((value for name in names for value in find_by_key(scan, name)), None)


def _seconds(time: Any) -> float | None:
    """Return a time in seconds; pyteomics keeps the unit beside the number."""
    if time is None:
        return None
    return float(time) * (60.0 if "minute" in str(getattr(time, "unit_info", "")) else 1.0)
