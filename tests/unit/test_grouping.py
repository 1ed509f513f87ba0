"""Grouping: all blocks of a feature come together, in the order of first appearance, whatever lies between them."""

import tracemalloc

import pytest

from matchms_fingerprint.io import grouping
from matchms_fingerprint.io.blocks import Block
from matchms_fingerprint.io.grouping import group_by_feature


def make_block(number, text):
    feature_id, _, _ = text.partition(" ")
    return Block(number, text, feature_id=feature_id or None)


def groups(ids):
    """Return the groups as lists of (feature id, block number)."""
    texts = ["" if feature_id is None else f"{feature_id} µ" for feature_id in ids]
    passes = []

    def read_blocks():
        passes.append(1)
        return (make_block(number, text) for number, text in enumerate(texts, start=1))

    found = [
        [(block.feature_id, block.number) for block in group] for group in group_by_feature(read_blocks, make_block)
    ]
    return found, len(passes)


def test_blocks_side_by_side_need_two_passes():
    found, n_passes = groups(["a", "a", "b", "c", "c"])
    assert found == [[("a", 1), ("a", 2)], [("b", 3)], [("c", 4), ("c", 5)]]
    assert n_passes == 2


def test_blocks_that_come_back():
    found, n_passes = groups(["a", "b", "a", "c", "b", "b", "a"])
    assert found == [[("a", 1), ("a", 3), ("a", 7)], [("b", 2), ("b", 5), ("b", 6)], [("c", 4)]]
    assert n_passes == 3


def test_block_without_an_id_is_a_feature_of_its_own():
    assert groups([None, None])[0] == [[("1", 1)], [("2", 2)]]


def test_ids_from_positions_cannot_collide_with_those_of_the_file():
    assert groups(["2", None, "2"])[0] == [[("2", 1), ("2", 3)], [("block2", 2)]]


def test_ids_that_share_a_hash_stay_apart(monkeypatch):
    monkeypatch.setattr(grouping, "hash", lambda text: 7, raising=False)
    assert groups(["a", "b", "a", "b"])[0] == [[("a", 1), ("a", 3)], [("b", 2), ("b", 4)]]


def test_no_blocks():
    assert groups([]) == ([], 2)


@pytest.mark.parametrize("order", ["together", "apart"])
def test_blocks_are_not_held_in_memory(order):
    n_features, n_each, length = 500, 4, 10_000  # 20 MB of text

    def read_blocks():
        for position in range(n_features * n_each):
            feature = position // n_each if order == "together" else position % n_features
            yield make_block(position + 1, f"{feature} ".ljust(length))

    tracemalloc.start()
    n_groups = sum(len(group) == n_each for group in group_by_feature(read_blocks, make_block))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert n_groups == n_features
    assert peak < 2_000_000
