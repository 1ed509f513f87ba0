"""Small real things that many tests need: spectra, and a bundle that loads."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matchms import Spectrum

from matchms_fingerprint.features.arrays import spectrum_arrays
from matchms_fingerprint.features.binned import BinnedSettings
from matchms_fingerprint.kernels.tanimoto import SCORES
from matchms_fingerprint.models.bundle import BundleManifest, save_bundle
from matchms_fingerprint.models.memory.gate import Gate
from matchms_fingerprint.models.memory.remembering_network import RememberingNetwork
from matchms_fingerprint.models.memory.spectrum_memory import remember
from matchms_fingerprint.models.network import Network
from matchms_fingerprint.models.registry import NetworkSettings, build_network

TINY_FINGERPRINT = "morgan:radius=2,bits=256"


def make_spectrum(mz: list[float] | None = None, intensities: list[float] | None = None, **metadata: Any) -> Spectrum:
    """Return a spectrum with sensible metadata that keyword arguments replace; None removes an entry."""
    mz = [85.0284, 127.039, 145.0495] if mz is None else mz
    intensities = [1.0] * len(mz) if intensities is None else intensities
    known = {"precursor_mz": 181.0707, "adduct": "[M+H]+", "ionmode": "positive", "charge": 1} | metadata
    kept = {key: value for key, value in known.items() if value is not None}
    return Spectrum(np.array(mz, float), np.array(intensities, float), metadata=kept)


def random_spectra(n: int, seed: int = 0) -> list[Spectrum]:
    """Return `n` random spectra of both ion modes with 3 to 20 peaks and structures among a few known ones."""
    rng = np.random.default_rng(seed)
    smiles = ("CC(=O)Oc1ccccc1C(=O)O", "CN1C=NC2=C1C(=O)N(C(=O)N2C)C", "OCC1OC(O)C(O)C(O)C1O", "NC(Cc1ccccc1)C(=O)O")
    spectra = []
    for i in range(n):
        mz = np.sort(rng.uniform(50, 300, rng.integers(3, 21))).tolist()
        positive = bool(rng.random() < 0.5)
        spectra.append(
            make_spectrum(
                mz,
                rng.uniform(0.01, 1, len(mz)).tolist(),
                precursor_mz=float(rng.uniform(300, 400)),
                adduct="[M+H]+" if positive else "[M-H]-",
                ionmode="positive" if positive else "negative",
                charge=1 if positive else -1,
                smiles=smiles[i % len(smiles)],
                feature_id=str(i + 1),
            )
        )
    return spectra


def tiny_model(
    folder: Path,
    fingerprint: str = TINY_FINGERPRINT,
    n_bits: int = 256,
    seed: int = 0,
    scorer: str | None = None,
) -> Path:
    """Write a small bundle with random weights; return its folder, which `load_model` reads.

    `scorer` is the name of what ranks candidates in `models.scorers.registry`.
    """
    network, settings = _tiny_network(n_bits, seed, scorer)
    return _write_tiny(Path(folder) / "tiny_model", network, settings, fingerprint, n_bits)


def tiny_memory_model(folder: Path, seed: int = 0) -> Path:
    """Write a small bundle with random weights and a memory of forty random spectra of ten compounds."""
    n_bits = 256
    network, settings = _tiny_network(n_bits, seed)
    spectra = spectrum_arrays(random_spectra(40, seed=3))
    rng = np.random.default_rng(seed)
    fingerprints = rng.integers(0, 2**63, (10, n_bits // 64), np.int64).astype(np.uint64)
    with torch.no_grad():
        embedding = torch.nn.functional.normalize(network.eval()(network.prepare(spectra))[1], dim=1).numpy()
    memory = remember(spectra, np.arange(40) % 10, fingerprints, embedding)
    remembering = RememberingNetwork(network, memory, Gate(n_bits, n_hidden=8))
    return _write_tiny(Path(folder) / "tiny_memory_model", remembering, settings, TINY_FINGERPRINT, n_bits)


def _tiny_network(n_bits: int, seed: int, scorer: str | None = None) -> tuple[Network, NetworkSettings]:
    torch.manual_seed(seed)
    features = BinnedSettings(fine_fragments=(8503, 12704, 14505), fine_losses=(1801, 3602))
    sizes = {"n_input": 16, "n_hidden": 32, "n_embedding": 24, "n_blocks": 1}
    encoder_settings = {"features": features.to_dict(), **sizes}
    settings = NetworkSettings("binned_mlp", encoder_settings, "independent_bits", {}, n_bits, scorer)
    return build_network(settings), settings


def _write_tiny(target: Path, network: Network, settings: NetworkSettings, fingerprint: str, n_bits: int) -> Path:
    remembering = network if isinstance(network, RememberingNetwork) else None
    manifest = BundleManifest(
        name="tiny",
        version="0",
        network=asdict(settings),
        gate=None if remembering is None else remembering.gate.settings,
        fingerprint=fingerprint,
        bit_threshold=0.5,
        temperatures=dict.fromkeys(SCORES, 0.05),
        adduct_frequencies={"positive": {"[M+H]+": 0.9, "[M+Na]+": 0.1}, "negative": {"[M-H]-": 1.0}},
        card={"title": "random weights for tests"},
    )
    tensors = network.state_dict() | {"bit_frequencies": torch.rand(n_bits)}
    meanings = {0: "CO", 1: "c1ccccc1"}
    memory = None if remembering is None else remembering.memory.tensors()
    save_bundle(target, manifest, tensors, meanings, "# tiny\n", overwrite=True, memory=memory)
    return target
