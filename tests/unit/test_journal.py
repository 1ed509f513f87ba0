"""The journal of a run: whole batches or none, of one run only."""

from pathlib import Path

import numpy as np
import pytest
from annotated_features import awkward_annotations

from matchms_fingerprint.annotation.journal import Journal
from matchms_fingerprint.errors import OutputError

IDENTITY = {"input": "a.mgf", "settings": {"adducts": ("[M+H]+",)}}


def filled(folder: Path, n_batches: int = 2) -> Journal:
    journal = Journal(folder, IDENTITY, resume=False)
    annotations = awkward_annotations()
    for i in range(n_batches):
        journal.append(annotations, np.full((len(annotations), 3), i, np.float32))
    return journal


def test_what_was_appended_comes_back(tmp_path: Path) -> None:
    filled(tmp_path / "j")
    again = Journal(tmp_path / "j", IDENTITY, resume=True)
    assert again.n_batches == 2
    found = list(again)
    assert [annotation for annotation, _ in found] == awkward_annotations() * 2
    assert [embedding[0] for _, embedding in found] == [0] * (len(found) // 2) + [1] * (len(found) // 2)
    again.remove()
    assert not (tmp_path / "j").exists()


def test_a_batch_without_its_second_file_is_made_again(tmp_path: Path) -> None:
    filled(tmp_path / "j")
    (tmp_path / "j" / "000001.json").rename(tmp_path / "j" / ".000001.json.partial-0123abcd")
    assert Journal(tmp_path / "j", IDENTITY, resume=True).n_batches == 1


def test_without_resume_it_begins_anew(tmp_path: Path) -> None:
    filled(tmp_path / "j")
    assert Journal(tmp_path / "j", IDENTITY, resume=False).n_batches == 0


def test_another_run_is_refused_and_named(tmp_path: Path) -> None:
    filled(tmp_path / "j")
    with pytest.raises(OutputError, match="differs in input; leave out --resume"):
        Journal(tmp_path / "j", IDENTITY | {"input": "b.mgf"}, resume=True)


@pytest.mark.parametrize("resume", [True, False])
def test_a_run_killed_at_its_very_start_is_in_nobodys_way(tmp_path: Path, resume: bool) -> None:
    (tmp_path / "j").mkdir()
    (tmp_path / "j" / ".journal.json.partial-0123abcd").write_text("{")
    assert filled(tmp_path / "j").n_batches == 2
    assert Journal(tmp_path / "j", IDENTITY, resume).n_batches == (2 if resume else 0)


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "j").mkdir()
    (tmp_path / "j" / "thesis.docx").write_text("")
    with pytest.raises(OutputError, match="in the way of this run"):
        Journal(tmp_path / "j", IDENTITY, resume=False)
    assert (tmp_path / "j" / "thesis.docx").exists()
