"""Outputs appear whole or not at all, and nothing foreign is ever replaced."""

import errno
import hashlib

import pytest

from matchms_fingerprint.errors import InputFileError, OutputError
from matchms_fingerprint.io import artifacts
from matchms_fingerprint.io.artifacts import (
    atomic_file,
    atomic_folder,
    check_parent,
    check_replaceable,
    read_json,
    remove_leftovers,
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


RESULT = {"annotations.tsv": "rows", "run.json": "{}"}


def make_result(path, overwrite=False, files=RESULT, **options):
    with atomic_folder(path, "run.json", overwrite, **options) as partial:
        for name, content in files.items():
            (partial / name).write_text(content)


def fill(folder, *names, content="{}"):
    folder.mkdir()
    for name in names:
        (folder / name).write_text(content)


def test_folder_with_a_foreign_file_is_refused_before_the_work(tmp_path):
    fill(tmp_path / "photos", "run.json", "me.png")
    with pytest.raises(OutputError, match=r"photos: not replaced, since it holds me\.png, which this command did not"):
        check_replaceable(tmp_path / "photos", "run.json", overwrite=True)
    with pytest.raises(OutputError, match=r"me\.png"):
        make_result(tmp_path / "photos", overwrite=True)
    assert names(tmp_path / "photos") == ["me.png", "run.json"]


def test_folder_inside_a_result_is_foreign_even_with_a_known_name(tmp_path):
    fill(tmp_path / "out", "run.json")
    fill(tmp_path / "out" / "annotations.tsv", "thesis.txt")
    with pytest.raises(OutputError, match=r"holds annotations\.tsv"):
        make_result(tmp_path / "out", overwrite=True)
    assert (tmp_path / "out" / "annotations.tsv" / "thesis.txt").exists()


@pytest.mark.parametrize(
    ("marker", "others"),
    [
        ("run.json", ["annotations.tsv"]),
        ("library.json", ["structures.arrow", "rejects.tsv"]),
        ("bundle.json", ["weights.safetensors", "substructures.json", "MODEL_CARD.md", "curve.png", "folds.tsv"]),
    ],
)
def test_all_that_an_earlier_run_made_is_replaced(tmp_path, marker, others):
    fill(tmp_path / "out", marker, *others)
    check_replaceable(tmp_path / "out", marker, overwrite=True)
    with atomic_folder(tmp_path / "out", marker, overwrite=True) as partial:
        (partial / marker).write_text("new")
    assert names(tmp_path / "out") == [marker]


def test_names_given_by_the_caller_or_written_now_are_replaced(tmp_path):
    fill(tmp_path / "out", "run.json", "plot.svg", "extra.txt")
    with pytest.raises(OutputError, match=r"extra\.txt"):
        check_replaceable(tmp_path / "out", "run.json", True, known_names={"plot.svg"})
    check_replaceable(tmp_path / "out", "run.json", True, known_names={"plot.svg", "extra.txt"})
    fill(tmp_path / "other", "other.json", "extra.txt")
    check_replaceable(tmp_path / "other", "other.json", True)  # what else there will be is not known yet
    with atomic_folder(tmp_path / "other", "other.json", overwrite=True) as partial:
        (partial / "other.json").write_text("new")
        (partial / "extra.txt").write_text("new")
    assert (tmp_path / "other" / "extra.txt").read_text() == "new"


def test_foreign_file_that_comes_during_the_work_stays(tmp_path):
    make_result(tmp_path / "out")

    def disturbed():
        with atomic_folder(tmp_path / "out", "run.json", overwrite=True) as partial:
            (partial / "run.json").write_text("new")
            (tmp_path / "out" / "notes.txt").write_text("mine")

    with pytest.raises(OutputError, match=r"notes\.txt"):
        disturbed()
    assert names(tmp_path / "out") == ["annotations.tsv", "notes.txt", "run.json"]
    assert (tmp_path / "out" / "run.json").read_text() == "{}"


def test_traces_of_the_desktop_do_not_matter(tmp_path):
    make_result(tmp_path / "out")
    (tmp_path / "out" / ".DS_Store").write_text("x")
    make_result(tmp_path / "out", overwrite=True)
    assert names(tmp_path / "out") == [".DS_Store", "annotations.tsv", "run.json"]


@pytest.mark.parametrize("overwrite", [False, True], ids=["empty", "overwrite"])
def test_folder_that_exists_stays_itself(tmp_path, monkeypatch, overwrite):
    """A mount point or the folder in which one works cannot be renamed."""
    (tmp_path / "out").mkdir()
    if overwrite:
        make_result(tmp_path / "out", files={"annotations.tsv": "old", "run.json": "old"})
    inode = (tmp_path / "out").stat().st_ino
    monkeypatch.chdir(tmp_path / "out")
    make_result(".", overwrite)
    assert (tmp_path / "out").stat().st_ino == inode
    assert {path.name: path.read_text() for path in (tmp_path / "out").iterdir()} == RESULT
    assert names(tmp_path) == ["out"]


def test_work_for_a_folder_that_exists_is_done_inside_it(tmp_path):
    """Beside a mount point is another file system, from which nothing can be renamed into it."""
    (tmp_path / "out").mkdir()
    with atomic_folder(tmp_path / "out", "run.json") as partial:
        assert partial.parent == tmp_path / "out"
        (partial / "run.json").write_text("{}")
    assert names(tmp_path / "out") == ["run.json"]


def test_marker_comes_last(tmp_path, monkeypatch):
    (tmp_path / "out").mkdir()
    moved = []
    replace = artifacts.os.replace
    monkeypatch.setattr(artifacts.os, "replace", lambda old, new: (moved.append(new.name), replace(old, new)))
    make_result(tmp_path / "out", files={"run.json": "{}", "z.tsv": "", "a.tsv": ""})
    assert moved == ["a.tsv", "z.tsv", "run.json"]


@pytest.mark.parametrize("kind", ["folder", "nothing"])
def test_link_leads_to_the_folder_that_is_filled(tmp_path, kind):
    if kind == "folder":
        (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    make_result(tmp_path / "link")
    make_result(tmp_path / "link", overwrite=True)
    assert (tmp_path / "link").is_symlink()
    assert names(tmp_path / "real") == ["annotations.tsv", "run.json"]
    assert names(tmp_path) == ["link", "real"]


def test_link_leads_to_the_file_that_is_written(tmp_path):
    (tmp_path / "link.tsv").symlink_to(tmp_path / "new" / "real.tsv")
    with atomic_file(tmp_path / "link.tsv") as partial:
        partial.write_text("x")
    assert (tmp_path / "link.tsv").is_symlink()
    assert (tmp_path / "new" / "real.tsv").read_text() == "x"


def test_link_to_itself_is_named(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OutputError, match="loop: is a link that leads to itself"):
        check_replaceable(tmp_path / "loop", "run.json", overwrite=False)


@pytest.mark.parametrize("below", ["out", "new/out"])
def test_parent_that_is_a_file_is_named_before_the_work(tmp_path, below):
    (tmp_path / "file").write_text("x")
    says = f"file/{below}: {tmp_path / 'file'} is a file, not a folder; give another output with -o"
    for check in (
        lambda path: check_replaceable(path, "run.json", overwrite=False),
        lambda path: make_result(path),
        check_parent,
        lambda path: atomic_file(path).__enter__(),
    ):
        with pytest.raises(OutputError) as caught:
            check(tmp_path / "file" / below)
        assert str(caught.value).endswith(says)


def test_leftovers_of_killed_writings_are_removed_and_nothing_else(tmp_path):
    (tmp_path / "out").mkdir()
    for name in (
        ".out.partial-0123abcd",
        "out/.out.partial-89ab4567",
        ".other.partial-0123abcd",
        ".out.partial",
        "out.x",
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("")
    remove_leftovers(tmp_path / "out")
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_dir()}
    assert left == {"out", ".other.partial-0123abcd", ".out.partial", "out.x"}
