"""Mascot Generic Format: split into blocks here, each block read by pyteomics.

pyteomics reads an MGF file as one stream, in which a bad line ends everything. Here it gets one block at a time,
without the lines that would trip it and that nobody needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pyteomics.auxiliary import PyteomicsError
from pyteomics.mgf import MGF

from matchms_fingerprint.io.blocks import PEAK_START, Block, BlockError, RawSpectrum, checked_peaks
from matchms_fingerprint.io.metadata import (
    clean_metadata,
    is_unknown,
    ms_level_of,
    read_charge,
    read_number,
    read_precursor,
)
from matchms_fingerprint.io.sources import open_text, repaired_text

_BEGIN, _END = "BEGIN IONS", "END IONS"


def read_blocks(path: Path) -> Iterator[Block]:
    """Yield the blocks of an MGF file; a block without its `END IONS` ends where the next one begins."""
    header = ""
    lines: list[str] | None = None
    number = 0
    with open_text(path) as handle:
        for line in handle:
            if line[:1].isdigit():  # a peak, like most lines
                if lines is not None:
                    lines.append(line)
                continue
            mark = line.strip().upper()
            if mark == _BEGIN:
                if lines is not None:
                    yield make_block(number, "".join(lines))
                number += 1
                lines = [header] if header else []
            elif lines is not None:
                lines.append(line)
                if mark == _END:
                    yield make_block(number, "".join(lines))
                    lines = None
            elif number == 0 and "=" in line:
                header += line  # keys above the first block hold for every block
    if lines is not None:
        yield make_block(number, "".join(lines))


def make_block(number: int, text: str) -> Block:
    """Return the block of a text that runs from after `BEGIN IONS` to `END IONS`."""
    text = repaired_text(text)
    parameters = {}
    for line in text.split("\n"):
        if line[:1].isdigit():
            break
        key, separator, value = line.partition("=")
        if separator:
            parameters[key.strip().lower()] = value.strip()
    return Block(
        number,
        text,
        feature_id=parameters.get("feature_id") or None,
        ms_level=ms_level_of(parameters, "mslevel", "ms_level"),
        problem="" if text.rstrip()[-len(_END) :].upper() == _END else "END IONS is missing",
    )


def parse_block(block: Block) -> RawSpectrum:
    """Read one block.

    Raises
    ------
    BlockError
        If a peak or the precursor cannot be read.
    """
    reader = MGF(_lines_for_pyteomics(block.text), use_header=False, convert_arrays=1, read_charges=False)
    try:
        (spectrum,) = reader  # to its end: half-read, it would refer to itself and wait for the garbage collector
    except (PyteomicsError, ValueError) as error:
        raise BlockError(_reason(error)) from None
    mz, intensities = checked_peaks(spectrum["m/z array"], spectrum["intensity array"])
    return RawSpectrum(mz, intensities, clean_metadata(spectrum["params"]))


def _lines_for_pyteomics(text: str) -> Iterator[str]:
    yield _BEGIN
    for line in text.split("\n"):
        if line[:1].isdigit():
            yield line
            continue
        line = line.strip()
        key, separator, value = line.partition("=")
        if separator:
            value = _plain_value(key.strip().upper(), value.strip())
            if value:
                yield f"{key.strip()}={value}"
        elif PEAK_START.match(line):
            yield line
    yield _END


def _plain_value(key: str, value: str) -> str:
    """Return a value as pyteomics can read it, or nothing where it says nothing."""
    if key == "CHARGE":
        return _plain_charge(value)
    if key == "RTINSECONDS":
        try:
            return str(float(value))
        except ValueError:
            return ""
    if key == "PEPMASS":
        mz, *rest = value.split() or [""]
        if is_unknown(mz):
            return ""
        read_precursor(mz)  # where it is no number, its reason is better than that of pyteomics
        if rest and read_number(rest[0]) is None:
            return mz
        # the second number is the intensity, the third one the charge
        return " ".join([mz, *rest[:1], *([_plain_charge(rest[1])] if len(rest) > 1 else [])])
    return value


def _plain_charge(value: str) -> str:
    charge = read_charge(value)
    return "" if charge is None else f"{abs(charge)}{'-' if charge < 0 else '+'}"


def _reason(error: Exception) -> str:
    message = str(getattr(error, "message", error))
    _, separator, line = message.rpartition("Line:\n")
    return f"the line {line.strip()[:80]!r} is not a peak" if separator else message
