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
from matchms_fingerprint.models.network import Network
from matchms_fingerprint.models.registry import describe_network
from matchms_fingerprint.training.calibrate import fit_temperature
from matchms_fingerprint.training.card import card_text
from matchms_fingerprint.training.fit import bit_frequencies
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


def finish(
    network: Network,
    data: LabelledSpectra,
    folds: NDArray[np.str_],
    settings: TrainingSettings,
    about: About,
    folder: str | Path,
    library: CandidateLibrary | None = None,
    pictures: Iterable[Path] = (),
    overwrite: bool = False,
) -> dict[str, Any]:
    """Choose on `val`, measure on `test` once, and write the bundle; the pictures go into it and its card.

    Returns
    -------
    dict
        The card.
    """
    # the bundle holds 16-bit weights: what is chosen and measured here is chosen and measured on those
    network.load_state_dict({k: v.to(torch.float16).to(torch.float32) for k, v in network.state_dict().items()})
    train, val, test = (np.flatnonzero(folds == name) for name in ("train", "val", "test"))
    network.encoder.forget_unseen(data.spectra.take(train))
    threshold, val_tanimoto = best_bit_threshold(predict_rows(network, data, val), data.bits(val))
    temperatures = fit_temperatures(network, data, val, library)
    measured: dict[str, Any] = {"val": {"mean_tanimoto": round(val_tanimoto, 4)}}
    if test.size:
        probabilities = predict_rows(network, data, test)
        measured["test"] = {"fingerprint": compare_fingerprints(probabilities, threshold, data, folds, "test")}
        measured["test"]["embedding"] = describe_embedding(network, data, test)
        if library is not None:
            measured["test"]["retrieval"] = compare_retrieval(network, data, folds, "test", library, temperatures)
    card = _card(network, data, folds, settings, about, measured)
    manifest = BundleManifest(
        name=about.name,
        version=about.version,
        network=asdict(describe_network(network)),
        fingerprint=str(data.fingerprint),
        bit_threshold=threshold,
        temperatures=temperatures,
        adduct_frequencies=adduct_frequencies(data, train),
        card=card,
    )
    tensors = network.state_dict() | {BIT_FREQUENCIES: torch.from_numpy(bit_frequencies(data, train))}
    smiles = [data.smiles[i] for i in np.unique(data.structure[train])]
    pictures = list(pictures)
    text = card_text(manifest, [picture.name for picture in pictures])
    save_bundle(folder, manifest, tensors, substructures(smiles, data), text, pictures, overwrite)
    return card


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
