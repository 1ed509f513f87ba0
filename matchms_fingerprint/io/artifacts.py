"""Files that appear whole or not at all, and checksums that say which file it was."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from matchms_fingerprint.errors import InputFileError, OutputError


def sha256_of(path: str | Path) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits, read in blocks of 1 MiB."""
    digest = hashlib.sha256()
    with open(path, "rb") as handle:
        while block := handle.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


@contextmanager
def atomic_file(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` when the block ends well, else remove it."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial-{uuid.uuid4().hex[:8]}")
    try:
        yield partial
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: str | Path, marker: str, overwrite: bool = False) -> Iterator[Path]:
    """Yield a temporary folder beside `path`; rename it to `path` when the block ends well, else remove it.

    Parameters
    ----------
    path
        The folder to make.
    marker
        Name of the file by which a folder of this kind is known (`run.json`, `library.json`). Only such a folder, or
        an empty one, is ever replaced.
    overwrite
        Replace an existing folder. The old one stays until the new one is complete.

    Raises
    ------
    OutputError
        If `path` exists and may not be replaced.
    """
    path = Path(path)
    check_replaceable(path, marker, overwrite)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial-{uuid.uuid4().hex[:8]}")
    partial.mkdir()
    try:
        yield partial
        if path.exists():
            old = path.with_name(f".{path.name}.old-{uuid.uuid4().hex[:8]}")
            os.replace(path, old)
            os.replace(partial, path)
            shutil.rmtree(old)
        else:
            os.replace(partial, path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def check_replaceable(path: str | Path, marker: str, overwrite: bool) -> None:
    """Raise `OutputError` unless `path` is free, or may be replaced by a folder known by its file `marker`."""
    path = Path(path)
    if not path.exists():
        return
    if not path.is_dir():
        raise OutputError(f"{path}: exists and is not a folder; give another output with -o")
    if not any(path.iterdir()):
        return
    if not overwrite:
        raise OutputError(f"{path}: output folder exists; give another one with -o, or replace it with --overwrite")
    if not (path / marker).is_file():
        raise OutputError(
            f"{path}: not replaced, since it holds no {marker} and so was not made by this command; give another -o"
        )


def write_json(path: str | Path, content: Any) -> None:
    """Write `content` as indented JSON with a final newline, atomically."""
    with atomic_file(path) as partial:
        partial.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_json(path: str | Path) -> Any:
    """Read a JSON file; raise `InputFileError` naming it where it is missing or not JSON."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputFileError(f"{path}: no such file") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputFileError(f"{path}: not a JSON file ({error})") from None
