"""A file of options: printed, edited, given back; what it does not know is refused by name."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from annotation_cases import CommandLine


@pytest.fixture
def printed(command_line: CommandLine) -> str:
    code, out, err = command_line("annotate", "--print-config")
    assert (code, err) == (0, "")
    return out


def run_settings(folder: Path) -> dict[str, object]:
    return json.loads((folder / "run.json").read_text())["settings"]


def test_what_is_printed_is_what_happens_without_it(
    command_line: CommandLine, printed: str, features_mgf: Path, small_library: Path, tiny_bundle: Path, tmp_path: Path
) -> None:
    given = ["annotate", features_mgf, "--candidates", small_library, "--model", tiny_bundle]
    file = tmp_path / "options.toml"
    file.write_text(printed)
    assert command_line(*given, "-o", tmp_path / "plain")[0] == 0
    assert command_line(*given, "--config", file, "-o", tmp_path / "out")[0] == 0
    assert run_settings(tmp_path / "plain") == run_settings(tmp_path / "out")
    names = [sorted(path.name for path in (tmp_path / folder).iterdir()) for folder in ("plain", "out")]
    assert names[0] == names[1]
    assert "report.html" in names[0]


def test_the_file_is_the_default_and_the_command_line_goes_before_it(
    command_line: CommandLine, printed: str, features_mgf: Path, small_library: Path, tiny_bundle: Path, tmp_path: Path
) -> None:
    text = printed.replace("top_k = 10", "top_k = 2").replace("ppm = 10.0", "ppm = 3.5")
    text = text.replace("adduct = []", 'adduct = ["[M+Na]+"]').replace("# output =", f'output = "{tmp_path / "out"}"')
    file = tmp_path / "options.toml"
    file.write_text(text)
    given = ["annotate", features_mgf, "--candidates", small_library, "--model", tiny_bundle]
    assert command_line(*given, "--config", file, "--ppm", 7)[0] == 0
    found = run_settings(tmp_path / "out")
    assert (found["top_k"], found["tolerance_ppm"], found["adducts"]) == (2, 7.0, ["[M+Na]+"])


def test_every_option_is_explained(printed: str) -> None:
    assert {"candidates", "top_k", "ppm", "resume"} <= tomllib.loads(printed).keys()
    for line, above in zip(printed.splitlines()[1:], printed.splitlines(), strict=False):
        if not line.startswith("# ") and "=" in line:
            assert above.startswith("# ")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("top_kk = 3", "options.toml: unknown keys top_kk"),
        ("top_k = ", "options.toml: not a TOML file"),
        ('score = "magic"', "'magic' is not one of"),
    ],
)
def test_a_wrong_file_is_one_line(
    command_line: CommandLine, features_mgf: Path, tmp_path: Path, text: str, words: str
) -> None:
    file = tmp_path / "options.toml"
    file.write_text(text)
    code, out, err = command_line("annotate", features_mgf, "--config", file, "-o", tmp_path / "out")
    assert code != 0
    assert out == ""
    (line,) = err.splitlines()
    assert words in line
    assert not (tmp_path / "out").exists()
