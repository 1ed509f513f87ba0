"""The README says what is true: its figures are those of the card, its commands are there."""

import re
from pathlib import Path

from matchms_fingerprint.cli.app import COMMANDS
from matchms_fingerprint.evaluation.estimates import format_interval
from matchms_fingerprint.models.bundle import find_bundle, read_manifest

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
MEASURED = read_manifest(find_bundle("default")).card["measured"]["test"]


def test_the_figures_are_those_of_the_card():
    rankings = MEASURED["retrieval"]["mass"]["rankings"]
    expected = [format_interval(row[key]) for row in MEASURED["fingerprint"].values() for key in ("model",)]
    expected += [format_interval(row["nearest_neighbour"]) for row in MEASURED["fingerprint"].values()]
    for name in ("model, cosine", "nearest neighbour, tanimoto"):
        expected += [format_interval(rankings[name][key]) for key in ("hit@1", "hit@5", "hit@20")]
    missing = [text for text in expected if text not in README]
    assert missing == []


def test_the_commands_exist_and_are_all_named():
    used = set(re.findall(r"matchms-fingerprint ([a-z]+)", README))
    assert used <= set(COMMANDS)
    assert all(f"`{name}" in README for name in COMMANDS)


def test_the_default_model_beats_the_nearest_neighbour_on_held_out_scaffolds():
    for row in MEASURED["fingerprint"].values():
        # the lower end of the 95 % interval of the paired difference
        assert row["difference"]["low"] > 0
