"""The command `models`: list, show, verify."""

import json
import re
import shutil
from pathlib import Path

import pytest
from annotation_cases import CommandLine

from matchms_fingerprint.io.artifacts import sha256_of
from matchms_fingerprint.models import bundle


@pytest.fixture
def shipped(tiny_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two models as if they were shipped: `good` is intact, `bad` has one flipped byte."""
    for name in ("good", "bad"):
        shutil.copytree(tiny_bundle, tmp_path / name)
    weights = tmp_path / "bad" / "weights.safetensors"
    spoiled = bytearray(weights.read_bytes())
    spoiled[-1] ^= 1
    weights.write_bytes(spoiled)
    monkeypatch.setattr(bundle, "shipped_models", lambda: {name: tmp_path / name for name in ("bad", "good")})
    return tmp_path


def test_list_names_every_model_on_stdout(command_line: CommandLine, shipped: Path) -> None:
    code, out, err = command_line("models", "list")
    assert (code, err) == (0, "")
    lines = [line.split() for line in out.splitlines() if line.strip().startswith(("good", "bad"))]
    assert [line[:3] for line in lines] == [[name, "0", "morgan:radius=2,bits=256"] for name in ("bad", "good")]
    assert sha256_of(shipped / "good" / "weights.safetensors")[:12] in out


def test_show_prints_the_card(command_line: CommandLine, tiny_bundle: Path) -> None:
    assert command_line("models", "show", tiny_bundle) == (0, "# tiny\n\n", "")


def test_verify_prints_sums_as_sha256sum_does(command_line: CommandLine, shipped: Path) -> None:
    code, out, err = command_line("models", "verify", "good")
    assert (code, err) == (0, "")
    sums = dict(line.split("  ", 1)[::-1] for line in out.splitlines())
    assert sums == {str(path): sha256_of(path) for path in (shipped / "good").iterdir() if path.name != "bundle.json"}


def test_quiet_verification_speaks_by_its_exit_code(command_line: CommandLine, tiny_bundle: Path) -> None:
    assert command_line("models", "verify", tiny_bundle, "--quiet") == (0, "", "")


def test_verify_without_a_name_verifies_all_and_fails_for_one(command_line: CommandLine, shipped: Path) -> None:
    code, out, err = command_line("models", "verify")
    assert code == 1
    assert str(shipped / "good") in out
    assert str(shipped / "bad") not in out
    assert re.fullmatch(rf"error: {shipped}/bad/weights.safetensors: sha256 .*\n", err)


@pytest.mark.parametrize("verb", ["show", "verify"])
def test_an_unknown_model_is_one_line(command_line: CommandLine, verb: str) -> None:
    code, out, err = command_line("models", verb, "deepest")
    assert (code, out) == (1, "")
    assert err.startswith("error: model 'deepest'")


def test_a_manifest_of_another_format(command_line: CommandLine, shipped: Path) -> None:
    path = shipped / "good" / "bundle.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 9}))
    code, _, err = command_line("models", "verify", "good")
    assert code == 1
    assert "bundle format 9" in err


def test_the_shipped_default_is_intact(command_line: CommandLine) -> None:
    code, out, _ = command_line("models", "verify")
    assert code == 0
    assert "default/weights.safetensors" in out
