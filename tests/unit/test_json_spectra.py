"""JSON files of several writers."""

import json
import tracemalloc

import numpy as np
import pytest
from builders_mgf import read_items, read_one, read_text
from matchms import Spectrum
from matchms.exporting import save_as_json

from matchms_fingerprint.io import UnreadableBlock, iter_features

MZMINE = {
    "softwaresource": "mzmine-4.10",
    "precursor_mz": 195.0877,
    "rt": 5.45,
    "adduct": "[M+H]+",
    "charge": 1,
    "polarity": "POSITIVE",
    "compound_name": "Caffeine",
    "feature_id": 7,
    "ms_level": 2,
    "collision_energy": [20.0, 45.0],
    "scan_number": [1, 4],
    "raw_file_name": "a.mzML",
    "lib_id": "x_1",
    "num_peaks": 2,
    "peaks": [[138.0662, 100.0], [195.0877, 50.5]],
}
GNPS = {
    "spectrum_id": "CCMSLIB00000001547",
    "Compound_Name": "3-Des-Microcystein_LR",
    "Precursor_MZ": "981.54",
    "Ion_Mode": "Positive",
    "Charge": "0",
    "Adduct": "M+H",
    "ms_level": "2",
    "InChIKey": "N/A",
    "peaks_json": "[[289.286377, 8068.0], [295.545288, 22507.0]]",
}
MONA = {
    "id": "AU100601",
    "compound": [
        {
            "inchi": "InChI=1S/x",
            "inchiKey": "RYYVLZVUVIJVGH-UHFFFAOYSA-N",
            "names": [{"name": "Caffeine"}],
            "metaData": [{"name": "SMILES", "value": "CN"}, {"name": "molecular formula", "value": "CH5N"}],
        }
    ],
    "metaData": [
        {"name": "precursor m/z", "value": 195.0877},
        {"name": "precursor type", "value": "[M+H]+"},
        {"name": "ionization mode", "value": "positive"},
        {"name": "retention time", "value": "4.2 min"},
        {"name": "ms level", "value": "MS2"},
        {"name": "collision energy", "value": "10 eV"},
    ],
    "spectrum": "138.0662:100 195.0877:50.5",
}


def part(spectrum, wanted):
    return {key: spectrum.get(key) for key in wanted}


def test_mzmine(tmp_path):
    spectrum = read_one(tmp_path, json.dumps(MZMINE) + "\n", "x.json")
    wanted = {
        "precursor_mz": 195.0877,
        "retention_time": pytest.approx(327.0),  # 5.45 minutes
        "adduct": "[M+H]+",
        "charge": 1,
        "ionmode": "positive",
        "compound_name": "Caffeine",
        "feature_id": "7",
        "ms_level": "2",
        "collision_energy": "[20.0, 45.0]",
        "scans": "1,4",
        "file_name": "a.mzML",
        "spectrum_id": "x_1",
    }
    assert part(spectrum, wanted) == wanted
    assert spectrum.peaks.mz.tolist() == [138.0662, 195.0877]


def test_gnps(tmp_path):
    spectrum = read_one(tmp_path, json.dumps([GNPS]), "x.json")
    wanted = {
        "spectrum_id": "CCMSLIB00000001547",
        "precursor_mz": 981.54,
        "ionmode": "positive",
        "adduct": "[M+H]+",
        "charge": 1,
        "inchikey": None,
        "feature_id": "1",
    }
    assert part(spectrum, wanted) == wanted
    assert spectrum.peaks.intensities.tolist() == [8068.0, 22507.0]


def test_mona(tmp_path):
    spectrum = read_one(tmp_path, json.dumps([MONA]), "x.json")
    wanted = {
        "spectrum_id": "AU100601",
        "precursor_mz": 195.0877,
        "adduct": "[M+H]+",
        "ionmode": "positive",
        "retention_time": pytest.approx(252.0),  # 4.2 minutes
        "ms_level": "2",
        "collision_energy": "10 eV",
        "compound_name": "Caffeine",
        "smiles": "CN",
        "formula": "CH5N",
        "inchikey": "RYYVLZVUVIJVGH-UHFFFAOYSA-N",
    }
    assert part(spectrum, wanted) == wanted
    assert spectrum.peaks.intensities.tolist() == [100.0, 50.5]


def test_file_of_matchms(tmp_path):
    metadata = {"precursor_mz": 195.0877, "retention_time": 327.0, "charge": -1, "adduct": "[M-H]-"}
    written = Spectrum(np.array([50.0, 60.5]), np.array([1.0, 0.25]), metadata)
    save_as_json([written], str(tmp_path / "x.json"))
    items, _ = read_items(tmp_path / "x.json")
    assert part(items[0], metadata) == metadata
    assert items[0].peaks == written.peaks


@pytest.mark.parametrize(
    "dump",
    [
        lambda entries: "\n".join(map(json.dumps, entries)),
        lambda entries: "\n\n" + "\r\n".join(map(json.dumps, entries)) + "\n\n",
        json.dumps,
        lambda entries: json.dumps(entries, indent=2),
        lambda entries: " \n" + json.dumps(entries, separators=(",", ":")) + "\n",
        lambda entries: "\n".join(json.dumps(entry, indent=1) for entry in entries),
    ],
    ids=["lines", "blank lines", "array", "indented array", "dense array", "indented objects"],
)
def test_shapes_of_a_file(tmp_path, dump, monkeypatch):
    monkeypatch.setattr("matchms_fingerprint.io.json_spectra._CHUNK", 37)  # objects are cut anywhere
    entries = [MZMINE | {"feature_id": n, "compound_name": 'a "] } x'} for n in range(5)]
    items, report = read_text(tmp_path, dump(entries), "x.json")
    assert [item.get("feature_id") for item in items] == ["0", "1", "2", "3", "4"]
    assert {item.get("compound_name") for item in items} == {'a "] } x'}
    assert report.blocks == 5


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"peaks": [[1.0]]}, "not a list of pairs"),
        ({"peaks": 7}, "not a list of pairs"),
        ({"peaks": "[[1.0, 2.0]"}, "not a list of pairs"),
        ({"peaks": [["a", 1]]}, "not a pair of numbers"),
        ({"peaks": [[float("nan"), 1]]}, "m/z nan"),
        ({"peaks": [[1.0, -1]]}, "intensity -1"),
        ({"precursor_mz": "abc"}, "'abc'"),
        ({"metadata": [5], "compound": 7}, "not those of a MoNA record"),
    ],
)
@pytest.mark.parametrize(
    "dump", [json.dumps, lambda entries: "\n".join(map(json.dumps, entries))], ids=["array", "lines"]
)
def test_bad_object_costs_that_object(tmp_path, change, says, dump):
    entries = [MZMINE | {"feature_id": 1}, MZMINE | {"feature_id": 2} | change, MZMINE | {"feature_id": 3}]
    items, _ = read_text(tmp_path, dump(entries), "x.json")
    assert [type(item) for item in items] == [Spectrum, UnreadableBlock, Spectrum]
    assert (items[1].feature_id, items[1].block) == ("2", 2)
    assert says in items[1].reason


def test_no_peaks_and_empty_peaks_are_not_the_same(tmp_path):
    items, _ = read_text(tmp_path, json.dumps([{"peaks": []}, {"mz": [1.0]}, 5]), "x.json")
    assert len(items[0].peaks) == 0
    assert "none of the keys" in items[1].reason
    assert "has to be an object" in items[2].reason


@pytest.mark.parametrize("end", ["", "]"])
def test_nesting_without_end(tmp_path, end):
    text = ("[" if end else "") + json.dumps(MZMINE) + ("," if end else "\n") + '{"a": ' + "[" * 100_000 + end
    items, _ = read_text(tmp_path, text, "x.json")
    assert [type(item) for item in items] == [Spectrum, UnreadableBlock]


def test_bad_line_costs_that_line(tmp_path):
    lines = [json.dumps(MZMINE | {"feature_id": n}) for n in range(3)]
    lines[1] = lines[1][:-20]
    items, _ = read_text(tmp_path, "\n".join(lines), "x.json")
    assert [type(item) for item in items] == [Spectrum, UnreadableBlock, Spectrum]
    assert (items[1].block, items[1].feature_id) == (2, "block2")


@pytest.mark.parametrize("chunk", [64, 1 << 20])
@pytest.mark.parametrize("fault", ["cut", "syntax"])
def test_array_that_breaks_off(tmp_path, fault, chunk, monkeypatch):
    monkeypatch.setattr("matchms_fingerprint.io.json_spectra._CHUNK", chunk)
    text = json.dumps([MZMINE | {"feature_id": n} for n in range(4)])
    text = text[:-60] if fault == "cut" else text.replace('"feature_id": 3, "ms_level"', '"feature_id": 3 "ms_level"')
    items, report = read_text(tmp_path, text, "x.json")
    assert [type(item) for item in items] == [Spectrum] * 3 + [UnreadableBlock]
    assert "not JSON" in items[3].reason
    assert report.blocks == 4


def test_array_on_one_line_is_streamed(tmp_path):
    path = tmp_path / "big.json"
    with open(path, "w") as handle:
        handle.write("[")
        for number in range(3000):  # 30 MB
            handle.write(
                (", " if number else "") + json.dumps(MZMINE | {"feature_id": number, "comment": "x" * 10_000})
            )
        handle.write("]")
    tracemalloc.start()
    n_spectra = sum(1 for _ in iter_features(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert n_spectra == 3000
    assert peak < 10_000_000  # the buffer is 1 MiB of text, and is copied when more is read
