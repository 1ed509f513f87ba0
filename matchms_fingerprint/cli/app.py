"""The command `matchms-fingerprint`: its commands, and how errors reach the user.

A command is a click command in a file of its own. Its heavy imports (torch, RDKit, matchms) stand inside its function,
so that `--help` and a mistyped option answer at once.
"""

from __future__ import annotations

import errno
import importlib
import os
import sys

import rich_click as click

from matchms_fingerprint.errors import MatchmsFingerprintError

COMMANDS = ("annotate", "predict", "embed", "candidates", "train", "evaluate", "models", "demo")
"""The commands in the order of `--help`; each is the click command `command` in `cli/<name>.py`."""


class CommandGroup(click.RichGroup):
    """A group that imports a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of `COMMANDS`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"matchms_fingerprint.cli.{cmd_name}").command
        return command


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.version_option(package_name="matchms_fingerprint")
def app() -> None:
    """Predict molecular fingerprints from tandem mass spectra, rank candidate structures, and compare spectra."""


def main() -> None:
    """Run the command line; an expected error is printed as one line and gives an exit code other than 0."""
    try:
        code = app(standalone_mode=False)
    except click.exceptions.Abort:
        code = _fail("interrupted", 130)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except MatchmsFingerprintError as error:
        code = _fail(str(error), 1)
    except OSError as error:
        code = _fail(_describe(error), 1)
    except KeyboardInterrupt:
        code = _fail("interrupted", 130)
    sys.exit(code if isinstance(code, int) else 0)


def _fail(message: str, code: int) -> int:
    print("error: " + " ".join(message.split()), file=sys.stderr)
    return code


def _describe(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    if error.errno == errno.ENOSPC:
        return f"{where}the disk is full; free some space or write elsewhere with -o (nothing was overwritten)"
    return f"{where}{os.strerror(error.errno) if error.errno else error}"
