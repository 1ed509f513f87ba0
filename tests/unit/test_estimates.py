"""Intervals, tests and correlations of evaluations, against enumeration, scipy and plain loops."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from matchms_fingerprint.evaluation.estimates import (
    StructureBootstrap,
    agreement,
    correlation_of_errors,
    sign_flip_p_values,
    summarize,
)

GROUPS = np.array(["b", "a", "a", "c", "a", "b"])
VALUES = np.array([1.0, 0.0, 0.5, 0.25, 1.0, 0.0])


def test_means_over_spectra_and_over_structures():
    bootstrap = StructureBootstrap(GROUPS)
    assert (bootstrap.n_spectra, bootstrap.n_structures) == (6, 3)
    assert bootstrap.over_spectra(VALUES).mean == pytest.approx(2.75 / 6)
    # a: (0 + 0.5 + 1) / 3, b: (1 + 0) / 2, c: 0.25
    assert bootstrap.structure_means(VALUES) == pytest.approx([0.5, 0.5, 0.25])
    assert bootstrap.over_structures(VALUES).mean == pytest.approx(1.25 / 3)


def test_the_interval_is_that_of_a_plain_bootstrap():
    rng = np.random.default_rng(3)
    groups, values = rng.integers(0, 25, 120), rng.random(120)
    found = StructureBootstrap(groups, n_resamples=200, seed=5).over_spectra(values)
    members = [np.flatnonzero(groups == g) for g in np.unique(groups)]
    draws = np.random.default_rng(5).integers(0, len(members), (200, len(members)))
    means = [values[np.concatenate([members[i] for i in draw])].mean() for draw in draws]
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(means, [0.025, 0.975])))


def test_p_values_agree_with_all_sign_patterns():
    rng = np.random.default_rng(0)
    differences = np.column_stack([rng.normal(0.4, 1, 10), rng.normal(0, 1, 10), np.zeros(10)])
    patterns = np.array(list(product([-1, 1], repeat=10)))
    sums = np.abs(patterns @ differences)
    exact = (sums >= np.abs(differences.sum(axis=0)) - 1e-9).mean(axis=0)
    # three standard errors of a share of 9,999 random patterns
    np.testing.assert_allclose(sign_flip_p_values(differences), exact, atol=3 * 0.5 / np.sqrt(9999))
    assert sign_flip_p_values(differences)[2] == 1.0


def test_a_p_value_is_small_where_all_structures_agree():
    assert sign_flip_p_values(np.full((40, 1), 0.01))[0] == pytest.approx(1e-4)


def test_p_values_are_uniform_where_nothing_differs():
    rng = np.random.default_rng(1)
    found = sign_flip_p_values(rng.normal(0, 1, (30, 400)), n_flips=999)
    assert stats.kstest(found, "uniform").pvalue > 0.01


def test_a_summary_holds_paired_differences():
    rng = np.random.default_rng(2)
    groups = np.repeat(np.arange(50), 3)
    baseline = rng.random(150)
    found = summarize({"m": baseline + 0.1}, StructureBootstrap(groups), {"m": baseline})
    # a constant difference has no spread, whatever is drawn
    assert found["difference"]["m"] == {"mean": 0.1, "low": 0.1, "high": 0.1}
    assert found["per_structure"]["difference"]["m"] == {"mean": 0.1, "low": 0.1, "high": 0.1}
    assert found["p_value"]["m"] == found["per_structure"]["p_value"]["m"] == 1e-4
    assert "difference" not in summarize({"m": baseline}, StructureBootstrap(groups))


def test_correlations_agree_with_scipy():
    rng = np.random.default_rng(0)
    one = rng.integers(0, 5, 100) / 5
    other = one + rng.random(100)
    found = correlation_of_errors(one, other)
    assert found["pearson"] == pytest.approx(stats.pearsonr(one, other).statistic, abs=1e-4)
    assert found["spearman"] == pytest.approx(stats.spearmanr(one, other).statistic, abs=1e-4)
    assert correlation_of_errors(np.ones(5), np.arange(5.0)) == {"pearson": None, "spearman": None}


def test_agreement_counts_who_was_right():
    one, other = np.array([1.0, 1, 0, 0]), np.array([1.0, 0, 0, 0])
    assert agreement(one, other) == {"both": 0.25, "model_only": 0.25, "baseline_only": 0.0, "neither": 0.5}
