"""The library that comes with the package is the one that its list of compounds gives."""

import csv
from pathlib import Path

import numpy as np
import pytest

from matchms_fingerprint.candidates import CandidateLibrary
from matchms_fingerprint.candidates.library import STARTER
from matchms_fingerprint.chem import describe, fingerprint, read_molecule
from matchms_fingerprint.constants import DEFAULT_FINGERPRINT
from matchms_fingerprint.io.artifacts import sha256_of

COMPOUNDS = STARTER.parent / "compounds.tsv"
BUILD = (
    "matchms-fingerprint candidates build matchms_fingerprint/candidates/starter/compounds.tsv "
    "-o matchms_fingerprint/candidates/starter/library --source starter --overwrite"
)


@pytest.fixture(scope="module")
def starter() -> CandidateLibrary:
    return CandidateLibrary.open("starter")


def test_it_was_built_from_the_list_as_it_is_now(starter: CandidateLibrary) -> None:
    (entry,) = starter.manifest.inputs
    assert entry["file"] == "compounds.tsv"
    assert entry["sha256"] == sha256_of(COMPOUNDS), f"the list has changed; run: {BUILD}"
    assert starter.manifest.sha256 == sha256_of(starter.path / "structures.arrow")
    assert str(starter.fingerprint) == DEFAULT_FINGERPRINT
    assert starter.manifest.counts["rejected"] == 0
    assert len(starter) >= 800


def test_every_compound_is_in_it_with_its_name_structure_and_fingerprint(starter: CandidateLibrary) -> None:
    everything = starter.search(neutral_mass=5000.0, tolerance_da=5000.0)
    assert len(everything) == len(starter)
    place = {candidate.inchikey14: i for i, candidate in enumerate(everything)}
    packed = everything.fingerprints
    with COMPOUNDS.open(encoding="utf-8", newline="") as handle:
        compounds = list(csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE))
    for compound in compounds:
        mol = read_molecule(compound["smiles"])
        structure = describe(mol)
        i = place[structure.inchikey[:14]]
        found = everything[i]
        assert compound["name"] in found.names
        assert (found.formula, found.exact_mass) == (compound["formula"], structure.exact_mass)
        assert np.array_equal(packed[i], fingerprint(mol, starter.fingerprint))
        assert found.sources == ("starter",)


def test_it_is_known_by_its_name_alone(
    starter: CandidateLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "starter").mkdir()
    monkeypatch.chdir(tmp_path)
    assert CandidateLibrary.open("starter").path == starter.path == STARTER


def test_caffeine_is_found(starter: CandidateLibrary) -> None:
    """Its [M+H]+ is 195.0877."""
    found = starter.search(precursor_mz=195.0877, adduct="[M+H]+")
    assert "Caffeine" in [candidate.name for candidate in found]
