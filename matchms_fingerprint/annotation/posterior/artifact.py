"""A posterior as a folder, verified whenever it is loaded.

    posterior.json          weights, calibration, which model it was fitted for, what it was fitted on, figures
    fragments.safetensors   what was learned of fragments
    network.safetensors     networks that weigh all evidence, where they do better than weights

Nothing in it is executed or unpickled.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as serialize

from matchms_fingerprint.annotation.posterior.candidate_network import CandidateNetwork
from matchms_fingerprint.annotation.posterior.conditional_logit import ConditionalLogit
from matchms_fingerprint.annotation.posterior.none_of_these import NoneOfThese
from matchms_fingerprint.annotation.posterior.posterior import Posterior
from matchms_fingerprint.errors import InputFileError, ModelError
from matchms_fingerprint.io.artifacts import atomic_folder, check_replaceable, read_json, sha256_of, write_json

POSTERIOR_FORMAT = 1
MANIFEST = "posterior.json"
FRAGMENTS = "fragments.safetensors"
NETWORK = "network.safetensors"


@dataclass(frozen=True)
class PosteriorCard:
    """What is told of a posterior beside its numbers.

    Parameters
    ----------
    name, version
        What it is called, and its version.
    model_name, model_sha256
        The fingerprint model that it was fitted for, and the sha256 of its weights.
    fitted_on
        Data, folds, candidates; under `model` the name and sha256 of the model that was used, where `model_sha256` is
        the same trained again on more spectra.
    figures
        How it does on structures that it was not fitted on.
    """

    name: str
    version: str
    model_name: str
    model_sha256: str
    fitted_on: dict[str, Any] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PosteriorArtifact:
    """A posterior that was read and verified.

    Parameters
    ----------
    folder
        Where it lies.
    posterior
        The posterior.
    card
        What is told of it.
    fragments
        What was learned of fragments, for `FragmentScores.from_tensors`; empty without.
    """

    folder: Path
    posterior: Posterior
    card: PosteriorCard
    fragments: dict[str, NDArray[Any]]

    def check_model(self, name: str, sha256: str) -> None:
        """Raise `ModelError` unless the posterior was fitted for a fingerprint model.

        Parameters
        ----------
        name, sha256
            Of the model, the sha256 of its weights.
        """
        if sha256 not in (self.card.model_sha256, self.card.fitted_on.get("model", {}).get("sha256")):
            raise ModelError(
                f"{self.folder}: fitted for model {self.card.model_name} ({self.card.model_sha256[:12]}...), not for "
                f"{name} ({sha256[:12]}...); fit one with `matchms-fingerprint posterior fit`, or take its model"
            )


def check_posterior_folder(folder: str | Path, overwrite: bool) -> None:
    """Raise `OutputError` unless a posterior may be written there; to be called before the work."""
    check_replaceable(folder, MANIFEST, overwrite, (FRAGMENTS, NETWORK))


def save_posterior(
    folder: str | Path,
    posterior: Posterior,
    card: PosteriorCard,
    fragments: Mapping[str, NDArray[Any]] | None = None,
    overwrite: bool = False,
) -> None:
    """Write a posterior, whole or not at all.

    Raises
    ------
    OutputError
        If the folder exists and may not be replaced.
    """
    with atomic_folder(folder, MANIFEST, overwrite, (FRAGMENTS, NETWORK)) as partial:
        full = posterior.full
        network = full.tensors() if isinstance(full, CandidateNetwork) else None
        for name, tensors in ((FRAGMENTS, fragments), (NETWORK, network)):
            if tensors:
                contiguous = {key: np.ascontiguousarray(tensor) for key, tensor in tensors.items()}
                (partial / name).write_bytes(serialize(contiguous))
        write_json(
            partial / MANIFEST,
            {
                "format": POSTERIOR_FORMAT,
                "card": asdict(card),
                "missing_share": posterior.missing_share,
                "cheap": posterior.cheap.to_dict(),
                "full": full.to_dict(),
                "none_of_these": posterior.none_of_these.to_dict(),
                "files": {path.name: sha256_of(path) for path in sorted(partial.iterdir())},
            },
        )


def shipped_posteriors() -> dict[str, Path]:
    """Return the posteriors inside the package: name -> folder."""
    root = Path(str(files("matchms_fingerprint"))) / "annotation" / "weights"
    return {path.parent.name: path.parent for path in sorted(root.glob(f"*/{MANIFEST}"))}


def load_posterior(name_or_path: str | Path = "default") -> PosteriorArtifact:
    """Load a posterior, and verify its files.

    Parameters
    ----------
    name_or_path
        Name of a posterior inside the package (`"default"`), or a folder that `posterior fit` wrote.

    Raises
    ------
    ModelError
        If there is none, its sha256 is wrong, or it is of another version.
    """
    shipped = shipped_posteriors()
    folder = shipped.get(str(name_or_path), Path(name_or_path))
    path = folder / MANIFEST
    try:
        content = read_json(path)
    except InputFileError as error:
        known = ", ".join(shipped) or "none"
        raise ModelError(f"{error}; give one of the package ({known}), or a folder with {MANIFEST}") from None
    if not isinstance(content, dict) or content.get("format") != POSTERIOR_FORMAT:
        found = content.get("format") if isinstance(content, dict) else None
        raise ModelError(f"{path}: format {found!r}, this version reads {POSTERIOR_FORMAT}; fit the posterior again")
    try:
        sums = dict(content["files"])
        posterior = Posterior(
            cheap=ConditionalLogit.from_dict(content["cheap"]),
            full=_full(folder, sums, content["full"]),
            none_of_these=NoneOfThese.from_dict(content["none_of_these"]),
            missing_share=float(content["missing_share"]),
        )
        card = PosteriorCard(**{item.name: content["card"][item.name] for item in fields(PosteriorCard)})
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path}: not a posterior ({error}); fit it again") from None
    return PosteriorArtifact(folder, posterior, card, _tensors(folder, sums, FRAGMENTS))


def _full(folder: Path, sums: Mapping[str, str], content: dict[str, Any]) -> ConditionalLogit | CandidateNetwork:
    """Return what weighs all evidence."""
    if NETWORK not in sums:
        return ConditionalLogit.from_dict(content)
    tensors = _tensors(folder, sums, NETWORK)
    return CandidateNetwork.from_tensors(tuple(content["columns"]), str(content["nearest"]), tensors)


def _tensors(folder: Path, sums: Mapping[str, str], name: str) -> dict[str, NDArray[Any]]:
    """Read a file of tensors beside the manifest, if that names it, and verify it."""
    if name not in sums:
        return {}
    path = folder / name
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ModelError(f"{path}: missing; fit the posterior again") from None
    found = hashlib.sha256(content).hexdigest()
    if found != sums[name]:
        raise ModelError(
            f"{path}: sha256 is {found[:12]}..., the manifest says {sums[name][:12]}...; the file is damaged or "
            "was changed, get the posterior again"
        )
    try:
        return dict(load_tensors(content))
    except SafetensorError as error:
        raise ModelError(f"{path}: not a safetensors file ({error}); fit the posterior again") from None
