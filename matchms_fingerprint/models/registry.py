"""Architectures by name: what a model bundle may ask for, and what `train --architecture` offers."""

from __future__ import annotations

from typing import Any

from matchms_fingerprint.errors import ModelError
from matchms_fingerprint.models.architecture import Architecture
from matchms_fingerprint.models.binned_mlp import BinnedMLP

ARCHITECTURES: dict[str, type[Architecture]] = {"binned_mlp": BinnedMLP}


def build_network(architecture: str, config: dict[str, Any]) -> Architecture:
    """Build an untrained network.

    Raises
    ------
    ModelError
        If the architecture or one of its settings is not known.
    """
    if architecture not in ARCHITECTURES:
        raise ModelError(f"unknown architecture {architecture!r}; known are {', '.join(ARCHITECTURES)}")
    try:
        return ARCHITECTURES[architecture](**config)
    except TypeError as error:
        raise ModelError(f"settings do not fit architecture {architecture!r}: {error}") from None
