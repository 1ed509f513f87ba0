"""MassSpecGym's own files: its spectra and folds, and its lists of candidates (Bushuiev et al. 2024, arXiv 2410.23326).

The protocol of its leaderboard: every spectrum of the fold `test` counts once, whatever its number of peaks; its
candidates are those listed for its SMILES; right is a candidate whose InChIKey has the first block of the truth; hit@k
is the mean over spectra. MassSpecGym sorts by score and leaves the order of equal scores open; here the truth gets the
mean rank of those that tie with it, and `tie_bounds` of a result says between which values any order lies.
"""

from __future__ import annotations

import csv
import json
import math
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from matchms import Spectrum
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem.rdMolDescriptors import CalcMolFormula

from matchms_fingerprint.candidates.parallel import available_cores, map_in_order
from matchms_fingerprint.chem.fingerprints import FingerprintSpec, fingerprints
from matchms_fingerprint.errors import InputFileError
from matchms_fingerprint.evaluation.competition import Advance
from matchms_fingerprint.evaluation.retrieval import CandidateList
from matchms_fingerprint.features.labelled import LabelledSpectra, label_spectra

SPECTRA = "MassSpecGym.tsv"
CANDIDATES = {
    "mass": "MassSpecGym_retrieval_candidates_mass.json",
    "formula": "MassSpecGym_retrieval_candidates_formula.json",
}
NEEDED = ("identifier", "mzs", "intensities", "smiles", "precursor_mz", "adduct", "fold")
KINDS = {
    "mass": "MassSpecGym's candidates of the same mass",
    "formula": "MassSpecGym's candidates of the same formula, which counts as given",
}

Value = TypeVar("Value")


@dataclass(frozen=True)
class MassSpecGymFiles:
    """Where the files lie.

    Parameters
    ----------
    spectra
        The table of spectra.
    candidates
        Kind of list ("mass", "formula") -> JSON file; at least one.
    """

    spectra: Path
    candidates: dict[str, Path]

    @classmethod
    def find(cls, folder: str | Path) -> MassSpecGymFiles:
        """Find the files in a folder or below it.

        Raises
        ------
        InputFileError
            If the table, or both lists of candidates, are missing.
        """
        folder = Path(folder)
        if not folder.is_dir():
            raise InputFileError(f"{folder}: no such folder; give the one with {SPECTRA}")
        spectra = next(iter(sorted(folder.rglob(SPECTRA))), None)
        if spectra is None:
            raise InputFileError(f"{folder}: holds no {SPECTRA}")
        found = {kind: next(iter(sorted(folder.rglob(name))), None) for kind, name in CANDIDATES.items()}
        candidates = {kind: path for kind, path in found.items() if path is not None}
        if not candidates:
            raise InputFileError(f"{folder}: holds none of {', '.join(CANDIDATES.values())}")
        return cls(spectra, candidates)


@dataclass(frozen=True)
class MassSpecGymData:
    """The spectra of MassSpecGym.

    Parameters
    ----------
    data
        Spectra and structures.
    folds
        Fold of each spectrum, shape (n_spectra,), str.
    smiles
        The SMILES of the table for each structure, by which its candidates are found.
    """

    data: LabelledSpectra
    folds: NDArray[np.str_]
    smiles: list[list[str]]


def read_massspecgym(path: str | Path, fingerprint: FingerprintSpec) -> MassSpecGymData:
    """Read `MassSpecGym.tsv`.

    Parameters
    ----------
    path
        The table: one row a spectrum, m/z and intensities separated by commas.
    fingerprint
        Fingerprint to compute of each structure.

    Raises
    ------
    InputFileError
        If there is no such file, a column is missing, or a row cannot be read.
    """
    folds: dict[str, str] = {}
    texts: dict[str, str] = {}

    def spectra() -> Iterator[Spectrum]:
        for number, row in enumerate(_rows(path), start=2):
            try:
                yield _spectrum(row)
            except ValueError as error:
                raise InputFileError(f"{path}: line {number} is not a spectrum ({error})") from None
            folds[row["identifier"]], texts[row["identifier"]] = row["fold"], row["smiles"]

    data = label_spectra(spectra(), fingerprint, str(path))
    smiles: list[list[str]] = [[] for _ in data.smiles]
    for name, label in zip(data.ids.tolist(), data.structure.tolist(), strict=True):
        if texts[name] not in smiles[label]:
            smiles[label].append(texts[name])
    return MassSpecGymData(data, np.array([folds[name] for name in data.ids.tolist()]), smiles)


def _rows(path: str | Path) -> Iterator[dict[str, str]]:
    csv.field_size_limit(sys.maxsize)
    try:
        with open(path, encoding="utf-8", newline="") as handle:
            reader = csv.DictReader(handle, delimiter="\t")
            missing = [name for name in NEEDED if name not in (reader.fieldnames or ())]
            if missing:
                raise InputFileError(f"{path}: no column {', '.join(missing)}; is this {SPECTRA}?")
            yield from reader
    except FileNotFoundError:
        raise InputFileError(f"{path}: no such file") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputFileError(f"{path}: not a table ({error})") from None


def _spectrum(row: Mapping[str, str]) -> Spectrum:
    mz, intensities = (np.array(row[name].split(","), np.float64) for name in ("mzs", "intensities"))
    if mz.size != intensities.size:
        raise ValueError(f"{mz.size} m/z and {intensities.size} intensities")
    order = np.argsort(mz, kind="stable")
    metadata: dict[str, Any] = {
        "spectrum_id": row["identifier"],
        "smiles": row["smiles"],
        "precursor_mz": float(row["precursor_mz"]),
        "adduct": row["adduct"],
        "ionmode": "negative" if row["adduct"].endswith("-") else "positive",
        "instrument_type": row.get("instrument_type") or "",
    }
    energy = float(row.get("collision_energy") or "nan")
    if math.isfinite(energy):
        metadata["collision_energy"] = f"{energy:g} eV"  # a bare number would be a normalized one on an Orbitrap
    return Spectrum(mz[order], intensities[order], metadata=metadata, metadata_harmonization=False)


class MassSpecGymCandidates:
    """The lists of candidates of MassSpecGym, as a source for `evaluation.competition`.

    Parameters
    ----------
    files
        Where the lists lie.
    spectra
        The spectra that were read.
    fold
        The fold whose lists are wanted.
    n_jobs
        Number of worker processes that compute fingerprints; None takes all cores.
    advance
        Told about the progress.

    Raises
    ------
    InputFileError
        If a list is no such JSON file, or has no candidates for a structure of the fold.
    """

    def __init__(
        self,
        files: MassSpecGymFiles,
        spectra: MassSpecGymData,
        fold: str,
        n_jobs: int | None = None,
        advance: Advance = lambda *_: None,
    ) -> None:
        structures = np.unique(spectra.data.structure[spectra.folds == fold]).tolist()
        self._lists: dict[int, dict[str, CandidateList]] = {label: {} for label in structures}
        for kind, path in files.candidates.items():
            listed = _read_lists(path)
            chosen = [_of_structure(listed, spectra.smiles[label], path) for label in structures]
            listed.clear()
            work = _ListBuilder(spectra.data.fingerprint)
            made = map_in_order(work, chosen, n_jobs or available_cores())
            for done, (label, candidates) in enumerate(zip(structures, made, strict=True), start=1):
                self._lists[label][kind] = candidates
                advance(f"fingerprints of {kind} candidates", done, len(structures))

    def kinds(self) -> dict[str, str]:
        """Return the kinds of lists, each with a description in words."""
        kinds = next(iter(self._lists.values()), {})
        return {kind: KINDS[kind] for kind in kinds}

    def lists(self, structure: int) -> dict[str, CandidateList]:
        """Return one list for each kind."""
        return self._lists[structure]

    def optional(self) -> frozenset[str]:
        """Return no kind: what there is a file for is reported."""
        return frozenset()


def _read_lists(path: Path) -> dict[str, list[str]]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputFileError(f"{path}: not a JSON file ({error})") from None
    if not isinstance(content, dict):
        raise InputFileError(f"{path}: not a list of candidates; expected SMILES -> list of SMILES")
    return content


def _of_structure(listed: Mapping[str, list[str]], smiles: list[str], path: Path) -> tuple[str, list[str]]:
    for text in smiles:
        if text in listed:
            return text, listed[text]
    raise InputFileError(f"{path}: no candidates for {smiles[0]}; the table and the list are of different versions")


class _ListBuilder:
    """Makes fingerprints and labels of one list; picklable, for worker processes."""

    def __init__(self, fingerprint: FingerprintSpec) -> None:
        self.fingerprint = fingerprint

    def __call__(self, item: tuple[str, list[str]], _stopped: Callable[[], bool]) -> CandidateList:
        truth, candidates = item
        mols = [mol for text in candidates if (mol := Chem.MolFromSmiles(text)) is not None]
        return CandidateList(fingerprints(mols, self.fingerprint), _is_same_structure(truth, mols))


def _is_same_structure(truth: str, mols: list[Chem.Mol]) -> NDArray[np.bool_]:
    """Tell which molecules have the first InChIKey block of the truth; only those of its heavy atoms can."""
    target = Chem.MolFromSmiles(truth)
    atoms, key = _heavy_atoms(target), Chem.MolToInchiKey(target)[:14]
    return np.array([_heavy_atoms(mol) == atoms and Chem.MolToInchiKey(mol)[:14] == key for mol in mols], dtype=bool)


def _heavy_atoms(mol: Chem.Mol) -> str:
    """Return the formula without hydrogen and charge, which the first block of an InChIKey does not always tell."""
    return re.sub(r"H(?![a-z])\d*|[+-]\d*$", "", CalcMolFormula(mol))
