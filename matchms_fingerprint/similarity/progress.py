"""Progress bars of long scores."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from rich.console import Console
from rich.progress import track

Item = TypeVar("Item")


def progress(items: Sequence[Item], description: str, progress_bar: bool) -> Iterable[Item]:
    """Yield the items; with `progress_bar`, show on stderr how far it is, and leave nothing behind at the end."""
    if not progress_bar:
        return items
    return track(items, description=description, console=Console(stderr=True), transient=True)
