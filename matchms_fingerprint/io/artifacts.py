"""Files that appear whole or not at all, and checksums that say which file it was."""

from __future__ import annotations

import glob
import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Collection, Iterator
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


FILES_BESIDE = {
    "run.json": frozenset(
        {
            "annotations.tsv",
            "mzmine_compounds.csv",
            "gnps_results.graphml",
            *(f"gnps_results_{rank}.graphml" for rank in range(2, 11)),
            "network_edges.csv",
            "annotated_spectra.mgf",
            "annotated_spectra.msp",
            "annotations.mztab",
            "report.html",
        }
    ),
    "library.json": frozenset({"structures.arrow", "rejects.tsv"}),
    "bundle.json": frozenset(
        {"weights.safetensors", "memory.safetensors", "substructures.json", "MODEL_CARD.md", "curve.png", "folds.tsv"}
    ),
}
"""What each kind of folder consists of, by its marker: nothing else in it is ever replaced or removed."""

_OF_THE_DESKTOP = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
"""Left by looking at a folder; they stay and do not matter."""


@contextmanager
def atomic_file(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` when the block ends well, else remove it.

    Raises
    ------
    OutputError
        If `path` cannot lie where it should.
    """
    target = _resolved(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = _partial_of(target, target.parent)
    try:
        yield partial
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def atomic_folder(
    path: str | Path, marker: str, overwrite: bool = False, known_names: Collection[str] | None = None
) -> Iterator[Path]:
    """Yield a temporary folder; what was put there becomes `path` when the block ends well, else it is removed.

    A new folder appears by renaming. One that exists (an empty one, `.`, a mount point, a link to a folder, or the
    result of an earlier run) stays itself, and its files are replaced one by one when all new ones are complete: its
    marker goes first and comes last, so that a folder with a marker is whole.

    Parameters
    ----------
    path
        The folder to make.
    marker
        Name of the file by which a folder of this kind is known (`run.json`, `library.json`). Only such a folder, or
        an empty one, is ever replaced.
    overwrite
        Replace an existing folder. The old files stay until the new ones are complete.
    known_names
        Files that an earlier run may have left in such a folder, beside `marker` and those that are put there now.
        None stands for `FILES_BESIDE`.

    Raises
    ------
    OutputError
        If `path` exists and may not be replaced, or cannot lie where it should.
    """
    check_replaceable(path, marker, overwrite, known_names)
    target = _resolved(path)
    stays = target.is_dir()
    target.parent.mkdir(parents=True, exist_ok=True)
    # in a folder that stays, since nothing can be renamed from beside a mount point into it
    partial = _partial_of(target, target if stays else target.parent)
    partial.mkdir()
    try:
        yield partial
        if stays:
            new = {item.name for item in partial.iterdir()}
            known = new | _known(marker, known_names)
            _check_content(path, marker, overwrite, known, ignored=partial.name)
            _fill(target, partial, marker, known)
        else:
            os.replace(partial, target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def check_replaceable(
    path: str | Path, marker: str, overwrite: bool, known_names: Collection[str] | None = None
) -> None:
    """Raise `OutputError` unless `path` is free, or holds only what `atomic_folder` may replace.

    To be called before the work; the parameters are those of `atomic_folder`. Where neither `known_names` nor
    `FILES_BESIDE` says what else such a folder holds, that is looked at when the work is done.
    """
    target = _resolved(path)
    if not target.exists():
        return
    if not target.is_dir():
        raise OutputError(f"{path}: exists and is not a folder; give another output with -o")
    is_known = known_names is not None or marker in FILES_BESIDE
    _check_content(path, marker, overwrite, _known(marker, known_names) if is_known else None)


def remove_leftovers(path: str | Path) -> None:
    """Remove what is left of writing the folder `path` by processes that were killed."""
    target = _resolved(path)
    for home in (target, target.parent):
        for leftover in home.glob(leftovers_of(target.name)):
            shutil.rmtree(leftover, ignore_errors=True)


def leftovers_of(name: str) -> str:
    """Return the pattern of what is left beside a file or folder `name` where the process that wrote it was killed."""
    return f".{glob.escape(name)}.partial-????????"


def _partial_of(target: Path, home: Path) -> Path:
    """Return a new temporary path for `target` in a folder; see `leftovers_of`."""
    return home / f".{target.name}.partial-{uuid.uuid4().hex[:8]}"


def check_parent(path: str | Path) -> None:
    """Raise `OutputError` if `path` can never be made, since something above it is a file or it is a link to itself."""
    _resolved(path)


def _resolved(path: str | Path) -> Path:
    """Return the absolute path behind all links: what is written goes to the target of a link, and the link stays."""
    target = Path(os.path.realpath(path))
    if target.is_symlink():
        raise OutputError(f"{path}: is a link that leads to itself; give another output with -o")
    for parent in target.parents:
        if parent.is_dir():
            break
        if parent.exists():
            raise OutputError(f"{path}: {parent} is a file, not a folder; give another output with -o")
    return target


def _known(marker: str, known_names: Collection[str] | None) -> set[str]:
    return {marker, *(FILES_BESIDE.get(marker, ()) if known_names is None else known_names)}


def _check_content(
    path: str | Path, marker: str, overwrite: bool, known: Collection[str] | None, ignored: str = ""
) -> None:
    """Raise `OutputError` unless the folder is empty or a result of which all files are `known` (None: not asked)."""
    items = sorted(item for item in _resolved(path).iterdir() if item.name not in (ignored, *_OF_THE_DESKTOP))
    if not items:
        return
    if not overwrite:
        raise OutputError(f"{path}: output folder exists; give another one with -o, or replace it with --overwrite")
    if not any(item.name == marker for item in items):
        raise OutputError(
            f"{path}: not replaced, since it holds no {marker} and so was not made by this command; give another -o"
        )
    for item in items:
        if known is not None and (item.name not in known or item.is_dir()):
            raise OutputError(
                f"{path}: not replaced, since it holds {item.name}, which this command did not make;"
                " move that away or give another -o"
            )


def _fill(target: Path, partial: Path, marker: str, known: Collection[str]) -> None:
    """Put the files of `partial` into `target` in place of what is known there, the marker last."""
    new = sorted((item.name for item in partial.iterdir()), key=lambda name: (name == marker, name))
    (target / marker).unlink(missing_ok=True)
    for name in set(known).difference(new):
        (target / name).unlink(missing_ok=True)
    for name in new:
        os.replace(partial / name, target / name)


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
