"""Progress bars of long scores."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from rich.console import Console
from rich.progress import track

Item = TypeVar("Item")


def progress(items: Sequence[Item], description: str, progress_bar: bool) -> Iterable[Item]:
    """Yield the items; with `progress_bar`, show how far it is on stderr where somebody can see it move."""
    console = Console(stderr=True)
    if not progress_bar or not (console.is_terminal or console.is_jupyter):
        return items
    return track(items, description=description, console=console, transient=True)
