"""Search for training settings with Optuna: drawn by what did well so far, judged on `val`, given up early.

Bergstra et al., "Algorithms for hyper-parameter optimization" (2011), for the sampler; Golovin et al., "Google Vizier"
(2017), for the rule by which a trial below the median of the others is given up. `test` is never touched.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import lightning
import numpy as np
import optuna
from lightning.pytorch.callbacks import Callback
from numpy.typing import NDArray
from optuna.trial import FrozenTrial, TrialState

from matchms_fingerprint.errors import MatchmsFingerprintError, OutputError, SettingsError
from matchms_fingerprint.features.labelled import LabelledSpectra
from matchms_fingerprint.io.artifacts import read_json, write_json
from matchms_fingerprint.training.fit import fit
from matchms_fingerprint.training.search_space import draw_settings, parse_space
from matchms_fingerprint.training.settings import TrainingSettings
from matchms_fingerprint.training.tune_results import BEST, EPOCHS, ERROR, SETTINGS, write_results

DESCRIBED = "tune.json"
DATABASE = "trials.db"
TRIALS = "trials"
_STUDY = "matchms_fingerprint"
_FOLDER, _COURSE = "folder", "course"
_MOST_ERRORS = 3
_WEIGHTS = ("last.ckpt", "best.safetensors")


@dataclass(frozen=True)
class TuneProgress:
    """Where a search stands.

    Parameters
    ----------
    n_done, n_trials
        Trials that have ended, and how many there will be.
    epoch, epochs
        Epochs that the present trial has done, and how many it has at most.
    best
        Best value so far on `val`, NaN for none.
    """

    n_done: int
    n_trials: int
    epoch: int
    epochs: int
    best: float


class _OutOfTimeError(Exception):
    """The time is up in the middle of a trial."""


class _Watch(Callback):
    """Reports each epoch to Optuna; ends the trial where it is hopeless, or where the time is up."""

    def __init__(self, trial: optuna.Trial, metric: str, ends: float, on_epoch: Callable[[int], None]) -> None:
        self.trial, self.metric, self.ends, self.on_epoch = trial, metric, ends, on_epoch
        course = trial.user_attrs.get(_COURSE, {})
        self.course = {int(epoch): float(value) for epoch, value in course.items()}
        for epoch, value in self.course.items():
            trial.report(value, epoch)

    @property
    def best(self) -> float:
        """Best value so far."""
        return max(self.course.values(), default=float("nan"))

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Report the value of the epoch."""
        epoch, value = trainer.current_epoch, float(trainer.callback_metrics[self.metric])
        if epoch not in self.course:
            self.trial.report(value, epoch)
        self.course[epoch] = value
        self.trial.set_user_attr(EPOCHS, len(self.course))
        self.on_epoch(len(self.course))
        if not np.isfinite(value):
            raise SettingsError(f"{self.metric} is {value} after epoch {epoch}")
        if self.trial.should_prune():
            raise optuna.TrialPruned

    def on_train_epoch_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Stop where the time is up; the checkpoint of the last epoch is written by now."""
        if monotonic() > self.ends:
            raise _OutOfTimeError


def tune(
    data: LabelledSpectra,
    folds: NDArray[np.str_],
    base: TrainingSettings,
    space: Mapping[str, Any],
    folder: str | Path,
    n_trials: int = 50,
    timeout_min: float | None = None,
    resume: bool = False,
    on_progress: Callable[[TuneProgress], None] | None = None,
    **fit_options: Any,
) -> TrainingSettings:
    """Search for the training settings that do best on `val`.

    After each trial the folder holds `trials.tsv`, `best_settings.json` for `train --settings`, `history.png`, and the
    course of each trial under `trials/`. The trials themselves are in `trials.db` (SQLite). A search that was stopped
    goes on where it was, with the epoch of the trial that was running; it draws the same trials as one that was not.
    One search at a time in a folder.

    Parameters
    ----------
    data
        Spectra with structures.
    folds
        train, val or test for each spectrum, shape (n_spectra,); `test` is taken out before anything is done.
    base
        The settings that are not searched. Its seed is that of each trial, and of the search.
    space
        What is searched, as in `search_space.json`.
    folder
        Where the results go.
    n_trials
        Trials in all, those of an earlier run included.
    timeout_min
        Stop after so many minutes, at the end of an epoch.
    resume
        Go on with the search in the folder.
    on_progress
        Called after each epoch and each trial.
    fit_options
        Passed to `training.fit.fit`, such as `library` or `devices`.

    Returns
    -------
    TrainingSettings
        The best settings.

    Raises
    ------
    OutputError
        If the folder holds a search and `resume` is not set, or holds a search of something else.
    SettingsError
        If the search space is not understood, a fold is empty, or the first trials all fail.
    """
    folder, parsed = Path(folder), parse_space(space)
    folds = np.where(folds == "test", "", folds)
    for name in ("train", "val"):
        if not (folds == name).any():
            raise SettingsError(f"no spectrum is in fold {name!r}; give more spectra or other folds")
    _claim(folder, _identity(data, folds, base, space), resume)
    ends = np.inf if timeout_min is None else monotonic() + 60 * timeout_min
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = _open_study(folder, base)
    _repeat_interrupted(study)
    while len(done := _finished(study)) < n_trials and monotonic() < ends:
        study.sampler = optuna.samplers.TPESampler(seed=(base.seed * 1_000_003 + len(done)) % 2**32)
        trial = study.ask()
        settings = draw_settings(trial, parsed, base.to_dict())
        best = _best(study)

        def report(epoch: int, n_done: int = len(done), best: float = best) -> None:
            if on_progress is not None:
                on_progress(TuneProgress(n_done, n_trials, epoch, base.epochs, best))

        if not _run(study, trial, settings, data, folds, folder, ends, report, fit_options):
            break
        write_results(folder, study.trials, f"{base.monitor} on val")
        report(0, len(done) + 1, _best(study))
    if np.isnan(_best(study)):
        raise SettingsError("no trial has come to its end; go on with --resume and more --trials or --timeout")
    return TrainingSettings.from_dict(read_json(folder / BEST))


def _run(
    study: optuna.Study,
    trial: optuna.Trial,
    settings: dict[str, Any],
    data: LabelledSpectra,
    folds: NDArray[np.str_],
    folder: Path,
    ends: float,
    report: Callable[[int], None],
    fit_options: Mapping[str, Any],
) -> bool:
    """Run one trial and tell the study how it ended; return False where the time was up before."""
    name = trial.user_attrs.get(_FOLDER, f"{trial.number:04d}")
    trial.set_user_attr(_FOLDER, name)
    trial.set_user_attr(SETTINGS, settings)
    own = folder / TRIALS / name
    own.mkdir(parents=True, exist_ok=True)
    watch = None
    try:
        checked = TrainingSettings.from_dict(settings)
        watch = _Watch(trial, f"val_{checked.monitor}", ends, report)
        fit(data, folds, checked, own, progress=False, extra_callbacks=[watch], **fit_options)
        study.tell(trial, watch.best)
    except optuna.TrialPruned:
        study.tell(trial, state=TrialState.PRUNED)
    except _OutOfTimeError:
        _repeat_interrupted(study)
        return False
    except (MatchmsFingerprintError, RuntimeError) as error:  # such as memory that does not suffice
        trial.set_user_attr(ERROR, " ".join(str(error).split()))
        study.tell(trial, state=TrialState.FAIL)
        ended = _finished(study)
        if len(ended) == _MOST_ERRORS and all(ERROR in other.user_attrs for other in ended):
            raise SettingsError(f"the first {_MOST_ERRORS} trials failed; the last one said: {error}") from error
    for weights in _WEIGHTS:
        (own / weights).unlink(missing_ok=True)
    return True


def _finished(study: optuna.Study) -> list[FrozenTrial]:
    """Return the trials that ended by themselves."""
    return [
        trial
        for trial in study.get_trials(deepcopy=False)
        if trial.state in (TrialState.COMPLETE, TrialState.PRUNED) or ERROR in trial.user_attrs
    ]


def _best(study: optuna.Study) -> float:
    values = [trial.value for trial in study.get_trials(deepcopy=False) if trial.state == TrialState.COMPLETE]
    return max((value for value in values if value is not None), default=float("nan"))


def _repeat_interrupted(study: optuna.Study) -> None:
    """Put the trials that never ended on the list again; they go on in the folder in which they were."""
    for trial in study.get_trials(states=(TrialState.RUNNING,)):
        study.tell(trial.number, state=TrialState.FAIL)
        if trial.params:
            course = {str(epoch): value for epoch, value in trial.intermediate_values.items()}
            kept = {_FOLDER: trial.user_attrs.get(_FOLDER, f"{trial.number:04d}"), _COURSE: course}
            study.enqueue_trial(trial.params, user_attrs=kept)


def _open_study(folder: Path, base: TrainingSettings) -> optuna.Study:
    return optuna.create_study(
        storage=optuna.storages.RDBStorage(f"sqlite:///{(folder / DATABASE).resolve()}"),
        pruner=_pruner(base.epochs),
        study_name=_STUDY,
        direction="maximize",
        load_if_exists=True,
    )


def _pruner(epochs: int) -> optuna.pruners.BasePruner:
    """Return the rule that gives up trials: below the median of at least five others, after a fifth of the epochs."""
    return optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=epochs // 5)


def _identity(
    data: LabelledSpectra, folds: NDArray[np.str_], base: TrainingSettings, space: Mapping[str, Any]
) -> dict[str, Any]:
    """Return by what a search is known again."""
    digest = hashlib.sha256()
    for part in (data.spectra.mz, data.spectra.intensity, data.structure, data.fingerprints):
        digest.update(np.ascontiguousarray(part).tobytes())
    return {
        "settings": base.to_dict(),
        "space": dict(space),
        "spectra": digest.hexdigest(),
        "folds": hashlib.sha256("\n".join(folds.tolist()).encode()).hexdigest(),
    }


def check_tune_folder(folder: str | Path, resume: bool) -> None:
    """Raise `OutputError` unless a search may begin in a folder, or go on there."""
    folder = Path(folder)
    if "?" in str(folder.resolve()):
        raise OutputError(f"{folder}: the trials cannot be kept under a name with a question mark; give another one")
    if (folder / DESCRIBED).is_file():
        if not resume:
            raise OutputError(f"{folder}: holds a search; go on with it by --resume, or give another folder with -o")
    elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise OutputError(f"{folder}: exists and holds no search; give another folder with -o")


def _claim(folder: Path, identity: dict[str, Any], resume: bool) -> None:
    """Make the folder, or check that what it holds is the search to go on with."""
    check_tune_folder(folder, resume)
    described = folder / DESCRIBED
    if not described.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        write_json(described, identity)
    elif read_json(described) != identity:
        raise OutputError(f"{folder}: holds a search with other settings, spectra or folds; give another folder")
