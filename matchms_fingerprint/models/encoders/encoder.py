"""What every encoder has in common."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from matchms_fingerprint.features.arrays import SpectrumArrays


class Encoder(nn.Module):
    """Base of the networks that embed spectra.

    A subclass sets `settings` (the arguments that build it again, JSON-safe) and `n_embedding`, and defines `prepare`
    and `forward`.
    """

    settings: dict[str, Any]
    n_embedding: int

    @classmethod
    def settings_from_data(
        cls, spectra: SpectrumArrays, structure: NDArray[np.int64], settings: dict[str, Any]
    ) -> dict[str, Any]:
        """Complete settings with what follows from the training spectra, such as which bins are features.

        Parameters
        ----------
        spectra
            Training spectra.
        structure
            Structure of each, shape (n_spectra,).
        settings
            What the user chose.
        """
        return settings

    @classmethod
    def complete(cls, spectra: SpectrumArrays) -> SpectrumArrays:
        """Fill in what is dear to compute and stays as it is when spectra are disturbed, such as their formulas.

        Training does so once for all spectra, before anything else; `prepare` does what is still to be done.
        """
        return spectra

    def prepare(self, spectra: SpectrumArrays) -> Any:
        """Turn spectra into what `forward` takes; called outside of the training step, on any thread."""
        raise TypeError(f"{type(self).__name__} does not define prepare()")

    def forward(self, prepared: Any) -> Tensor:
        """Embed a batch: shape (n_spectra, n_embedding), float32, not normalised."""
        raise TypeError(f"{type(self).__name__} does not define forward()")

    def forget_unseen(self, spectra: SpectrumArrays) -> None:
        """Take out what none of the training spectra has taught, such as an adduct that they do not have."""
