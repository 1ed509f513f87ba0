"""The command `candidates`: what it prints, what it refuses, and what it leaves behind when it is stopped."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from matchms_fingerprint.candidates import CandidateLibrary, buckets, build
from matchms_fingerprint.cli import app, terminal
from matchms_fingerprint.errors import LibraryError

Run = Callable[..., tuple[int, str, str]]
TABLE = "smiles,name\nCCO,ethanol\nCOC,dimethyl ether\nnonsense,x\nOCC,alcohol\nCCN,ethylamine\n"
HEADER = "exact_mass\tmass_error_ppm\tformula\tinchikey\tsmiles\tnames\tsources\tclasses"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in this process; return exit code, stdout, stderr."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}

    def run_it(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["matchms-fingerprint", "candidates", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            app.main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    yield run_it
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    path.write_text(TABLE)
    return path


@pytest.fixture
def library(table: Path, tmp_path: Path) -> Path:
    CandidateLibrary.build(table, tmp_path / "lib", fingerprint="morgan:bits=64")
    return tmp_path / "lib"


def visible(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def test_build_says_what_it_did_on_stderr_alone(run: Run, table: Path, tmp_path: Path) -> None:
    code, out, err = run("build", table, "-o", tmp_path / "lib", "--fingerprint", "maccs", "--jobs", 1)
    assert (code, out) == (0, "")
    assert "3 structures in" in err
    assert "5 rows, 1 merged, 1 rejected: see" in err
    assert str(CandidateLibrary.open(tmp_path / "lib").fingerprint) == "maccs"


def test_reduced_mixtures_are_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.smi").write_text("CCO.CCN\nCCCO.Cl\n")
    _, _, err = run("build", tmp_path / "a.smi", "-o", tmp_path / "lib", "--jobs", 1)
    assert "1 reduced to the largest compound of a mixture" in err
    assert "reduced_mixtures\t1\n" in run("info", tmp_path / "lib")[1]


def test_quiet_build_says_nothing(run: Run, table: Path, tmp_path: Path) -> None:
    assert run("build", table, "-o", tmp_path / "lib", "--quiet") == (0, "", "")


def test_columns_are_options(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("A\tB\tC\tD\nCCO\tInChI=1S/CH4/h1H4\tethanol\there\n")
    names = ["--smiles-column", "A", "--name-column", "C", "--source-column", "D"]
    assert run("build", tmp_path / "a.tsv", "-o", tmp_path / "lib", "--quiet", *names)[0] == 0
    (ethanol,) = CandidateLibrary.open(tmp_path / "lib").search(formula="C2H6O")
    assert (ethanol.names, ethanol.sources) == (("ethanol",), ("here",))
    assert run("build", tmp_path / "a.tsv", "-o", tmp_path / "inchi", "--quiet", "--inchi-column", "B")[0] == 0
    assert len(CandidateLibrary.open(tmp_path / "inchi").search(formula="CH4")) == 1


def test_columns_of_classes_are_options(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("smiles\tsuperclass\tkind\nCCO\tOrganic oxygen compounds\tAlcohols; Drugs\nC\t\t\n")
    names = ["--class-column", "superclass", "--class-column", "kind"]
    _, _, err = run("build", tmp_path / "a.tsv", "-o", tmp_path / "lib", "--jobs", 1, *names)
    assert "2 structures in" in err
    assert ", 1 with classes, none rejected)" in err
    assert "classified\t1\n" in run("info", tmp_path / "lib")[1]
    row = run("search", tmp_path / "lib", "--formula", "C2H6O")[1].splitlines()[1]
    assert row.endswith("\tOrganic oxygen compounds; Alcohols; Drugs")
    code, _, err = run("build", tmp_path / "a.tsv", "-o", tmp_path / "other", "--class-column", "nothing")
    assert code != 0
    assert "no column 'nothing'" in err


def test_columns_may_have_numbers(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("ethanol,CCO\nmethane,C\n")
    options = ["--no-header", "--smiles-column", "2", "--name-column", "1", "--quiet"]
    assert run("build", tmp_path / "a.csv", "-o", tmp_path / "lib", *options) == (0, "", "")
    assert CandidateLibrary.open(tmp_path / "lib").search(formula="CH4")[0].names == ("methane",)
    assert len(CandidateLibrary.open(tmp_path / "lib")) == 2


def test_info(run: Run, library: Path) -> None:
    code, out, err = run("info", library)
    lines = dict(line.split("\t") for line in out.splitlines())
    assert (code, err) == (0, "")
    assert lines["structures"] == "3"
    assert lines["fingerprint"] == "morgan:radius=2,bits=64"
    assert (lines["rows_read"], lines["rows_rejected"], lines["rows_merged"]) == ("5", "1", "1")
    assert lines["exact_mass_da"] == "45.0578 to 46.0419"
    assert lines["input"] == "in.csv (5 rows)"
    assert len(lines["sha256"]) == 64


@pytest.mark.parametrize(
    "question", [("--mz", "47.0491", "--adduct", "[M+H]+"), ("--mass", "46.0420"), ("--formula", "C2H6O")]
)
def test_search_prints_a_table_with_tabs(run: Run, library: Path, question: tuple[str, ...]) -> None:
    code, out, err = run("search", library, *question)
    lines = out.splitlines()
    assert (code, err, lines[0]) == (0, "", HEADER)
    ether, ethanol = (dict(zip(HEADER.split("\t"), line.split("\t"), strict=True)) for line in lines[1:])
    assert (ether["names"], ethanol["names"]) == ("dimethyl ether", "ethanol; alcohol")
    assert (ethanol["exact_mass"], ethanol["smiles"], ethanol["sources"]) == ("46.041865", "CCO", "in.csv")
    # (47.0491 - 47.049141) / 47.049141 and (46.0420 - 46.041865) / 46.041865, in ppm
    expected = {"--mz": "-0.88", "--mass": "2.93", "--formula": ""}[question[0]]
    assert ethanol["mass_error_ppm"] == expected


@pytest.mark.parametrize("question", [("info",), ("search", "--formula", "C2H6O")], ids=lambda question: question[0])
def test_quiet_leaves_results_and_errors(run: Run, library: Path, question: tuple[str, ...]) -> None:
    command, *options = question
    assert run(command, library, *options, "--quiet") == run(command, library, *options)
    assert run(command, library, *options)[1]
    code, out, err = run(command, "missing", *options, "--quiet")
    assert (code, out) == (1, "")
    assert "no such library" in err


def test_limit_keeps_the_nearest(run: Run, library: Path) -> None:
    _, out, _ = run("search", library, "--mass", "45.2", "--da", "2", "--limit", "1")
    assert [line.split("\t")[2] for line in out.splitlines()[1:]] == ["C2H7N"]


def test_tolerances(run: Run, library: Path) -> None:
    assert len(run("search", library, "--mass", "46.0430")[1].splitlines()) == 1
    assert len(run("search", library, "--mass", "46.0430", "--ppm", "30")[1].splitlines()) == 3
    assert len(run("search", library, "--mass", "46.0430", "--da", "1")[1].splitlines()) == 4


def test_a_terminal_gets_a_table_to_look_at(run: Run, library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setattr(terminal, "stdout_console", lambda: Console(file=sys.stdout, width=200, markup=False))
    code, out, _ = run("search", library, "--formula", "C2H6O", "--limit", "1")
    assert code == 0
    assert "2 hits, 1 shown" in out
    assert "dimethyl ether" in out
    assert "\t" not in out


def test_search_writes_a_file_and_replaces_none(run: Run, library: Path, tmp_path: Path) -> None:
    path = tmp_path / "hits.tsv"
    assert run("search", library, "--formula", "C2H6O", "-o", path) == (0, "", "")
    written = path.read_text()
    assert written == run("search", library, "--formula", "C2H6O")[1]
    code, _, err = run("search", library, "--formula", "CH4", "-o", path)
    assert code == 1
    assert "hits.tsv: exists" in err
    assert path.read_text() == written
    assert run("search", library, "--formula", "CH4", "-o", path, "--overwrite")[0] == 0
    assert path.read_text() == HEADER + "\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["search", "LIB", "--mz", "100"], "needs its adduct"),
        (["search", "LIB"], "exactly one"),
        (["search", "LIB", "--mass", "100", "--formula", "C"], "exactly one"),
        (["search", "LIB", "--mz", "100", "--adduct", "[M+foo]+"], "[M+foo]+"),
        (["search", "LIB", "--formula", "caffeine"], "caffeine"),
        (["search", "LIB", "--mass", "many"], "not a valid float"),
        (["search", "missing", "--mass", "100"], "no such library"),
        (["info", "missing"], "no such library"),
        (["info", "in.csv"], "no such library"),
        (["info", "."], "not a candidate library"),
    ],
)
def test_bad_questions_get_one_line(
    run: Run, library: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(library.parent)
    code, out, err = run(*[library if argument == "LIB" else argument for argument in arguments])
    assert code != 0
    assert out == ""
    assert said in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "content", "options", "said"),
    [
        ("missing.smi", None, [], "missing.smi: no such file"),
        ("empty.csv", b"", [], "empty.csv: the file is empty"),
        ("paper.csv", b"%PDF-1.7\n%\xe2\xe3\n1 0 obj <<>>\n", [], "paper.csv: no column of structures"),
        ("paper.smi", b"%PDF-1.7\n%\xe2\xe3\n1 0 obj <<>>\n", [], "paper.smi: none of its 3 rows is a structure"),
        ("paper.pdf", b"%PDF-1.7\n", [], "paper.pdf: not known by its name"),
        ("paper.parquet", b"%PDF-1.7\n", [], "paper.parquet: not a Parquet file"),
        ("a.csv", b"smiles\nC\n", ["--smiles-column", "x"], "a.csv: no column 'x'"),
        ("a.csv", b"smiles\nC\n", ["--fingerprint", "ecfp"], "unknown kind 'ecfp'"),
        ("a.csv", b"smiles\nC\n", ["--jobs", "0"], "--jobs"),
    ],
)
def test_bad_input_gets_one_line_and_writes_nothing(
    run: Run, tmp_path: Path, name: str, content: bytes | None, options: list[str], said: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    before = visible(tmp_path)
    code, out, err = run("build", tmp_path / name, "-o", tmp_path / "lib", "--quiet", *options)
    assert code != 0
    assert out == ""
    assert said in err
    assert len(err.splitlines()) == 1
    assert visible(tmp_path) == before
    assert list(tmp_path.glob(".*")) == []


def test_an_existing_library_stays_unless_told(run: Run, library: Path, table: Path) -> None:
    code, _, err = run("build", table, "-o", library)
    assert code == 1
    assert "--overwrite" in err
    assert len(CandidateLibrary.open(library)) == 3
    table.write_text("smiles\nC\n")
    assert run("build", table, "-o", library, "--overwrite", "--quiet")[0] == 0
    assert len(CandidateLibrary.open(library)) == 1


def test_what_is_no_library_is_never_replaced(run: Run, table: Path, tmp_path: Path) -> None:
    precious = tmp_path / "thesis"
    precious.mkdir()
    (precious / "chapter.txt").write_text("one")
    code, _, err = run("build", table, "-o", precious, "--overwrite")
    assert code == 1
    assert "not replaced" in err
    assert visible(precious) == ["chapter.txt"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, where every write fails with ENOSPC")
@pytest.mark.parametrize("place", ["buckets", "table", "rejects"])
def test_a_full_disk_leaves_the_old_library(
    run: Run, library: Path, table: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    if place == "buckets":
        monkeypatch.setattr(buckets.MassBuckets, "_path", lambda self, bucket: Path("/dev/full"))
    else:
        name = "STRUCTURES" if place == "table" else "REJECTS"
        monkeypatch.setattr(build, name, "/dev/full")  # joined to a folder, an absolute path stays what it is
    before = {path.name: path.read_bytes() for path in library.iterdir()}
    code, out, err = run("build", table, "-o", library, "--overwrite", "--quiet")
    assert (code, out) == (1, "")
    assert "disk is full" in err
    assert len(err.splitlines()) == 1
    assert {path.name: path.read_bytes() for path in library.iterdir()} == before
    assert list(library.parent.glob(".*")) == []


@pytest.fixture
def long_build(tmp_path: Path) -> subprocess.Popen:
    """A build of at least ten seconds in a process of its own that has begun to describe structures."""
    text = "".join(f"{'C' * (i % 80 + 1)}OC(=O){'C' * (i // 80 + 1)}\n" for i in range(40_000))
    (tmp_path / "many.smi").write_text(text)
    code = "from matchms_fingerprint.cli.app import main; main()"
    command = ["candidates", "build", str(tmp_path / "many.smi"), "-o", str(tmp_path / "lib"), "--jobs", "2"]
    process = subprocess.Popen([sys.executable, "-c", code, *command], stderr=subprocess.PIPE, text=True)
    wait_until(lambda: len(children_of(process.pid)) == 2 and any(tmp_path.glob(".lib.partial-*/buckets")))
    time.sleep(0.5)
    assert process.poll() is None, "still at work"
    yield process
    process.kill()
    process.wait()


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def children_of(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()] if path.exists() else []


def is_running(pid: int) -> bool:
    """Tell whether a process is there and not merely waiting to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


needs_proc = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc to see the workers")


@needs_proc
def test_a_killed_build_leaves_nothing_that_opens(long_build: subprocess.Popen, tmp_path: Path) -> None:
    workers = children_of(long_build.pid)
    long_build.send_signal(signal.SIGKILL)
    long_build.wait()
    assert visible(tmp_path) == ["many.smi"]
    (leftover,) = tmp_path.glob(".lib.partial-*")
    with pytest.raises(LibraryError, match="not a candidate library"):
        CandidateLibrary.open(leftover)
    wait_until(lambda: not any(map(is_running, workers)), 20)


@needs_proc
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_build_cleans_up_and_ends_its_workers_at_once(
    long_build: subprocess.Popen, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    workers = children_of(long_build.pid)
    os.kill(long_build.pid, number)
    _, err = long_build.communicate(timeout=10)
    assert long_build.returncode == code
    assert "Traceback" not in err
    assert ("interrupted" in err) == (number == signal.SIGINT)
    assert visible(tmp_path) == ["many.smi"]
    assert list(tmp_path.glob(".*")) == []
    assert not any(map(is_running, workers))
