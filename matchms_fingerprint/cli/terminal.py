"""How the commands look: one console on stderr for progress, log lines and summaries; stdout is for results alone."""

from __future__ import annotations

import logging
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich import box
from rich.console import Console
from rich.logging import RichHandler
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

_WIDTH_IN_FILES = 200
"""Columns where stderr is no terminal, so that a log line stays one line."""

Advance = Callable[[int], None]
"""Called once for each feature done, with the number of blocks read so far."""


def open_terminal(quiet: bool) -> Console:
    """Return the console of a command, and lead all warnings and log lines to it.

    matchms logs to stdout and libraries warn about their own future; neither belongs among results. With `quiet` the
    console prints nothing, and of the log lines only errors remain.
    """
    console = stderr_console()
    handler = RichHandler(console=console, show_time=False, show_path=False, rich_tracebacks=False)
    handler.setLevel(logging.ERROR if quiet else logging.WARNING)
    _lead_logs_to(handler)
    return Console(stderr=True, quiet=True) if quiet else console


def stderr_console() -> Console:
    """Return a console on stderr, wide where stderr is a file or a pipe."""
    console = Console(stderr=True, highlight=False)
    if console.is_terminal:
        return console
    return Console(stderr=True, highlight=False, width=_WIDTH_IN_FILES)


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
        To be called for each feature done, with the number of blocks read so far.
    """
    columns = (
        SpinnerColumn(),
        TextColumn("[bold]{task.description}"),
        BarColumn(bar_width=30),
        TextColumn("{task.fields[features]:,} features"),
        TextColumn("{task.fields[rate]:,.0f}/s"),
        TimeElapsedColumn(),
    )
    start = time.monotonic()
    n_features = 0
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(description, total=n_blocks, features=0, rate=0.0)

        def advance(n_read: int) -> None:
            nonlocal n_features
            n_features += 1
            rate = n_features / max(time.monotonic() - start, 1e-3)
            progress.update(task, completed=n_read, features=n_features, rate=rate)

        yield advance


@contextmanager
def step(console: Console, description: str) -> Iterator[None]:
    """Show a spinner with elapsed time while something of unknown length is done."""
    with Progress(
        SpinnerColumn(), TextColumn("[bold]{task.description}"), TimeElapsedColumn(), console=console, transient=True
    ) as progress:
        progress.add_task(description, total=None)
        yield


def plain_table(*headers: str, title: str | None = None) -> Table:
    """Return an empty table in the look of this package: a rule under the header, nothing else."""
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold", pad_edge=False)
    for header in headers:
        table.add_column(header)
    return table
