"""Networks over candidates: order does not matter, missing evidence is fine, what weights cannot say they learn."""

import numpy as np
import pytest
from evidence_cases import CHEAP, COLUMNS, drawn_lists, labelled, table_of

from matchms_fingerprint.annotation.posterior.artifact import NETWORK, PosteriorCard, load_posterior, save_posterior
from matchms_fingerprint.annotation.posterior.candidate_network import CandidateNetwork, in_list
from matchms_fingerprint.annotation.posterior.posterior import Posterior
from matchms_fingerprint.errors import ModelError
from matchms_fingerprint.evaluation.posterior.labelled_table import LabelledTable
from matchms_fingerprint.training.fit_candidate_network import prepare_networks, train_networks
from matchms_fingerprint.training.fit_posterior import fit_posterior

NAN = np.nan


def either_or(n_lists: int) -> list[LabelledTable]:
    """Lists in which the right candidate is high in one column and low in the other: no weights tell it."""
    rng = np.random.default_rng(0)
    lists = []
    for number in range(n_lists):
        values = rng.uniform(-0.3, 0.3, (8, 3)) + 2.0 * np.sign(rng.normal(size=(8, 1)))
        right, sign = int(rng.integers(8)), float(rng.choice([1, -1]))
        values[right, :2] = (2.0 * sign, -2.0 * sign)
        lists.append(labelled(values, right, number))
    return lists


@pytest.fixture(scope="module")
def network() -> CandidateNetwork:
    prepared = prepare_networks(drawn_lists(60), COLUMNS, "neighbours_tanimoto")
    return train_networks(prepared, np.ones(60, bool), 2)


def test_how_candidates_stand_in_their_list() -> None:
    views = in_list(np.array([[1.0], [3.0], [NAN], [3.0]]), np.ones(1))
    assert views[:, 1].tolist() == [-2.0, 0.0, 0.0, 0.0]
    assert views[:, 2] == pytest.approx(np.log1p([2, 0, 3, 0]))


def test_order_does_not_matter_and_missing_evidence_is_fine(network: CandidateNetwork) -> None:
    values = np.random.default_rng(1).normal(size=(7, 3))
    values[2, 1] = values[4, :] = NAN
    order = np.array([3, 1, 6, 0, 2, 5, 4])
    logits = network.logits(table_of(values))
    assert np.isfinite(logits).all()
    assert network.logits(table_of(values[order])) == pytest.approx(logits[order], abs=1e-5)


def test_networks_learn_what_weights_cannot_say() -> None:
    fitted = fit_posterior(either_or(250), CHEAP, COLUMNS, n_networks=2)
    assert isinstance(fitted.posterior.full, CandidateNetwork)
    right = [item.correct[judged.shares.argmax()] for item, judged in zip(fitted.lists, fitted.left_out, strict=True)]
    assert np.mean(right) > 0.8


def test_a_posterior_with_networks_is_written_and_read(network: CandidateNetwork, tmp_path) -> None:
    cheap = fit_posterior(drawn_lists(60), CHEAP, COLUMNS, n_networks=0).posterior
    posterior = Posterior(cheap.cheap, network, cheap.none_of_these, 0.1)
    save_posterior(tmp_path / "mine", posterior, PosteriorCard("mine", "1", "tiny", "ab" * 32))
    assert (tmp_path / "mine" / NETWORK).is_file()
    table = drawn_lists(1, seed=5)[0].table
    read = load_posterior(tmp_path / "mine").posterior
    np.testing.assert_array_equal(read.judge(table).probabilities, posterior.judge(table).probabilities)


def test_tensors_that_do_not_fit_are_refused(network: CandidateNetwork) -> None:
    tensors = network.tensors()
    with pytest.raises(ModelError, match="does not fit"):
        CandidateNetwork.from_tensors(COLUMNS[:2], "", tensors)
    with pytest.raises(ModelError, match="lacks scales"):
        CandidateNetwork.from_tensors(COLUMNS, "", {k: v for k, v in tensors.items() if k != "scales"})
