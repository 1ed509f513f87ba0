"""Files of structures: kinds, columns, rows, and what is wrong with them."""

import csv
import gzip
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rdkit import Chem

from matchms_fingerprint.candidates.columns import Columns, guess
from matchms_fingerprint.candidates.inputs import StructureFile, kind_of
from matchms_fingerprint.candidates.rows import Row
from matchms_fingerprint.errors import InputFileError


def write(path: Path, text: str, compressed: bool = False) -> Path:
    data = text.encode()
    path.write_bytes(gzip.compress(data) if compressed else data)
    return path


def rows_of(path: Path, **columns: Any) -> list[Row]:
    return list(StructureFile(path, Columns(**columns)).rows())


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.smi", "smiles"),
        ("a.SMI.gz", "smiles"),
        ("a.csv", "table"),
        ("x/a.tsv.gz", "table"),
        ("a.sdf", "sdf"),
        ("a.parquet", "parquet"),
        ("a.txt", "text"),
        ("a.pdf", None),
        ("CCO", None),
        ("C.C", None),
    ],
)
def test_kind_is_told_from_the_name(name: str, kind: str | None) -> None:
    assert kind_of(name) == kind


@pytest.mark.parametrize("compressed", [False, True])
def test_smiles_file(tmp_path: Path, compressed: bool) -> None:
    text = "smiles name\nCCO ethyl alcohol\n\nCC\tethane\nCCC\nCO |c:1| methanol\n"
    path = write(tmp_path / ("a.smi.gz" if compressed else "a.smi"), text, compressed)
    assert rows_of(path) == [
        Row(1, "CCO", "ethyl alcohol"),
        Row(3, "CC", "ethane"),
        Row(4, "CCC"),
        Row(5, "CO", "methanol"),
    ]


def test_gzip_is_told_from_the_content(tmp_path: Path) -> None:
    assert rows_of(write(tmp_path / "a.smi", "CCO\n", compressed=True)) == [Row(1, "CCO")]
    assert rows_of(write(tmp_path / "b.smi.gz", "CCO\n")) == [Row(1, "CCO")]


@pytest.mark.parametrize(
    ("suffix", "delimiter"), [("csv", ","), ("csv", ";"), ("tsv", "\t"), ("txt", "\t"), ("csv", "\t")]
)
def test_table_with_usual_names(tmp_path: Path, suffix: str, delimiter: str) -> None:
    lines = ["Compound Name,Canonical_SMILES,mass,Source", "ethanol,CCO,46,db", "water,O,18,"]
    path = write(tmp_path / f"a.{suffix}", "\ufeff" + "\r\n".join(lines).replace(",", delimiter))
    assert rows_of(path) == [Row(1, "CCO", "ethanol", "db"), Row(2, "O", "water")]


@pytest.mark.parametrize("name", ["CID-SMILES.gz", "CID-SMILES", "a.tsv", "a.tsv.gz", "a.txt", "a.smi", "a.smi.gz"])
def test_numbers_before_smiles_need_no_header(tmp_path: Path, name: str) -> None:
    """The layout of PubChem's CID-SMILES.gz; benzene is CID 241, ethanol CID 702."""
    path = write(tmp_path / name, "241\tC1=CC=CC=C1\n702\tCCO\n", compressed=name.endswith(".gz"))
    assert rows_of(path) == [Row(1, "C1=CC=CC=C1", "241"), Row(2, "CCO", "702")]


def test_numbers_before_inchi_need_no_header(tmp_path: Path) -> None:
    """The layout of PubChem's CID-InChI-Key.gz: the InChI has more commas than the line has tabs."""
    inchi = "InChI=1S/C6H12O6/c7-1-2-3(8)4(9)5(10)6(11)12-2/h2-11H,1H2/t2-,3-,4+,5-,6?/m1/s1"
    path = write(tmp_path / "CID-InChI-Key.gz", f"5793\t{inchi}\tWQZGKKKJIJFFOK-GASJEMHNSA-N\n", compressed=True)
    assert rows_of(path) == [Row(1, inchi, "5793")]


def test_a_name_after_number_and_smiles_is_the_name(tmp_path: Path) -> None:
    assert rows_of(write(tmp_path / "a.smi", "702 CCO ethyl alcohol\n7\n")) == [
        Row(1, "CCO", "ethyl alcohol"),
        Row(2, "7"),
    ]


def test_a_table_without_header_has_numbers_for_columns(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "ethanol,CCO,46\nmethane,C,16\nshort,CC\n")
    rows = rows_of(path, header=False, smiles="2", name="1")
    assert rows[:2] == [Row(1, "CCO", "ethanol"), Row(2, "C", "methane")]
    assert rows[2].problem == "row has 2 fields, the first row 3"
    with pytest.raises(InputFileError, match=r"no column '4'; it has: '1', '2', '3'$"):
        StructureFile(path, Columns(smiles="4", header=False))
    with pytest.raises(InputFileError, match="give the number of one, such as --smiles-column 1"):
        StructureFile(path, Columns(header=False))


def test_the_need_of_a_header_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "CCO,ethanol\nC,methane\n")
    with pytest.raises(InputFileError, match=r"the first line must name the columns: .* or give --no-header and"):
        StructureFile(path)
    with pytest.raises(InputFileError, match=r"no column '1'; .*; columns have numbers with --no-header alone"):
        StructureFile(path, Columns(smiles="1"))


def test_columns_by_option(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "smiles,SMI,label,from\nC,CCO,ethanol,here\n")
    assert rows_of(path, smiles="SMI", name="label", source="from") == [Row(1, "CCO", "ethanol", "here")]


def test_inchi_is_taken_where_there_is_no_smiles(tmp_path: Path) -> None:
    inchi = "InChI=1S/CH4/h1H4"
    path = write(tmp_path / "a.tsv", f"inchi\tsmiles\n{inchi}\t\n{inchi}\tCC\n")
    assert [row.text for row in rows_of(path)] == [inchi, "CC"]
    assert [row.text for row in rows_of(path, inchi="inchi")] == [inchi, inchi]


def test_quotes_in_a_csv_are_quotes(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'name,smiles\n"1,2-ethanediol",OCCO\n"a ""b""",C\n')
    assert [row.name for row in rows_of(path)] == ["1,2-ethanediol", 'a "b"']


def test_quoted_fields_may_hold_line_breaks(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'name,smiles,n\n"two\nlines, a ""b""\n\nand more",CCO,1\nmethane,C,2\n')
    assert rows_of(path) == [Row(1, "CCO", 'two\nlines, a "b"\n\nand more'), Row(2, "C", "methane")]


@pytest.mark.parametrize(
    "second",
    [
        '"odd,CC',  # never closed
        '"odd,CC\nx,N\n5"-deoxy,O',  # the next quote does not end a field
        '"odd,CC\nx,N\nend",O',  # the next quote ends a field, three rows later
        '"odd,CC\n"even",N',
        '"odd,CC\nx,N\n"odd too,O',
    ],
)
def test_a_quote_that_is_not_closed_costs_its_row(tmp_path: Path, second: str) -> None:
    many = "".join(f"n{i},C\n" for i in range(200))
    rows = rows_of(write(tmp_path / "a.csv", f"name,smiles\nfirst,CCO\n{second}\n{many}last,CCC\n"))
    n_lines = 203 + second.count("\n")
    assert [row.number for row in rows] == list(range(1, n_lines + 1)), "each line is a row"
    assert rows[1].problem == "a quote is opened and not closed in this row"
    assert rows[1].text == '"odd,CC'
    bad = second.count('"odd')
    assert sum(bool(row.problem) for row in rows) == bad
    assert (rows[-1].name, rows[-1].text) == ("last", "CCC")


def test_rows_with_quotes_are_read_as_python_reads_them(tmp_path: Path) -> None:
    """Parity with csv.reader on files in which every quote is closed."""
    names = ["plain", "a,b", 'say ""hi""', "line\nbreak", "", "\r\nodd\r", '""', "tab\there", " blank "]
    rows = [[name.replace('""', '"'), "C" * (i + 1), str(i)] for i, name in enumerate(names)]
    with (tmp_path / "a.csv").open("w", newline="") as handle:
        csv.writer(handle).writerows([["name", "smiles", "n"], *rows])
    with (tmp_path / "a.csv").open(newline="") as handle:
        expected = [(fields[0].strip(), fields[1]) for fields in list(csv.reader(handle))[1:]]
    assert [(row.name, row.text) for row in rows_of(tmp_path / "a.csv")] == expected


def test_a_lone_quote_in_a_tsv_swallows_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tsv", 'name\tsmiles\n"odd\tC\n"even"\tCC\n5"-deoxy\tCCC\n')
    assert [(row.name, row.text) for row in rows_of(path)] == [('"odd', "C"), ("even", "CC"), ('5"-deoxy', "CCC")]


def test_rows_of_another_length_are_a_problem_of_the_row(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "smiles,name\nC,methane\nCC\nCCC,a,b\nCCCC,butane,,\n\nO,water\n")
    rows = rows_of(path)
    assert [row.number for row in rows] == [1, 2, 3, 4, 6]
    assert [bool(row.problem) for row in rows] == [False, True, True, False, False]
    assert rows[1].problem == "row has 1 fields, the header 2"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16", "utf-16-be with mark"])
@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", 'Größe,smiles,name\r\n1,C,"Müller, grün"\r\n2,CC,ethane\r\n'),
        ("a.tsv", "smiles\tname\nC\tMüller, grün\nCC\tethane\n"),
        ("a.smi", "C Müller, grün\nCC ethane\n"),
        ("a.txt", "C Müller, grün\nCC ethane\n"),
    ],
)
def test_text_may_be_encoded_in_many_ways(
    tmp_path: Path, encoding: str, compressed: bool, name: str, text: str
) -> None:
    data = b"\xfe\xff" + text.encode("utf-16-be") if "mark" in encoding else text.encode(encoding)
    (tmp_path / name).write_bytes(gzip.compress(data) if compressed else data)
    assert [(row.text, row.name) for row in rows_of(tmp_path / name)] == [("C", "Müller, grün"), ("CC", "ethane")]


def test_a_latin_1_row_among_utf_8_ones(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_bytes("smiles\tname\nC\tgrün\n".encode() + "CC\tgrün\nCCC\tβ\n".encode().replace(b"\xc3\xbc", b"\xfc"))
    assert [row.name for row in rows_of(path)] == ["grün", "grün", "β"]


def test_a_latin_1_header_is_legible_in_messages(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("Größe,Name\n1,x\n".encode("latin-1"))
    with pytest.raises(InputFileError, match="among 'Größe', 'Name'"):
        StructureFile(path)


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.smi"])
def test_utf_16_without_its_mark_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes("smiles,name\nC,x\n".encode("utf-16-le"))
    with pytest.raises(InputFileError, match="save it as UTF-8"):
        StructureFile(tmp_path / name)


def test_text_file_may_be_a_list_of_smiles(tmp_path: Path) -> None:
    assert rows_of(write(tmp_path / "a.txt", "CCO ethanol\nCC\n")) == [Row(1, "CCO", "ethanol"), Row(2, "CC")]
    assert rows_of(write(tmp_path / "b.txt", "CCO\tethanol\n")) == [Row(1, "CCO", "ethanol")]


@pytest.mark.parametrize("compressed", [False, True])
def test_sdf(tmp_path: Path, compressed: bool) -> None:
    blocks = []
    for smiles, title in (("CCO", "ethanol"), ("c1ccccc1", "")):
        mol = Chem.MolFromSmiles(smiles)
        mol.SetProp("_Name", title)
        blocks.append(Chem.MolToMolBlock(mol))
    text = (
        f"{blocks[0]}> <GENERIC_NAME> (1)\nspirit\n\n> <DATABASE>\ndb\n\n$$$$\n"
        f"garbage\n$$$$\n{blocks[1]}>  <other>\nx\n\n$$$$\n\n"
    )
    path = write(tmp_path / "a.sdf", text, compressed)
    file = StructureFile(path)
    rows = list(file.rows())
    assert file.is_mol_block
    assert [(row.number, row.name, row.source) for row in rows] == [
        (1, "spirit", "db"),
        (2, "garbage", ""),
        (3, "", ""),
    ]
    assert Chem.MolToSmiles(Chem.MolFromMolBlock(rows[2].text)) == "c1ccccc1"
    assert rows_of(path, name="other")[2].name == "x"


@pytest.mark.parametrize("v3000", [False, True])
def test_sdf_records_without_the_line_between_them_are_a_problem(tmp_path: Path, v3000: bool) -> None:
    blocks = [Chem.MolToMolBlock(Chem.MolFromSmiles(smiles), forceV3000=v3000) for smiles in ("CCO", "CCN", "CCC")]
    path = write(tmp_path / "a.sdf", f"{blocks[0]}> <NAME>\nethanol\n\n{blocks[1]}$$$$\n{blocks[2]}$$$$\n")
    joined, propane = rows_of(path)
    assert joined.problem == "holds 2 structures; the line $$$$ between them is missing"
    assert (joined.name, propane.problem) == ("", "")
    assert Chem.MolToSmiles(Chem.MolFromMolBlock(propane.text)) == "CCC"


def test_parquet(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = {"SMILES": ["CCO", None, "CC"], "title": ["ethanol", "x", None], "n": [1, 2, 3], "inchi": [None, "I", "J"]}
    pq.write_table(pa.table(table), path)
    file = StructureFile(path)
    assert list(file.rows()) == [Row(1, "CCO", "ethanol"), Row(2, "I", "x"), Row(3, "CC")]
    assert file.position() == file.size
    assert [row.name for row in rows_of(path, name="n")] == ["1", "2", "3"]


@pytest.mark.parametrize("compressed", [False, True])
def test_position_runs_from_0_to_the_size(tmp_path: Path, compressed: bool) -> None:
    path = write(tmp_path / "a.smi", "".join(f"{'C' * (i % 90 + 1)} x{i}\n" for i in range(20_000)), compressed)
    file = StructureFile(path)
    assert file.position() == 0
    seen = [file.position() for _ in file.rows()]
    assert seen == sorted(seen)
    assert 0 < seen[0] < file.size
    assert seen[-1] == file.size


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.smi", b"", "empty"),
        ("a.pdf", b"%PDF-1.4", "not known by its name"),
        ("a.csv", b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj", "no column of structures among '%PDF-1.4'"),
        ("a.tsv", b"mass\tname\n1\tx\n", "no column of structures among 'mass', 'name'"),
        ("a.parquet", b"%PDF-1.4 is no table", "not a Parquet file"),
        ("a.tsv.gz", b"\x1f\x8bnonsense", "not gzip data"),
        ("a.smi.gz", b"\x1f\x8bnonsense", "not gzip data"),
    ],
)
def test_files_that_cannot_be_read_are_refused_at_once(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputFileError, match="a\\.") as caught:
        StructureFile(path)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="no such file"):
        StructureFile(tmp_path / "a.smi")
    with pytest.raises(InputFileError, match="folder"):
        StructureFile(tmp_path)


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "smiles,name\nC,x\n")
    with pytest.raises(InputFileError, match="no column 'SMI'; it has: 'smiles', 'name'"):
        StructureFile(path, Columns(smiles="SMI"))


def test_gzip_that_breaks_off_is_an_error_with_the_row(tmp_path: Path) -> None:
    whole = gzip.compress("".join(f"{'C' * (i % 90 + 1)} x{i}\n" for i in range(20_000)).encode())
    path = tmp_path / "a.smi.gz"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputFileError, match=r"breaks off after row \d{3,}"):
        rows_of(path)


def test_the_first_of_the_usual_names_wins() -> None:
    assert guess(["IUPAC name", "Name", "canonical smiles", "SMILES"], Columns()) == {
        "smiles": "SMILES",
        "name": "Name",
    }
