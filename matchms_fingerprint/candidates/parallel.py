"""A function over a stream of items in worker processes: in order, in bounded memory, and gone when they should be."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice
from multiprocessing.synchronize import Event
from typing import Any, TypeVar

from rdkit import rdBase

from matchms_fingerprint.errors import LibraryError

Item = TypeVar("Item")
Result = TypeVar("Result")

_FEW = 4  # so few items are done sooner than processes are started
_worker: dict[str, Any] = {}


def available_cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def map_in_order(
    function: Callable[[Item, Callable[[], bool]], Result], items: Iterable[Item], n_jobs: int
) -> Iterator[Result]:
    """Yield `function(item, stopped)` for each item, in the order of the items.

    Parameters
    ----------
    function
        Picklable. It asks `stopped()` now and then, and returns soon once that is True.
    items
        Read only a few ahead of what is yielded.
    n_jobs
        Number of worker processes; with 1, or few items, the work is done in this process.

    Raises
    ------
    LibraryError
        If a worker process dies, as it does when memory runs out.
    """
    items = iter(items)
    first = list(islice(items, _FEW))
    if n_jobs == 1 or len(first) < _FEW:
        with rdBase.BlockLogs():
            for item in chain(first, items):
                yield function(item, lambda: False)
        return
    # Forked workers start at once and need no guarded __main__ in the caller's script; elsewhere fork is not safe.
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    stop = context.Event()
    executor = ProcessPoolExecutor(n_jobs, context, initializer=_begin, initargs=(function, stop))
    waiting: deque[Future[Result]] = deque()
    try:
        for item in chain(first, items):
            waiting.append(executor.submit(_call, item))
            if len(waiting) >= 3 * n_jobs:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool:
        raise LibraryError(
            "a worker process died, most likely because memory ran out; try again with fewer --jobs"
        ) from None
    finally:
        stop.set()
        executor.shutdown(cancel_futures=True)


def _begin(function: Callable[..., Any], stop: Event) -> None:
    """Prepare a worker: Ctrl-C is the parent's business, and a worker without a parent ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _worker.update(function=function, stop=stop, logs=rdBase.BlockLogs())
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _call(item: Any) -> Any:
    return _worker["function"](item, _worker["stop"].is_set)
