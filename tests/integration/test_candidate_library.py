"""Building, opening and using a library."""

import gzip
import json
import multiprocessing
import pickle
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rdkit import Chem

from matchms_fingerprint.candidates import CandidateLibrary, buckets, build
from matchms_fingerprint.chem import FingerprintSpec, fingerprint, read_molecule, standardize
from matchms_fingerprint.errors import FingerprintSpecError, InputFileError, LibraryError, OutputError, SettingsError
from matchms_fingerprint.io.artifacts import sha256_of

SPEC = "morgan:bits=256"
PAIRS = [
    ("CCO", "ethanol"),
    ("COC", "dimethyl ether"),
    ("OCC", "alcohol"),
    ("C[C@H](N)C(=O)O", "L-alanine"),
    ("CC(N)C(=O)O", "alanine"),
    ("C[C@@H](N)C(=O)O.Cl", "D-alanine hydrochloride"),
    ("CC(N)C(=O)O", "alanine"),
    ("c1ccccc1", ""),
    ("C[N+](C)(C)CC(=O)[O-]", "betaine"),
    ("C[N+](C)(C)CC(=O)O.[Cl-]", "betaine hydrochloride"),
]


def many_smiles(n: int) -> list[str]:
    """Ethers of every length up to `n` carbons: many masses, and isomers that share one."""
    return ["C" * (i - j) + "O" + "C" * j for i in range(2, n) for j in range(1, i // 2 + 1)]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> CandidateLibrary:
    return CandidateLibrary.build(PAIRS, tmp_path_factory.mktemp("library") / "small", fingerprint=SPEC)


def test_structures_are_standardized_and_found(library: CandidateLibrary) -> None:
    (benzene,) = library.search(neutral_mass=78.04695)
    assert benzene.smiles == "c1ccccc1"
    assert benzene.inchikey == "UHOVQNZJYSORNB-UHFFFAOYSA-N"
    assert (benzene.formula, benzene.exact_mass, benzene.names) == ("C6H6", 78.04695, ())


def test_duplicates_keep_the_first_structure_and_all_names(library: CandidateLibrary) -> None:
    (alanine,) = library.search(formula="C3H7NO2")
    assert alanine.smiles == "C[C@H](N)C(=O)O"
    assert alanine.names == ("L-alanine", "alanine", "D-alanine hydrochloride")
    ether, ethanol = library.search(precursor_mz=47.0491, adduct="[M+H]+")
    assert (ether.names, ethanol.names) == (("dimethyl ether",), ("ethanol", "alcohol"))
    counts = {"read": 10, "rejected": 0, "merged": 4, "kept": 6, "reduced_mixtures": 0}
    assert library.manifest.counts == counts


def test_a_cation_is_not_merged_with_its_zwitterion(library: CandidateLibrary) -> None:
    """The first block of their InChIKeys is the same, but their masses are a proton apart."""
    zwitterion, cation = library.search(neutral_mass=117.5, tolerance_da=1.0)
    assert zwitterion.inchikey14 == cation.inchikey14
    assert (zwitterion.formula, cation.formula) == ("C5H11NO2", "C5H12NO2+")


def test_rows_ascend_by_mass_and_fingerprints_are_those_of_the_structures(library: CandidateLibrary) -> None:
    everything = library.search(neutral_mass=100.0, tolerance_da=100.0)
    assert len(everything) == len(library) == 6
    assert (np.diff(everything.exact_masses) >= 0).all()
    spec = FingerprintSpec.parse(SPEC)
    assert library.fingerprint == spec
    expected = [fingerprint(Chem.MolFromSmiles(candidate.smiles), spec) for candidate in everything]
    assert np.array_equal(everything.fingerprints, expected)
    assert [standardize(c.smiles).inchikey for c in everything] == everything.inchikeys


@pytest.mark.parametrize("spec", ["morgan", "rdkit:bits=512", "maccs"])
def test_any_fingerprint_can_be_stored(tmp_path: Path, spec: str) -> None:
    library = CandidateLibrary.build(["CC(N)C(=O)O"], tmp_path / "lib", fingerprint=spec)
    assert library.fingerprint == FingerprintSpec.parse(spec)
    expected = fingerprint(read_molecule("CC(N)C(=O)O"), library.fingerprint)
    assert library.search(formula="C3H7NO2").fingerprints.tolist() == [expected.tolist()]


def test_bad_rows_are_listed_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("smiles,name\nCCO,ethanol\nC(C)(C)(C)(C)C,x\nnonsense,y\nCC\n*CC,z\n,empty\n")
    library = CandidateLibrary.build(path, tmp_path / "lib", fingerprint=SPEC)
    assert library.manifest.counts == {"read": 6, "rejected": 5, "merged": 0, "kept": 1, "reduced_mixtures": 0}
    lines = [line.split("\t") for line in (tmp_path / "lib" / "rejects.tsv").read_text().splitlines()]
    assert lines[0] == ["file", "row", "text", "reason"]
    assert [line[:3] for line in lines[1:]] == [
        ["in.csv", "2", "C(C)(C)(C)(C)C"],
        ["in.csv", "3", "nonsense"],
        ["in.csv", "4", "CC"],
        ["in.csv", "5", "*CC"],
        ["in.csv", "6", ""],
    ]
    assert [line[3].split(":")[0].split(",")[0] for line in lines[1:]] == [
        "Explicit valence for atom # 0 C",
        "SMILES cannot be read (syntax error)",
        "row has 1 fields",
        "holds unknown atoms (*)",
        "no structure given",
    ]


def test_mixtures_are_counted_and_salts_are_not(tmp_path: Path) -> None:
    rows = [
        "CCO.CCN",
        "c1ccccc1C.CCCCO.CCCCO",
        "CC(=O)[O-].[Na+]",
        "CCCCN.OC(=O)C=CC(=O)O",
        "CCCO",
        "C(C)(C)(C)(C)C.CC",
    ]
    library = CandidateLibrary.build(rows, tmp_path / "lib", fingerprint=SPEC)
    assert library.manifest.counts["reduced_mixtures"] == 2
    assert json.loads((library.path / "library.json").read_text())["counts"]["reduced_mixtures"] == 2


def test_a_library_from_before_mixtures_were_counted_opens(copy: Path) -> None:
    change_manifest(copy, counts={"read": 10, "rejected": 0, "merged": 4, "kept": 6})
    assert "reduced_mixtures" not in CandidateLibrary.open(copy).manifest.counts


def test_every_row_of_a_table_with_an_open_quote_is_counted(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text('name,smiles\nethanol,CCO\n"odd,C\nwater,O\n"ammonia",N\n')
    library = CandidateLibrary.build(tmp_path / "in.csv", tmp_path / "lib", fingerprint=SPEC, n_jobs=1)
    assert library.manifest.counts == {"read": 4, "rejected": 1, "merged": 0, "kept": 3, "reduced_mixtures": 0}
    assert 'in.csv\t2\t"odd,C\ta quote is opened' in (library.path / "rejects.tsv").read_text()


def test_structures_may_be_given_in_several_ways(tmp_path: Path) -> None:
    given = iter(
        [
            "CCO",
            ("CC", "ethane"),
            ["C", None],
            {"SMILES": "O", "Name": "water", "source": "sea"},
            {"inchi": "InChI=1S/H3N/h1H3"},
            {"no": "structure"},
            7,
        ]
    )
    library = CandidateLibrary.build(given, tmp_path / "lib", fingerprint=SPEC)
    found = {candidate.smiles: candidate for candidate in library.search(neutral_mass=30.0, tolerance_da=30.0)}
    assert set(found) == {"CCO", "CC", "C", "O", "N"}
    assert (found["CC"].names, found["O"].names, found["O"].sources) == (("ethane",), ("water",), ("sea",))
    assert library.manifest.counts["rejected"] == 2
    assert library.manifest.inputs == [{"file": None, "bytes": None, "sha256": None, "rows": 7}]


def test_several_files_of_every_kind(tmp_path: Path) -> None:
    (tmp_path / "a.smi").write_text("CCO ethanol\n")
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(b"name,smiles,source\nalcohol,OCC,pub\nwater,O,\n"))
    (tmp_path / "c.sdf").write_text(Chem.MolToMolBlock(Chem.MolFromSmiles("CCO")) + ">  <NAME>\nspirit\n\n$$$$\n")
    pq.write_table(pa.table({"smiles": ["CCO", "N"], "name": ["EtOH", "ammonia"]}), tmp_path / "d.parquet")
    files = [tmp_path / name for name in ("a.smi", "b.csv.gz", "c.sdf", "d.parquet")]
    library = CandidateLibrary.build([str(file) for file in files], tmp_path / "lib", fingerprint=SPEC)
    (ethanol,) = library.search(formula="C2H6O")
    assert ethanol.names == ("ethanol", "alcohol", "spirit", "EtOH")
    assert ethanol.sources == ("a.smi", "pub", "c.sdf", "d.parquet")
    assert library.search(formula="H2O")[0].sources == ("b.csv.gz",)
    named = CandidateLibrary.build(files, tmp_path / "named", fingerprint=SPEC, source="mine")
    assert named.search(formula="C2H6O")[0].sources == ("mine", "pub")
    given = CandidateLibrary.build(["O", {"smiles": "O", "source": "db"}], tmp_path / "given", source="mine")
    assert given.search(formula="H2O")[0].sources == ("mine", "db")
    assert [entry["rows"] for entry in library.manifest.inputs] == [1, 2, 1, 2]
    assert [entry["sha256"] for entry in library.manifest.inputs] == [sha256_of(file) for file in files]


def test_the_library_does_not_depend_on_workers_memory_or_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = [(smiles, f"n{i}") for i, smiles in enumerate(many_smiles(90))]
    pairs += [(smiles, f"again {i}") for i, smiles in enumerate(many_smiles(60))]
    serial = CandidateLibrary.build(pairs, tmp_path / "serial", fingerprint=SPEC, n_jobs=1)
    monkeypatch.setattr("matchms_fingerprint.candidates.rows.CHUNK_ROWS", 64)
    parallel = CandidateLibrary.build(pairs, tmp_path / "parallel", fingerprint=SPEC, n_jobs=2)
    for name in ("structures.arrow", "library.json", "rejects.tsv"):
        assert (serial.path / name).read_bytes() == (parallel.path / name).read_bytes()
    monkeypatch.setattr(buckets, "ROWS_IN_MEMORY", 200)
    monkeypatch.setattr(build, "BATCH_ROWS", 50)
    spilled = CandidateLibrary.build(pairs, tmp_path / "spilled", fingerprint=SPEC, n_jobs=2)
    assert len(spilled.manifest.batches.n_rows) > 20
    assert spilled.manifest.batches.n_rows.max() <= 50
    everything = [lib.search(neutral_mass=1000.0, tolerance_da=1000.0) for lib in (serial, spilled)]
    assert list(everything[0]) == list(everything[1])
    assert np.array_equal(everything[0].fingerprints, everything[1].fingerprints)


def test_provenance(library: CandidateLibrary) -> None:
    manifest = json.loads((library.path / "library.json").read_text())
    assert manifest["fingerprint"] == "morgan:radius=2,bits=256"
    assert manifest["structures"]["sha256"] == sha256_of(library.path / "structures.arrow")
    assert set(manifest["versions"]) == {"python", "matchms_fingerprint", "rdkit", "pyarrow", "numpy"}
    assert manifest["exact_mass_range_da"] == [46.041865, 118.086804]
    assert sorted(path.name for path in library.path.iterdir()) == ["library.json", "rejects.tsv", "structures.arrow"]


def masses_in(library: CandidateLibrary) -> list[float]:
    return library.search(neutral_mass=100.0, tolerance_da=100.0).exact_masses.tolist()


def test_a_pickled_library_opens_again(library: CandidateLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(library.path.parent)
    relative = pickle.dumps(CandidateLibrary.open(library.path.name))
    monkeypatch.chdir("/")
    assert masses_in(pickle.loads(relative)) == masses_in(library)


def test_threads_and_processes_share_a_library(library: CandidateLibrary) -> None:
    expected = masses_in(library)
    with ThreadPoolExecutor(8) as threads:
        assert all(masses == expected for masses in threads.map(masses_in, [library] * 200))
    with multiprocessing.get_context("fork").Pool(2) as processes:
        assert processes.map(masses_in, [library] * 8) == [expected] * 8


def test_a_slice_outlives_its_library(tmp_path: Path) -> None:
    library = CandidateLibrary.build(PAIRS, tmp_path / "lib", fingerprint=SPEC)
    found = library.search(formula="C2H6O")
    before = found.fingerprints.copy()
    shutil.rmtree(library.path)
    del library
    assert np.array_equal(found.fingerprints, before)


@pytest.fixture
def copy(library: CandidateLibrary, tmp_path: Path) -> Path:
    return Path(shutil.copytree(library.path, tmp_path / "copy"))


def change_manifest(folder: Path, **changes: object) -> None:
    path = folder / "library.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_library_of_another_version_is_refused(copy: Path) -> None:
    change_manifest(copy, format_version=99)
    with pytest.raises(LibraryError, match="library format 99, but this version reads 1"):
        CandidateLibrary.open(copy)


@pytest.mark.parametrize("lost", [1, 100, 100_000])
def test_a_truncated_table_is_refused(copy: Path, lost: int) -> None:
    data = (copy / "structures.arrow").read_bytes()
    (copy / "structures.arrow").write_bytes(data[: max(0, len(data) - lost)])
    with pytest.raises(LibraryError, match=r"structures\.arrow has"):
        CandidateLibrary.open(copy)


def test_a_table_of_the_right_size_with_another_content_is_refused(copy: Path) -> None:
    size = (copy / "structures.arrow").stat().st_size
    (copy / "structures.arrow").write_bytes(b"\0" * size)
    with pytest.raises(LibraryError, match=r"structures\.arrow cannot be read"):
        CandidateLibrary.open(copy)


def test_a_manifest_that_does_not_fit_is_refused(copy: Path) -> None:
    change_manifest(copy, fingerprint="maccs")
    with pytest.raises(LibraryError, match="do not agree"):
        CandidateLibrary.open(copy)


def test_a_batch_of_other_length_is_refused(copy: Path) -> None:
    change_manifest(copy, batches=["7 46.041865 118.086804"], counts={"read": 7, "rejected": 0, "merged": 0, "kept": 7})
    with pytest.raises(LibraryError, match="do not agree"):
        CandidateLibrary.open(copy).search(formula="C6H6")


@pytest.mark.parametrize("content", ["", "[]", "{}", "not json", '{"format": 3, "format_version": 1}'])
def test_a_manifest_that_is_none_is_refused(copy: Path, content: str) -> None:
    (copy / "library.json").write_text(content)
    with pytest.raises(LibraryError, match=r"library\.json"):
        CandidateLibrary.open(copy)


@pytest.mark.parametrize(
    ("broken", "said"),
    [({"counts": {}}, "damaged"), ({"batches": ["x y"]}, "damaged"), ({"fingerprint": "ecfp"}, "damaged")],
)
def test_a_damaged_manifest_is_refused(copy: Path, broken: dict, said: str) -> None:
    change_manifest(copy, **broken)
    with pytest.raises(LibraryError, match=said):
        CandidateLibrary.open(copy)


def test_what_is_no_library_is_refused(copy: Path, tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="no such library"):
        CandidateLibrary.open(tmp_path / "missing")
    (copy / "structures.arrow").unlink()
    with pytest.raises(LibraryError, match=r"structures\.arrow is missing"):
        CandidateLibrary.open(copy)
    (copy / "library.json").unlink()
    with pytest.raises(LibraryError, match="not a candidate library"):
        CandidateLibrary.open(copy)


def test_nothing_is_written_where_nothing_is_a_structure(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match=r"none of its 2 rows is a structure \(the first: SMILES cannot be read"):
        CandidateLibrary.build(["nonsense", "CC(C)(C)(C)C"], tmp_path / "lib")
    (tmp_path / "header.csv").write_text("smiles,name\n")
    with pytest.raises(InputFileError, match="holds no rows"):
        CandidateLibrary.build(tmp_path / "header.csv", tmp_path / "lib")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["header.csv"]


def test_an_existing_folder_is_replaced_only_on_demand(copy: Path) -> None:
    with pytest.raises(OutputError, match="--overwrite"):
        CandidateLibrary.build(["C"], copy, fingerprint=SPEC)
    assert len(CandidateLibrary.open(copy)) == 6
    with pytest.raises(InputFileError):
        CandidateLibrary.build(["nonsense"], copy, fingerprint=SPEC, overwrite=True)
    assert len(CandidateLibrary.open(copy)) == 6
    assert len(CandidateLibrary.build(["C"], copy, fingerprint=SPEC, overwrite=True)) == 1


def test_settings_are_checked_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(FingerprintSpecError):
        CandidateLibrary.build(["C"], tmp_path / "lib", fingerprint="ecfp")
    with pytest.raises(SettingsError):
        CandidateLibrary.build(["C"], tmp_path / "lib", n_jobs=0)
    (tmp_path / "a.smi").write_text("C\n")
    with pytest.raises(InputFileError, match="twice"):
        CandidateLibrary.build([tmp_path / "a.smi", tmp_path / "a.smi"], tmp_path / "lib")
