"""`train` and `evaluate` as a user runs them, on a file that a network learns in seconds."""

import json
from pathlib import Path

import pytest
from annotation_cases import CommandLine
from builders import TINY_FINGERPRINT
from labelled_file import FOLDS, write_folds, write_labelled_mgf

from matchms_fingerprint import load_model

SETTINGS = {
    "encoder_settings": {"n_input": 16, "n_hidden": 32, "n_embedding": 16, "n_blocks": 1},
    "fingerprint": TINY_FINGERPRINT,
    "spectra_per_epoch": 32,
    "batch_size": 16,
}


@pytest.fixture
def inputs(tmp_path: Path) -> dict[str, Path]:
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps(SETTINGS))
    return {
        "spectra": write_labelled_mgf(tmp_path / "labelled.mgf"),
        "folds": write_folds(tmp_path / "folds.tsv", FOLDS),
        "settings": settings,
        "model": tmp_path / "model",
    }


def arguments(inputs: dict[str, Path], *more: object) -> list[object]:
    given = ["train", inputs["spectra"], "--folds", inputs["folds"], "--settings", inputs["settings"]]
    return [*given, "-o", inputs["model"], "--epochs", 2, *more]


def test_train_then_evaluate(command_line: CommandLine, inputs: dict[str, Path], small_library: Path) -> None:
    code, out, err = command_line(*arguments(inputs, "--candidates", small_library))
    assert (code, out) == (0, "")
    assert "nearest neighbour" in err
    model = load_model(inputs["model"])
    assert model.card["settings"]["epochs"] == 2
    rankings = model.card["measured"]["test"]["retrieval"]["mass"]["rankings"]
    assert {"model, cosine", "nearest neighbour, tanimoto", "control: spectrum-blind"} <= set(rankings)
    figures = inputs["model"].with_name("figures")
    evaluate = ["evaluate", inputs["spectra"], "--model", inputs["model"], "--folds", inputs["folds"], "-o", figures]
    code, out, err = command_line(*evaluate, "--candidates", small_library)
    assert (code, out) == (0, "")
    found, card = json.loads((figures / "evaluation.json").read_text()), model.card["measured"]["test"]
    assert found["fingerprints"]["model"]["tanimoto"] == card["fingerprint"]["all"]["model"]
    assert found["retrieval"] == card["retrieval"]
    code, _, err = command_line(*evaluate)
    assert code == 1
    assert "--overwrite" in err


def test_a_second_run_needs_resume(command_line: CommandLine, inputs: dict[str, Path]) -> None:
    assert command_line(*arguments(inputs, "--quiet"))[0] == 0
    before = (inputs["model"] / "bundle.json").read_bytes()
    code, _, err = command_line(*arguments(inputs, "--quiet"))
    assert code == 1
    assert "--overwrite" in err
    code, _, err = command_line(*arguments(inputs, "--quiet", "--overwrite"))
    assert code == 1
    assert "--resume" in err
    assert (inputs["model"] / "bundle.json").read_bytes() == before
    assert command_line(*arguments(inputs, "--quiet", "--overwrite", "--resume"))[0] == 0


def test_refit_learns_and_remembers_both_folds(command_line: CommandLine, inputs: dict[str, Path]) -> None:
    assert command_line(*arguments(inputs, "--quiet"))[0] == 0
    alone = load_model(inputs["model"])
    again = inputs["model"].with_name("again")
    given = [again if one == inputs["model"] else one for one in arguments(inputs, "--quiet", "--refit")]
    assert command_line(*given)[0] == 0
    both = load_model(again)
    assert (alone.card["trained_folds"], both.card["trained_folds"]) == (["train"], ["train", "val"])
    # all that is chosen and measured is that of the network trained on train alone
    assert both.card["measured"] == alone.card["measured"]
    assert (both.bit_threshold, both.temperatures) == (alone.bit_threshold, alone.temperatures)
    n = {fold: both.card["spectra"][fold] for fold in ("train", "val")}
    assert len(alone.network.memory) == n["train"]
    assert len(both.network.memory) == n["train"] + n["val"]
    assert "trained again" in (again / "MODEL_CARD.md").read_text()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (["--folds", "missing.tsv"], "no such file"),
        (["--fold-column", "fold_random"], "fold_random"),
        (["--settings", "missing.json"], "no such file"),
        (["--candidates", "missing"], "missing"),
        (["--folds", "leaking.tsv"], "--allow-shared-structures"),
    ],
)
def test_bad_input_is_one_line(
    command_line: CommandLine,
    inputs: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
    change: list[str],
    says: str,
) -> None:
    monkeypatch.chdir(inputs["model"].parent)
    write_folds(Path("leaking.tsv"), ["train", "test"] * 6 + ["val"] * 4)
    code, out, err = command_line(*arguments(inputs, "--quiet", *change))
    assert (code, out) == (1, "")
    assert says in err
    assert len(err.strip().splitlines()) == 1
    assert not inputs["model"].exists()
