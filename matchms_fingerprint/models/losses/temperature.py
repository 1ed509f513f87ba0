"""The temperature of a softmax over scores, learned."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from matchms_fingerprint.errors import SettingsError

START_TEMPERATURE = 0.07
LOWEST_TEMPERATURE = 0.01


class Temperature(nn.Module):
    """A temperature that is always above `LOWEST_TEMPERATURE`, which CLIP too sets as the limit.

    Weight decay would pull it to 1; leave its parameter out of that.

    Parameters
    ----------
    start
        Where it begins.
    learned
        Whether training changes it.

    Raises
    ------
    SettingsError
        If `start` is not above the limit.
    """

    def __init__(self, start: float = START_TEMPERATURE, learned: bool = True) -> None:
        super().__init__()
        if not (math.isfinite(start) and start > LOWEST_TEMPERATURE):
            raise SettingsError(f"the temperature is {start}; it must be a number above {LOWEST_TEMPERATURE}")
        above = torch.tensor(math.log(start - LOWEST_TEMPERATURE))
        self.log_above = nn.Parameter(above, requires_grad=learned)

    def forward(self) -> Tensor:
        """Return the temperature, a scalar."""
        return LOWEST_TEMPERATURE + torch.exp(self.log_above)
