"""A function over a stream of items in worker processes."""

import os
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from matchms_fingerprint.candidates.parallel import available_cores, map_in_order
from matchms_fingerprint.errors import LibraryError


def square(item: int, stopped: Callable[[], bool]) -> tuple[int, int]:
    time.sleep(0.02 * (item % 3 == 0))
    return item * item, os.getpid()


def end_at_seven(item: int, stopped: Callable[[], bool]) -> int:
    if item == 7:
        os._exit(3)
    return item


def fail_at_seven(item: int, stopped: Callable[[], bool]) -> int:
    if item == 7:
        raise ValueError("seven")
    return item


def wait_for_the_end(item: int, stopped: Callable[[], bool]) -> int:
    end = time.monotonic() + 60
    while item > 0 and not stopped() and time.monotonic() < end:
        time.sleep(0.01)
    return item


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("n_items", [0, 1, 3, 4, 30])
def test_results_come_in_the_order_of_the_items(n_jobs: int, n_items: int) -> None:
    results = list(map_in_order(square, range(n_items), n_jobs))
    assert [value for value, _ in results] == [i * i for i in range(n_items)]
    processes = {process for _, process in results}
    # few items are not worth a process
    assert (processes <= {os.getpid()}) == (n_jobs == 1 or n_items < 4)


def test_items_are_read_only_a_few_ahead() -> None:
    read = 0

    def items() -> Iterator[int]:
        nonlocal read
        for item in range(1000):
            read += 1
            yield item

    results = map_in_order(square, items(), 2)
    for _ in range(20):
        next(results)
    assert read <= 20 + 3 * 2
    results.close()


def test_a_worker_that_dies_is_an_error() -> None:
    with pytest.raises(LibraryError, match="worker process died"):
        list(map_in_order(end_at_seven, range(100), 2))


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_an_exception_of_the_function_is_passed_on(n_jobs: int) -> None:
    with pytest.raises(ValueError, match="seven"):
        list(map_in_order(fail_at_seven, range(100), n_jobs))


def test_closing_stops_the_workers_in_the_middle_of_their_work() -> None:
    results = map_in_order(wait_for_the_end, range(100), 2)
    assert next(results) == 0
    start = time.monotonic()
    results.close()
    assert time.monotonic() - start < 10
    assert threading.active_count() < 10


def test_there_is_a_core() -> None:
    assert 1 <= available_cores() <= (os.cpu_count() or 1)
