"""Encoders and heads by name: what a model bundle may ask for, and what `train` offers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from matchms_fingerprint.errors import ModelError
from matchms_fingerprint.models.encoders.binned_mlp import BinnedMLP
from matchms_fingerprint.models.encoders.deep_sets import DeepSets
from matchms_fingerprint.models.encoders.encoder import Encoder
from matchms_fingerprint.models.encoders.formula_bag import FormulaBag
from matchms_fingerprint.models.encoders.formula_transformer import FormulaTransformer
from matchms_fingerprint.models.encoders.peak_transformer import PeakTransformer
from matchms_fingerprint.models.heads.grouped_bits import GroupedBits
from matchms_fingerprint.models.heads.head import Head
from matchms_fingerprint.models.heads.independent_bits import IndependentBits
from matchms_fingerprint.models.heads.siamese_bits import SiameseBits
from matchms_fingerprint.models.heads.unfolding import Unfolding
from matchms_fingerprint.models.network import Network
from matchms_fingerprint.models.scorers.registry import build_scorer, scorer_name

ENCODERS: dict[str, type[Encoder]] = {
    "binned_mlp": BinnedMLP,
    "deep_sets": DeepSets,
    "peak_transformer": PeakTransformer,
    "formula_transformer": FormulaTransformer,
    "formula_bag": FormulaBag,
}
HEADS: dict[str, type[Head]] = {
    "independent_bits": IndependentBits,
    "grouped_bits": GroupedBits,
    "unfolding": Unfolding,
    "siamese": SiameseBits,
}


@dataclass(frozen=True)
class NetworkSettings:
    """What builds a network: its parts by name, their settings (JSON-safe), and the number of bits."""

    encoder: str
    encoder_settings: dict[str, Any]
    head: str
    head_settings: dict[str, Any]
    n_bits: int
    scorer: str | None = None
    scorer_settings: dict[str, Any] = field(default_factory=dict)


def build_network(settings: NetworkSettings) -> Network:
    """Build an untrained network.

    Raises
    ------
    ModelError
        If the encoder, the head, or one of their settings is not known.
    """
    encoder: Encoder = _build("encoder", ENCODERS, settings.encoder, settings.encoder_settings)
    sizes = {"n_embedding": encoder.n_embedding, "n_bits": settings.n_bits}
    head: Head = _build("head", HEADS, settings.head, settings.head_settings | sizes)
    if settings.scorer is None:
        return Network(encoder, head)
    return Network(encoder, head, build_scorer(settings.scorer, settings.scorer_settings, **sizes))


def network_settings(values: dict[str, Any]) -> NetworkSettings:
    """Read the fields of `NetworkSettings`; raise `ModelError` where some are missing or unknown."""
    try:
        return NetworkSettings(**values)
    except TypeError as error:
        raise ModelError(f"the description of the network does not fit this version: {error}") from None


def find_encoder(name: str) -> type[Encoder]:
    """Return an encoder by its name.

    Raises
    ------
    ModelError
        If there is none of this name.
    """
    return _find("encoder", ENCODERS, name)


def find_head(name: str) -> type[Head]:
    """Return a head by its name.

    Raises
    ------
    ModelError
        If there is none of this name.
    """
    return _find("head", HEADS, name)


def describe_network(network: Network) -> NetworkSettings:
    """Return the settings that build a network again."""
    names = {kind: name for name, kind in (*ENCODERS.items(), *HEADS.items())}
    return NetworkSettings(
        encoder=names[type(network.encoder)],
        encoder_settings=network.encoder.settings,
        head=names[type(network.head)],
        head_settings=network.head.settings,
        n_bits=network.head.last.out_features,
        scorer=None if network.scorer is None else scorer_name(network.scorer),
        scorer_settings={} if network.scorer is None else network.scorer.settings,
    )


def _build(kind: str, known: Mapping[str, type[Any]], name: str, settings: dict[str, Any]) -> Any:
    try:
        return _find(kind, known, name)(**settings)
    except TypeError as error:
        raise ModelError(f"settings do not fit the {kind} {name!r}: {error}") from None


def _find(kind: str, known: Mapping[str, type[Any]], name: str) -> type[Any]:
    if name not in known:
        raise ModelError(f"unknown {kind} {name!r}; known are {', '.join(known)}")
    return known[name]
