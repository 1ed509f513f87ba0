"""All settings of a training run, in one place."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from matchms_fingerprint.constants import DEFAULT_FINGERPRINT
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.models.losses.registry import find_loss
from matchms_fingerprint.training.augment import Augmentation

_MAY_BE_ZERO = ("seed", "memory_peaks", "synthetic_structures", "real_epochs")
MONITORS = ("tanimoto", "hit@1")


@dataclass(frozen=True)
class TrainingSettings:
    """Settings of `training.fit.fit`.

    Parameters
    ----------
    encoder, head
        Names in `models.registry`.
    encoder_settings, head_settings
        Their settings, except what follows from the data.
    loss, loss_settings
        One of `models.losses.registry.LOSSES`, and its settings.
    bits_weight
        Weight of the loss `bce_iou` beside a loss that ranks candidates, which alone does not calibrate the bits.
    scorer_settings
        Of what ranks candidates, where the loss needs a joint embedding or a network on both.
    negatives
        Which wrong candidates a loss that ranks them sees: "mass", "formula" or "hard"; see `training.negatives`.
    n_negatives
        How many of them a spectrum and step.
    matched_negatives
        Draw those more often that look measured, so that nothing is learned from that.
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
    monitor
        What chooses the epoch on `val`: "tanimoto" of the predicted bits, or "hit@1" among the wrong candidates that a
        loss which ranks them has.
    patience
        Stop after this many epochs without a better value of it.
    augmentation
        How spectra are disturbed.
    pretrained
        Folder of a pre-training (`training.pretrain`) to start from; "" for none.
    synthetic_structures
        Structures from the candidate library to simulate spectra of; 0: none. See `training.synthetic`.
    synthetic_share
        Synthetic spectra in a step for each real one, and their weight in the loss.
    real_epochs
        So many last epochs have no synthetic spectra.
    memory_peaks
        Peaks of each training spectrum in the memory that the model carries; 0: no memory.
    gate_steps
        Steps in which the model learns when to trust its memory.
    known_share
        Share of these steps in which the compound is in the memory.
    seed
        Of everything that is drawn.
    """

    encoder: str = "binned_mlp"
    encoder_settings: dict[str, Any] = field(default_factory=dict)
    head: str = "independent_bits"
    head_settings: dict[str, Any] = field(default_factory=dict)
    loss: str = "bce_iou"
    loss_settings: dict[str, Any] = field(default_factory=dict)
    bits_weight: float = 1.0
    scorer_settings: dict[str, Any] = field(default_factory=dict)
    negatives: str = "mass"
    n_negatives: int = 32
    matched_negatives: bool = True
    fingerprint: str = DEFAULT_FINGERPRINT
    epochs: int = 40
    spectra_per_epoch: int = 20_000
    structure_cap: int = 10
    batch_size: int = 256
    learning_rate: float = 1e-3
    weight_decay: float = 0.02
    warmup: float = 0.1
    monitor: str = "tanimoto"
    patience: int = 15
    augmentation: Augmentation = field(default_factory=Augmentation)
    pretrained: str = ""
    synthetic_structures: int = 0
    synthetic_share: float = 0.75
    real_epochs: int = 5
    memory_peaks: int = 16
    gate_steps: int = 400
    known_share: float = 0.5
    seed: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as JSON-safe values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> TrainingSettings:
        """Read settings; refuse unknown keys by name."""
        check_settings(values, cls)
        augmentation = values.get("augmentation", {})
        check_settings(augmentation, Augmentation)
        settings = cls(**(values | {"augmentation": Augmentation(**augmentation)}))
        loss = find_loss(settings.loss)
        loss.check_settings(settings.loss_settings)
        if settings.monitor not in MONITORS or (settings.monitor == "hit@1" and not loss.needs_candidates):
            raise SettingsError(
                f"training setting monitor is {settings.monitor!r}; expected tanimoto, or hit@1 with a loss that ranks "
                "candidates"
            )
        return settings


def check_settings(values: Any, target: type) -> None:
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
            if isinstance(default, bool) or isinstance(value, bool):
                if not (isinstance(default, bool) and isinstance(value, bool)):
                    raise SettingsError(f"training setting {name} is {value!r}; expected {_kind_of(default)}")
                continue
            number = isinstance(value, int if isinstance(default, int) else int | float)
            least = 1 if isinstance(default, int) and name not in _MAY_BE_ZERO else 0
            if not number or value < least:
                raise SettingsError(
                    f"training setting {name} is {value!r}; expected {_kind_of(default)} of at least {least}"
                )


def _kind_of(default: bool | int | float) -> str:
    if isinstance(default, bool):
        return "true or false"
    return "a whole number" if isinstance(default, int) else "a number"
