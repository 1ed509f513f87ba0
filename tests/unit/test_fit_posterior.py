"""Fits find the weights from which lists were drawn, and say no more than they know."""

import numpy as np
import pytest
from evidence_cases import CHEAP, COLUMNS, WEIGHTS, drawn_lists, labelled

from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.evaluation.posterior.labelled_table import LabelledTable, balanced_weights
from matchms_fingerprint.evaluation.reliability import reliability
from matchms_fingerprint.training.fit_conditional_logit import Penalty, _loss, fit_weights, flatten
from matchms_fingerprint.training.fit_posterior import FittedPosterior, fit_posterior


@pytest.fixture(scope="module")
def fitted() -> FittedPosterior:
    """Four hundred lists; the right candidate stands out by the first column, as measured against other lists."""
    return fit_posterior(drawn_lists(400, absolute=2.0), CHEAP, COLUMNS, n_networks=2)


def test_weights_are_recovered() -> None:
    flat, start = flatten(drawn_lists(1500), COLUMNS)
    found = fit_weights(flat, start, Penalty(1e-7))
    # standard errors of a conditional logit with 1,500 lists of about 20 are near .04, those of two sides larger
    weights = np.exp(found.log_weights).reshape(2, 3)
    assert weights.sum(axis=0) == pytest.approx(WEIGHTS, abs=0.2)
    assert weights[1].max() < 0.3


def test_weights_stay_positive_where_evidence_speaks_the_wrong_way() -> None:
    flat, start = flatten(drawn_lists(300, weights=np.array([1.0, -1.0, 1.0])), COLUMNS)
    weights = np.exp(fit_weights(flat, start, Penalty()).log_weights).reshape(2, 3).sum(axis=0)
    assert 0 < weights[1] < 0.05 < weights[0]


def test_slopes_are_recovered() -> None:
    lists = [item for sign in (1, -1) for item in of_ion_mode(sign)]
    flat, start = flatten(lists, COLUMNS)
    found = fit_weights(flat, fit_weights(flat, start, Penalty()), Penalty(1e-6, 1e-4))
    positive, negative = (found.weights(lists[i].table) for i in (0, -1))
    assert positive[[0, 3]].sum() > 2 * negative[[0, 3]].sum()
    assert negative[[2, 5]].sum() > 2 * positive[[2, 5]].sum()


def of_ion_mode(sign: int) -> list[LabelledTable]:
    weights = np.array([2.0, 0.5, 0.3]) if sign > 0 else np.array([0.3, 0.5, 2.0])
    drawn = drawn_lists(500, weights=weights, seed=sign + 1)
    return [labelled(item.table.values, int(np.argmax(item.correct)), item.structure, sign) for item in drawn]


@pytest.mark.parametrize("has_slopes", [False, True])
def test_the_gradient_is_that_of_the_loss(has_slopes: bool) -> None:
    flat, start = flatten(drawn_lists(30), COLUMNS)
    n, m = start.slopes.shape
    rng = np.random.default_rng(0)
    at = rng.normal(size=n + n * m * has_slopes) * 0.3
    penalty = Penalty(0.01, 0.1)
    _, gradient = _loss(at, flat, penalty, n, m)
    step = 1e-6
    for i in range(at.size):
        ends = [_loss(at + sign * step * (np.arange(at.size) == i), flat, penalty, n, m)[0] for sign in (1, -1)]
        assert gradient[i] == pytest.approx((ends[0] - ends[1]) / (2 * step), abs=1e-6)


def test_structures_count_alike_whatever_the_number_of_their_spectra() -> None:
    lists = [labelled(np.zeros((2, 3)), 0, structure) for structure in (7, 7, 7, 9)]
    assert balanced_weights(lists).tolist() == pytest.approx([2 / 3, 2 / 3, 2 / 3, 2])
    assert balanced_weights([]).size == 0


def test_probabilities_of_left_out_lists_hold(fitted: FittedPosterior) -> None:
    top = [(judged.shares.max(), item.correct[judged.shares.argmax()]) for item, judged in paired(fitted)]
    confidence, right = np.array(top, float).T
    # 400 lists in six bins scatter by .03
    assert reliability(confidence, right)["ece"] < 0.08


def paired(fitted: FittedPosterior) -> list[tuple]:
    return list(zip(fitted.lists, fitted.left_out, strict=True))


def test_lists_without_the_right_structure_are_told(fitted: FittedPosterior) -> None:
    known = np.array([judged.probability_none for judged in fitted.left_out])
    removed = np.array([judged.probability_none for judged in fitted.left_out_removed])
    assert (known[:, None] < removed).mean() > 0.75
    # of lists of which a tenth lack the structure, a tenth of the probability says so
    assert 0.9 * known.mean() + 0.1 * removed.mean() == pytest.approx(0.1, abs=0.02)


def test_where_nothing_tells_lists_apart_the_prior_stays() -> None:
    fitted = fit_posterior(drawn_lists(300, weights=np.zeros(3)), CHEAP, COLUMNS, missing_share=0.3)
    for judged in (fitted.left_out, fitted.left_out_removed):
        assert np.mean([one.probability_none for one in judged]) == pytest.approx(0.3, abs=0.05)


def test_costly_evidence_that_few_have_is_fitted_on_those() -> None:
    lists = drawn_lists(200)
    for item in lists:
        values = item.table.values
        values[np.argsort(-values[:, :2].sum(axis=1))[5:], 2] = np.nan
    posterior = fit_posterior(lists, CHEAP, COLUMNS, n_networks=0).posterior
    assert posterior.costly_columns == COLUMNS[2:]
    weight = np.exp(posterior.full.log_weights[[2, 5]]).sum()
    assert weight == pytest.approx(WEIGHTS[2], abs=0.5)


def test_too_little_to_fit_on_is_refused() -> None:
    with pytest.raises(SettingsError, match="20 are needed"):
        fit_posterior(drawn_lists(10), CHEAP, COLUMNS)
    with pytest.raises(SettingsError, match="between 0 and 1"):
        fit_posterior(drawn_lists(30), CHEAP, COLUMNS, missing_share=1.0)
