"""The posterior: weights to shares, two stages, missing evidence, and what becomes of an empty list."""

from dataclasses import replace

import numpy as np
import pytest
from evidence_cases import CHEAP, COLUMNS, table_of
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from matchms_fingerprint.annotation.posterior.conditional_logit import (
    DESCRIPTORS,
    SIDES,
    ConditionalLogit,
    describe,
    standardised_in_list,
)
from matchms_fingerprint.annotation.posterior.evidence_table import EvidenceTable, group_of
from matchms_fingerprint.annotation.posterior.none_of_these import NoneOfThese, feature_names, list_features
from matchms_fingerprint.annotation.posterior.posterior import Posterior
from matchms_fingerprint.errors import ModelError, SettingsError

M = len(DESCRIPTORS)
NAN = np.nan


def logit_of(columns: tuple[str, ...], weights: list[float], scales: list[float] | None = None) -> ConditionalLogit:
    """A logit that weighs all alike above and below the mean of the list."""
    n = len(columns)
    log_weights = np.concatenate([np.log(weights), np.full(n, -np.inf)])
    return ConditionalLogit(
        columns, np.array(scales or [1.0] * n), log_weights, np.zeros((SIDES * n, M)), np.zeros(M), np.ones(M)
    )


def posterior_of(missing_share: float = 0.1) -> Posterior:
    n = len(feature_names(COLUMNS))
    none = NoneOfThese(COLUMNS, np.zeros(n), np.ones(n), np.zeros(n), 0.0)
    return Posterior(logit_of(CHEAP, [1.0, 1.0]), logit_of(COLUMNS, [1.0, 1.0, 2.0]), none, missing_share)


VALUES = arrays(
    np.float64,
    st.tuples(st.integers(1, 12), st.just(3)),
    elements=st.one_of(st.floats(-5, 5), st.just(NAN)),
)


@given(VALUES)
def test_probabilities_and_that_of_none_sum_to_one(values: np.ndarray) -> None:
    judgement = posterior_of().judge(table_of(values))
    assert judgement.probabilities.sum() + judgement.probability_none == pytest.approx(1.0)
    assert (judgement.probabilities >= 0).all()
    assert np.isfinite(judgement.logits).all()


@given(VALUES, st.lists(st.floats(-10, 10), min_size=3, max_size=3))
def test_what_all_candidates_share_says_nothing(values: np.ndarray, shift: list[float]) -> None:
    logit = logit_of(COLUMNS, [1.0, 0.5, 2.0])
    moved = logit.logits(table_of(values + np.array(shift)))
    assert moved == pytest.approx(logit.logits(table_of(values)), abs=1e-6)


@given(VALUES)
def test_who_has_more_of_all_evidence_is_ahead(values: np.ndarray) -> None:
    known = np.nan_to_num(values)
    logits = logit_of(COLUMNS, [1.0, 0.5, 2.0]).logits(table_of(known))
    ahead = (known[:, None] >= known[None]).all(axis=2)
    assert (logits[:, None] - logits[None])[ahead].min() >= -1e-9


def test_missing_evidence_counts_as_the_mean_of_the_list() -> None:
    values = np.array([[1.0, NAN], [3.0, NAN], [NAN, NAN]])
    # two values one unit off their mean; the usual spread of 2 counts like three of them
    spread = np.sqrt((2 * 1.0 + 3 * 2.0**2) / (2 + 3))
    found = standardised_in_list(values, np.array([2.0, 1.0]))
    assert found == pytest.approx(np.array([[-1 / spread, 0.0], [1 / spread, 0.0], [0.0, 0.0]]))


def test_evidence_that_runs_away_is_bounded() -> None:
    values = np.concatenate([np.zeros(200), [np.inf, 1e9]])[:, None]
    found = standardised_in_list(values, np.ones(1)).ravel()
    assert found[-2:].tolist() == [0.0, 8.0]


def test_weights_above_the_mean_come_on_top() -> None:
    logit = replace(logit_of(COLUMNS[:1], [1.0]), log_weights=np.log([1.0, 0.5]))
    logits = logit.logits(table_of([[-1.0], [1.0]], COLUMNS[:1]))
    # spread of both as of the usual: 1
    assert logits.tolist() == [-1.0, 1.5]


def test_the_costly_stage_shares_what_the_cheap_one_gave_to_those_it_looked_at() -> None:
    values = np.column_stack([[3.0, 2.0, 1.0, 0.0], np.zeros(4), [-1.0, 1.0, NAN, NAN]])
    posterior, table = posterior_of(), table_of(values)
    shares = posterior.shares(table)
    first = np.exp(posterior.cheap.logits(table))
    second = np.exp(posterior.full.logits(table_of(values[:2])))
    held = first[:2].sum() / first.sum()
    assert shares[:2] == pytest.approx(held * second / second.sum())
    assert shares[2:] == pytest.approx(first[2:] / first.sum())


def test_where_nobody_was_looked_at_the_cheap_stage_decides() -> None:
    values = np.array([[1.0, 0.0, NAN], [-1.0, 0.0, NAN]])
    assert posterior_of().shares(table_of(values))[0] == pytest.approx(np.e**2 / (1 + np.e**2))


def test_the_shortlist_is_the_best_by_the_cheap_evidence() -> None:
    values = np.array([[0.0, 0.0, 9.0], [2.0, 0.0, NAN], [1.0, 0.0, NAN]])
    posterior = posterior_of()
    assert posterior.shortlist(table_of(values), 2).tolist() == [1, 2]
    assert posterior.costly_columns == ("fragments_log_ratio",)


def test_without_candidates_none_of_them_is_right() -> None:
    judgement = posterior_of().judge(table_of(np.empty((0, 3))))
    assert judgement.probability_none == 1.0
    assert judgement.probabilities.size == 0


def test_without_evidence_for_either_the_prior_stays() -> None:
    assert posterior_of(0.3).judge(table_of(np.zeros((4, 3)))).probability_none == pytest.approx(0.3)


def test_a_column_that_the_table_lacks_is_missing() -> None:
    table = EvidenceTable(("fingerprint_cosine",), np.array([[1.0], [-1.0]]), table_of(np.zeros((1, 3))).query)
    assert logit_of(COLUMNS, [1.0, 1.0, 1.0]).logits(table).tolist() == [1.0, -1.0]


def test_weights_depend_on_the_query_by_their_slopes() -> None:
    slopes = np.zeros((SIDES * 3, M))
    slopes[0, DESCRIPTORS.index("negative")] = 0.5
    logit = replace(logit_of(COLUMNS, [1.0, 1.0, 1.0]), slopes=slopes)
    values = np.eye(3)
    assert logit.weights(table_of(values))[:3].tolist() == [1.0, 1.0, 1.0]
    assert logit.weights(table_of(values, ion_mode=-1))[:3] == pytest.approx([np.exp(0.5), 1.0, 1.0])


def test_the_nearest_spectrum_is_read_from_its_column() -> None:
    table = table_of([[0.0, 0.2, 0.0], [0.0, 0.7, 0.0]])
    assert describe(table, "neighbours_tanimoto")[DESCRIPTORS.index("nearest")] == 0.7
    assert describe(table)[DESCRIPTORS.index("nearest")] == 0.0


def test_features_of_a_list_are_named_and_bounded() -> None:
    table = table_of([[1.0, NAN, 0.0], [0.0, NAN, 2.0]])
    features = dict(zip(feature_names(COLUMNS), list_features(table, np.array([1.0, 0.0]), COLUMNS), strict=True))
    assert features["top_log_odds"] == features["margin"] == 8.0
    assert features["top_fingerprint_cosine"] == 1.0
    assert features["above_fingerprint_cosine"] == 0.5
    assert np.isnan(features["top_neighbours_tanimoto"])
    assert features["effective_number"] == 0.0
    assert list_features(table.take(np.array([0])), np.ones(1), COLUMNS)[4] == 1.0


def test_both_parts_are_written_and_read() -> None:
    posterior = posterior_of()
    read = ConditionalLogit.from_dict(posterior.full.to_dict())
    table = table_of(np.arange(12.0).reshape(4, 3))
    assert read.logits(table).tolist() == posterior.full.logits(table).tolist()
    none = NoneOfThese.from_dict(posterior.none_of_these.to_dict())
    assert none.columns == COLUMNS


@pytest.mark.parametrize("change", [{"scales": [1.0]}, {"slopes": "many"}, {"columns": ["a"]}])
def test_weights_that_do_not_fit_are_refused(change: dict) -> None:
    with pytest.raises(ModelError, match="fit it again"):
        ConditionalLogit.from_dict(posterior_of().full.to_dict() | change)
    with pytest.raises(ModelError, match="fit it again"):
        NoneOfThese.from_dict(posterior_of().none_of_these.to_dict() | {"weights": [1.0]})


def test_a_table_has_a_name_for_each_column() -> None:
    with pytest.raises(SettingsError, match="3 columns"):
        table_of(np.zeros((2, 2)))
    assert group_of("fragments_log_ratio") == "fragments"
