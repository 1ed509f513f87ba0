"""A network with a memory: the same in and out as a network alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from matchms_fingerprint.chem.fingerprints import unpack_bits
from matchms_fingerprint.features.arrays import SpectrumArrays
from matchms_fingerprint.models.memory.gate import Gate, describe
from matchms_fingerprint.models.memory.neighbours import NeighbourSearch
from matchms_fingerprint.models.memory.spectrum_memory import SpectrumMemory
from matchms_fingerprint.models.network import Network

_CHUNK = 256


class RememberingNetwork(Network):
    """Predicts with a network and with the compounds of a memory that are nearest.

    Parameters
    ----------
    network
        The network; its parts become those of this one.
    memory
        Training spectra and the fingerprints behind them.
    gate
        Decides how far to trust either.
    """

    def __init__(self, network: Network, memory: SpectrumMemory, gate: Gate) -> None:
        super().__init__(network.encoder, network.head, network.scorer)
        self.gate = gate
        self.memory = memory
        self.search = NeighbourSearch(memory)

    def prepare(self, spectra: SpectrumArrays) -> tuple[Any, SpectrumArrays]:
        """Turn spectra into what `forward` takes."""
        return super().prepare(spectra), spectra

    def forward(
        self, prepared: tuple[Any, SpectrumArrays], hidden: NDArray[np.bool_] | None = None
    ) -> tuple[Tensor, Tensor]:
        """Predict a batch; see `Network.forward`.

        Parameters
        ----------
        prepared
            What `prepare` returned.
        hidden
            Spectra of the memory that are not to be found, shape (n_memory,), bool.
        """
        for_network, spectra = prepared
        logits, embedding = super().forward(for_network)
        unit = functional.normalize(embedding.detach(), dim=1).cpu().numpy()
        neighbours = self.search.find(spectra, unit, hidden)
        parts = [
            self.mix(
                torch.sigmoid(logits[part]),
                spectra.take(np.arange(len(spectra))[part]),
                neighbours.compound[part],
                neighbours.features[part],
            )[0]
            for part in (slice(start, start + _CHUNK) for start in range(0, len(spectra), _CHUNK))
        ]
        return torch.cat(parts) if parts else logits, embedding

    def mix(
        self,
        probabilities: Tensor,
        spectra: SpectrumArrays,
        compound: NDArray[np.int64],
        features: NDArray[np.float32],
    ) -> tuple[Tensor, Tensor]:
        """Return logits and attention of `Gate.forward`, from what `Network` and `NeighbourSearch` found."""
        device = probabilities.device
        packed = self.memory.fingerprints.view(np.uint64)[np.maximum(compound, 0)]
        n_bits = probabilities.shape[1]
        bits = unpack_bits(packed.reshape(-1, packed.shape[-1]), n_bits).reshape(*compound.shape, n_bits)
        described = describe(
            probabilities,
            torch.from_numpy(np.diff(spectra.offsets)).to(device),
            torch.from_numpy(spectra.ion_mode).to(device),
            torch.from_numpy(spectra.precursor_mz).to(device),
        )
        there = torch.from_numpy(compound >= 0).to(device)
        on_device = (torch.from_numpy(features).to(device), torch.from_numpy(bits).to(device).float(), there)
        logits, attention = self.gate(probabilities, described, *on_device)
        return logits, attention
