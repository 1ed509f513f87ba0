"""Folds: who trains, who chooses, who is asked once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.csv
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem.Scaffolds import MurckoScaffold

from matchms_fingerprint.errors import InputFileError, SettingsError
from matchms_fingerprint.features.labelled import LabelledSpectra
from matchms_fingerprint.io.tables import table_writer
from matchms_fingerprint.training.learned_split import SHARES, learn_split

FOLDS = ("train", "val", "test")
GROUPED = ("random", "inchikey", "scaffold", "formula")
"""Splits by the hash of a key."""
SPLITS = (*GROUPED, "learned")


@dataclass(frozen=True)
class FoldSource:
    """Where the folds come from: a table, or a split made here.

    Parameters
    ----------
    table
        Table with one row a spectrum, or None.
    fold_column, id_column
        Its columns.
    split
        Kind of split where there is no table.
    """

    table: Path | None
    fold_column: str = "fold_scaffold"
    id_column: str = "accession"
    split: str = "scaffold"

    def describe(self, seed: int) -> str:
        """Say in words where the folds come from."""
        if self.table is None:
            return f"{self.split}, drawn with seed {seed}"
        return f"column {self.fold_column} of {self.table.name}"

    def folds_of(self, data: LabelledSpectra, seed: int = 0) -> NDArray[np.str_]:
        """Return train, val or test for each spectrum; spectra that the table leaves out get an empty string.

        Raises
        ------
        InputFileError
            If the table knows none of the spectra.
        """
        if self.table is None:
            return make_folds(self.split, data, seed)
        known = read_folds(self.table, self.fold_column, self.id_column)
        folds = np.array([known.get(key, "") for key in data.ids.tolist()])
        if not (folds != "").any():
            raise InputFileError(
                f"{self.table}: column {self.id_column!r} holds none of the spectrum ids, such as {data.ids[0]!r}; "
                "name another with --id-column"
            )
        return folds


def read_folds(path: str | Path, fold_column: str, id_column: str) -> dict[str, str]:
    """Read a table with one row a spectrum (TSV or CSV, gzip or not): spectrum id -> fold.

    Raises
    ------
    InputFileError
        If the table or a column is missing, or a fold is none of train, val, test.
    """
    name = str(path)
    if not Path(path).is_file():
        raise InputFileError(f"{name}: no such file; give the table of folds with --folds")
    delimiter = "\t" if ".tsv" in name or ".txt" in name else ","
    try:
        table = pyarrow.csv.read_csv(
            name,
            parse_options=pyarrow.csv.ParseOptions(delimiter=delimiter),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types={fold_column: pyarrow.string(), id_column: pyarrow.string()}
            ),
        )
    except pyarrow.ArrowException as error:
        raise InputFileError(f"{name}: not a table ({' '.join(str(error).split())[:120]})") from None
    for column in (fold_column, id_column):
        if column not in table.column_names:
            raise InputFileError(f"{name}: no column {column!r}; it has {', '.join(table.column_names)}")
    folds = dict(zip(table[id_column].to_pylist(), table[fold_column].to_pylist(), strict=True))
    if wrong := sorted({str(fold) for fold in folds.values()} - {*FOLDS, ""}):
        raise InputFileError(f"{name}: column {fold_column!r} holds {', '.join(wrong[:5])}; expected train, val, test")
    return {str(key): str(fold) for key, fold in folds.items()}


def write_folds(
    path: str | Path, data: LabelledSpectra, columns: Mapping[str, NDArray[np.str_]], id_column: str = "accession"
) -> None:
    """Write a table with one row a spectrum that `read_folds` reads.

    Parameters
    ----------
    path
        TSV file to write.
    data
        The spectra.
    columns
        Name of each column, and train, val, test or "" for each spectrum. Spectra that are "" in all are left out.
    id_column
        Name of the column with the spectrum id.

    Raises
    ------
    InputFileError
        If an id stands for spectra of different folds, so that the table would not say which is which.
    """
    rows = list(zip(data.ids.tolist(), *(folds.tolist() for folds in columns.values()), strict=True))
    first: dict[str, tuple[str, ...]] = {}
    for row in rows:
        if first.setdefault(row[0], row) != row:
            raise InputFileError(
                f"spectrum id {row[0]!r} stands for several spectra of different folds; give each spectrum a "
                "SPECTRUM_ID of its own, or make no random split"
            )
    with table_writer(path, {id_column: ""} | dict.fromkeys(columns, "")) as write_row:
        for row in first.values():
            if any(row[1:]):
                write_row(dict(zip((id_column, *columns), row, strict=True)))


def make_folds(split: str, data: LabelledSpectra, seed: int = 0) -> NDArray[np.str_]:
    """Split spectra into train, val and test, about 80 / 10 / 10.

    Parameters
    ----------
    split
        One of `SPLITS`: see `assign_folds`, and `learned_split.learn_split` for "learned".
    data
        The spectra and their structures.
    seed
        Another seed gives other folds.

    Returns
    -------
    ndarray of shape (n_spectra,), str

    Raises
    ------
    SettingsError
        If the split is unknown, or there are too few structures to learn one.
    """
    if split == "learned":
        return np.array(FOLDS)[learn_split(data, seed=seed).part]
    return assign_folds(
        split,
        [data.smiles[i] for i in data.structure],
        data.keys(),
        [data.formulas[i] for i in data.structure],
        seed,
    )


def assign_folds(
    split: str, smiles: list[str], inchikeys: list[str], formulas: list[str], seed: int = 0
) -> NDArray[np.str_]:
    """Split spectra into train, val and test by the hash of a key, about 80 / 10 / 10.

    The fold of a group follows from a hash of its key and the seed, so that it does not change when spectra are added.

    Parameters
    ----------
    split
        "random": by spectrum. "inchikey": by the first block of the InChIKey. "scaffold": by Murcko scaffold (Bemis &
        Murcko 1996), acyclic compounds by structure. "formula": by molecular formula, so that no isomer of a test
        structure is trained on.
    smiles, inchikeys, formulas
        Structure of each spectrum.
    seed
        Another seed gives other folds.

    Returns
    -------
    ndarray of shape (n_spectra,), str
    """
    if split not in GROUPED:
        raise SettingsError(f"unknown split {split!r}; known are {', '.join(SPLITS)}")
    if split == "random":
        keys = [str(i) for i in range(len(smiles))]
    elif split == "inchikey":
        keys = [key[:14] for key in inchikeys]
    elif split == "formula":
        keys = formulas
    else:
        scaffolds = {text: murcko_scaffold(text) for text in set(smiles)}
        keys = [scaffolds[text] or key[:14] for text, key in zip(smiles, inchikeys, strict=True)]
    limits = np.cumsum(SHARES)
    return np.array([FOLDS[int(np.searchsorted(limits, _uniform(key, seed), side="right"))] for key in keys])


def leaking_structures(folds: NDArray[np.str_], inchikeys: list[str]) -> list[str]:
    """Return the first InChIKey blocks that stand in `test` and also in `train` or `val`, sorted."""
    blocks = np.array([key[:14] for key in inchikeys])
    test = set(blocks[folds == "test"])
    return sorted(test & set(blocks[(folds == "train") | (folds == "val")]))


def murcko_scaffold(smiles: str) -> str:
    """Return the Murcko scaffold as SMILES, without stereochemistry; "" for acyclic compounds.

    Bemis & Murcko, J. Med. Chem. 39 (1996) 2887.
    """
    mol = Chem.MolFromSmiles(smiles)
    return MurckoScaffold.MurckoScaffoldSmiles(mol=mol, includeChirality=False) if mol is not None else ""


def _uniform(key: str, seed: int) -> float:
    digest = hashlib.sha256(f"{seed}:{key}".encode()).digest()
    return int.from_bytes(digest[:7], "big") / 2**56
