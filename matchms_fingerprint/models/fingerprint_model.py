"""A trained model: spectra in, fingerprints and embeddings out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matchms import Spectrum
from numpy.typing import NDArray
from torch.nn import functional

from matchms_fingerprint.chem.fingerprints import FingerprintSpec
from matchms_fingerprint.errors import ModelError
from matchms_fingerprint.features.arrays import SpectrumArrays, spectrum_arrays
from matchms_fingerprint.features.molecules import molecules_of
from matchms_fingerprint.models.bundle import MEMORY, WEIGHTS, Bundle, find_bundle, read_bundle
from matchms_fingerprint.models.memory.gate import Gate
from matchms_fingerprint.models.memory.remembering_network import RememberingNetwork
from matchms_fingerprint.models.memory.spectrum_memory import SpectrumMemory
from matchms_fingerprint.models.network import Network
from matchms_fingerprint.models.registry import build_network, network_settings
from matchms_fingerprint.models.scorers.registry import scorer_name

BATCH_SIZE = 1024
BIT_FREQUENCIES = "bit_frequencies"


class FingerprintModel:
    """Predicts the molecular fingerprint of the compound behind a spectrum, and embeds the spectrum.

    Made by `load_model`.

    Parameters
    ----------
    bundle
        What `models.bundle.read_bundle` returned.

    Examples
    --------
    >>> from matchms.reference_spectra import phenylalanine
    >>> from matchms_fingerprint import load_model
    >>> model = load_model("default")
    >>> model.predict_fingerprints([phenylalanine()]).shape
    (1, 4096)
    """

    def __init__(self, bundle: Bundle) -> None:
        manifest = bundle.manifest
        self.folder = bundle.folder
        self.name = manifest.name
        self.version = manifest.version
        self.sha256 = manifest.files[WEIGHTS]
        self.fingerprint = FingerprintSpec.parse(manifest.fingerprint)
        self.bit_threshold = manifest.bit_threshold
        self.temperatures = dict(manifest.temperatures)
        self.adduct_frequencies = manifest.adduct_frequencies
        self.card = manifest.card
        self.bit_meanings = bundle.substructures
        tensors = {name: tensor.to(torch.float32) for name, tensor in bundle.tensors.items()}
        frequencies = tensors.pop(BIT_FREQUENCIES, None)
        self.bit_frequencies = None if frequencies is None else frequencies.numpy()
        self.network = _network_of(bundle)
        try:
            self.network.load_state_dict(tensors)
        except RuntimeError as error:
            first = str(error).splitlines()[-1].strip()
            raise ModelError(f"{bundle.folder / WEIGHTS}: does not fit its manifest ({first})") from None
        self.network.eval()

    def __repr__(self) -> str:
        return f"FingerprintModel({self.name!r}, version={self.version!r}, fingerprint={str(self.fingerprint)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return load_model, (str(self.folder),)

    def predict_fingerprints(self, spectra: Iterable[Spectrum], binary: bool = False) -> NDArray[Any]:
        """Predict the fingerprint of the compound behind each spectrum.

        Parameters
        ----------
        spectra
            matchms spectra of either ion mode. Of their metadata precursor_mz, adduct, ionmode, collision_energy and
            instrument_type are used where they are there.
        binary
            Return bits instead of probabilities: those above `bit_threshold`, which was chosen on validation data.

        Returns
        -------
        ndarray of shape (n_spectra, n_bits)
            float32 probabilities, or uint8 bits.
        """
        parts = [torch.sigmoid(logits).numpy() for logits, _ in self._batches(spectra)]
        probabilities = np.concatenate(parts or [np.empty((0, self.fingerprint.n_bits), np.float32)])
        return (probabilities > self.bit_threshold).astype(np.uint8) if binary else probabilities

    def predict_probabilities(self, spectra: SpectrumArrays) -> NDArray[np.float32]:
        """Return what `predict_fingerprints` returns, for spectra that are arrays already; a batch at a time."""
        return np.concatenate([probabilities.numpy() for probabilities, _ in self.network.outputs(spectra, BATCH_SIZE)])

    def embed(self, spectra: Iterable[Spectrum]) -> NDArray[np.float32]:
        """Embed each spectrum.

        Returns
        -------
        ndarray of shape (n_spectra, n_embedding), float32
            Unit vectors; their dot product is the cosine similarity.
        """
        parts = [functional.normalize(embedding, dim=1).numpy() for _, embedding in self._batches(spectra)]
        return np.concatenate(parts or [np.empty((0, self.network.n_embedding), np.float32)])

    def predict_and_embed(self, spectra: Iterable[Spectrum]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return what `predict_fingerprints` and `embed` return, from one pass through the network."""
        parts = [
            (torch.sigmoid(logits).numpy(), functional.normalize(embedding, dim=1).numpy())
            for logits, embedding in self._batches(spectra)
        ]
        if not parts:
            return self.predict_fingerprints([]), self.embed([])
        return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])

    @property
    def scorer(self) -> str | None:
        """Name of the scorer that the model has learned to rank candidates with: "joint" or "cross"; None without."""
        learned = self.network.learned_scorer
        return None if learned is None else scorer_name(learned)

    def score_candidates(
        self, spectra: Iterable[Spectrum], candidates: Sequence[Sequence[str]]
    ) -> list[NDArray[np.float32]]:
        """Score candidate structures with the scorer that the model has learned.

        A model has one if it was trained with a loss such as `listwise_embedding` or `listwise_cross`; `scorer` names
        it. The scores of one spectrum compare its candidates; they are no probabilities.

        Parameters
        ----------
        spectra
            matchms spectra of either ion mode.
        candidates
            For each spectrum the SMILES of its candidates.

        Returns
        -------
        list of ndarray of shape (n_candidates,), float32
            One a spectrum, in the order of its candidates; higher is better. Of "joint" the cosine in the embedding
            that spectra and structures share.

        Raises
        ------
        ModelError
            If the model has no such scorer.
        StructureError
            If a SMILES cannot be read.
        SettingsError
            If there is not one list for each spectrum.
        """
        learned = self.network.learned_scorer
        with_graphs = learned is not None and learned.needs_graphs
        lists = [molecules_of(smiles, self.fingerprint, with_graphs) for smiles in candidates]
        return self.network.score_candidates(spectrum_arrays(list(spectra)), lists)

    def _batches(self, spectra: Iterable[Spectrum]) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        remaining = iter(spectra)
        while batch := list(islice(remaining, BATCH_SIZE)):
            yield self.predict_arrays(spectrum_arrays(batch))

    @torch.inference_mode()
    def predict_arrays(self, spectra: SpectrumArrays) -> tuple[torch.Tensor, torch.Tensor]:
        """Return logits (n_spectra, n_bits) and embedding (n_spectra, n_embedding) of prepared spectra."""
        return self.network.forward(self.network.prepare(spectra))


def _network_of(bundle: Bundle) -> Network:
    """Build the network of a bundle, with its memory where it has one."""
    network = build_network(network_settings(bundle.manifest.network))
    if bundle.manifest.gate is None or bundle.memory is None:
        return network
    try:
        memory = SpectrumMemory.from_tensors(bundle.memory)
        gate = Gate(**bundle.manifest.gate)
    except (KeyError, TypeError) as error:
        raise ModelError(f"{bundle.folder / MEMORY}: does not fit this version ({error})") from None
    return RememberingNetwork(network, memory, gate)


def load_model(name_or_path: str | Path = "default") -> FingerprintModel:
    """Load a model, and verify its weights.

    Parameters
    ----------
    name_or_path
        Name of a model inside the package (`"default"`), or the folder of a bundle that `train` wrote.

    Raises
    ------
    ModelError
        If there is no such model, its sha256 is wrong, or it is of another version.
    """
    return FingerprintModel(read_bundle(find_bundle(name_or_path)))
