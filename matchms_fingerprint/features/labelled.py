"""Spectra with known structures as arrays: what models are trained on and measured with."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matchms import Spectrum
from numpy.typing import NDArray
from rdkit import Chem

from matchms_fingerprint.chem.fingerprints import FingerprintSpec, fingerprints, unpack_bits
from matchms_fingerprint.chem.structures import Structure, standardize
from matchms_fingerprint.errors import InputFileError, StructureError
from matchms_fingerprint.features.arrays import SpectrumArrays, join_arrays, spectrum_arrays
from matchms_fingerprint.io import load_spectra

logger = logging.getLogger("matchms_fingerprint")

_CHUNK = 2048


@dataclass(frozen=True)
class LabelledSpectra:
    """Spectra and the structures behind them.

    Parameters
    ----------
    spectra
        The spectra.
    ids
        Id of each spectrum, shape (n_spectra,), str.
    structure
        Position of its structure in the lists below, shape (n_spectra,), int64.
    smiles, inchikeys, formulas, masses
        Distinct structures by the first block of their InChIKey: SMILES, full InChIKey, formula, exact mass in Da.
    fingerprints
        Their packed fingerprints, shape (n_structures, n_words), uint64.
    fingerprint
        Specification of the fingerprints.
    """

    spectra: SpectrumArrays
    ids: NDArray[np.str_]
    structure: NDArray[np.int64]
    smiles: list[str]
    inchikeys: list[str]
    formulas: list[str]
    masses: NDArray[np.float64]
    fingerprints: NDArray[np.uint64]
    fingerprint: FingerprintSpec

    def __len__(self) -> int:
        return len(self.spectra)

    def bits(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Return the true bits of the spectra at `rows`, shape (n_rows, n_bits), uint8."""
        return unpack_bits(self.fingerprints[self.structure[rows]], self.fingerprint.n_bits)

    def keys(self) -> list[str]:
        """Return the InChIKey of each spectrum."""
        return [self.inchikeys[i] for i in self.structure]


def read_labelled_spectra(path: str | Path, fingerprint: FingerprintSpec) -> LabelledSpectra:
    """Read the spectra of a file that have a structure and at least one peak.

    Parameters
    ----------
    path
        Spectrum file with SMILES or InChI, in any format that `load_spectra` reads.
    fingerprint
        Fingerprint to compute of each structure.

    Raises
    ------
    InputFileError
        If no spectrum has a usable structure.
    """
    return label_spectra(load_spectra(path, per_feature="all"), fingerprint, str(path))


def label_spectra(spectra: Iterable[Spectrum], fingerprint: FingerprintSpec, origin: str) -> LabelledSpectra:
    """Gather the spectra that have a structure and at least one peak.

    Parameters
    ----------
    spectra
        matchms spectra with `smiles` or `inchi` in their metadata.
    fingerprint
        Fingerprint to compute of each structure.
    origin
        Where they are from, for messages.

    Raises
    ------
    InputFileError
        If no spectrum has a usable structure.
    """
    structures = _StructureIndex()
    parts: list[SpectrumArrays] = []
    ids: list[str] = []
    labels: list[int] = []
    for chunk in _chunks(spectra):
        labelled = [(s, label) for s in chunk if s.peaks.mz.size and (label := structures.label(s)) is not None]
        parts.append(spectrum_arrays(spectrum for spectrum, _ in labelled))
        ids += [str(s.get("spectrum_id") or s.get("feature_id") or "") for s, _ in labelled]
        labels += [label for _, label in labelled]
    if not labels:
        raise InputFileError(f"{origin}: no spectrum has a usable structure; give spectra with SMILES or INCHI")
    if structures.n_failed:
        logger.warning(
            "%s: %d spectra left out, their structure is missing or not understood", origin, structures.n_failed
        )
    found = structures.found
    return LabelledSpectra(
        spectra=join_arrays(parts),
        ids=np.array(ids),
        structure=np.array(labels, np.int64),
        smiles=[s.smiles for s in found],
        inchikeys=[s.inchikey for s in found],
        formulas=[s.formula for s in found],
        masses=np.array([s.exact_mass for s in found]),
        fingerprints=fingerprints((Chem.MolFromSmiles(s.smiles) for s in found), fingerprint),
        fingerprint=fingerprint,
    )


class _StructureIndex:
    """Numbers distinct structures as they come, each text standardised once."""

    def __init__(self) -> None:
        self.found: list[Structure] = []
        self.n_failed = 0
        self._by_text: dict[str, int | None] = {}
        self._by_block: dict[str, int] = {}

    def label(self, spectrum: Spectrum) -> int | None:
        """Return the number of the structure of a spectrum, or None."""
        text = str(spectrum.get("smiles") or spectrum.get("inchi") or "")
        if text not in self._by_text:
            self._by_text[text] = self._add(text)
        label = self._by_text[text]
        self.n_failed += label is None
        return label

    def _add(self, text: str) -> int | None:
        try:
            structure = standardize(text)
        except StructureError:
            return None
        block = structure.inchikey[:14]
        if block not in self._by_block:
            self._by_block[block] = len(self.found)
            self.found.append(structure)
        return self._by_block[block]


def _chunks(spectra: Iterable[Spectrum]) -> Iterator[list[Spectrum]]:
    chunk: list[Spectrum] = []
    for spectrum in spectra:
        chunk.append(spectrum)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
