"""The progress bar of a build: rows, rate and time left, on stderr."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text


class _RateColumn(ProgressColumn):
    """Rows so far, and rows a second."""

    def render(self, task: Task) -> Text:
        rows = int(task.fields.get("rows", 0))
        rate = rows / task.elapsed if task.elapsed else 0.0
        return Text(f"{rows:,} rows, {rate:,.0f}/s")


class BuildProgress:
    """Two bars: reading (by the share of the input that was read) and writing (by rows).

    Parameters
    ----------
    size
        Size of the whole input in the unit of the positions; None if it is not known.
    enabled
        Show the bars; without it every call does nothing.
    """

    def __init__(self, size: float | None, enabled: bool) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            _RateColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=_console(),
            disable=not enabled,
        )
        self._reading = self._progress.add_task("structures", total=size, rows=0)
        self._writing = self._progress.add_task("writing", total=None, rows=0, visible=False, start=False)
        self._n_written = 0

    def __enter__(self) -> BuildProgress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def advance(self, position: float, n_rows: int) -> None:
        """Show how far the input has been read, and how many rows that were."""
        # the bar starts here, after the workers were forked: it has a thread, and threads do not survive a fork
        self._progress.start()
        self._progress.update(self._reading, completed=position, rows=n_rows)

    def start_writing(self, n_rows: int) -> None:
        """Begin the second bar."""
        task = self._progress.tasks[self._reading]
        self._progress.update(self._reading, completed=task.total or task.completed, total=task.total or task.completed)
        self._progress.start_task(self._writing)
        self._progress.update(self._writing, total=n_rows, visible=True)

    def advance_writing(self, n_rows: int) -> None:
        """Show that so many more rows were sorted and merged."""
        self._n_written += n_rows
        self._progress.update(self._writing, completed=self._n_written, rows=self._n_written)


def _console() -> Console:
    """Return a console on stderr, wide enough for one line where it is no terminal."""
    console = Console(stderr=True)
    return console if console.is_terminal else Console(stderr=True, width=120)
