"""The command `annotate`: what it writes, what it refuses, and what it leaves behind when it is stopped."""

import csv
import errno
import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from annotation_cases import PEAKS, CommandLine
from builders import tiny_model
from builders_mgf import mgf_block

from matchms_fingerprint.annotation import results
from matchms_fingerprint.annotation.features import STATUSES
from matchms_fingerprint.cli.annotate import command
from matchms_fingerprint.io.artifacts import sha256_of
from matchms_fingerprint.kernels.tanimoto import SCORES

# the columns that the issue fixes, then ours
COLUMNS = [
    "feature_id", "scans", "precursor_mz", "retention_time_s", "ion_mode", "adduct", "n_peaks", "rank", "score",
    "probability", "smiles", "inchikey", "formula", "exact_mass", "mass_error_ppm", "name", "sources", "status",
    "message", "adduct_given", "mass_tolerance", "probability_none", "expected_similarity", "isomer_rank", "n_tied",
    "classes", "warnings",
]  # fmt: skip
HIT_COLUMNS = COLUMNS[COLUMNS.index("rank") : COLUMNS.index("status")]


def rows_in(folder: Path) -> list[dict[str, str]]:
    with open(folder / "annotations.tsv", encoding="utf-8", newline="") as handle:
        reader = csv.DictReader(handle, delimiter="\t")
        assert reader.fieldnames == COLUMNS
        return list(reader)


def content(folder: Path) -> dict[str, bytes]:
    """All files below a folder, hidden ones too."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def arguments(features_mgf: Path, small_library: Path, tiny_bundle: Path, tmp_path: Path) -> list[object]:
    """A run that goes well; results go to `tmp_path / "out"`."""
    return [
        "annotate", features_mgf, "--candidates", small_library, "--model", tiny_bundle, "-o", tmp_path / "out"
    ]  # fmt: skip


def test_rows_of_every_feature(command_line: CommandLine, arguments: list[object], tmp_path: Path) -> None:
    code, out, _ = command_line(*arguments)
    assert (code, out) == (0, "")
    rows = rows_in(tmp_path / "out")
    by_feature = Counter(row["feature_id"] for row in rows)
    assert list(by_feature) == [
        "annotated",
        "no_candidates",
        "too_few_peaks",
        "unknown_ion_mode",
        "no_precursor",
        "unreadable",
        "annotated-negative",
    ]
    for row in rows:
        assert row["status"] == row["feature_id"].split("-")[0]
        assert all(bool(row[column]) == (row["status"] == "annotated") for column in HIT_COLUMNS)
    assert by_feature["annotated"] == 2
    assert by_feature["annotated-negative"] == 3


def test_the_row_of_a_hit(command_line: CommandLine, arguments: list[object], tmp_path: Path) -> None:
    command_line(*arguments)
    first, second, *_, last = rows_in(tmp_path / "out")
    assert {name: first[name] for name in ("scans", "precursor_mz", "retention_time_s", "ion_mode", "n_peaks")} == {
        "scans": "1,4-6",
        "precursor_mz": "195.087700",
        "retention_time_s": "61.500",
        "ion_mode": "positive",
        "n_peaks": "4",
    }
    assert {first["name"], second["name"]} == {"caffeine", "isocaffeine"}
    assert (first["rank"], second["rank"]) == ("1", "2")
    assert float(first["score"]) >= float(second["score"])
    assert float(first["probability"]) + float(second["probability"]) == pytest.approx(1, abs=1e-3)
    assert (first["formula"], first["exact_mass"], first["sources"]) == ("C8H10N4O2", "194.080376", "tests")
    # C8H10N4O2 has 194.080376 Da, its [M+H]+ is 195.087652: 0.25 ppm below 195.0877
    assert float(first["mass_error_ppm"]) == pytest.approx(0.245, abs=0.01)
    assert (last["adduct"], last["formula"]) == ("[M-H]-", "C6H12O6")


def test_run_json(command_line: CommandLine, arguments: list[object], tmp_path: Path, features_mgf: Path) -> None:
    command_line(*arguments, "--ppm", 5, "--top-k", 1, "--adduct", "M-H", "--score", "tanimoto")
    run = json.loads((tmp_path / "out" / "run.json").read_text())
    assert run["input"] == {"file": str(features_mgf), "sha256": sha256_of(features_mgf)}
    assert run["model"]["name"] == "tiny"
    assert len(run["model"]["sha256"]) == 64
    assert run["library"]["structures"] == 8
    assert run["library"]["fingerprint"] == "morgan:radius=2,bits=256"
    assert run["settings"]["tolerance_ppm"] == 5
    assert run["settings"]["adducts"] == ["[M-H]-"]
    assert run["settings"]["score"] == "tanimoto"
    assert run["features"] == 7
    assert set(run["statuses"]) == set(STATUSES)
    assert sum(run["statuses"].values()) == 7
    assert run["read"]["blocks"] == 7
    (unreadable,) = run["read"]["unreadable"]
    assert (unreadable["block"], unreadable["feature_id"]) == (6, "unreadable")
    assert unreadable["reason"]


def test_summary_and_unreadable_blocks_are_on_stderr(
    command_line: CommandLine, arguments: list[object], features_mgf: Path, tmp_path: Path
) -> None:
    _, _, err = command_line(*arguments)
    line, about_ids = [line for line in err.splitlines() if line.startswith("warning:")]
    assert f"{features_mgf}: block 6" in line
    assert "7 features are no rows of MZmine's feature list" in about_ids
    for status in set(STATUSES) - {"unsure"}:
        assert status in err
    assert "give --ion-mode" in err
    assert "7 features" in err
    assert f"{tmp_path / 'out'}: annotated_spectra.mgf" in err
    assert "Traceback" not in err


def test_without_candidates_the_starter_library_is_taken_and_named(
    command_line: CommandLine, features_mgf: Path, wide_model: Path, tmp_path: Path
) -> None:
    code, _, err = command_line("annotate", features_mgf, "--model", wide_model, "-o", tmp_path / "out")
    assert code == 0
    assert "starter library inside the package" in err
    caution = "most compounds are missing from it, so the probabilities are too high"
    assert caution in " ".join(err.split())
    assert caution in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Caffeine" in {row["name"] for row in rows_in(tmp_path / "out")}
    assert json.loads((tmp_path / "out" / "run.json").read_text())["library"]["structures"] >= 800


def test_quiet_prints_nothing(command_line: CommandLine, arguments: list[object]) -> None:
    assert command_line(*arguments, "--quiet") == (0, "", "")


def test_ion_mode_fills_the_gap(command_line: CommandLine, arguments: list[object], tmp_path: Path) -> None:
    command_line(*arguments, "--ion-mode", "positive")
    statuses = {row["feature_id"]: row["status"] for row in rows_in(tmp_path / "out")}
    assert statuses["unknown_ion_mode"] == "annotated"


def test_gzipped_input_gives_the_same_rows(
    command_line: CommandLine, arguments: list[object], tmp_path: Path, features_mgf: Path
) -> None:
    command_line(*arguments)
    plain = rows_in(tmp_path / "out")
    arguments[1] = tmp_path / "features.mgf.gz"
    arguments[1].write_bytes(gzip.compress(features_mgf.read_bytes()))
    command_line(*arguments, "--overwrite")
    packed = rows_in(tmp_path / "out")
    assert [row["inchikey"] for row in packed] == [row["inchikey"] for row in plain]


def test_the_same_command_twice_gives_the_same_table(
    command_line: CommandLine, arguments: list[object], tmp_path: Path
) -> None:
    command_line(*arguments)
    first = (tmp_path / "out" / "annotations.tsv").read_bytes()
    assert command_line(*arguments, "--overwrite")[0] == 0
    assert (tmp_path / "out" / "annotations.tsv").read_bytes() == first


def test_an_existing_folder_needs_overwrite(command_line: CommandLine, arguments: list[object], tmp_path: Path) -> None:
    command_line(*arguments)
    before = content(tmp_path)
    code, out, err = command_line(*arguments, "--top-k", 1)
    assert (code, out) == (1, "")
    assert err.splitlines() == [
        f"error: {tmp_path / 'out'}: output folder exists; give another one with -o, or replace it with --overwrite"
    ]
    assert content(tmp_path) == before
    assert command_line(*arguments, "--top-k", 1, "--overwrite")[0] == 0
    assert content(tmp_path) != before


def test_a_foreign_folder_is_never_replaced(command_line: CommandLine, arguments: list[object], tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("years of work")
    code, _, err = command_line(*arguments, "--overwrite")
    assert code == 1
    assert "run.json" in err
    assert content(tmp_path) == {"out/thesis.txt": b"years of work"}


def bad_input(kind: str, tmp_path: Path, arguments: list[object]) -> str:
    """Spoil one thing in the arguments; return the words that the error line must have."""
    match kind:
        case "missing file":
            arguments[1] = tmp_path / "missing.mgf"
            return "missing.mgf: no such file"
        case "empty file":
            arguments[1] = tmp_path / "empty.mgf"
            arguments[1].write_bytes(b"")
            return "empty.mgf: is empty"
        case "PDF named mgf":
            arguments[1] = tmp_path / "paper.mgf"
            arguments[1].write_bytes(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n")
            return "PDF"
        case "folder as file":
            arguments[1] = tmp_path
            return "is a folder"
        case "no library":
            arguments[3] = tmp_path / "nowhere"
            return "nowhere: no such library"
        case "not a library":
            arguments[3] = tmp_path / "other"
            arguments[3].mkdir()
            return "other: not a candidate library"
        case "library of another version":
            arguments[3] = shutil.copytree(str(arguments[3]), tmp_path / "old")
            manifest = json.loads((tmp_path / "old" / "library.json").read_text())
            (tmp_path / "old" / "library.json").write_text(json.dumps(manifest | {"format_version": 99}))
            return "old: library format 99"
        case "truncated library":
            arguments[3] = shutil.copytree(str(arguments[3]), tmp_path / "cut")
            table = tmp_path / "cut" / "structures.arrow"
            table.write_bytes(table.read_bytes()[:-100])
            return "cut: structures.arrow"
        case "unknown model":
            arguments[5] = "deepest"
            return "model 'deepest'"
        case "truncated weights":
            arguments[5] = shutil.copytree(str(arguments[5]), tmp_path / "model")
            weights = tmp_path / "model" / "weights.safetensors"
            weights.write_bytes(weights.read_bytes()[:-1])
            return "weights.safetensors: sha256"
        case "flipped byte":
            arguments[5] = shutil.copytree(str(arguments[5]), tmp_path / "model")
            weights = tmp_path / "model" / "weights.safetensors"
            spoiled = bytearray(weights.read_bytes())
            spoiled[len(spoiled) // 2] ^= 1
            weights.write_bytes(spoiled)
            return "weights.safetensors: sha256"
        case "other fingerprint":
            arguments[5] = tiny_model(tmp_path, fingerprint="maccs", n_bits=167)
            return "holds the fingerprint morgan:radius=2,bits=256, but model tiny predicts maccs"
        case "unknown adduct":
            arguments += ["--adduct", "[M+Xx]+"]
            return "[M+Xx]+"
        case "output in a file":
            (tmp_path / "file").write_text("x")
            arguments[7] = tmp_path / "file" / "out"
            return "file"
        case _:
            raise ValueError(kind)


@pytest.mark.parametrize(
    "kind",
    [
        "missing file", "empty file", "PDF named mgf", "folder as file", "no library", "not a library",
        "library of another version", "truncated library", "unknown model", "truncated weights", "flipped byte",
        "other fingerprint", "unknown adduct", "output in a file",
    ],
)  # fmt: skip
@pytest.mark.parametrize("quiet", [(), ("--quiet",)], ids=["loud", "quiet"])
def test_bad_input_is_one_line_and_leaves_nothing(
    command_line: CommandLine, arguments: list[object], tmp_path: Path, kind: str, quiet: tuple[str, ...]
) -> None:
    words = bad_input(kind, tmp_path, arguments)
    before = content(tmp_path)
    code, out, err = command_line(*arguments, *quiet)
    assert code == 1
    assert out == ""
    (line,) = [line for line in err.splitlines() if line.startswith("error: ")]
    assert words in line
    assert "Traceback" not in err
    if quiet:
        assert err.splitlines() == [line]
    assert content(tmp_path) == before


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        (["--score", "magic"], "'magic' is not one of 'cosine', 'tanimoto', 'vector_tanimoto', 'log_likelihood'"),
        (["--ion-mode", "neutral"], "'neutral' is not one of"),
        (["--per-feature", "some"], "'some' is not one of"),
        (["--ppm", "-1"], "-1.0 is not in the range"),
        (["--da", "0"], "0.0 is not in the range"),
        (["--top-k", "0"], "0 is not in the range"),
        (["--fast"], "No such option"),
    ],
)
def test_a_mistyped_option_is_one_line(
    command_line: CommandLine, arguments: list[object], tmp_path: Path, extra: list[str], words: str
) -> None:
    code, out, err = command_line(*arguments, *extra)
    assert (code, out) == (2, "")
    (line,) = err.splitlines()
    assert line.startswith("error: ")
    assert words in line
    assert "matchms-fingerprint annotate --help" in line
    assert not (tmp_path / "out").exists()


def test_the_choices_are_those_of_the_package() -> None:
    """They are written out in the options, so that `--help` needs no imports."""
    choices: dict[str, Any] = {option.name: getattr(option.type, "choices", None) for option in command.params}
    assert tuple(choices["score"]) == tuple(SCORES)
    assert tuple(choices["per_feature"]) == ("merge", "best", "all")


def test_a_full_disk_while_writing_rows(
    command_line: CommandLine, arguments: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old results stay, the new ones wait in the journal; the writer fails as it would on a full disk."""
    command_line(*arguments)
    before = content(tmp_path)
    rows_of = results.rows_of

    def fails_at_the_end(annotation: Any) -> Any:
        if annotation.feature_id == "annotated-negative":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return rows_of(annotation)

    monkeypatch.setattr(results, "rows_of", fails_at_the_end)
    code, out, err = command_line(*arguments, "--overwrite")
    assert (code, out) == (1, "")
    assert "the disk is full" in err.splitlines()[-1]
    assert "Traceback" not in err
    after = content(tmp_path)
    assert after.keys() - before.keys() == {
        f".out.journal/{name}" for name in ("journal.json", "000000.json", "000000.npy")
    }
    assert {name: after[name] for name in before} == before
    monkeypatch.undo()
    assert command_line(*arguments, "--overwrite", "--resume")[0] == 0
    assert content(tmp_path) == before


@pytest.fixture
def small_disk(tmp_path: Path) -> Path:
    """A disk of 64 KiB; the test is skipped where mounting one is not allowed."""
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True, check=False)
    if made.returncode != 0:
        pytest.skip("mounting a small disk is not allowed here")
    yield disk
    subprocess.run(["umount", disk], check=True)


@pytest.mark.skipif(shutil.which("mount") is None, reason="needs mount")
def test_a_really_full_disk(
    command_line: CommandLine, arguments: list[object], small_disk: Path, tmp_path: Path
) -> None:
    arguments[1] = tmp_path / "many.mgf"
    arguments[1].write_text("\n".join(many_blocks(1000)))
    arguments[7] = small_disk / "out"
    code, _, err = command_line(*arguments)
    assert code == 1
    assert "the disk is full" in err.splitlines()[-1]
    assert list(small_disk.iterdir()) == []


def many_blocks(n: int) -> list[str]:
    return [mgf_block(PEAKS, FEATURE_ID=i, PEPMASS=195.0877, CHARGE="1+") for i in range(1, n + 1)]


def start(arguments: list[object], tmp_path: Path, n_batches: int = 2, **options: Any) -> subprocess.Popen[str]:
    """Start a run of 40 batches in a process of its own, and wait until some are done."""
    arguments[1] = tmp_path / "many.mgf"
    arguments[1].write_text("\n".join(many_blocks(640)))
    arguments += ["--batch-size", 16]
    code = "from matchms_fingerprint.cli.app import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], stdout=subprocess.PIPE, text=True, **options
    )
    deadline = time.monotonic() + 60
    while len(list(tmp_path.glob(".out.journal/0*.json"))) < n_batches:
        assert process.poll() is None, "ended before it was stopped"
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return process


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_stopped_from_outside_it_leaves_its_journal_alone(
    arguments: list[object], tmp_path: Path, number: signal.Signals, code: int
) -> None:
    process = start(arguments, tmp_path, stderr=subprocess.PIPE)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (code, "")
    assert "Traceback" not in err
    assert "--resume" in err
    assert sorted(path.name for path in tmp_path.iterdir()) == [".out.journal", "many.mgf"]


@pytest.mark.parametrize("n_batches", [1, 20])
def test_killed_and_resumed_it_gives_the_same_bytes(
    command_line: CommandLine, arguments: list[object], tmp_path: Path, n_batches: int
) -> None:
    process = start(arguments, tmp_path, n_batches, stderr=subprocess.DEVNULL)
    process.kill()
    process.wait()
    assert not (tmp_path / "out").exists()
    assert command_line(*arguments, "--resume")[0] == 0
    resumed = content(tmp_path / "out")
    assert command_line(*arguments, "--overwrite")[0] == 0
    assert resumed == content(tmp_path / "out")
    assert not (tmp_path / ".out.journal").exists()


def test_resumed_when_complete_it_stays_as_it_is(
    command_line: CommandLine, arguments: list[object], tmp_path: Path
) -> None:
    """A run may be killed between its last file and its end: what stands beside it then goes, the results stay."""
    _, out, _ = command_line(*arguments, "--json")
    before = content(tmp_path / "out")
    (tmp_path / ".out.partial-0123abcd").mkdir()
    (tmp_path / ".out.journal").mkdir()
    shutil.copy(tmp_path / "out" / "run.json", tmp_path / "kept.json")
    identity = {
        key: value
        for key, value in json.loads((tmp_path / "kept.json").read_text()).items()
        if key not in ("features", "statuses", "read")
    }
    (tmp_path / ".out.journal" / "journal.json").write_text(json.dumps(identity))
    code, again, _ = command_line(*arguments, "--json", "--resume")
    assert code == 0
    assert content(tmp_path / "out") == before
    assert json.loads(out) | {"seconds": 0} == json.loads(again) | {"seconds": 0}
    assert {path.name for path in tmp_path.iterdir()} - {"many.mgf"} == {"kept.json", "out"}
    code, _, err = command_line(*arguments, "--resume", "--ppm", 5)
    assert code == 1
    assert "output folder exists" in err


def test_another_run_is_not_resumed(command_line: CommandLine, arguments: list[object], tmp_path: Path) -> None:
    process = start(arguments, tmp_path, stderr=subprocess.DEVNULL)
    process.kill()
    process.wait()
    code, _, err = command_line(*arguments, "--resume", "--ppm", 5)
    assert code == 1
    (line,) = err.splitlines()[-1:]
    assert "holds a run that differs in settings" in line
    assert (tmp_path / ".out.journal").exists()


def test_a_broken_pipe_leaves_no_traceback_and_no_half_output(
    arguments: list[object], features_mgf: Path, tmp_path: Path
) -> None:
    """Like `matchms-fingerprint annotate ... 2>&1 | true`: nobody reads what it says."""
    reader, writer = os.pipe()
    os.close(reader)
    code = "from matchms_fingerprint.cli.app import main; main()"
    with os.fdopen(writer, "w") as broken:
        ended = subprocess.run(
            [sys.executable, "-c", code, *map(str, arguments)], stderr=broken, stdout=subprocess.PIPE, check=False
        )
    assert ended.stdout == b""
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    if (tmp_path / "out").exists():
        assert len(rows_in(tmp_path / "out")) == 10


@pytest.mark.shared
@pytest.mark.parametrize("score", list(SCORES))
def test_every_real_export_gives_a_row_for_each_feature(
    command_line: CommandLine, arguments: list[object], shared: Path, tmp_path: Path, score: str
) -> None:
    # features with MS2 or unreadable blocks, counted in the files
    expected = {
        "edge_cases.mgf": 8,
        "fermo_mzmine3.9.0.mgf": 141,
        "fermo_mzmine4.5.37.mgf": 80,
        "mascot-rs_001_gnps.mgf": 139,
        "mascot-rs_001_sirius.mgf": 139,
    }
    for path in sorted((shared / "mzmine").glob("*.mgf")):
        arguments[1], arguments[7] = path, tmp_path / path.stem
        assert command_line(*arguments, "--score", score)[0] == 0
        assert len({row["feature_id"] for row in rows_in(tmp_path / path.stem)}) == expected[path.name]


def test_names_are_printed_as_they_are(command_line: CommandLine, arguments: list[object], tmp_path: Path) -> None:
    """Brackets are markup and colons are emoji to rich."""
    code, _, err = command_line(*arguments[:-1], tmp_path / "out [neg] :on:")
    assert code == 0
    assert f"Wrote {tmp_path / 'out [neg] :on:'}: annotated_spectra.mgf" in err
