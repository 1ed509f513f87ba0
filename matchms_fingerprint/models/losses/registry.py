"""Losses by name, with what each needs and its settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from torch import Tensor

from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.models.losses.bits_and_overlap import bce_iou_loss
from matchms_fingerprint.models.losses.combined import combined_loss
from matchms_fingerprint.models.losses.cross_entropy import bce_loss, focal_loss
from matchms_fingerprint.models.losses.listwise import listwise_loss
from matchms_fingerprint.models.losses.overlap import cosine_loss, iou_loss
from matchms_fingerprint.models.losses.pairwise import pairwise_loss
from matchms_fingerprint.models.losses.temperature import START_TEMPERATURE

Kind = Literal["bits", "listwise", "pairwise", "combined"]
Scorer = Literal["cosine", "joint", "cross"]

_TEMPERATURE = {"temperature": START_TEMPERATURE, "learn_temperature": True}


@dataclass(frozen=True)
class LossSpec:
    """One row of the table of losses (De Waele et al. 2026).

    Parameters
    ----------
    name
        Name in `LOSSES`.
    kind
        "bits": `function(logits, bits)`. "listwise", "pairwise": `function(scores, correct, mask, temperature,
        prior)`. "combined": both, in this order.
    function
        Returns one value a spectrum.
    scorer
        Where the scores of candidates come from: "cosine" of the predicted fingerprint with theirs, "joint" embedding
        of spectra and structures, or "cross", a network that sees both. None for losses of bits.
    settings
        The settings and their defaults; numbers from 0 on, or bool.
    """

    name: str
    kind: Kind
    function: Callable[..., Tensor]
    scorer: Scorer | None = None
    settings: Mapping[str, float | bool] = field(default_factory=dict)

    @property
    def needs_candidates(self) -> bool:
        """Whether the loss ranks candidates."""
        return self.kind != "bits"

    def check_settings(self, given: Mapping[str, Any]) -> dict[str, float | bool]:
        """Return the settings with defaults for what is not given.

        Raises
        ------
        SettingsError
            If a name is unknown or a value is not of the kind of the default.
        """
        if unknown := sorted(set(given) - set(self.settings)):
            known = ", ".join(self.settings) or "none"
            raise SettingsError(f"unknown settings of the loss {self.name!r}: {', '.join(unknown)}; it has: {known}")
        for name, value in given.items():
            is_bool = isinstance(self.settings[name], bool)
            fits = isinstance(value, bool) == is_bool and (is_bool or (isinstance(value, int | float) and value >= 0))
            if not fits or (name == "weight" and value > 1):
                expected = "true or false" if is_bool else "a number " + ("0 to 1" if name == "weight" else "from 0 on")
                raise SettingsError(f"setting {name} of the loss {self.name!r} is {value!r}; expected {expected}")
        return {**self.settings, **given}


_SPECS = (
    LossSpec("bce", "bits", bce_loss),
    LossSpec("focal", "bits", focal_loss, settings={"gamma": 2.0}),
    LossSpec("cosine", "bits", cosine_loss),
    LossSpec("iou", "bits", iou_loss),
    LossSpec("bce_iou", "bits", bce_iou_loss, settings={"iou_weight": 1.0}),
    LossSpec("listwise_fingerprint", "listwise", listwise_loss, "cosine", _TEMPERATURE),
    LossSpec("listwise_embedding", "listwise", listwise_loss, "joint", _TEMPERATURE),
    LossSpec("listwise_cross", "listwise", listwise_loss, "cross", _TEMPERATURE),
    LossSpec("pairwise_fingerprint", "pairwise", pairwise_loss, "cosine", _TEMPERATURE),
    LossSpec("pairwise_embedding", "pairwise", pairwise_loss, "joint", _TEMPERATURE),
    LossSpec("pairwise_cross", "pairwise", pairwise_loss, "cross", _TEMPERATURE),
    LossSpec("combined", "combined", combined_loss, "cosine", {"weight": 0.5, **_TEMPERATURE}),
)

LOSSES: dict[str, LossSpec] = {spec.name: spec for spec in _SPECS}


def find_loss(name: str) -> LossSpec:
    """Return a loss by its name.

    Raises
    ------
    SettingsError
        If there is none of this name.
    """
    if name not in LOSSES:
        raise SettingsError(f"unknown loss {name!r}; known are {', '.join(LOSSES)}")
    return LOSSES[name]
