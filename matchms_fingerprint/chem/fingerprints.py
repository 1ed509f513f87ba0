"""Fingerprint specifications, and molecules to packed bits."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from rdkit import DataStructs
from rdkit.Chem import Mol, rdFingerprintGenerator, rdMolDescriptors

from matchms_fingerprint.errors import FingerprintSpecError

_MACCS_BITS = 167
# name of each parameter: (default, smallest, largest); the order is that of the canonical text
_PARAMETERS: dict[str, dict[str, tuple[int, int, int]]] = {
    "morgan": {"radius": (2, 0, 8), "bits": (4096, 8, 1 << 20)},
    "rdkit": {"bits": (2048, 8, 1 << 20)},
    "maccs": {},
}


@dataclass(frozen=True, slots=True)
class FingerprintSpec:
    """Which fingerprint: its kind and parameters.

    `str(spec)` is the canonical text, which `FingerprintSpec.parse` reads back.

    Parameters
    ----------
    kind
        "morgan", "rdkit" or "maccs".
    n_bits
        Length of the fingerprint.
    radius
        Radius of the Morgan environments in bonds; 0 for the other kinds.

    Examples
    --------
    >>> from matchms_fingerprint.chem import FingerprintSpec
    >>> str(FingerprintSpec.parse("morgan"))
    'morgan:radius=2,bits=4096'
    """

    kind: str
    n_bits: int
    radius: int = 0

    def __str__(self) -> str:
        values = {"radius": self.radius, "bits": self.n_bits}
        parameters = ",".join(f"{name}={values[name]}" for name in _PARAMETERS[self.kind])
        return f"{self.kind}:{parameters}" if parameters else self.kind

    @property
    def n_words(self) -> int:
        """Number of uint64 words that hold the bits."""
        return math.ceil(self.n_bits / 64)

    @classmethod
    def parse(cls, text: str | FingerprintSpec) -> FingerprintSpec:
        """Read a specification such as "morgan:radius=2,bits=4096", "rdkit:bits=2048" or "maccs".

        Parameters
        ----------
        text
            The specification; parameters that are left out have their defaults.

        Raises
        ------
        FingerprintSpecError
            If the kind or a parameter is unknown or out of range.
        """
        if isinstance(text, FingerprintSpec):
            return text
        kind, _, parameters = str(text).strip().lower().partition(":")
        kind = kind.strip()
        if kind not in _PARAMETERS:
            raise FingerprintSpecError(
                f"fingerprint {text!r}: unknown kind {kind!r}; use one of {', '.join(_PARAMETERS)}"
            )
        values = {name: limits[0] for name, limits in _PARAMETERS[kind].items()}
        given = [part for part in parameters.split(",") if part.strip()]
        values.update(_read_parameter(str(text), kind, part) for part in given)
        if len(given) != len({part.partition("=")[0].strip() for part in given}):
            raise FingerprintSpecError(f"fingerprint {text!r}: a parameter is given twice")
        return cls(kind, n_bits=values.get("bits", _MACCS_BITS), radius=values.get("radius", 0))


def _read_parameter(text: str, kind: str, part: str) -> tuple[str, int]:
    name, _, value = (piece.strip() for piece in part.partition("="))
    if name not in _PARAMETERS[kind]:
        known = ", ".join(_PARAMETERS[kind]) or "none"
        raise FingerprintSpecError(f"fingerprint {text!r}: unknown parameter {name!r}; {kind} has: {known}")
    _, low, high = _PARAMETERS[kind][name]
    if not value.isdecimal() or not low <= int(value) <= high:
        raise FingerprintSpecError(f"fingerprint {text!r}: {name} must be a whole number from {low} to {high}")
    return name, int(value)


@lru_cache(maxsize=16)
def _bit_vector_function(spec: FingerprintSpec) -> Callable[[Mol], DataStructs.ExplicitBitVect]:
    if spec.kind == "morgan":
        return rdFingerprintGenerator.GetMorganGenerator(
            radius=spec.radius, fpSize=spec.n_bits, includeChirality=False
        ).GetFingerprint
    if spec.kind == "rdkit":
        return rdFingerprintGenerator.GetRDKitFPGenerator(fpSize=spec.n_bits).GetFingerprint
    return rdMolDescriptors.GetMACCSKeysFingerprint


def fingerprint_bytes(mol: Mol, spec: FingerprintSpec) -> bytes:
    """Return the fingerprint of a molecule as `8 * spec.n_words` bytes, bits in the order of `fingerprint`."""
    packed: bytes = DataStructs.BitVectToBinaryText(_bit_vector_function(spec)(mol))
    return packed.ljust(8 * spec.n_words, b"\0")


def fingerprint(mol: Mol, spec: FingerprintSpec) -> np.ndarray:
    """Compute the fingerprint of one molecule.

    Parameters
    ----------
    mol
        RDKit molecule.
    spec
        Which fingerprint.

    Returns
    -------
    ndarray of shape (n_words,), uint64
        Bit `i` of the fingerprint is bit `i % 64` of word `i // 64`; the bits beyond `n_bits` are 0.
    """
    return np.frombuffer(fingerprint_bytes(mol, spec), dtype="<u8").astype(np.uint64)


def fingerprints(mols: Iterable[Mol], spec: FingerprintSpec) -> np.ndarray:
    """Compute the fingerprints of several molecules.

    Returns
    -------
    ndarray of shape (n_mols, n_words), uint64
        One row a molecule, bits as in `fingerprint`.
    """
    packed = b"".join(fingerprint_bytes(mol, spec) for mol in mols)
    return np.frombuffer(packed, dtype="<u8").astype(np.uint64).reshape(-1, spec.n_words)


def unpack_bits(packed: np.ndarray, n_bits: int) -> np.ndarray:
    """Turn packed fingerprints into one byte a bit.

    Parameters
    ----------
    packed
        ndarray of shape (n, n_words), uint64.
    n_bits
        Number of bits to return, at most 64 * n_words.

    Returns
    -------
    ndarray of shape (n, n_bits), uint8
    """
    octets = np.ascontiguousarray(packed, dtype="<u8").view(np.uint8)
    return np.unpackbits(octets, axis=-1, count=n_bits, bitorder="little")


def pack_bits(bits: np.ndarray) -> np.ndarray:
    """Turn bits into packed fingerprints; the inverse of `unpack_bits`.

    Parameters
    ----------
    bits
        ndarray of shape (n, n_bits); what is not 0 is a set bit.

    Returns
    -------
    ndarray of shape (n, n_words), uint64
    """
    bits = np.asarray(bits)
    n_words = math.ceil(bits.shape[-1] / 64)
    octets = np.zeros((*bits.shape[:-1], 8 * n_words), dtype=np.uint8)
    filled = np.packbits(bits != 0, axis=-1, bitorder="little")
    octets[..., : filled.shape[-1]] = filled
    return octets.view("<u8").astype(np.uint64)
