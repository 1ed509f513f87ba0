"""`candidates conflict`: what it prints of a library and spectra, and how it refuses what it cannot answer."""

import pytest
from builders import TINY_FINGERPRINT
from labelled_file import write_labelled_mgf

from matchms_fingerprint import CandidateLibrary
from matchms_fingerprint.evaluation.conflict import summarize_conflict


@pytest.fixture(scope="module")
def mgf(tmp_path_factory):
    return write_labelled_mgf(tmp_path_factory.mktemp("spectra") / "labelled.mgf")


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """Ibuprofen, two near-duplicates of it and a stranger of its formula; and glucose alone."""
    isomers = [
        "CC(C)Cc1ccc(cc1)C(C)C(=O)O",
        "CC(C)Cc1cccc(c1)C(C)C(=O)O",
        "CCCCc1ccc(cc1)C(C)C(=O)O",
        "O=C1CC2CCCCC2C(C1)C=CC=O",
        "OCC1OC(O)C(O)C(O)C1O",
    ]
    folder = tmp_path_factory.mktemp("library") / "isomers"
    return CandidateLibrary.build(isomers, folder, fingerprint=TINY_FINGERPRINT, n_jobs=1)


@pytest.mark.parametrize("by", ["mass", "formula"])
def test_it_prints_the_index_and_a_loss(command_line, library, mgf, by):
    code, out, _ = command_line("candidates", "conflict", library.path, "--spectra", mgf, "--by", by)
    assert code == 0
    found = dict(line.split("\t") for line in out.splitlines())
    ibuprofen = library.search(formula="C13H18O2").fingerprints
    assert len(ibuprofen) == 4
    summary = summarize_conflict([ibuprofen])
    assert found["structures"] == "8"
    assert found["with_several_candidates"] == "1"
    assert found["conflict_index"] == f"{summary.kappa:.3f}"
    assert "conflict index" in found["reason"]
    assert found["recommended_losses"].split(", ")[0] in ("listwise_fingerprint", "combined")


def test_goal_and_changing_libraries_reach_the_recommendation(command_line, library, mgf):
    arguments = ("candidates", "conflict", library.path, "--spectra", mgf)
    _, out, _ = command_line(*arguments, "--goal", "both")
    assert "recommended_losses\tcombined" in out
    _, out, _ = command_line(*arguments, "--library-changes")
    assert "recommended_losses\tbce\nrank_by\tlog_likelihood" in out


def test_candidates_that_leave_no_choice_are_said_in_one_line(command_line, mgf, tmp_path):
    lonely = CandidateLibrary.build(["OCC1OC(O)C(O)C(O)C1O"], tmp_path / "lonely", TINY_FINGERPRINT, n_jobs=1)
    code, out, err = command_line("candidates", "conflict", lonely.path, "--spectra", mgf)
    assert (code, out) == (1, "")
    assert "no spectrum has several candidates in the library" in err
    assert len(err.strip().splitlines()) == 1
