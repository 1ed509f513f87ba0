"""What every encoder of structures has in common."""

from __future__ import annotations

from typing import Any, ClassVar

from torch import Tensor, nn

from matchms_fingerprint.features.molecules import Molecules


class MoleculeEncoder(nn.Module):
    """Base of the networks that embed structures.

    A subclass sets `settings` (the arguments that build it again, JSON-safe) and `n_embedding`, and defines `prepare`
    and `forward`. One that does not need graphs takes the number of bits of the fingerprint, `n_bits`, beside its
    settings.
    """

    settings: dict[str, Any]
    n_embedding: int
    needs_graphs: ClassVar[bool]

    def prepare(self, molecules: Molecules) -> Any:
        """Turn structures into what `forward` takes; called outside of the training step, on any thread."""
        raise TypeError(f"{type(self).__name__} does not define prepare()")

    def forward(self, prepared: Any) -> Tensor:
        """Embed a batch: shape (n_molecules, n_embedding), float32, not normalised."""
        raise TypeError(f"{type(self).__name__} does not define forward()")
