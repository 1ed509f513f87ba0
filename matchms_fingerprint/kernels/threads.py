"""Run compiled work in threads: kernels release the interpreter lock, so that they run side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeAlias, TypeVar

from numba import config

Result = TypeVar("Result")
Track: TypeAlias = Callable[[Sequence["Future[Result]"]], Iterable["Future[Result]"]]
"""Yields the futures it is given, and may show on the way how far it is."""


def n_threads() -> int:
    """Return how many threads to use: the cores of this process, or the environment variable NUMBA_NUM_THREADS."""
    return max(1, int(getattr(config, "NUMBA_NUM_THREADS", 1)))


def in_threads(tasks: Sequence[Callable[[], Result]], track: Track[Result] | None = None) -> list[Result]:
    """Call all tasks, several at a time; return their results in order.

    The threads live as long as the call, so that nothing is left over that a fork could break, and several callers
    may do this at the same time.

    Parameters
    ----------
    tasks
        Functions without arguments that spend their time in code which releases the interpreter lock.
    track
        Goes through the futures in the order of the tasks, for example behind a progress bar.
    """
    if track is None and len(tasks) == 1:
        return [tasks[0]()]
    with ThreadPoolExecutor(n_threads()) as pool:
        futures = [pool.submit(task) for task in tasks]
        try:
            return [future.result() for future in (track(futures) if track else futures)]
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
