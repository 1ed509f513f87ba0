"""A loss with its settings and its learned temperature, as a training step calls it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.models.losses.registry import find_loss
from matchms_fingerprint.models.losses.temperature import Temperature


class Criterion(nn.Module):
    """One loss for every kind of training step.

    Parameters
    ----------
    name
        One of `registry.LOSSES`.
    settings
        Settings of that loss; what is not given has its default.

    Raises
    ------
    SettingsError
        If the loss or a setting is unknown or out of range.
    """

    def __init__(self, name: str, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        self.spec = find_loss(name)
        self.settings = self.spec.check_settings(settings or {})
        self.temperature: Temperature | None = None
        if self.spec.needs_candidates:
            start, learned = float(self.settings["temperature"]), bool(self.settings["learn_temperature"])
            self.temperature = Temperature(start, learned)
        own = ("temperature", "learn_temperature")
        self._arguments = {name: value for name, value in self.settings.items() if name not in own}

    @property
    def needs_candidates(self) -> bool:
        """Whether `forward` needs the scores of candidates."""
        return self.spec.needs_candidates

    def forward(
        self,
        logits: Tensor,
        bits: Tensor,
        scores: Tensor | None = None,
        correct: Tensor | None = None,
        mask: Tensor | None = None,
        prior: Tensor | None = None,
    ) -> Tensor:
        """Return the loss of each spectrum, shape (n,).

        Parameters
        ----------
        logits, bits
            Predicted and true bits, shape (n, n_bits).
        scores, correct, mask, prior
            Scores of the candidates by the scorer of the loss, and what `ranking_lists.ranking_lists` says of the
            others; not looked at by losses of bits.
        """
        if self.temperature is None:
            return self.spec.function(logits, bits, **self._arguments)
        if scores is None or correct is None:
            raise SettingsError(f"the loss {self.spec.name!r} ranks candidates; it needs their scores and who is right")
        ranking = (scores, correct, mask, self.temperature(), prior)
        if self.spec.kind == "combined":
            return self.spec.function(logits, bits, *ranking, **self._arguments)
        return self.spec.function(*ranking, **self._arguments)
