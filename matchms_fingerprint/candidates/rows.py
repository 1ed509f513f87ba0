"""Rows on their way into a library: as they are read, and as a worker describes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import pyarrow as pa

from matchms_fingerprint.candidates.columns import split_classes
from matchms_fingerprint.chem import FingerprintSpec, describe, fingerprint_bytes, read_mol_block, read_molecule
from matchms_fingerprint.chem.mixtures import is_of_mixture
from matchms_fingerprint.errors import StructureError

CHUNK_ROWS = 1000  # about half a second of work


class Row(NamedTuple):
    """One row as a file or the caller gives it.

    `classes` are compound classes with ";" or "|" between them. `problem` says why the reader could not make sense of
    the row; it is empty for a good one.
    """

    number: int
    text: str
    name: str = ""
    source: str = ""
    classes: str = ""
    problem: str = ""


class Reject(NamedTuple):
    """A row that did not become a structure, and why."""

    file: str
    number: int
    text: str
    reason: str


@dataclass(frozen=True)
class Chunk:
    """Rows of one file that are described together.

    Parameters
    ----------
    file
        Name of the file, for the rejects.
    start
        Position of the first row in the whole input: what comes first gives its SMILES to a merged structure.
    rows
        The rows.
    is_mol_block
        The texts are mol blocks, not SMILES or InChI.
    position
        How much of the whole input has been read, in bytes of its files (or rows where there are no files).
    """

    file: str
    start: int
    rows: list[Row]
    is_mol_block: bool
    position: float


@dataclass(frozen=True)
class Described:
    """What became of a chunk: structures (columns of `row_schema`) and rejects.

    `n_reduced_mixtures` counts the structures that are one of several compounds in their row.
    """

    structures: pa.RecordBatch
    rejects: list[Reject]
    n_rows: int
    n_reduced_mixtures: int
    position: float


def row_schema(spec: FingerprintSpec) -> pa.Schema:
    """Return the columns of described rows."""
    return pa.schema(
        [
            ("position", pa.int64()),
            ("exact_mass", pa.float64()),
            ("fingerprint", pa.binary(8 * spec.n_words)),
            ("inchikey", pa.string()),
            ("smiles", pa.string()),
            ("formula", pa.string()),
            ("name", pa.string()),
            ("source", pa.string()),
            ("classes", pa.list_(pa.string())),
        ]
    )


def describe_chunk(chunk: Chunk, spec: FingerprintSpec, stopped: Callable[[], bool] = lambda: False) -> Described:
    """Standardize the structures of a chunk and compute their fingerprints; what fails becomes a reject.

    Parameters
    ----------
    chunk
        The rows.
    spec
        Which fingerprint.
    stopped
        Asked before each row; once it says True the rest is left out.
    """
    read = read_mol_block if chunk.is_mol_block else read_molecule
    good: list[tuple[object, ...]] = []
    rejects: list[Reject] = []
    n_reduced_mixtures = 0
    for i, row in enumerate(chunk.rows):
        if stopped():
            break
        try:
            if row.problem:
                raise StructureError(row.problem)
            mol = read(row.text)
            s = describe(mol)
            packed = fingerprint_bytes(mol, spec)
        except StructureError as error:
            rejects.append(Reject(chunk.file, row.number, row.text, str(error)))
        except Exception as error:  # RDKit's own failures on one structure must not stop millions of others
            reason = " ".join(f"{type(error).__name__}: {error}".split())[:200]
            rejects.append(Reject(chunk.file, row.number, row.text, reason))
        else:
            n_reduced_mixtures += is_of_mixture(mol)
            texts = (row.name or None, row.source or None, split_classes(row.classes) or None)
            good.append((chunk.start + i, s.exact_mass, packed, s.inchikey, s.smiles, s.formula, *texts))
    schema = row_schema(spec)
    columns = list(zip(*good, strict=True)) if good else [()] * len(schema)
    arrays = [pa.array(column, type=field.type) for column, field in zip(columns, schema, strict=True)]
    structures = pa.record_batch(arrays, schema=schema)
    return Described(structures, rejects, len(chunk.rows), n_reduced_mixtures, chunk.position)


def into_chunks(
    rows: Iterator[Row],
    file: str,
    start: int,
    is_mol_block: bool,
    position: Callable[[], float],
    before: float = 0.0,
) -> Iterator[Chunk]:
    """Cut the rows of one file into chunks; `position` is asked after each, and added to the size `before` it."""
    while pending := list(islice(rows, CHUNK_ROWS)):
        yield Chunk(file, start, pending, is_mol_block, before + position())
        start += len(pending)
