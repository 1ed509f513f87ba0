"""Which files are taken, and what is said of those that are not."""

import gzip
import re

import pytest
from builders_mgf import feature_block, read_items, read_text

from matchms_fingerprint.errors import InputFileError
from matchms_fingerprint.io import load_spectra
from matchms_fingerprint.io.sources import detect_format, open_text, repaired_text

MGF = feature_block(1)
MSP = "Name: x\nPrecursorMZ: 194.0\nNum Peaks: 1\n85.02 1\n"


def refusal(path):
    """Return the message; it is one line, names the file, and says what to give instead."""
    with pytest.raises(InputFileError) as caught:
        load_spectra(path)  # not drawn from: a wrong file is refused at once
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"%PDF-1.7\nBEGIN IONS\n", "a PDF document"),
        (b"PK\x03\x04rest", "a ZIP archive"),
        (b"BZh91AY", "a bzip2 archive"),
        ("BEGIN IONS".encode("utf-16"), "UTF-16 text"),
        (b"BEGIN IONS\n\x00\x01\x02", "it starts with 'BEGIN IONS"),
        (b"\x89PNG\r\n", "it starts with '\\x89PNG"),
        (b"<!DOCTYPE html><html>", "it starts with '<!DOCTYPE html>"),
        (b'<?xml version="1.0"?><svg/>', "it starts with '<?xml"),
        (b"id\tname\n1\tx\n", "it starts with 'id"),
        (b"name: config\n", "it starts with 'name"),
        (b'"text"', "it starts with '\"text\"'"),
    ],
)
@pytest.mark.parametrize("name", ["spectra.mgf", "spectra.mzML", "spectra.json.gz"])
def test_refused_content(tmp_path, content, says, name):
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    message = refusal(path)
    assert says in message
    assert "MGF, MSP, mzML, mzXML or JSON" in message


def test_missing_file_and_folder(tmp_path):
    assert "no such file" in refusal(tmp_path / "nothing.mgf")
    assert "is a folder" in refusal(tmp_path)


@pytest.mark.parametrize("content", [b"[]", b"[ ]\n", b"<mzML></mzML>"])
def test_file_without_any_block(tmp_path, content):
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(InputFileError, match="holds no spectra"):
        list(load_spectra(path))


@pytest.mark.parametrize("cut", [20, -12])
def test_gzip_that_is_cut_off(tmp_path, cut):
    path = tmp_path / "cut.mgf.gz"
    path.write_bytes(gzip.compress(MGF.encode() * 5)[:cut])
    with pytest.raises(InputFileError, match=re.escape(f"{path}: the gzip file is damaged or cut off")):
        list(load_spectra(path))


def test_gzip_with_a_wrong_byte(tmp_path):
    content = bytearray(gzip.compress(MGF.encode() * 50))
    content[len(content) // 2] ^= 0xFF
    path = tmp_path / "flipped.mgf.gz"
    path.write_bytes(content)
    with pytest.raises(InputFileError, match="damaged or cut off"):
        list(load_spectra(path))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (MGF, "MGF"),
        ("# made by x\nSEARCH=MIS\n\n" + MGF, "MGF"),
        (MSP, "MSP"),
        (MSP.replace("Num Peaks", "NUM_PEAKS"), "MSP"),
        ('[{"peaks": []}]', "JSON"),
        ('\n {\n "peaks": []}', "JSON"),
        ("<?xml version='1.0'?>\n<indexedmzML xmlns='x'><mzML>", "mzML"),
        ("<mzML>", "mzML"),
        ("<?xml version='1.0'?><!-- x --><mzXML>", "mzXML"),
    ],
)
@pytest.mark.parametrize("name", ["x", "x.mgf", "x.gz", "x.json"])
def test_content_decides_and_not_the_name(tmp_path, content, expected, name):
    for data in (content.encode(), gzip.compress(content.encode())):
        path = tmp_path / name
        path.write_bytes(data)
        assert detect_format(path) == expected


def test_gzip_and_plain_and_text_path_give_the_same(tmp_path):
    (tmp_path / "a.mgf").write_text(MGF)
    (tmp_path / "a.mgf.gz").write_bytes(gzip.compress(MGF.encode()))
    plain, packed = read_items(tmp_path / "a.mgf")[0], read_items(tmp_path / "a.mgf.gz")[0]
    assert plain == packed == list(load_spectra(str(tmp_path / "a.mgf")))


def test_msp_named_mgf_is_read_as_msp(tmp_path):
    items, _ = read_text(tmp_path, MSP, "library.mgf")
    assert items[0].get("precursor_mz") == 194.0


def test_text_of_two_encodings(tmp_path):
    path = tmp_path / "x.txt"
    path.write_bytes("β ".encode() + b"\n" + "µ".encode("latin-1"))
    with open_text(path) as handle:
        assert [repaired_text(line).strip() for line in handle] == ["β", "µ"]
