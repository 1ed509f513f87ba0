"""The command `matchms-fingerprint`: its commands, and how errors reach the user.

A command is a click command in a file of its own. Its heavy imports (torch, RDKit, matchms) stand inside its function,
so that `--help` and a mistyped option answer at once.
"""

from __future__ import annotations

import errno
import importlib
import os
import signal
import sys

import rich_click as click
from click.exceptions import Abort, NoArgsIsHelpError

from matchms_fingerprint.errors import MatchmsFingerprintError

PROGRAM = "matchms-fingerprint"

COMMANDS = (
    "annotate",
    "predict",
    "embed",
    "study",
    "candidates",
    "splits",
    "tune",
    "pretrain",
    "train",
    "evaluate",
    "compare",
    "posterior",
    "models",
    "demo",
)
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
    """Run the command line; an expected error is printed as one line and gives an exit code other than 0.

    Ends with 0 when all went well, 1 for what is wrong with the input or the machine, 2 for a mistyped command, and
    129 (closed terminal), 130 or 143 when stopped from outside: then the outputs begun are removed, as after any error;
    the journal of `annotate` stays, to go on with.
    """
    for name in ("SIGTERM", "SIGHUP"):  # Windows has no SIGHUP
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:  # nohup ignores it on purpose
            signal.signal(number, _stop)
    try:
        code = app(prog_name=PROGRAM, standalone_mode=False)
    except NoArgsIsHelpError as error:
        error.show()
        code = error.exit_code
    except Abort:
        code = _fail("interrupted", 130)
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else PROGRAM
        code = _fail(f"{error.format_message()} (see `{where} --help`)", error.exit_code)
    except click.ClickException as error:
        code = _fail(error.format_message(), error.exit_code)
    except MatchmsFingerprintError as error:
        code = _fail(str(error), 1)
    except OSError as error:
        code = _fail(_describe(error), 1)
    except MemoryError:
        code = _fail("the memory is full; a smaller --batch-size needs less", 1)
    sys.exit(code if isinstance(code, int) else 0)


def _stop(number: int, _frame: object) -> None:
    sys.exit(128 + number)


def _fail(message: str, code: int) -> int:
    print("error: " + " ".join(message.split()), file=sys.stderr)
    return code


def _describe(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    if error.errno == errno.ENOSPC:
        return f"{where}the disk is full; free some space or write elsewhere with -o (nothing was overwritten)"
    return f"{where}{os.strerror(error.errno) if error.errno else error}"
