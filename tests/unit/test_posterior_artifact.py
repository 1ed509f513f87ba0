"""A posterior on disk: what is written is read, and what was changed is refused."""

import json

import numpy as np
import pytest
from evidence_cases import CHEAP, COLUMNS, drawn_lists

from matchms_fingerprint.annotation.posterior.artifact import (
    FRAGMENTS,
    MANIFEST,
    PosteriorCard,
    load_posterior,
    save_posterior,
)
from matchms_fingerprint.errors import ModelError, OutputError
from matchms_fingerprint.training.fit_posterior import fit_posterior

CARD = PosteriorCard("mine", "1", "tiny", "ab" * 32, {"spectra": 60}, {"ece": 0.03})
TENSORS = {"keys": np.arange(5, dtype=np.uint64), "values": np.linspace(-1, 1, 5, dtype=np.float32)}


@pytest.fixture(scope="module")
def posterior():
    return fit_posterior(drawn_lists(60), CHEAP, COLUMNS).posterior


@pytest.fixture
def folder(tmp_path, posterior):
    save_posterior(tmp_path / "mine", posterior, CARD, TENSORS)
    return tmp_path / "mine"


def test_what_is_read_judges_as_what_was_written(folder, posterior):
    read = load_posterior(folder)
    assert read.card == CARD
    for item in drawn_lists(5, seed=1):
        written, found = posterior.judge(item.table), read.posterior.judge(item.table)
        np.testing.assert_array_equal(found.probabilities, written.probabilities)
        assert found.probability_none == written.probability_none
    for name, tensor in TENSORS.items():
        np.testing.assert_array_equal(read.fragments[name], tensor)


def test_a_posterior_without_fragments_has_none(tmp_path, posterior):
    save_posterior(tmp_path / "mine", posterior, CARD)
    assert load_posterior(tmp_path / "mine").fragments == {}


def test_it_belongs_to_one_model(folder):
    read = load_posterior(folder)
    read.check_model("tiny", "ab" * 32)
    with pytest.raises(ModelError, match="fitted for model tiny"):
        read.check_model("other", "cd" * 32)


def test_one_flipped_byte_is_refused(folder):
    content = bytearray((folder / FRAGMENTS).read_bytes())
    content[-1] ^= 1
    (folder / FRAGMENTS).write_bytes(bytes(content))
    with pytest.raises(ModelError, match="sha256"):
        load_posterior(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [({"format": 99}, "format 99"), ({"full": {}}, "fit it again"), ({"card": {"name": "x"}}, "fit it again")],
)
def test_other_manifests_are_refused(folder, change, message):
    content = json.loads((folder / MANIFEST).read_text()) | change
    (folder / MANIFEST).write_text(json.dumps(content))
    with pytest.raises(ModelError, match=message):
        load_posterior(folder)


def test_missing_files_are_named(folder, tmp_path):
    (folder / FRAGMENTS).unlink()
    with pytest.raises(ModelError, match="missing"):
        load_posterior(folder)
    with pytest.raises(ModelError, match=MANIFEST):
        load_posterior(tmp_path / "nowhere")


def test_nothing_is_overwritten_unasked(folder, posterior):
    with pytest.raises(OutputError, match="--overwrite"):
        save_posterior(folder, posterior, CARD)
    save_posterior(folder, posterior, CARD, overwrite=True)
    assert not (folder / FRAGMENTS).exists()
