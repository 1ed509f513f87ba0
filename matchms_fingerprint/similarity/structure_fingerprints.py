"""Structures that stand in the metadata of reference spectra, as fingerprints."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from matchms import Spectrum
from numpy.typing import NDArray
from rdkit import rdBase

from matchms_fingerprint.chem import FingerprintSpec, fingerprint, read_molecule
from matchms_fingerprint.errors import StructureError

logger = logging.getLogger("matchms_fingerprint")


@dataclass(frozen=True)
class StructureFingerprints:
    """The fingerprints of the distinct structures of some spectra.

    Parameters
    ----------
    fingerprints
        Packed fingerprints, shape (n_structures, n_words), uint64.
    structure_of
        Row in `fingerprints` of each spectrum, -1 where it has none, shape (n_spectra,).
    texts
        SMILES or InChI of each structure, as it was read.
    """

    fingerprints: NDArray[np.uint64]
    structure_of: NDArray[np.intp]
    texts: list[str]


def structure_fingerprints(
    spectra: Sequence[Spectrum], wanted: Iterable[int], spec: FingerprintSpec, on_missing: str
) -> StructureFingerprints:
    """Compute the fingerprint of each distinct structure once.

    Parameters
    ----------
    spectra
        Spectra with `smiles` or `inchi` in their metadata; the InChI is used where the SMILES is missing or invalid.
    wanted
        Positions of the spectra that are needed; the others have none.
    spec
        Which fingerprint.
    on_missing
        "skip": spectra without a usable structure have none, and one warning counts them. "raise": they are an error.

    Raises
    ------
    StructureError
        For the first spectrum without a usable structure, with `on_missing="raise"`.
    """
    structure_of = np.full(len(spectra), -1, dtype=np.intp)
    known: dict[tuple[str, ...], int] = {}
    packed: list[NDArray[np.uint64]] = []
    read: list[str] = []
    n_wanted = n_missing = 0
    for position in wanted:
        n_wanted += 1
        texts = _structure_texts(spectra[position])
        if texts not in known:
            try:
                text, bits = _fingerprint_of(texts, spec)
            except StructureError as error:
                if on_missing == "raise":
                    raise StructureError(
                        f"reference spectrum {position}: {error}; add a smiles or inchi, or set "
                        "on_missing_structure='skip'"
                    ) from None
                known[texts] = -1
            else:
                known[texts] = len(packed)
                packed.append(bits)
                read.append(text)
        structure_of[position] = known[texts]
        n_missing += known[texts] < 0
    if n_missing:
        logger.warning(
            "%d of %d reference spectra have no usable smiles or inchi in their metadata; they score 0",
            n_missing,
            n_wanted,
        )
    fingerprints = np.array(packed, dtype=np.uint64).reshape(-1, spec.n_words)
    return StructureFingerprints(fingerprints, structure_of, read)


def _structure_texts(spectrum: Spectrum) -> tuple[str, ...]:
    metadata = spectrum.metadata
    values = (metadata.get("smiles"), metadata.get("inchi"))
    return tuple(value.strip() for value in values if isinstance(value, str) and value.strip())


def _fingerprint_of(texts: tuple[str, ...], spec: FingerprintSpec) -> tuple[str, NDArray[np.uint64]]:
    """Return the first text that is a structure with its fingerprint; raise `StructureError` with the first reason."""
    reason: StructureError | None = None
    with rdBase.BlockLogs():
        for text in texts:
            try:
                return text, fingerprint(read_molecule(text), spec)
            except StructureError as error:
                reason = reason or error
    raise reason or StructureError("no smiles or inchi in its metadata")
