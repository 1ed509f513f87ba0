"""The command `matchms-fingerprint`: its commands, and how errors reach the user."""

from __future__ import annotations

import errno
import os
import sys

import click
import typer

from matchms_fingerprint.errors import MatchmsFingerprintError

app = typer.Typer(
    name="matchms-fingerprint",
    help="Predict molecular fingerprints from tandem mass spectra, rank candidate structures, compare spectra.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command line; print an expected error as one line and exit with a code other than 0."""
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
