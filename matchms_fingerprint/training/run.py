"""One training run from files to a bundle."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from matchms_fingerprint.candidates import CandidateLibrary
from matchms_fingerprint.chem.fingerprints import FingerprintSpec
from matchms_fingerprint.errors import InputFileError, OutputError, SettingsError
from matchms_fingerprint.evaluation.benchmark import check_fingerprint
from matchms_fingerprint.features.labelled import read_labelled_spectra
from matchms_fingerprint.io.artifacts import read_json, sha256_of, write_json
from matchms_fingerprint.io.tables import table_writer
from matchms_fingerprint.models.registry import find_encoder
from matchms_fingerprint.training.curve import PICTURE
from matchms_fingerprint.training.finish import About, measure, with_memory_of, write_model
from matchms_fingerprint.training.fit import fit, negatives_for, refit_network
from matchms_fingerprint.training.lightning_run import CHECKPOINT
from matchms_fingerprint.training.settings import TrainingSettings
from matchms_fingerprint.training.splits import FoldSource, leaking_structures

logger = logging.getLogger("matchms_fingerprint")

DESCRIBED = "run_settings.json"
FOLDS_TABLE = "folds.tsv"
REFIT = "refit"


def train(
    spectra: str | Path,
    folds: FoldSource,
    settings: TrainingSettings,
    about: About,
    output: str | Path,
    run_folder: str | Path,
    library: CandidateLibrary | None = None,
    refit: bool = False,
    resume: bool = False,
    allow_shared_structures: bool = False,
    overwrite: bool = False,
    progress: bool = True,
    **trainer_options: Any,
) -> dict[str, Any]:
    """Read, split, train, measure and write a model; return its card.

    With `refit`, the network that is written is trained again in the same way on `train` and `val`, after all choices
    and measurements; its memory holds both.

    Raises
    ------
    SettingsError
        If structures of `test` stand in `train` or `val` too, or a fold is empty.
    OutputError
        If the run folder holds a run and `resume` is not set, or holds a run with other settings or data.
    """
    run_folder = Path(run_folder)
    if _has_begun(run_folder) and not resume:
        raise OutputError(f"{run_folder}: holds a run; continue it with --resume, or give another --run-folder")
    fingerprint = FingerprintSpec.parse(settings.fingerprint)
    if library is not None:
        check_fingerprint(library, fingerprint)
    data = read_labelled_spectra(_existing(spectra), fingerprint)
    fold = folds.folds_of(data, settings.seed)
    for name in ("train", "val"):
        if not (fold == name).any():
            raise SettingsError(f"no spectrum is in fold {name!r}; give more spectra or other folds")
    leaking = leaking_structures(fold, data.keys())
    if leaking and not allow_shared_structures:
        raise SettingsError(
            f"{len(leaking)} structures of `test` stand in `train` or `val` too, such as {leaking[0]}: figures on "
            "`test` would not show generalisation; use another split, or --allow-shared-structures"
        )
    logger.info("%d spectra of %d structures", len(data), len(data.smiles))
    identity = {
        "settings": settings.to_dict(),
        "spectra": sha256_of(spectra),
        "folds": hashlib.sha256("\n".join(fold.tolist()).encode()).hexdigest(),
    }
    _claim(run_folder, identity)
    with table_writer(run_folder / FOLDS_TABLE, {"id": "", "fold": ""}) as write_row:
        for name, part in zip(data.ids.tolist(), fold.tolist(), strict=True):
            write_row({"id": name, "fold": part})
    # found once: what the encoder needs of spectra, and what takes long
    data = replace(data, spectra=find_encoder(settings.encoder).complete(data.spectra))
    of_train, everywhere = negatives_for(data, fold, settings, library, progress=progress) or (None, None)
    network = fit(data, fold, settings, run_folder, library, everywhere, progress, **trainer_options)
    measured = measure(network, data, fold, settings, library, of_train)
    trained_folds: tuple[str, ...] = ("train",)
    shipped = measured.network
    if refit:
        trained_folds = ("train", "val")
        both = np.where(fold == "val", "train", fold)
        again = refit_network(data, both, settings, run_folder / REFIT, library, progress=progress, **trainer_options)
        shipped = with_memory_of(again, shipped, data, np.flatnonzero(both == "train"), settings)
    pictures = [run_folder / PICTURE]
    return write_model(shipped, measured, data, fold, settings, about, output, trained_folds, pictures, overwrite)


def _existing(path: str | Path) -> Path:
    if not Path(path).is_file():
        raise InputFileError(f"{path}: no such file")
    return Path(path)


def _has_begun(run_folder: Path) -> bool:
    """Return whether there is something to go on with: a run that failed before its first checkpoint has nothing."""
    return (run_folder / DESCRIBED).is_file() and (run_folder / CHECKPOINT).is_file()


def _claim(run_folder: Path, identity: dict[str, Any]) -> None:
    """Make the run folder, or check that what it holds is the run to resume."""
    described = run_folder / DESCRIBED
    if _has_begun(run_folder):
        if read_json(described) != identity:
            raise OutputError(
                f"{run_folder}: holds a run with other settings, spectra or folds; give another --run-folder"
            )
        return
    run_folder.mkdir(parents=True, exist_ok=True)
    write_json(described, identity)
