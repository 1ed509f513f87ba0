"""Spectra as JSON: arrays of GNPS, matchms and MoNA, and one object per line as MZmine writes its libraries."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

from matchms_fingerprint.io.blocks import Block, BlockError, RawSpectrum, checked_peaks
from matchms_fingerprint.io.metadata import clean_metadata, minutes_to_seconds, ms_level_of
from matchms_fingerprint.io.sources import open_text, repaired_text

_CHUNK = 1 << 20
_BETWEEN = re.compile(r"[\s,]*")
_DECODER = json.JSONDecoder()
_PEAK_KEYS = ("peaks", "peaks_json", "spectrum")


def read_blocks(path: Path) -> Iterator[Block]:
    """Yield the objects of a JSON file, one at a time.

    Where each line is an object, a bad line costs that line. Where the file is one array, a place that is not JSON ends
    it: nothing says where the next object begins.
    """
    with open_text(path) as handle:
        start = handle.read(1)
        while start.isspace():
            start = handle.read(1)
        if start == "[":
            yield from _array_blocks("", handle)
            return
        first = start + handle.readline()
        if not _is_json(first):
            yield from _array_blocks(first, handle)
            return
        number = 0
        for line in chain([first], handle):
            if line.strip():
                number += 1
                yield make_block(number, line)


def make_block(number: int, text: str) -> Block:
    """Return the block of a text that is one JSON object."""
    text = repaired_text(text)
    try:
        return _block_of(number, text, json.loads(text))
    except (ValueError, RecursionError) as error:
        return Block(number, text, problem=f"not JSON: {error}")


def parse_block(block: Block) -> RawSpectrum:
    """Read one block.

    Raises
    ------
    BlockError
        If it has no peaks that can be read, or its precursor cannot be read.
    """
    parameters = dict(block.data)
    found = [parameters.pop(key) for key in _PEAK_KEYS if key in parameters]
    if not found:
        raise BlockError(f"it has none of the keys {', '.join(_PEAK_KEYS)}")
    minutes_to_seconds(parameters)
    return RawSpectrum(*checked_peaks(*_peaks(found[0])), clean_metadata(parameters))


def _array_blocks(buffer: str, handle: TextIO) -> Iterator[Block]:
    """Yield the objects of an array whose bracket is read already; it may stand on one endless line."""
    number = position = 0
    at_end = False
    while True:
        position = _BETWEEN.match(buffer, position).end()  # type: ignore[union-attr]
        if buffer.startswith("]", position) or (at_end and position == len(buffer)):
            return
        try:
            value, end = _DECODER.raw_decode(buffer, position)
        except (ValueError, RecursionError) as error:
            if at_end or _is_hopeless(error, len(buffer)):
                problem = f"not JSON: {error}; what follows in the file is lost"
                yield Block(number + 1, buffer[position : position + 200], problem=problem)
                return
            chunk = handle.read(_CHUNK)
            at_end = not chunk
            buffer, position = buffer[position:] + chunk, 0
            continue
        number += 1
        yield _block_of(number, repaired_text(buffer[position:end]), value)
        position = end


def _is_hopeless(error: Exception, length: int) -> bool:
    """Say whether more text cannot help: the fault lies well before the end of what was read."""
    if not isinstance(error, json.JSONDecodeError):
        return True  # nested too deeply, or a number with too many digits
    return not error.msg.startswith("Unterminated string") and error.pos < length - 64


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _block_of(number: int, text: str, value: Any) -> Block:
    if not isinstance(value, dict):
        return Block(number, text, problem=f"a spectrum has to be an object, this is {text.strip()[:40]!r}")
    data = {key.lower(): item for key, item in value.items()}
    feature_id = _text(data.get("feature_id"))
    problem = ""
    if isinstance(data.get("metadata"), list):
        try:
            data = _flat_mona(data)
        except (AttributeError, KeyError, IndexError, TypeError):
            problem = "its `metaData` and `compound` are not those of a MoNA record"
    ms_level = ms_level_of(data, "ms_level", "ms level", "mslevel")
    return Block(number, text, feature_id=feature_id, ms_level=ms_level, problem=problem, data=data)


def _text(value: Any) -> str | None:
    return None if value is None else str(value).strip() or None


def _flat_mona(data: dict[str, Any]) -> dict[str, Any]:
    """Return a record of MoNA as a flat dictionary: its metadata are lists of {"name": ..., "value": ...}."""
    compound = (data.get("compound") or [{}])[0]
    flat = {"spectrum_id": data.get("id"), "spectrum": data.get("spectrum", "")}
    flat |= {key.lower(): compound[key] for key in ("inchi", "inchiKey") if key in compound}
    if compound.get("names"):
        flat["compound_name"] = compound["names"][0].get("name")
    wanted = {"SMILES": "smiles", "molecular formula": "formula"}
    for entry in compound.get("metaData", []):
        if entry.get("name") in wanted:
            flat[wanted[entry["name"]]] = entry.get("value")
    for entry in data["metadata"]:
        flat.setdefault(str(entry.get("name")).lower(), entry.get("value"))
    return flat


def _peaks(peaks: Any) -> tuple[list[Any], list[Any]]:
    """Return m/z values and intensities of [[mz, intensity], ...], of that as text, or of "mz:intensity ..."."""
    try:
        if isinstance(peaks, str):
            peaks = json.loads(peaks) if peaks.lstrip().startswith("[") else [pair.split(":") for pair in peaks.split()]
        return [peak[0] for peak in peaks], [peak[1] for peak in peaks]
    except (TypeError, KeyError, IndexError, ValueError):
        raise BlockError("its peaks are not a list of pairs") from None
