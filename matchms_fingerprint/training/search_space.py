"""Which training settings are searched, and between which values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from importlib.resources import files
from pathlib import Path
from typing import Any

from matchms_fingerprint.errors import InputFileError, SettingsError
from matchms_fingerprint.training.augment import Augmentation
from matchms_fingerprint.training.settings import TrainingSettings

DEFAULT_SPACE = "search_space.json"

FIXED = ("fingerprint", "monitor", "seed")
"""Settings that are the same in all trials, or their values could not be compared."""

_KEYS = {"low", "high", "log", "step", "choices", "when"}

Suggest = Any
"""An `optuna.Trial`, or whatever has its three methods `suggest_categorical`, `suggest_int` and `suggest_float`."""


@dataclass(frozen=True)
class Choice:
    """One of some values.

    Parameters
    ----------
    values
        Text, numbers, true, false or null.
    when
        Settings that must have these values, or the setting is not searched.
    """

    values: tuple[Any, ...]
    when: Mapping[str, Any] = field(default_factory=dict)

    def draw(self, trial: Suggest, name: str) -> Any:
        """Ask a trial for a value."""
        return trial.suggest_categorical(name, self.values)


@dataclass(frozen=True)
class Range:
    """A number between two, both included; a whole one where both are whole.

    Parameters
    ----------
    low, high
        The smallest and the largest value.
    log
        Draw by its logarithm.
    step
        Distance of the values, None for 1 or none.
    when
        Settings that must have these values, or the setting is not searched.
    """

    low: float
    high: float
    log: bool = False
    step: float | None = None
    when: Mapping[str, Any] = field(default_factory=dict)

    def draw(self, trial: Suggest, name: str) -> Any:
        """Ask a trial for a value."""
        if isinstance(self.low, int) and isinstance(self.high, int):
            return trial.suggest_int(name, self.low, self.high, step=self.step or 1, log=self.log)
        return trial.suggest_float(name, self.low, self.high, step=self.step, log=self.log)


SearchSpace = Mapping[str, Choice | Range]
"""Name of a setting, with dots -> between which values."""


def read_space(path: str | Path | None = None) -> dict[str, Any]:
    """Read a search space as it is written; None stands for the default one.

    Lines that begin with `//` are comments.

    Raises
    ------
    InputFileError
        If the file is missing or not JSON.
    """
    name = DEFAULT_SPACE if path is None else str(path)
    source = files("matchms_fingerprint.training").joinpath(DEFAULT_SPACE) if path is None else Path(path)
    try:
        text = source.read_text(encoding="utf-8")
        # a comment leaves an empty line, so that an error names the line of the file
        content = json.loads("\n".join("" if line.lstrip().startswith("//") else line for line in text.splitlines()))
    except FileNotFoundError:
        raise InputFileError(f"{name}: no such file") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputFileError(f"{name}: not a JSON file ({error})") from None
    if not isinstance(content, dict) or not content:
        raise InputFileError(f"{name}: a search space is a JSON object with at least one setting")
    return content


def parse_space(written: Mapping[str, Any]) -> SearchSpace:
    """Check a search space and make it ready for use.

    Parameters
    ----------
    written
        As in `search_space.json`, which explains it.

    Raises
    ------
    SettingsError
        If a setting is unknown or fixed, or a value is none of the forms.
    """
    space: dict[str, Choice | Range] = {}
    for name, value in written.items():
        _check_name(name)
        space[name] = _parse(name, value)
        for other in space[name].when:
            _check_name(other, searched=False)
    return space


def draw_settings(trial: Suggest, space: SearchSpace, base: Mapping[str, Any]) -> dict[str, Any]:
    """Draw one set of training settings.

    Parameters
    ----------
    trial
        Where the values come from.
    space
        What is searched, in this order.
    base
        Training settings as `TrainingSettings.to_dict` gives them; not changed.

    Returns
    -------
    dict
        The settings with what was drawn, for `TrainingSettings.from_dict`.
    """
    settings = dict(base)
    for name, values in space.items():
        if all(_get(settings, other) == expected for other, expected in values.when.items()):
            settings = _with(settings, name, values.draw(trial, name))
    return settings


def _check_name(name: str, searched: bool = True) -> None:
    first, _, rest = name.partition(".")
    known = {item.name for item in fields(TrainingSettings)}
    if first not in known:
        raise SettingsError(f"search space: unknown training setting {name!r}; known are {', '.join(sorted(known))}")
    parts = {item.name for item in fields(Augmentation)} if first == "augmentation" else None
    if first == "augmentation" and rest not in (parts or ()):
        raise SettingsError(f"search space: unknown setting {name!r}; known are {', '.join(sorted(parts or ()))}")
    if searched and first in FIXED:
        raise SettingsError(f"search space: {name} cannot be searched, or the trials could not be compared")
    has_parts = first == "augmentation" or first.endswith("_settings")
    if has_parts != bool(rest):
        remedy = f"name one of its parts, such as {first}.NAME" if has_parts else "it has no parts"
        raise SettingsError(f"search space: {name!r} is no single setting; {remedy}")


def _parse(name: str, value: Any) -> Choice | Range:
    if isinstance(value, list):
        value = {"choices": value}
    if not isinstance(value, dict) or (unknown := sorted(set(value) - _KEYS)):
        detail = f"unknown {', '.join(unknown)}" if isinstance(value, dict) else f"found {value!r}"
        raise SettingsError(
            f"search space: {name} needs a list of values, or an object with low and high, or with choices; {detail}"
        )
    when = value.get("when", {})
    if not isinstance(when, dict):
        raise SettingsError(f'search space: "when" of {name} is {when!r}; write it as {{"encoder": "binned_mlp"}}')
    if "choices" in value:
        choices = value["choices"]
        simple = isinstance(choices, list) and all(isinstance(v, str | int | float | None) for v in choices)
        if not simple or not choices or set(value) - {"choices", "when"}:
            raise SettingsError(f"search space: choices of {name} are {choices!r}; give a list of text and numbers")
        return Choice(tuple(choices), when)
    low, high, log, step = (value.get(key) for key in ("low", "high", "log", "step"))
    numbers = [v for v in (low, high) if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numbers) < 2 or numbers[0] >= numbers[1]:
        raise SettingsError(f"search space: {name} needs numbers low and high, low below high; found {low!r}, {high!r}")
    if log not in (None, True, False) or (log and (numbers[0] <= 0 or step is not None)):
        raise SettingsError(f'search space: "log" of {name} is true or false, and goes with low above 0 and no step')
    whole = isinstance(low, int) and isinstance(high, int)
    if step is not None and (
        isinstance(step, bool) or not isinstance(step, int if whole else int | float) or step <= 0
    ):
        raise SettingsError(f"search space: step of {name} is {step!r}; give a number above 0, whole as low and high")
    return Range(numbers[0], numbers[1], bool(log), step, when)


def _get(settings: Mapping[str, Any], name: str) -> Any:
    first, _, rest = name.partition(".")
    return settings.get(first, {}).get(rest) if rest else settings.get(first)


def _with(settings: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    first, _, rest = name.partition(".")
    return {**settings, first: {**settings.get(first, {}), rest: value} if rest else value}
