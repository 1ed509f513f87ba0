"""NIST MSP, as MZmine, MS-DIAL, MassBank, MoNA and matchms write it; lines are read by the functions of matchms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from matchms.importing.load_from_msp import get_peak_comment, get_peak_values, parse_metadata

from matchms_fingerprint.io.blocks import PEAK_START, Block, BlockError, RawSpectrum, checked_peaks
from matchms_fingerprint.io.metadata import clean_metadata, minutes_to_seconds, ms_level_of
from matchms_fingerprint.io.sources import open_text, repaired_text

_NUM_PEAKS = re.compile(r"num[ _]?peaks\s*:\s*(.*)", re.IGNORECASE)
_NAME = re.compile(r"name\s*:", re.IGNORECASE)
_MISREAD = re.compile(r"\d,\d|(?:^|[\s;:])-\d")
"""What the number pattern of matchms takes apart in the wrong way: comma decimals and minus signs."""


def read_blocks(path: Path) -> Iterator[Block]:
    """Yield the blocks of an MSP file.

    A block ends with a blank line or a key behind its peaks, or where a second `Name` comes.
    """
    lines: list[str] = []
    number = 1
    named = complete = False
    with open_text(path) as handle:
        for line in handle:
            text = line.strip()
            if PEAK_START.match(line.lstrip()):
                complete = True
            elif lines and (complete or (named and _NAME.match(text))):
                yield make_block(number, "".join(lines))
                number, lines, named, complete = number + 1, [], False, False
            if not text:
                continue
            lines.append(line)
            named = named or _NAME.match(text) is not None
            count = _NUM_PEAKS.match(text)
            complete = complete or (count is not None and count[1] == "0")
    if lines:
        yield make_block(number, "".join(lines))


def make_block(number: int, text: str) -> Block:
    """Return the block of a text that holds the keys and peaks of one spectrum."""
    text = repaired_text(text)
    parameters = {}
    for line in text.split("\n"):
        if line[:1].isdigit():
            break
        key, _, value = line.partition(":")
        parameters[key.strip().lower().replace(" ", "_")] = value.strip()
    return Block(
        number,
        text,
        feature_id=parameters.get("feature_id") or None,
        ms_level=ms_level_of(parameters, "ms_level", "mslevel", "spectrum_type", "ms_type"),
        problem="" if any(_NUM_PEAKS.match(key + ":") for key in parameters) else "it has no line `Num Peaks`",
    )


def parse_block(block: Block) -> RawSpectrum:
    """Read one block.

    Raises
    ------
    BlockError
        If a peak or the precursor cannot be read, or peaks are missing.
    """
    parameters: dict[str, Any] = {}
    mz: list[float] = []
    intensities: list[float] = []
    expected = 0
    for line in block.text.split("\n"):
        line = line.strip()
        if PEAK_START.match(line):
            values = _peaks_of_line(line)
            mz += values[0]
            intensities += values[1]
        elif count := _NUM_PEAKS.match(line):
            expected = int(count[1]) if count[1].isdecimal() else 0
        elif line:
            parse_metadata(line, parameters)
    if len(mz) < expected:
        raise BlockError(f"Num Peaks says {expected}, but there are {len(mz)}")
    minutes_to_seconds(parameters)
    return RawSpectrum(*checked_peaks(mz, intensities), clean_metadata(parameters))


def _peaks_of_line(line: str) -> tuple[list[float], list[float]]:
    """Return m/z values and intensities; nearly always one of each, perhaps with a comment behind them."""
    words = line.split(maxsplit=2)
    if len(words) == 2 or (len(words) == 3 and words[2][0] in "\"'"):
        try:
            return [float(words[0])], [float(words[1])]
        except ValueError:
            pass
    try:
        _, line = get_peak_comment(line)
        if _MISREAD.search(line):
            raise ValueError
        values: tuple[list[float], list[float]] = get_peak_values(line)
    except (RuntimeError, ValueError):
        raise BlockError(f"the line {line[:80]!r} holds no pairs of numbers") from None
    return values
