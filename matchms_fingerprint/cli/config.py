"""A file with the options of a command: printed with explanations, edited, given back."""

from __future__ import annotations

import json
import textwrap
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import rich_click as click

from matchms_fingerprint.errors import InputFileError, SettingsError

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

_OWN = ("config", "print_config", "help")
_WIDTH = 100


def config(function: Decorated) -> Decorated:
    """Add the options --config and --print-config; to be the outermost decorator below `click.command`."""
    for option in (
        click.option(
            "--print-config",
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_print,
            help="Print all options as a commented file for --config, and end.",
        ),
        click.option(
            "--config",
            type=click.Path(path_type=Path),
            is_eager=True,
            expose_value=False,
            callback=_read,
            help="TOML file with options; what the command line gives goes before it.",
        ),
    ):
        function = option(function)
    return function


def config_text(command: click.Command) -> str:
    """Return the options of a command with their defaults as a commented TOML file."""
    lines = [f"# Options of `matchms-fingerprint {command.name}`: edit, and give this file back with --config FILE."]
    for option in _options(command):
        described = option.help or ""
        if isinstance(option.type, click.Choice):
            described += f" One of {', '.join(map(str, option.type.choices))}."
        lines += ["", *(f"# {line}" for line in textwrap.wrap(described, _WIDTH)), _line(option)]
    return "\n".join(lines) + "\n"


def _options(command: click.Command) -> Iterator[click.Option]:
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.name not in _OWN:
            yield parameter


def _key(option: click.Option) -> str:
    """Return the name of an option as it is typed, such as `top_k`."""
    return max(option.opts, key=len).removeprefix("--").replace("-", "_")


def _line(option: click.Option) -> str:
    value = option.default
    if option.multiple or option.is_flag:
        value = [] if option.multiple else option.default is True
    if not isinstance(value, str | int | float | list):
        return f"# {_key(option)} ="
    return f"{_key(option)} = {_toml(value)}"


def _toml(value: Any) -> str:
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_toml, value))}]"
    # strings, numbers and truth values are written in TOML as in JSON
    return json.dumps(value, ensure_ascii=False)


def _print(context: click.Context, _: click.Parameter, is_asked: bool) -> None:
    if is_asked and not context.resilient_parsing:
        click.echo(config_text(context.command), nl=False)
        context.exit()


def _read(context: click.Context, _: click.Parameter, path: Path | None) -> None:
    """Make what the file says the defaults of the options."""
    if path is None or context.resilient_parsing:
        return
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputFileError(f"{path}: no such file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputFileError(f"{path}: not a TOML file ({error}); see --print-config") from None
    names = {_key(option): option.name for option in _options(context.command)}
    if unknown := sorted(set(values).difference(names)):
        raise SettingsError(f"{path}: unknown keys {', '.join(unknown)}; see --print-config for those that there are")
    context.default_map = {**(context.default_map or {}), **{names[key]: value for key, value in values.items()}}
