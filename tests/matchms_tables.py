"""The tables in which matchms keeps its names, put back after a test that registered ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

from matchms.filtering.filter_order import ALL_FILTERS, FILTER_FUNCTION_NAMES

from matchms_fingerprint import register_with_matchms

SCORES_BY_NAME = import_module("matchms.Pipeline")._score_functions


@contextmanager
def registered() -> Iterator[None]:
    """Register, and forget it at the end; a process that never registers has to see matchms as it is."""
    scores, filters, order = dict(SCORES_BY_NAME), dict(FILTER_FUNCTION_NAMES), list(ALL_FILTERS)
    try:
        register_with_matchms()
        yield
    finally:
        for table, before in ((SCORES_BY_NAME, scores), (FILTER_FUNCTION_NAMES, filters)):
            table.clear()
            table.update(before)
        ALL_FILTERS[:] = order
