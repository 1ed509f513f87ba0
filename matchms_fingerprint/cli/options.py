"""Options that several commands share, so that they are named and explained alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import rich_click as click

from matchms_fingerprint.constants import ION_MODES, MIN_PEAKS
from matchms_fingerprint.errors import SettingsError

if TYPE_CHECKING:
    from matchms_fingerprint.training.settings import TrainingSettings
    from matchms_fingerprint.training.splits import FoldSource

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

SPLITS = ("random", "inchikey", "scaffold", "formula", "learned")
INPUT_FORMATS = "MGF, MSP, mzML, mzXML or JSON, also gzipped"


def input_file(function: Decorated) -> Decorated:
    """Add the argument FILE: the spectra."""
    return click.argument("file", type=click.Path(path_type=Path))(function)


def reading(function: Decorated) -> Decorated:
    """Add the options on how spectra are read: --ion-mode, --per-feature, --min-peaks."""
    for option in (
        click.option(
            "--min-peaks", type=click.IntRange(min=0), default=MIN_PEAKS, help="Leave out spectra with fewer peaks."
        ),
        click.option(
            "--per-feature",
            type=click.Choice(["merge", "best", "all"]),
            default="merge",
            help="Several spectra of one feature: merge them, take the best, or keep all.",
        ),
        click.option(
            "--ion-mode",
            type=click.Choice(ION_MODES),
            default=None,
            help="Ion mode of the features for which the file does not tell it.  [default: reported as unknown]",
        ),
    ):
        function = option(function)
    return function


def model(function: Decorated) -> Decorated:
    """Add the options --model and --batch-size."""
    for option in (
        click.option(
            "--batch-size",
            type=click.IntRange(min=1),
            default=256,
            help="Features held in memory at a time; `annotate` judges the accuracy of their masses together.",
        ),
        click.option("--model", default="default", help="Name of a shipped model, or the folder of another one."),
    ):
        function = option(function)
    return function


def output(kind: str, help_text: str) -> Callable[[Decorated], Decorated]:
    """Return a decorator that adds -o and --overwrite; `kind` is FOLDER or FILE."""

    def decorate(function: Decorated) -> Decorated:
        overwrite = click.option("--overwrite", is_flag=True, help=f"Replace the output {kind.lower()} if it exists.")
        path = click.option(
            "-o", "--output", type=click.Path(path_type=Path), required=True, metavar=kind, help=help_text
        )
        return path(overwrite(function))

    return decorate


def folds(function: Decorated) -> Decorated:
    """Add the options on who trains and who is tested: --folds, --fold-column, --id-column, --split."""
    for option in (
        click.option(
            "--split",
            type=click.Choice(SPLITS),
            default="scaffold",
            help="How to split 80/10/10 where no --folds are given.",
        ),
        click.option(
            "--id-column", default="accession", help="Its column with the spectrum id (SPECTRUM_ID or FEATURE_ID)."
        ),
        click.option("--fold-column", default="fold_scaffold", help="Its column with the fold."),
        click.option(
            "--folds", type=click.Path(path_type=Path), help="Table with the fold (train, val, test) of each spectrum."
        ),
    ):
        function = option(function)
    return function


def fold_source(given: Mapping[str, Any]) -> FoldSource:
    """Return what the options of `folds` say."""
    from matchms_fingerprint.training.splits import FoldSource

    return FoldSource(given["folds"], given["fold_column"], given["id_column"], given["split"])


def training_settings(given: Mapping[str, Any]) -> TrainingSettings:
    """Read the file of --settings, if there is one, with --epochs and --seed in place of its own."""
    from matchms_fingerprint.io.artifacts import read_json
    from matchms_fingerprint.training.settings import TrainingSettings

    changes = {key: given[key] for key in ("epochs", "seed") if given[key] is not None}
    values = read_json(given["settings"]) if given["settings"] else {}
    return TrainingSettings.from_dict(values | changes)


def quiet(function: Decorated) -> Decorated:
    """Add the option --quiet."""
    return click.option("--quiet", "-q", is_flag=True, help="Print errors only: no progress, no summary.")(function)


def require_train_extra() -> None:
    """Stop with one clear line where the extra `train` is not installed."""
    _require("train", "lightning", "sklearn")


def require_tune_extra() -> None:
    """Stop with one clear line where the extra `tune` is not installed."""
    _require("tune", "lightning", "sklearn", "optuna")


def require_study_extra() -> None:
    """Stop with one clear line where the extra `study` is not installed."""
    _require("study", "sklearn")


def require_umap_extra() -> None:
    """Stop with one clear line where the extra `umap` is not installed."""
    _require("umap", "umap")


def _require(extra: str, *packages: str) -> None:
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        raise SettingsError(
            f"{', '.join(missing)} not installed; install the extra: pip install 'matchms_fingerprint[{extra}]'"
        )
