"""How the commands look: one console on stderr for progress, log lines and summaries; stdout is for results alone."""

from __future__ import annotations

import logging
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from matchms_fingerprint.io.report import ReadReport
from matchms_fingerprint.io.sources import open_binary

_WIDTH_IN_FILES = 120
"""Columns of tables that do not go to a terminal."""

_MARK = b"BEGIN IONS"
_MOST_BYTES_TO_COUNT = 1 << 29

Advance = Callable[[ReadReport], None]
"""Called once for each feature done, with the report of what has been read so far."""


def open_terminal(quiet: bool) -> Console:
    """Return the console of a command, and lead all warnings and log lines to it.

    matchms logs to stdout and libraries warn about their own future; neither belongs among results. With `quiet` the
    console prints nothing, and of the log lines only errors remain.
    """
    handler = _LineHandler(stderr_console())
    handler.setLevel(logging.ERROR if quiet else logging.WARNING)
    _lead_logs_to(handler)
    return Console(stderr=True, quiet=True) if quiet else handler.console


def stderr_console() -> Console:
    """Return a console for what accompanies the work."""
    return _console(stderr=True)


def stdout_console() -> Console:
    """Return a console for results."""
    return _console(stderr=False)


def _console(stderr: bool) -> Console:
    """Return a console that takes text as it is: `[neg]` and `:on:` in names of users are no markup."""
    console = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = _WIDTH_IN_FILES
    return console


class _LineHandler(logging.Handler):
    """Prints each message as one line above the progress bar of the same console."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self.console = console

    def emit(self, record: logging.LogRecord) -> None:
        """Print one message."""
        style = "bold red" if record.levelno >= logging.ERROR else "yellow"
        line = Text(f"{record.levelname.lower()}: ", style=style).append(" ".join(record.getMessage().split()), "none")
        self.console.print(line, soft_wrap=True)


def _lead_logs_to(handler: logging.Handler) -> None:
    import matchms.logging_functions  # noqa: F401  (gives the logger "matchms" its handler on stdout, replaced here)

    for name in ("matchms", "matchms_fingerprint", "py.warnings"):
        logging.getLogger(name).handlers[:] = [handler]
    if not sys.warnoptions:
        for category in (DeprecationWarning, PendingDeprecationWarning, FutureWarning):
            warnings.simplefilter("ignore", category)
    logging.captureWarnings(True)


@contextmanager
def feature_progress(console: Console, description: str, n_blocks: int | None) -> Iterator[Advance]:
    """Show features done, their rate and the time; a bar where the number of blocks in the file is known.

    Yields
    ------
    callable
        To be called for each feature done, with the report of what has been read so far.
    """
    columns = (
        SpinnerColumn(),
        TextColumn("[bold]{task.description}"),
        BarColumn(bar_width=30),
        TextColumn("{task.fields[features]:,} features"),
        TextColumn("{task.fields[rate]}/s"),
        TimeElapsedColumn(),
    )
    start = time.monotonic()
    n_features = 0
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(description, total=n_blocks, features=0, rate="0")

        def advance(report: ReadReport) -> None:
            nonlocal n_features
            n_features += 1
            # reading is up to a batch ahead of the features that are done
            n_read = max(report.spectra + len(report.unreadable), n_features)
            rate = rate_in_words(n_features, time.monotonic() - start)
            progress.update(task, completed=report.blocks * n_features / n_read, features=n_features, rate=rate)

        yield advance


def rate_in_words(n: int, seconds: float) -> str:
    """Return how many a second, for people: below ten with one decimal, so that slow work is not `0`.

    Examples
    --------
    >>> rate_in_words(80, 275.0), rate_in_words(2500, 1.0)
    ('0.3', '2,500')
    """
    rate = n / max(seconds, 1e-3)
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"


def count_blocks(file: Path) -> int | None:
    """Count the blocks of an MGF file, for the progress bar; None for other formats, and where it would take long."""
    if file.stat().st_size > _MOST_BYTES_TO_COUNT:
        return None
    count, rest = 0, b""
    with open_binary(file) as handle:
        while block := handle.read(1 << 20):
            text = rest + block
            count += text.count(_MARK)
            rest = text[-len(_MARK) + 1 :]
    return count or None


def plain_table(*headers: str, title: str | None = None) -> Table:
    """Return an empty table in the look of this package: a rule under the header, nothing else."""
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold", pad_edge=False)
    for header in headers:
        table.add_column(header)
    return table
