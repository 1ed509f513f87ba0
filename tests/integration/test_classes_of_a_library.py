"""Compound classes that come with the structures: from a file into the library, and from there into the answer."""

import csv
import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from builders import TINY_FINGERPRINT
from rdkit import Chem

from matchms_fingerprint import CandidateLibrary
from matchms_fingerprint.annotation.answers.classes import class_shares, classes_of
from matchms_fingerprint.annotation.features import Feature
from matchms_fingerprint.annotation.pool import CandidatePool
from matchms_fingerprint.annotation.settings import AnnotationSettings
from matchms_fingerprint.chem import get_adduct
from matchms_fingerprint.errors import InputFileError
from matchms_fingerprint.records import Candidate

QUERCETIN = "O=c1c(O)c(-c2ccc(O)c(O)c2)oc2cc(O)cc(O)c12"
MORIN = "O=c1c(O)c(-c2ccc(O)cc2O)oc2cc(O)cc(O)c12"
HEADER = ["smiles", "name", "classyfire", "np_class"]
ROWS = [
    [QUERCETIN, "quercetin", "Flavonoids; Flavonols|Polyphenols", "Shikimates"],
    [MORIN, "morin", "", ""],
    [QUERCETIN, "again", "Flavonols;Pigments", "NA"],
    ["CCO", "ethanol", "n/a", "none"],
]
FOUND = {"quercetin": ("Flavonoids", "Flavonols", "Polyphenols", "Pigments"), "morin": (), "ethanol": ()}


def build(source: object, tmp_path: Path, **options: object) -> CandidateLibrary:
    return CandidateLibrary.build(source, tmp_path / "library", fingerprint=TINY_FINGERPRINT, n_jobs=1, **options)


def classes_in(library: CandidateLibrary) -> dict[str, tuple[str, ...]]:
    found = library.search(neutral_mass=150.0, tolerance_da=1000.0)
    assert [list(candidate.classes) for candidate in found] == found.classes
    return {candidate.name: candidate.classes for candidate in found}


def as_csv(path: Path) -> Path:
    with path.open("w", newline="") as handle:
        csv.writer(handle).writerows([HEADER, *ROWS])
    return path


def as_tsv(path: Path) -> Path:
    path.write_bytes(gzip.compress("\n".join("\t".join(row) for row in [HEADER, *ROWS]).encode()))
    return path


def as_parquet(path: Path) -> Path:
    pq.write_table(pa.table(dict(zip(HEADER, zip(*ROWS, strict=True), strict=True))), path)
    return path


def as_sdf(path: Path) -> Path:
    with Chem.SDWriter(str(path)) as writer:
        for row in ROWS:
            mol = Chem.MolFromSmiles(row[0])
            for name, value in zip(HEADER[1:], row[1:], strict=True):
                if value:
                    mol.SetProp(name, value)
            writer.write(mol)
    return path


FILES = [(as_csv, "a.csv"), (as_tsv, "a.tsv.gz"), (as_parquet, "a.parquet"), (as_sdf, "a.sdf")]


@pytest.mark.parametrize(("write", "name"), FILES, ids=[name for _, name in FILES])
def test_a_column_named_classyfire_is_found_in_every_kind_of_file(write: object, name: str, tmp_path: Path) -> None:
    library = build(write(tmp_path / name), tmp_path)
    assert classes_in(library) == FOUND
    assert library.manifest.counts["classified"] == 1


@pytest.mark.parametrize(("write", "name"), FILES, ids=[name for _, name in FILES])
def test_the_columns_that_are_named_are_read_one_after_the_other(write: object, name: str, tmp_path: Path) -> None:
    library = build(write(tmp_path / name), tmp_path, class_columns=("NP class", "classyfire"))
    assert classes_in(library) == FOUND | {"quercetin": ("Shikimates", *FOUND["quercetin"])}
    alone = build(tmp_path / name, tmp_path, class_columns=("np_class",), overwrite=True)
    assert classes_in(alone)["quercetin"] == ("Shikimates",)


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    for write, name in FILES[:3]:
        with pytest.raises(InputFileError, match="no column 'superclass'; it has: 'smiles'"):
            build(write(tmp_path / name), tmp_path, class_columns=("superclass",))


def test_dictionaries_may_hold_lists(tmp_path: Path) -> None:
    rows = [
        {"smiles": QUERCETIN, "name": "quercetin", "classyfire": ["Flavonoids", "Flavonols"]},
        {"smiles": MORIN, "name": "morin", "classyfire": None},
        {"smiles": "CCO", "name": "ethanol"},
    ]
    assert classes_in(build(rows, tmp_path)) == FOUND | {"quercetin": ("Flavonoids", "Flavonols")}


def test_a_library_without_classes_is_as_it_always_was(tmp_path: Path) -> None:
    rows = [dict(zip(HEADER[:2], row, strict=False)) for row in ROWS]
    library = build(rows, tmp_path)
    assert set(classes_in(library).values()) == {()}
    assert "classified" not in library.manifest.counts
    with pa.ipc.open_file(str(library.path / "structures.arrow")) as reader:
        assert "classes" not in reader.schema.names
    starter = CandidateLibrary.open("starter").search(neutral_mass=302.0427)  # built before there were classes
    assert len(starter) > 0
    assert not starter.has_classes
    assert starter.classes == [[]] * len(starter)


def test_the_record_goes_through_json() -> None:
    candidate = Candidate("CCO", "LFQSCWFLJHTTHZ-UHFFFAOYSA-N", "C2H6O", 46.0419, ("ethanol",), ("x",), ("Alcohols",))
    assert Candidate.from_dict(candidate.to_dict()) == candidate


def test_the_classes_of_the_library_are_those_of_the_answer(tmp_path: Path) -> None:
    """Quercetin has classes of its own, morin those of the rules; both have a half of the probability."""
    library = build(as_csv(tmp_path / "a.csv"), tmp_path)
    feature = Feature("1", precursor_mz=303.0499, ion_mode="positive", adducts=(get_adduct("[M+H]+"),))
    pool = CandidatePool.of(feature, library, AnnotationSettings())
    smiles = pool.candidates().smiles
    given = pool.classes(np.arange(len(pool)))
    assert dict(zip(smiles, given, strict=True)) == {QUERCETIN: list(FOUND["quercetin"]), MORIN: []}
    found = {share.name: share.probability for share in class_shares(smiles, [0.5, 0.5], given)}
    expected = dict.fromkeys([*FOUND["quercetin"], *classes_of(MORIN)], 0.5)
    assert found == {
        name: p + (name in FOUND["quercetin"] and name in classes_of(MORIN)) / 2 for name, p in expected.items()
    }
