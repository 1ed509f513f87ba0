"""Encoders of structures by name."""

from __future__ import annotations

from typing import Any

from matchms_fingerprint.errors import ModelError
from matchms_fingerprint.models.molecules.fingerprint_encoder import FingerprintEncoder
from matchms_fingerprint.models.molecules.message_passing import MessagePassing
from matchms_fingerprint.models.molecules.molecule_encoder import MoleculeEncoder

MOLECULE_ENCODERS: dict[str, type[MoleculeEncoder]] = {
    "fingerprint": FingerprintEncoder,
    "message_passing": MessagePassing,
}


def build_molecule_encoder(name: str, settings: dict[str, Any], n_bits: int) -> MoleculeEncoder:
    """Build an untrained encoder of structures.

    Parameters
    ----------
    name
        One of `MOLECULE_ENCODERS`.
    settings
        Its settings.
    n_bits
        Bits of the fingerprint, for encoders that read it.

    Raises
    ------
    ModelError
        If the encoder or one of its settings is not known.
    """
    if name not in MOLECULE_ENCODERS:
        raise ModelError(f"unknown encoder of structures {name!r}; known are {', '.join(MOLECULE_ENCODERS)}")
    kind = MOLECULE_ENCODERS[name]
    sizes = {} if kind.needs_graphs else {"n_bits": n_bits}
    try:
        return kind(**settings | sizes)
    except TypeError as error:
        raise ModelError(f"settings do not fit the encoder of structures {name!r}: {error}") from None
