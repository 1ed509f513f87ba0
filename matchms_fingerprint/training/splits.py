"""Folds: who trains, who chooses, who is asked once."""

from __future__ import annotations

import hashlib
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

FOLDS = ("train", "val", "test")
SPLITS = ("random", "inchikey", "scaffold")
SHARES = (0.8, 0.1, 0.1)


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
            smiles = [data.smiles[i] for i in data.structure]
            return assign_folds(self.split, smiles, data.keys(), seed)
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
    if wrong := sorted({str(fold) for fold in folds.values()} - set(FOLDS)):
        raise InputFileError(f"{name}: column {fold_column!r} holds {', '.join(wrong[:5])}; expected train, val, test")
    return {str(key): str(fold) for key, fold in folds.items()}


def assign_folds(split: str, smiles: list[str], inchikeys: list[str], seed: int = 0) -> NDArray[np.str_]:
    """Split spectra into train, val and test, about 80 / 10 / 10.

    The fold of a group follows from a hash of its key and the seed, so that it does not change when spectra are added.

    Parameters
    ----------
    split
        "random": by spectrum. "inchikey": by the first block of the InChIKey. "scaffold": by Murcko scaffold (Bemis &
        Murcko 1996), acyclic compounds by structure.
    smiles, inchikeys
        Structure of each spectrum.
    seed
        Another seed gives other folds.

    Returns
    -------
    ndarray of shape (n_spectra,), str
    """
    if split not in SPLITS:
        raise SettingsError(f"unknown split {split!r}; known are {', '.join(SPLITS)}")
    if split == "random":
        keys = [str(i) for i in range(len(smiles))]
    elif split == "inchikey":
        keys = [key[:14] for key in inchikeys]
    else:
        scaffolds = {text: _scaffold(text) for text in set(smiles)}
        keys = [scaffolds[text] or key[:14] for text, key in zip(smiles, inchikeys, strict=True)]
    limits = np.cumsum(SHARES)
    return np.array([FOLDS[int(np.searchsorted(limits, _uniform(key, seed), side="right"))] for key in keys])


def leaking_structures(folds: NDArray[np.str_], inchikeys: list[str]) -> list[str]:
    """Return the first InChIKey blocks that stand in `test` and also in `train` or `val`, sorted."""
    blocks = np.array([key[:14] for key in inchikeys])
    test = set(blocks[folds == "test"])
    return sorted(test & set(blocks[folds != "test"]))


def _uniform(key: str, seed: int) -> float:
    digest = hashlib.sha256(f"{seed}:{key}".encode()).digest()
    return int.from_bytes(digest[:7], "big") / 2**56


def _scaffold(smiles: str) -> str:
    mol = Chem.MolFromSmiles(smiles)
    return MurckoScaffold.MurckoScaffoldSmiles(mol=mol, includeChirality=False) if mol is not None else ""
