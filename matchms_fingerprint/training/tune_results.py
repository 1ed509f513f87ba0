"""What a search for training settings leaves: a table of the trials, the best settings, a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from optuna.trial import FrozenTrial, TrialState

from matchms_fingerprint.evaluation.report.style import BASELINE, INK, MODEL, picture
from matchms_fingerprint.io.artifacts import atomic_file, write_json
from matchms_fingerprint.io.tables import table_writer

TABLE, BEST, HISTORY = "trials.tsv", "best_settings.json", "history.png"

SETTINGS, EPOCHS, ERROR = "settings", "epochs", "error"
"""What is kept of each trial beside its parameters."""

_STATES = {TrialState.COMPLETE: "complete", TrialState.PRUNED: "given up", TrialState.FAIL: "failed"}


def write_results(folder: Path, trials: Sequence[FrozenTrial], measure: str) -> None:
    """Write table, best settings and picture of the trials that ended.

    Parameters
    ----------
    folder
        Where they go.
    trials
        All trials.
    measure
        What was searched for, in words.
    """
    rows = trial_rows(trials)
    names = sorted({name for trial in trials for name in trial.params})
    formats = {"trial": "", "state": "", "value": ".5f", "best_epoch": "", "epochs": "", "seconds": ".1f"}
    with table_writer(folder / TABLE, formats | dict.fromkeys(names, ".6g") | {ERROR: ""}) as write_row:
        for row in rows:
            write_row(row)
    complete = [trial for trial in trials if trial.state == TrialState.COMPLETE and trial.value is not None]
    if complete:
        best = max(complete, key=lambda trial: (trial.value, -trial.number))
        write_json(folder / BEST, best.user_attrs[SETTINGS])
    with atomic_file(folder / HISTORY) as partial:
        partial.write_bytes(draw_history(rows, measure))


def trial_rows(trials: Sequence[FrozenTrial]) -> list[dict[str, Any]]:
    """Return a row for each trial that ended by itself: number, state, best value, its epoch, parameters."""
    rows: list[dict[str, Any]] = []
    for trial in trials:
        if trial.state not in _STATES or (trial.state == TrialState.FAIL and ERROR not in trial.user_attrs):
            continue
        course = trial.intermediate_values
        best_epoch = max(course, key=lambda epoch: (course[epoch], -epoch)) if course else None
        duration = trial.duration
        rows.append(
            {
                "trial": len(rows),
                "state": _STATES[trial.state],
                "value": None if best_epoch is None else course[best_epoch],
                "best_epoch": best_epoch,
                "epochs": trial.user_attrs.get(EPOCHS, 0),
                "seconds": None if duration is None else duration.total_seconds(),
                ERROR: trial.user_attrs.get(ERROR),
                **trial.params,
            }
        )
    return rows


@picture
def draw_history(figure: Figure, rows: Sequence[dict[str, Any]], measure: str) -> None:
    """Draw the value of each trial, and the best so far."""
    axes = figure.subplots()
    for state, color, marker in (("complete", MODEL, "o"), ("given up", BASELINE, "x")):
        points = [(row["trial"], row["value"]) for row in rows if row["state"] == state and row["value"] is not None]
        if points:
            numbers, values = zip(*points, strict=True)
            axes.scatter(numbers, values, color=color, marker=marker, s=22, label=f"{state} ({len(points)})")
    complete = [(row["trial"], row["value"]) for row in rows if row["state"] == "complete"]
    if complete:
        numbers, values = zip(*complete, strict=True)
        best = np.maximum.accumulate(values)
        axes.step([*numbers, len(rows) - 1], [*best, best[-1]], where="post", color=INK, linewidth=1.2, label="best")
        axes.set_title(f"best: {best[-1]:.4f}, trial {numbers[int(np.argmax(values))]}")
    axes.set(xlabel="trial", ylabel=measure)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if axes.get_legend_handles_labels()[0]:
        axes.legend()
