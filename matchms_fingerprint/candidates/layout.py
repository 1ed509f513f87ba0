"""What a library looks like on disk: the columns of its table, and library.json."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from matchms_fingerprint.chem import FingerprintSpec
from matchms_fingerprint.errors import FingerprintSpecError, LibraryError
from matchms_fingerprint.io.artifacts import write_json

FORMAT = "matchms_fingerprint candidate library"
FORMAT_VERSION = 1
MANIFEST = "library.json"
STRUCTURES = "structures.arrow"
REJECTS = "rejects.tsv"


def library_schema(spec: FingerprintSpec, has_classes: bool = False) -> pa.Schema:
    """Return the columns of `structures.arrow`; its rows ascend by exact mass, then by InChIKey.

    A library has the column `classes` where its input gave compound classes.
    """
    return pa.schema(
        [
            ("exact_mass", pa.float64()),
            ("fingerprint", pa.binary(8 * spec.n_words)),
            ("inchikey", pa.string()),
            ("smiles", pa.string()),
            ("formula", pa.string()),
            ("names", pa.list_(pa.string())),
            ("sources", pa.list_(pa.string())),
            *([("classes", pa.list_(pa.string()))] if has_classes else []),
        ]
    )


@dataclass(frozen=True)
class Batches:
    """Where the record batches of a library begin and end.

    Parameters
    ----------
    n_rows
        Rows of each batch, ndarray of shape (n_batches,), int64.
    first_mass, last_mass
        Lowest and highest exact mass (Da) of each batch, ndarrays of shape (n_batches,), float64, ascending.
    """

    n_rows: np.ndarray
    first_mass: np.ndarray
    last_mass: np.ndarray

    @classmethod
    def of(cls, bounds: Sequence[tuple[int, float, float]]) -> Batches:
        """Make it from (rows, first mass, last mass) of each batch."""
        rows, first, last = zip(*bounds, strict=True) if bounds else ((), (), ())
        return cls(np.array(rows, dtype=np.int64), np.array(first, dtype=float), np.array(last, dtype=float))

    def to_text(self) -> list[str]:
        """Return one short line for each batch."""
        bounds = zip(self.n_rows.tolist(), self.first_mass.tolist(), self.last_mass.tolist(), strict=True)
        return [f"{rows} {first:.6f} {last:.6f}" for rows, first, last in bounds]

    @classmethod
    def from_text(cls, lines: Sequence[str]) -> Batches:
        """Read what `to_text` wrote."""
        fields = [line.split() for line in lines]
        return cls.of([(int(rows), float(first), float(last)) for rows, first, last in fields])


@dataclass(frozen=True)
class Manifest:
    """The content of library.json.

    Parameters
    ----------
    fingerprint
        Which fingerprint the library holds.
    inputs
        One dictionary for each input file: file, bytes, sha256, rows.
    counts
        Rows read, rejected, merged (into another structure) and structures kept; reduced_mixtures are the rows of
        several compounds of which one was taken (a library made before these were counted has no such entry), and
        classified the structures whose input gave compound classes (no entry where there are none).
    batches
        Rows and masses of the record batches.
    n_bytes, sha256
        Size and checksum of `structures.arrow`; the checksum is for the user, opening does not compute it.
    versions
        Versions of what made the library.
    """

    fingerprint: FingerprintSpec
    inputs: list[dict[str, Any]]
    counts: dict[str, int]
    batches: Batches
    n_bytes: int
    sha256: str
    versions: dict[str, str]

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        masses = [float(self.batches.first_mass[0]), float(self.batches.last_mass[-1])]
        content = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "versions": self.versions,
            "fingerprint": str(self.fingerprint),
            "inputs": self.inputs,
            "counts": self.counts,
            "exact_mass_range_da": masses,
            "structures": {"file": STRUCTURES, "bytes": self.n_bytes, "sha256": self.sha256},
            "batches": self.batches.to_text(),
        }
        write_json(path, content)

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read library.json of a folder.

        Raises
        ------
        LibraryError
            If there is none, or it is not one that this version can read.
        """
        if not folder.is_dir():
            raise LibraryError(f"{folder}: no such library; make one with `matchms-fingerprint candidates build`")
        try:
            content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            kind, found = content["format"], content["format_version"]
        except FileNotFoundError:
            raise LibraryError(f"{folder}: not a candidate library (it has no {MANIFEST})") from None
        except (UnicodeDecodeError, ValueError, KeyError, TypeError) as error:
            raise LibraryError(f"{folder}: {MANIFEST} cannot be read ({error}); build the library again") from None
        if kind != FORMAT:
            raise LibraryError(f"{folder}: not a candidate library ({MANIFEST} is of another format)")
        if found != FORMAT_VERSION:
            raise LibraryError(
                f"{folder}: library format {found}, but this version reads {FORMAT_VERSION}; build the library again"
            )
        try:
            return cls(
                fingerprint=FingerprintSpec.parse(content["fingerprint"]),
                inputs=content["inputs"],
                counts=_counts(content["counts"]),
                batches=Batches.from_text(content["batches"]),
                n_bytes=int(content["structures"]["bytes"]),
                sha256=content["structures"]["sha256"],
                versions=content["versions"],
            )
        except (KeyError, TypeError, ValueError, FingerprintSpecError) as error:
            raise LibraryError(f"{folder}: {MANIFEST} is damaged ({error}); build the library again") from None


_OPTIONAL_COUNTS = ("reduced_mixtures", "classified")


def _counts(found: dict[str, Any]) -> dict[str, int]:
    names = ["read", "rejected", "merged", "kept", *(name for name in _OPTIONAL_COUNTS if name in found)]
    return {name: int(found[name]) for name in names}


def current_versions() -> dict[str, str]:
    """Return the versions of what makes a library."""
    names = ("matchms_fingerprint", "rdkit", "pyarrow", "numpy")
    return {"python": platform.python_version(), **{name: version(name) for name in names}}
