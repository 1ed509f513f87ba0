"""Model bundles: a folder with weights, the description of the network, and the card, verified whenever it is loaded.

    bundle.json                 what the network is, how to read its output, sha256 of the files beside it, the card
    weights.safetensors         parameters as 16-bit floats
    memory.safetensors          training spectra and their fingerprints, where the model has a memory
    substructures.json          for each Morgan bit, the substructure that it most often stands for
    MODEL_CARD.md               the card for people
    curve.png                   the course of the training, where it is known

Nothing in a bundle is executed or unpickled.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from importlib.resources import files
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as serialize
from torch import Tensor

from matchms_fingerprint.errors import InputFileError, ModelError
from matchms_fingerprint.io.artifacts import atomic_folder, read_json, sha256_of, write_json

BUNDLE_FORMAT = 3
MANIFEST = "bundle.json"
WEIGHTS = "weights.safetensors"
MEMORY = "memory.safetensors"
SUBSTRUCTURES = "substructures.json"
CARD = "MODEL_CARD.md"


@dataclass(frozen=True)
class BundleManifest:
    """Content of `bundle.json`.

    Parameters
    ----------
    name, version
        What the model is called, and its version.
    network
        What builds the network: the fields of `models.registry.NetworkSettings`.
    fingerprint
        Specification of the predicted fingerprint.
    gate
        Settings of what mixes in the memory; None for a model without one.
    bit_threshold
        Probability from which on a bit counts as set, chosen on validation data.
    temperatures
        Per score, the temperature of the softmax over candidates, fitted on validation data.
    adduct_frequencies
        Per ion mode, the share of each adduct among the training structures.
    card
        Data, licences, folds, metrics, limits.
    files
        sha256 of each file beside the manifest.
    format
        Version of the bundle format.
    """

    name: str
    version: str
    network: dict[str, Any]
    gate: dict[str, Any] | None
    fingerprint: str
    bit_threshold: float
    temperatures: dict[str, float]
    adduct_frequencies: dict[str, dict[str, float]]
    card: dict[str, Any]
    files: dict[str, str] = field(default_factory=dict)
    format: int = BUNDLE_FORMAT


@dataclass(frozen=True)
class Bundle:
    """A bundle that was read and verified."""

    folder: Path
    manifest: BundleManifest
    tensors: dict[str, Tensor]
    substructures: dict[int, str]
    memory: dict[str, Tensor] | None = None


def save_bundle(
    folder: str | Path,
    manifest: BundleManifest,
    tensors: dict[str, Tensor],
    substructures: dict[int, str],
    card_text: str,
    pictures: Iterable[Path] = (),
    overwrite: bool = False,
    memory: dict[str, Tensor] | None = None,
) -> None:
    """Write a bundle, whole or not at all; the weights become 16-bit floats, memory and pictures stay as they are."""
    with atomic_folder(folder, marker=MANIFEST, overwrite=overwrite) as partial:
        halves = {name: tensor.detach().cpu().to(torch.float16).contiguous() for name, tensor in tensors.items()}
        (partial / WEIGHTS).write_bytes(serialize(halves))
        if memory is not None:
            (partial / MEMORY).write_bytes(serialize(memory))
        write_json(partial / SUBSTRUCTURES, {str(bit): text for bit, text in sorted(substructures.items())})
        (partial / CARD).write_text(card_text, encoding="utf-8")
        for picture in pictures:
            shutil.copyfile(picture, partial / picture.name)
        sums = {path.name: sha256_of(path) for path in sorted(partial.iterdir())}
        write_json(partial / MANIFEST, asdict(manifest) | {"files": sums})


def find_bundle(name_or_path: str | Path) -> Path:
    """Return the folder of a model given by the name of a shipped one, or by its path.

    Raises
    ------
    ModelError
        If there is no such model; names those that are there.
    """
    shipped = shipped_models()
    if str(name_or_path) in shipped:
        return shipped[str(name_or_path)]
    path = Path(name_or_path)
    if not path.is_dir():
        raise ModelError(
            f"model {str(name_or_path)!r}: neither a shipped model ({', '.join(shipped) or 'none'}) nor a folder"
        )
    return path


def shipped_models() -> dict[str, Path]:
    """Return the models inside the package: name -> folder."""
    root = Path(str(files("matchms_fingerprint"))) / "models" / "weights"
    return {path.parent.name: path.parent for path in sorted(root.glob(f"*/{MANIFEST}"))}


def read_manifest(folder: str | Path) -> BundleManifest:
    """Read and check `bundle.json` without touching the weights.

    Raises
    ------
    ModelError
        If the manifest is missing, broken, or of another format.
    """
    path = Path(folder) / MANIFEST
    try:
        content = read_json(path)
    except InputFileError as error:
        raise ModelError(f"{error}; a model is a folder with {MANIFEST} and {WEIGHTS}") from None
    if not isinstance(content, dict) or content.get("format") != BUNDLE_FORMAT:
        found = content.get("format") if isinstance(content, dict) else None
        raise ModelError(
            f"{path}: bundle format {found!r}, this version reads {BUNDLE_FORMAT}; "
            "update matchms_fingerprint, or train the model again"
        )
    known = {item.name for item in fields(BundleManifest)}
    wrong = sorted(set(content) ^ known)
    if wrong:
        raise ModelError(f"{path}: unknown or missing entries: {', '.join(wrong)}; get the model again")
    return BundleManifest(**content)


def read_bundle(folder: str | Path) -> Bundle:
    """Read a bundle and verify the sha256 of each of its files.

    Raises
    ------
    ModelError
        If a file is missing, or is not the one that the manifest names.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    if WEIGHTS not in manifest.files:
        raise ModelError(f"{folder / MANIFEST}: no sha256 of {WEIGHTS}; get the model again")
    contents = {name: _verified_bytes(folder / name, expected) for name, expected in manifest.files.items()}
    if manifest.gate is not None and MEMORY not in contents:
        raise ModelError(f"{folder / MANIFEST}: no sha256 of {MEMORY}; get the model again")
    tensors = _tensors(folder / WEIGHTS, contents[WEIGHTS])
    memory = None if manifest.gate is None else _tensors(folder / MEMORY, contents[MEMORY])
    meanings = json.loads(contents.get(SUBSTRUCTURES, b"{}"))
    return Bundle(folder, manifest, tensors, {int(bit): text for bit, text in meanings.items()}, memory)


def _tensors(path: Path, content: bytes) -> dict[str, Tensor]:
    try:
        return load_tensors(content)
    except SafetensorError as error:
        raise ModelError(f"{path}: not a safetensors file ({error}); get the model again") from None


def _verified_bytes(path: Path, expected: str) -> bytes:
    """Read a file once and return its content if its sha256 is the expected one."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ModelError(f"{path}: missing; get the model again") from None
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise ModelError(
            f"{path}: sha256 is {found[:12]}..., the manifest says {expected[:12]}...; the file is damaged or was "
            "changed, get the model again"
        )
    return content
