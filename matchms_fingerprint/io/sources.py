"""Which kind of spectrum file this is, by its content, and how to open it."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from matchms_fingerprint.errors import InputFileError

SUPPORTED = "MGF, MSP, mzML, mzXML or JSON, plain or .gz"
_HEAD_BYTES = 1 << 20
_GZIP = b"\x1f\x8b"
_SIGNATURES = {
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a ZIP archive (unpack it first)",
    b"BZh": "a bzip2 archive (unpack it first)",
    b"\xfd7zXZ": "an xz archive (unpack it first)",
    b"7z\xbc\xaf": "a 7z archive (unpack it first)",
    b"\x89HDF": "an HDF5 file",
    b"SQLite format 3": "an SQLite database",
    b"\xff\xfe": "UTF-16 text (save it as UTF-8)",
    b"\xfe\xff": "UTF-16 text (save it as UTF-8)",
    b"\x01\xa1F\x00i\x00n\x00n\x00i\x00g\x00a\x00n": "a Thermo raw file (convert it to mzML first)",
}
_BEGIN_IONS = re.compile(rb"^[ \t]*BEGIN IONS[ \t]*$", re.MULTILINE | re.IGNORECASE)
_NUM_PEAKS = re.compile(rb"^[ \t]*num[ _]?peaks[ \t]*:", re.MULTILINE | re.IGNORECASE)


@contextmanager
def open_binary(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading bytes, through gzip where it starts like gzip.

    Raises
    ------
    InputFileError
        If the file cannot be opened, or a gzip file turns out to be damaged or cut off.
    """
    try:
        with open(path, "rb") as plain:
            if plain.read(2) == _GZIP:
                plain.seek(0)
                with gzip.open(plain, "rb") as unpacked:
                    yield cast(BinaryIO, unpacked)
            else:
                plain.seek(0)
                yield plain
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputFileError(f"{path}: the gzip file is damaged or cut off ({error}); fetch it again") from None


@contextmanager
def open_text(path: Path) -> Iterator[TextIO]:
    """Open a file as UTF-8 text; bytes that are not UTF-8 come as surrogates, see `repaired_text`."""
    with open_binary(path) as handle:
        yield io.TextIOWrapper(handle, encoding="utf-8-sig", errors="surrogateescape")


def repaired_text(text: str) -> str:
    """Read as Latin-1 what was not UTF-8."""
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape").decode("latin-1")
    return text


def detect_format(path: Path) -> str:
    """Return "MGF", "MSP", "mzML", "mzXML" or "JSON".

    The content decides; the name does not, since an MSP file called `.mgf` is still an MSP file.

    Raises
    ------
    InputFileError
        If the file is missing, empty, a folder, or of another kind.
    """
    if path.is_dir():
        raise InputFileError(f"{path}: is a folder; give one file ({SUPPORTED})")
    try:
        with open_binary(path) as handle:
            head = handle.read(_HEAD_BYTES)
    except FileNotFoundError:
        raise InputFileError(f"{path}: no such file; give a spectrum file ({SUPPORTED})") from None
    except OSError as error:
        raise InputFileError(f"{path}: cannot be read ({error.strerror or error})") from None
    for signature, what in _SIGNATURES.items():
        if head.startswith(signature):
            raise InputFileError(f"{path}: not a spectrum file but {what}; give {SUPPORTED}")
    start = head.removeprefix(b"\xef\xbb\xbf").replace(b"\r", b"\n").lstrip()
    if not start:
        raise InputFileError(f"{path}: is empty; give a spectrum file ({SUPPORTED})")
    found = None if b"\x00" in head else _format_of_text(start)
    if found is None:
        raise InputFileError(
            f"{path}: not a spectrum file, it starts with {start[:20].decode('latin-1')!r}; give {SUPPORTED}"
        )
    return found


def _format_of_text(start: bytes) -> str | None:
    """Return the format that a text begins, or None."""
    if start.startswith(b"<"):
        tag = re.search(rb"<(?:\w+:)?(indexedmzML|mzML|mzXML)\b", start[: 1 << 16])
        return {b"indexedmzML": "mzML", b"mzML": "mzML", b"mzXML": "mzXML"}[tag[1]] if tag else None
    if re.match(rb"\[\s*[{\]]|\{\s*[\"}]", start):
        return "JSON"
    if _BEGIN_IONS.search(start):
        return "MGF"
    return "MSP" if _NUM_PEAKS.search(start) else None
