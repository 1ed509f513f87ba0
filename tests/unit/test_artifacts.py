"""Outputs appear whole or not at all, and nothing foreign is ever replaced."""

import errno
import hashlib

import pytest

from matchms_fingerprint.errors import InputFileError, OutputError
from matchms_fingerprint.io.artifacts import (
    atomic_file,
    atomic_folder,
    check_replaceable,
    read_json,
    sha256_of,
    write_json,
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1])
def test_sha256(tmp_path, size):
    content = bytes(range(256)) * (size // 256 + 1)
    (tmp_path / "x").write_bytes(content[:size])
    assert sha256_of(tmp_path / "x") == hashlib.sha256(content[:size]).hexdigest()


def test_file_appears_at_the_end_in_a_new_folder(tmp_path):
    with atomic_file(tmp_path / "new" / "x.txt") as partial:
        partial.write_text("content")
        assert names(tmp_path / "new") == [partial.name]
    assert names(tmp_path / "new") == ["x.txt"]


def test_full_disk_leaves_the_old_file(tmp_path):
    (tmp_path / "x.txt").write_text("old")

    def fill_the_disk():
        with atomic_file(tmp_path / "x.txt") as partial:
            partial.write_text("half")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        fill_the_disk()
    assert (tmp_path / "x.txt").read_text() == "old"
    assert names(tmp_path) == ["x.txt"]


def make_run(path, content="new", overwrite=False):
    with atomic_folder(path, marker="run.json", overwrite=overwrite) as partial:
        (partial / "run.json").write_text(content)


def test_folder_appears_at_the_end(tmp_path):
    with atomic_folder(tmp_path / "out", marker="run.json") as partial:
        (partial / "run.json").write_text("{}")
        assert not (tmp_path / "out").exists()
    assert names(tmp_path) == ["out"]
    assert names(tmp_path / "out") == ["run.json"]


def test_folder_that_exists_is_kept_without_overwrite(tmp_path):
    make_run(tmp_path / "out", "old")
    with pytest.raises(OutputError, match="--overwrite"):
        make_run(tmp_path / "out")
    make_run(tmp_path / "out", overwrite=True)
    assert (tmp_path / "out" / "run.json").read_text() == "new"
    assert names(tmp_path) == ["out"]


def test_old_folder_stays_until_the_new_one_is_complete(tmp_path):
    make_run(tmp_path / "out", "old")

    def interrupted():
        with atomic_folder(tmp_path / "out", marker="run.json", overwrite=True) as partial:
            (partial / "run.json").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert (tmp_path / "out" / "run.json").read_text() == "old"
    assert names(tmp_path) == ["out"]


def test_foreign_folder_is_never_replaced(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "me.png").write_text("x")
    with pytest.raises(OutputError, match="was not made by this command"):
        make_run(tmp_path / "photos", overwrite=True)
    assert names(tmp_path / "photos") == ["me.png"]


def test_empty_folder_may_be_used_and_a_file_may_not(tmp_path):
    (tmp_path / "empty").mkdir()
    make_run(tmp_path / "empty")
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="is not a folder"):
        check_replaceable(tmp_path / "file", "run.json", overwrite=True)


def test_json_round_trip(tmp_path):
    content = {"name": "β", "values": [1, 2.5, None], "nested": {"x": True}}
    write_json(tmp_path / "x.json", content)
    assert read_json(tmp_path / "x.json") == content
    assert (tmp_path / "x.json").read_text(encoding="utf-8").endswith("}\n")


@pytest.mark.parametrize(
    ("content", "says"), [(None, "no such file"), (b"{", "not a JSON"), (b"\xff\xfe", "not a JSON")]
)
def test_json_that_cannot_be_read(tmp_path, content, says):
    if content is not None:
        (tmp_path / "x.json").write_bytes(content)
    with pytest.raises(InputFileError, match=says):
        read_json(tmp_path / "x.json")


def test_json_that_cannot_be_written_leaves_the_old_one(tmp_path):
    write_json(tmp_path / "x.json", 1)
    with pytest.raises(TypeError):
        write_json(tmp_path / "x.json", object())
    assert read_json(tmp_path / "x.json") == 1
    assert names(tmp_path) == ["x.json"]
