"""Our scores and filters by name, for matchms pipelines that are written in YAML."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from importlib import import_module
from typing import Any

from matchms.filtering.filter_order import ALL_FILTERS, FILTER_FUNCTION_NAMES

from matchms_fingerprint import filters
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.similarity.add_structure_annotation import add_structure_annotation
from matchms_fingerprint.similarity.embedding import EmbeddingSimilarity
from matchms_fingerprint.similarity.fast_cosine import (
    FastCosineGreedy,
    FastModifiedCosineGreedy,
    FastNeutralLossesCosine,
)
from matchms_fingerprint.similarity.fast_entropy import FastSpectralEntropy
from matchms_fingerprint.similarity.fingerprint_retrieval import FingerprintRetrieval

SCORE_CLASSES = (
    EmbeddingSimilarity,
    FastCosineGreedy,
    FastModifiedCosineGreedy,
    FastNeutralLossesCosine,
    FastSpectralEntropy,
    FingerprintRetrieval,
)

RUNS_AFTER = {
    "require_ms2": "require_correct_ms_level",
    "normalize_collision_energy": "require_precursor_mz",
    "add_fragmentation_level": "remove_profiled_spectra",
    "remove_precursor_window": "remove_peaks_relative_to_precursor_mz",
    "add_neutral_losses_summary": "add_precursor_formula",
    "add_predicted_fingerprint_summary": "add_neutral_losses_summary",
    "add_structure_annotation": "add_predicted_fingerprint_summary",
}
"""The filter behind which each of ours runs in a pipeline, whatever the order in which they are listed there."""


def register_with_matchms() -> None:
    """Make the scores and filters of this package known to matchms by name.

    Afterwards a matchms `Pipeline`, and so a workflow in a YAML file, takes the scores by the name of their class in
    lower case (`fingerprintretrieval`, `embeddingsimilarity`, as `cosinegreedy` there), and the filters by their own
    name. Each filter gets a place in the order in which matchms runs filters; custom filters otherwise run last.
    The registration holds for the running Python process and may be repeated; reading scores that were saved as JSON
    needs none.

    Raises
    ------
    SettingsError
        If a name stands for something else already; nothing of that name is replaced.

    Examples
    --------
    >>> from matchms.Pipeline import Pipeline, create_workflow
    >>> from matchms_fingerprint import register_with_matchms
    >>> register_with_matchms()
    >>> workflow = create_workflow(
    ...     query_filters=["require_ms2"],
    ...     score_computations=[["precursormzmatch", {"tolerance": 0.01}], ["fingerprintretrieval"]],
    ... )
    >>> pipeline = Pipeline(workflow)
    """
    # matchms.Pipeline is the class; the table of scores stands in the module of the same name
    scores = import_module("matchms.Pipeline")._score_functions
    for score in SCORE_CLASSES:
        _enter(scores, score.__name__.lower(), score)
    functions = {add_structure_annotation.__name__: add_structure_annotation, **vars(filters)}
    for name in RUNS_AFTER:
        function = functions[name]
        if _enter(FILTER_FUNCTION_NAMES, name, function):
            order = [other.__name__ for other in ALL_FILTERS]
            ALL_FILTERS.insert(order.index(RUNS_AFTER[name]) + 1, function)


def _enter(table: MutableMapping[str, Any], name: str, entry: Callable[..., Any]) -> bool:
    """Enter a name into a table of matchms; return False where it stands there already."""
    if table.get(name, entry) is not entry:
        raise SettingsError(f"register_with_matchms: matchms knows another {name!r} already; it was not replaced")
    known = name in table
    table[name] = entry
    return not known
