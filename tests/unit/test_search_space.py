import json
from dataclasses import asdict

import pytest

from matchms_fingerprint.errors import InputFileError, SettingsError
from matchms_fingerprint.training.search_space import Choice, Range, draw_settings, parse_space, read_space
from matchms_fingerprint.training.settings import TrainingSettings


class Highest:
    """Draws the highest value, and remembers what it was asked."""

    def __init__(self):
        self.asked = {}

    def suggest_categorical(self, name, choices):
        self.asked[name] = choices
        return choices[-1]

    def suggest_int(self, name, low, high, *, step, log):
        self.asked[name] = (low, high, step, log)
        return high

    def suggest_float(self, name, low, high, *, step, log):
        self.asked[name] = (low, high, step, log)
        return high


def test_the_built_in_space_can_be_drawn_and_trained_with():
    trial = Highest()
    space = parse_space(read_space())
    drawn = draw_settings(trial, space, TrainingSettings().to_dict())
    settings = TrainingSettings.from_dict(drawn)
    assert set(trial.asked) == set(space)  # it is made for the default encoder, so every condition holds
    assert settings.learning_rate == space["learning_rate"].high
    assert settings.augmentation.merge == space["augmentation.merge"].high
    assert settings.encoder_settings["n_hidden"] == space["encoder_settings.n_hidden"].values[-1]
    assert settings.epochs == TrainingSettings().epochs


def test_all_forms_are_understood():
    space = parse_space(
        {
            "batch_size": [16, 32],
            "structure_cap": {"low": 1, "high": 9, "step": 2},
            "weight_decay": {"low": 0.001, "high": 1, "log": True},
            "encoder_settings.activation": {"choices": ["gelu", None, True]},
        }
    )
    assert space["batch_size"] == Choice((16, 32))
    assert space["structure_cap"] == Range(1, 9, step=2)
    trial = Highest()
    drawn = draw_settings(trial, space, {"encoder_settings": {"n_hidden": 5}})
    assert trial.asked["structure_cap"] == (1, 9, 2, False)
    assert trial.asked["weight_decay"] == (0.001, 1, None, True)  # one of them has a point: no whole number
    assert drawn["encoder_settings"] == {"n_hidden": 5, "activation": True}


def test_conditions_see_what_is_given_and_what_was_drawn():
    space = parse_space(
        {
            "encoder": ["binned_mlp", "deep_sets"],
            "encoder_settings.n_heads": {"low": 1, "high": 4, "when": {"encoder": "binned_mlp"}},
            "warmup": {"low": 0.0, "high": 0.5, "when": {"encoder": "deep_sets", "head_settings.size": 3}},
        }
    )
    base = asdict(TrainingSettings(head_settings={"size": 3}))
    trial = Highest()
    drawn = draw_settings(trial, space, base)
    assert set(trial.asked) == {"encoder", "warmup"}
    assert drawn["encoder_settings"] == {}
    assert base == asdict(TrainingSettings(head_settings={"size": 3}))


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ({"learning_rat": [1]}, "unknown training setting 'learning_rat'"),
        ({"augmentation.merges": [0.1]}, "augmentation.merges"),
        ({"encoder_settings": [{}]}, "encoder_settings.NAME"),
        ({"epochs.more": [1]}, "it has no parts"),
        ({"seed": [1, 2]}, "seed cannot be searched"),
        ({"monitor": ["tanimoto", "hit@1"]}, "monitor cannot be searched"),
        ({"epochs": 3}, "found 3"),
        ({"epochs": {"from": 1, "to": 3}}, "unknown from, to"),
        ({"epochs": {"low": 3, "high": 3}}, "low below high"),
        ({"epochs": {"low": 1}}, "low below high"),
        ({"weight_decay": {"low": 0.0, "high": 0.1, "log": True}}, "low above 0"),
        ({"batch_size": {"low": 16, "high": 64, "step": 0.5}}, "step of batch_size is 0.5"),
        ({"batch_size": []}, "choices of batch_size"),
        ({"batch_size": {"choices": [[1, 2]]}}, "choices of batch_size"),
        ({"batch_size": {"choices": [1, 2], "low": 1}}, "choices of batch_size"),
        ({"batch_size": {"choices": [1, 2], "when": "binned"}}, '"when" of batch_size'),
        ({"batch_size": {"choices": [1, 2], "when": {"encodr": "x"}}}, "'encodr'"),
    ],
)
def test_what_is_wrong_is_named(written, says):
    with pytest.raises(SettingsError, match=says):
        parse_space(written)


def test_comments_are_lines_of_their_own(tmp_path):
    path = tmp_path / "space.json"
    path.write_text('// why\n{\n  // how much\n  "negatives": ["//mass"]\n}\n')
    assert read_space(path) == {"negatives": ["//mass"]}
    path.write_text('// why\n{\n  "epochs" [1]\n}\n')
    with pytest.raises(InputFileError, match="line 3"):
        read_space(path)
    path.write_text(json.dumps([1]))
    with pytest.raises(InputFileError, match="at least one setting"):
        read_space(path)
    with pytest.raises(InputFileError, match="no such file"):
        read_space(tmp_path / "missing.json")
