"""From a trained network to a bundle: bit threshold, temperatures, meaning of the bits, figures and card."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator

from matchms_fingerprint.candidates import CandidateLibrary
from matchms_fingerprint.evaluation.benchmark import compare_fingerprints
from matchms_fingerprint.evaluation.embedding import describe_embedding
from matchms_fingerprint.evaluation.metrics import best_bit_threshold
from matchms_fingerprint.evaluation.predictions import predict_rows
from matchms_fingerprint.evaluation.ranking import compare_retrieval
from matchms_fingerprint.evaluation.retrieval import benchmark_rows, candidate_list
from matchms_fingerprint.features.arrays import ADDUCTS, ION_MODE_SIGN
from matchms_fingerprint.features.labelled import LabelledSpectra
from matchms_fingerprint.io.artifacts import sha256_of
from matchms_fingerprint.kernels.tanimoto import SCORES
from matchms_fingerprint.models.bundle import BundleManifest, save_bundle
from matchms_fingerprint.models.calibration import softmax_scores
from matchms_fingerprint.models.fingerprint_model import BIT_FREQUENCIES
from matchms_fingerprint.models.memory.remembering_network import RememberingNetwork
from matchms_fingerprint.models.network import Network
from matchms_fingerprint.models.registry import describe_network
from matchms_fingerprint.training.calibrate import fit_temperature
from matchms_fingerprint.training.card import card_text
from matchms_fingerprint.training.fit import bit_frequencies
from matchms_fingerprint.training.negatives import Negatives
from matchms_fingerprint.training.recall import fit_gate, make_memory
from matchms_fingerprint.training.settings import TrainingSettings


@dataclass(frozen=True)
class About:
    """What a model card says that the data do not.

    Parameters
    ----------
    name, version
        Of the model.
    data
        The training data in words: name and release.
    licences
        Licences of the data.
    split
        Which folds, in words.
    source
        The spectrum file.
    """

    name: str
    version: str
    data: str
    licences: str
    split: str
    source: Path


@dataclass(frozen=True)
class Measured:
    """A network as it was measured.

    Parameters
    ----------
    network
        With its memory, if it has one.
    bit_threshold, temperatures
        Chosen on `val`.
    figures
        What was measured on `val` and `test`, for the card.
    """

    network: Network
    bit_threshold: float
    temperatures: dict[str, float]
    figures: dict[str, Any]


def measure(
    network: Network,
    data: LabelledSpectra,
    folds: NDArray[np.str_],
    settings: TrainingSettings,
    library: CandidateLibrary | None = None,
    negatives: Negatives | None = None,
) -> Measured:
    """Give a network its memory, choose on `val`, and measure on `test` once.

    With the wrong candidates that the network was trained with, `negatives`, its memory is taught to rank them too.
    """
    train, val, test = (np.flatnonzero(folds == name) for name in ("train", "val", "test"))
    _as_stored(network, data, train)
    if settings.memory_peaks:
        gate = fit_gate(network, data, train, val, bit_frequencies(data, train), settings, negatives)
        network = RememberingNetwork(network, make_memory(network, data, train, settings), gate)
        _as_stored(network, data, train)
    threshold, val_tanimoto = best_bit_threshold(predict_rows(network, data, val), data.bits(val))
    temperatures = fit_temperatures(network, data, val, library)
    figures: dict[str, Any] = {"val": {"mean_tanimoto": round(val_tanimoto, 4)}}
    if test.size:
        probabilities = predict_rows(network, data, test)
        figures["test"] = {"fingerprint": compare_fingerprints(probabilities, threshold, data, folds, "test")}
        figures["test"]["embedding"] = describe_embedding(network, data, test)
        if library is not None:
            figures["test"]["retrieval"] = compare_retrieval(network, data, folds, "test", library, temperatures)
    return Measured(network, threshold, temperatures, figures)


def with_memory_of(
    network: Network, like: Network, data: LabelledSpectra, rows: NDArray[np.int64], settings: TrainingSettings
) -> Network:
    """Give a network that was trained again a memory of its spectra, and the gate of the one that was measured."""
    _as_stored(network, data, rows)
    if not isinstance(like, RememberingNetwork):
        return network
    return RememberingNetwork(network, make_memory(network, data, rows, settings), like.gate)


def write_model(
    network: Network,
    measured: Measured,
    data: LabelledSpectra,
    folds: NDArray[np.str_],
    settings: TrainingSettings,
    about: About,
    folder: str | Path,
    trained_folds: tuple[str, ...] = ("train",),
    pictures: Iterable[Path] = (),
    overwrite: bool = False,
) -> dict[str, Any]:
    """Write the bundle of a network, and return its card; the pictures go into both.

    Parameters
    ----------
    network
        The network to write: the measured one, or one trained again in the same way on more folds, `trained_folds`.
    measured
        What was chosen and measured.
    data, folds, settings, about
        What the card tells.
    folder, overwrite
        Where to write to, and whether a bundle there is replaced.
    """
    rows = np.flatnonzero(np.isin(folds, trained_folds))
    card = _card(network, data, folds, settings, about, measured.figures) | {"trained_folds": list(trained_folds)}
    remembering = network if isinstance(network, RememberingNetwork) else None
    if remembering is not None:
        memory = remembering.memory
        mib = round(memory.n_bytes / 2**20, 1)
        card["memory"] = {"spectra": len(memory), "compounds": memory.n_compounds, "mib": mib}
    manifest = BundleManifest(
        name=about.name,
        version=about.version,
        network=asdict(describe_network(network)),
        gate=None if remembering is None else remembering.gate.settings,
        fingerprint=str(data.fingerprint),
        bit_threshold=measured.bit_threshold,
        temperatures=measured.temperatures,
        adduct_frequencies=adduct_frequencies(data, rows),
        card=card,
    )
    tensors = network.state_dict() | {BIT_FREQUENCIES: torch.from_numpy(bit_frequencies(data, rows))}
    smiles = [data.smiles[i] for i in np.unique(data.structure[rows])]
    pictures = list(pictures)
    save_bundle(
        folder,
        manifest,
        tensors,
        substructures(smiles, data),
        card_text(manifest, [picture.name for picture in pictures]),
        pictures,
        overwrite,
        None if remembering is None else remembering.memory.tensors(),
    )
    return card


def _as_stored(network: Network, data: LabelledSpectra, train: NDArray[np.int64]) -> None:
    """Round weights to 16 bits, as a bundle holds them: what is measured is measured on those."""
    network.load_state_dict({k: v.to(torch.float16).to(torch.float32) for k, v in network.state_dict().items()})
    network.encoder.forget_unseen(data.spectra.take(train))


def adduct_frequencies(data: LabelledSpectra, rows: NDArray[np.int64]) -> dict[str, dict[str, float]]:
    """Return per ion mode the share of each known adduct, counted once for each structure that has it."""
    shares = {}
    for mode, sign in ION_MODE_SIGN.items():
        chosen = rows[(data.spectra.ion_mode[rows] == sign) & (data.spectra.adduct[rows] > 0)]
        pairs = np.unique(np.column_stack([data.spectra.adduct[chosen], data.structure[chosen]]), axis=0)
        counts = np.bincount(pairs[:, 0], minlength=len(ADDUCTS))
        shares[mode] = {ADDUCTS[i]: round(float(counts[i] / counts.sum()), 6) for i in np.flatnonzero(counts)}
    return shares


def fit_temperatures(
    network: Network, data: LabelledSpectra, rows: NDArray[np.int64], library: CandidateLibrary | None
) -> dict[str, float]:
    """Fit a softmax temperature per score on the spectra at `rows`, with candidates from the library.

    Without a library the structures of the data themselves compete; few have the same mass, so `fit_temperature` may
    fall back on its default.
    """
    rows = benchmark_rows(rows, data.structure, np.diff(data.spectra.offsets))
    lists = [_competitors(data, i, library) for i in data.structure[rows].tolist()]
    predicted = predict_rows(network, data, rows)
    temperatures = {}
    for name, score in SCORES.items():
        scores = [softmax_scores(name, score(p, packed)) for p, (packed, _) in zip(predicted, lists, strict=True)]
        temperatures[name] = round(fit_temperature(scores, [correct for _, correct in lists]), 5)
    return temperatures


def _competitors(
    data: LabelledSpectra, structure: int, library: CandidateLibrary | None
) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    if library is not None:
        found = candidate_list(library, data.masses[structure], data.inchikeys[structure])
        return found.fingerprints, found.correct
    near = np.flatnonzero(np.abs(data.masses - data.masses[structure]) <= data.masses[structure] * 10e-6)
    return data.fingerprints[near], near == structure


def substructures(smiles: list[str], data: LabelledSpectra) -> dict[int, str]:
    """Return for each Morgan bit the substructure (as SMILES) that it most often stands for; empty for other kinds."""
    spec = data.fingerprint
    if spec.kind != "morgan":
        return {}
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=spec.radius, fpSize=spec.n_bits)
    counts: dict[int, Counter[str]] = {}
    for text in smiles:
        mol = Chem.MolFromSmiles(text)
        output = rdFingerprintGenerator.AdditionalOutput()
        output.AllocateBitInfoMap()
        generator.GetFingerprint(mol, additionalOutput=output)
        for bit, places in output.GetBitInfoMap().items():
            atom, radius = places[0]
            counts.setdefault(bit, Counter())[_environment(mol, atom, radius)] += 1
    return {bit: counter.most_common(1)[0][0] for bit, counter in counts.items()}


def _environment(mol: Chem.Mol, atom: int, radius: int) -> str:
    bonds = list(Chem.FindAtomEnvironmentOfRadiusN(mol, radius, atom)) if radius else []
    atoms = {atom} | {
        i for b in bonds for i in (mol.GetBondWithIdx(b).GetBeginAtomIdx(), mol.GetBondWithIdx(b).GetEndAtomIdx())
    }
    text: str = Chem.MolFragmentToSmiles(mol, sorted(atoms), bonds, rootedAtAtom=atom, isomericSmiles=False)
    return text


def _card(
    network: Network,
    data: LabelledSpectra,
    folds: NDArray[np.str_],
    settings: TrainingSettings,
    about: About,
    measured: dict[str, Any],
) -> dict[str, Any]:
    return {
        "data": about.data,
        "licences": about.licences,
        "data_file": {"name": about.source.name, "sha256": sha256_of(about.source)},
        "split": about.split,
        "spectra": {fold: int((folds == fold).sum()) for fold in ("train", "val", "test")},
        "structures": {fold: int(np.unique(data.structure[folds == fold]).size) for fold in ("train", "val", "test")},
        "n_parameters": sum(parameter.numel() for parameter in network.parameters()),
        "settings": settings.to_dict(),
        "measured": measured,
        "trained_on": datetime.now(UTC).date().isoformat(),
        "software": {
            name: version(name) for name in ("matchms_fingerprint", "torch", "lightning", "rdkit", "matchms", "numpy")
        }
        | {"python": platform.python_version()},
    }
