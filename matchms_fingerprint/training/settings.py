"""All settings of a training run, in one place."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from matchms_fingerprint.constants import DEFAULT_FINGERPRINT
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.training.augment import Augmentation


@dataclass(frozen=True)
class TrainingSettings:
    """Settings of `training.fit.fit`.

    Parameters
    ----------
    encoder, head
        Names in `models.registry`.
    encoder_settings, head_settings
        Their settings, except what follows from the data.
    fingerprint
        Specification of the fingerprint to predict.
    epochs
        Most epochs; an epoch is `spectra_per_epoch` draws.
    spectra_per_epoch
        Draws per epoch, with structures balanced.
    structure_cap
        A structure is drawn as often as one with this many spectra at most.
    batch_size
        Spectra per step.
    learning_rate, weight_decay
        Of AdamW; the rate rises over `warmup` of the steps and falls to 0 along a cosine.
    warmup
        Share of steps.
    iou_weight
        Weight of the soft Tanimoto loss beside the cross-entropy.
    patience
        Stop after this many epochs without a better mean Tanimoto on `val`.
    augmentation
        How spectra are disturbed.
    seed
        Of everything that is drawn.
    """

    encoder: str = "binned_mlp"
    encoder_settings: dict[str, Any] = field(default_factory=dict)
    head: str = "independent_bits"
    head_settings: dict[str, Any] = field(default_factory=dict)
    fingerprint: str = DEFAULT_FINGERPRINT
    epochs: int = 40
    spectra_per_epoch: int = 20_000
    structure_cap: int = 10
    batch_size: int = 256
    learning_rate: float = 1e-3
    weight_decay: float = 0.02
    warmup: float = 0.1
    iou_weight: float = 1.0
    patience: int = 15
    augmentation: Augmentation = field(default_factory=Augmentation)
    seed: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as JSON-safe values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> TrainingSettings:
        """Read settings; refuse unknown keys by name."""
        _check(values, cls)
        augmentation = values.get("augmentation", {})
        _check(augmentation, Augmentation)
        return cls(**(values | {"augmentation": Augmentation(**augmentation)}))


def _check(values: Any, target: type) -> None:
    """Refuse unknown settings by name, and values that are not of the kind of the default or not sensible."""
    if not isinstance(values, dict):
        raise SettingsError(f"training settings must be a JSON object, not {values!r}")
    known = {item.name: item.default for item in fields(target)}
    if unknown := sorted(set(values) - set(known)):
        raise SettingsError(f"unknown training settings: {', '.join(unknown)}; known are {', '.join(sorted(known))}")
    for name, value in values.items():
        default = known[name]
        if isinstance(default, str) and not isinstance(value, str):
            raise SettingsError(f"training setting {name} is {value!r}; expected text such as {default!r}")
        if isinstance(default, int | float):
            number = isinstance(value, int if isinstance(default, int) else int | float) and not isinstance(value, bool)
            least = 1 if isinstance(default, int) and name != "seed" else 0
            if not number or value < least:
                kind = "whole number" if isinstance(default, int) else "number"
                raise SettingsError(f"training setting {name} is {value!r}; expected a {kind} of at least {least}")
