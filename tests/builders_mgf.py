"""Small spectrum files for the tests of reading, made on the spot."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from matchms import Spectrum

from matchms_fingerprint.io import ReadReport, UnreadableBlock, iter_features

Peaks = Iterable[tuple[Any, Any]]
TWO_PEAKS = ((85.02, 10.0), (193.0354, 20.0))


def mgf_block(peaks: Peaks = TWO_PEAKS, end: bool = True, **keys: Any) -> str:
    """Return one MGF block; a key that is None is left out."""
    lines = ["BEGIN IONS"]
    lines += [f"{key}={value}" for key, value in keys.items() if value is not None]
    lines += [f"{mz} {intensity}" for mz, intensity in peaks]
    return "\n".join([*lines, "END IONS"] if end else lines) + "\n"


def feature_block(feature_id: Any, peaks: Peaks = TWO_PEAKS, **keys: Any) -> str:
    """Return an MS2 block as MZmine writes it for a feature."""
    keys = {"FEATURE_ID": feature_id, "PEPMASS": 194.0427, "CHARGE": "1+", "MSLEVEL": 2} | keys
    return mgf_block(peaks, **keys)


def read_items(path: Path, **options: Any) -> tuple[list[Spectrum | UnreadableBlock], ReadReport]:
    """Return what a file gives, and the report."""
    report = ReadReport()
    return list(iter_features(path, report=report, **options)), report


def read_text(
    folder: Path, text: str | bytes, name: str = "spectra.mgf", **options: Any
) -> tuple[list[Any], ReadReport]:
    """Write a file and read it."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return read_items(path, **options)


def read_one(folder: Path, text: str | bytes, name: str = "spectra.mgf", **options: Any) -> Spectrum:
    """Write a file with one spectrum and read it."""
    items, _ = read_text(folder, text, name, **options)
    assert len(items) == 1, items
    assert isinstance(items[0], Spectrum), str(items[0])
    return items[0]
