"""What holds for every command: help without waiting, one look, clean streams."""

import logging
import signal
import subprocess
import sys
import warnings

import pytest
from annotation_cases import CommandLine

from matchms_fingerprint.cli.app import COMMANDS
from matchms_fingerprint.cli.terminal import open_terminal, plain_table, stdout_console

SUBCOMMANDS = [
    ("candidates", "build"), ("candidates", "info"), ("candidates", "search"),
    ("models", "list"), ("models", "show"), ("models", "verify"), ("posterior", "fit"), ("posterior", "evaluate"),
]  # fmt: skip
HEAVY = ("torch", "rdkit", "matchms", "numba", "lightning")


@pytest.mark.parametrize("command", [(name,) for name in COMMANDS] + SUBCOMMANDS, ids=" ".join)
def test_help(command_line: CommandLine, command: tuple[str, ...]) -> None:
    code, out, err = command_line(*command, "--help")
    assert (code, err) == (0, "")
    assert f"matchms-fingerprint {' '.join(command)}" in out
    is_group = command in (("candidates",), ("models",), ("posterior",))
    assert is_group or "--quiet" in out


@pytest.mark.parametrize("command", ["annotate", "predict", "embed"])
def test_help_has_units_and_defaults(command_line: CommandLine, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    _, out, _ = command_line(command, "--help")
    assert "[default: 256]" in out
    assert "[default: merge]" in out
    assert "--quiet" in out
    if command == "annotate":
        assert "parts per million. [default: 10.0]" in out
        assert "in Da" in out


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from matchms_fingerprint.cli.app import app, COMMANDS\n"
        "for name in COMMANDS: app([name, '--help'], standalone_mode=False)\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stderr.strip() == "[]"


def test_without_a_command_the_help_is_shown(command_line: CommandLine) -> None:
    _, out, err = command_line()
    for name in COMMANDS:
        assert name in out + err


def test_version(command_line: CommandLine) -> None:
    code, out, _ = command_line("--version")
    assert code == 0
    assert "0." in out


def test_an_unknown_command_is_one_line(command_line: CommandLine) -> None:
    code, out, err = command_line("identify")
    assert (code, out) == (2, "")
    assert err == "error: No such command 'identify'. (see `matchms-fingerprint --help`)\n"


@pytest.fixture
def own_logging() -> None:
    """Put back what `open_terminal` changes for the whole process."""
    names = ("matchms", "matchms_fingerprint", "py.warnings")
    before = {name: logging.getLogger(name).handlers[:] for name in names}
    with warnings.catch_warnings():
        yield
    logging.captureWarnings(False)
    for name, handlers in before.items():
        logging.getLogger(name).handlers[:] = handlers


@pytest.mark.usefixtures("own_logging")
@pytest.mark.parametrize("name", ["matchms", "matchms_fingerprint"])
def test_log_lines_go_to_stderr_as_one_line(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    open_terminal(quiet=False)
    logging.getLogger(name).warning("a [bold] line of %s\nand more", "x" * 300)
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"warning: a [bold] line of {'x' * 300} and more\n"


@pytest.mark.usefixtures("own_logging")
def test_quiet_keeps_errors(capsys: pytest.CaptureFixture[str]) -> None:
    console = open_terminal(quiet=True)
    console.print("chatter")
    logging.getLogger("matchms").warning("a warning")
    logging.getLogger("matchms").error("an error")
    assert capsys.readouterr() == ("", "error: an error\n")


@pytest.mark.usefixtures("own_logging")
def test_warnings_of_libraries_become_log_lines_and_deprecations_vanish(capsys: pytest.CaptureFixture[str]) -> None:
    open_terminal(quiet=False)
    for category in (DeprecationWarning, FutureWarning, PendingDeprecationWarning):
        warnings.warn("will change", category, stacklevel=1)
    warnings.warn("look out", UserWarning, stacklevel=1)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("warning: ")
    assert "look out" in err
    assert "will change" not in err


@pytest.mark.usefixtures("own_logging")
def test_consoles_take_text_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    table = plain_table("[a]", title="[b]")
    table.add_row("[neg] :on:")
    stdout_console().print("[neg] :on:", table)
    open_terminal(quiet=False).print("[neg] :on:")
    out, err = capsys.readouterr()
    assert [line.strip() for line in out.splitlines() if "[" in line] == ["[neg] :on:", "[b]", "[a]", "[neg] :on:"]
    assert err == "[neg] :on:\n"


def test_nohup_is_respected() -> None:
    """A signal that whoever started the program wants ignored stays ignored."""
    code = (
        "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "from matchms_fingerprint.cli import app\n"
        "app.app = lambda **_: signal.raise_signal(signal.SIGHUP) or 7\n"
        "app.main()"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 7


def test_a_reader_that_stops_reading_ends_quietly(tiny_bundle) -> None:
    """Like `matchms-fingerprint models show | true`."""
    code = "from matchms_fingerprint.cli.app import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", code, "models", "verify", tiny_bundle], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        err = process.stderr.read()
    assert b"Traceback" not in err
    assert process.returncode in (0, 1, -signal.SIGPIPE)
