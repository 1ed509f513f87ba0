"""mzML and mzXML, written by hand: a scan is a feature, polarity gives the sign, and units are read."""

import base64
import gzip
import re
import zlib

import numpy as np
import pytest
from builders_mgf import read_items, read_one, read_text
from matchms import Spectrum
from matchms.importing import load_from_mzml, load_from_mzxml

from matchms_fingerprint.io import UnreadableBlock

MZ, INTENSITIES = np.array([193.0354, 85.02]), np.array([20.0, 10.0])


def cv(name, value="", unit=""):
    unit = f' unitName="{unit}"' if unit else ""
    return f'<cvParam cvRef="MS" accession="MS:{abs(hash(name)) % 10**7:07d}" name="{name}" value="{value}"{unit}/>'


def mzml_array(values, name, compress, dtype):
    content = np.asarray(values, dtype=dtype).tobytes()
    content = base64.b64encode(zlib.compress(content) if compress else content).decode()
    kind = "64-bit float" if dtype == "<f8" else "32-bit float"
    packing = "zlib compression" if compress else "no compression"
    return (
        f'<binaryDataArray encodedLength="{len(content)}">{cv(kind)}{cv(packing)}{cv(name)}'
        f"<binary>{content}</binary></binaryDataArray>"
    )


def mzml_scan(
    number,
    level=2,
    polarity="positive",
    mz=MZ,
    intensities=INTENSITIES,
    charge=1,
    scan_id=None,
    broken=False,
    **options,
):
    arrays = mzml_array(mz, "m/z array", options.get("compress", True), options.get("dtype", "<f8"))
    arrays += mzml_array(intensities, "intensity array", options.get("compress", True), options.get("dtype", "<f8"))
    if broken:
        arrays = re.sub("<binary>.", "<binary>", arrays)
    precursor = (
        f"<precursorList count='1'><precursor><isolationWindow>{cv('isolation window target m/z', 194.0)}"
        "</isolationWindow><selectedIonList count='1'><selectedIon>"
        f"{cv('selected ion m/z', options.get('precursor_mz', 194.0427)) if options.get('selected', True) else ''}"
        f"{cv('charge state', charge) if charge else ''}</selectedIon></selectedIonList>"
        f"<activation>{cv('collision energy', 30.0, 'electronvolt')}</activation></precursor></precursorList>"
    )
    time, unit = options.get("time", (5.45, "minute"))
    return (
        f"<spectrum index='{number - 1}' id='{scan_id or f'controllerType=0 controllerNumber=1 scan={number}'}'"
        f" defaultArrayLength='{len(mz)}'>{cv('ms level', level) if level else ''}"
        f"{cv(f'{polarity} scan') if polarity else ''}"
        f"<scanList count='1'><scan>{cv('scan start time', time, unit)}</scan></scanList>"
        f"{precursor if level and level > 1 else ''}"
        f"<binaryDataArrayList count='2'>{arrays}</binaryDataArrayList></spectrum>"
    )


def mzml(*scans):
    return (
        "<?xml version='1.0' encoding='utf-8'?><mzML xmlns='http://psi.hupo.org/ms/mzml' version='1.1.0'>"
        f"<run id='r'><spectrumList count='{len(scans)}'>{''.join(scans)}</spectrumList></run></mzML>"
    )


def mzxml_scan(number, level=2, polarity="+", charge="", inner="", broken=False):
    pairs = np.column_stack([MZ, INTENSITIES]).astype(">f4").tobytes()
    content = base64.b64encode(pairs).decode()[1 if broken else 0 :]
    precursor = f"<precursorMz precursorIntensity='5' {charge}>194.0427</precursorMz>" if level > 1 else ""
    return (
        f"<scan num='{number}' msLevel='{level}' peaksCount='2' polarity='{polarity}' retentionTime='PT327.0S'"
        f" collisionEnergy='30'>{precursor}<peaks precision='32' byteOrder='network' contentType='m/z-int'"
        f" compressionType='none' compressedLen='0'>{content}</peaks>{inner}</scan>"
    )


def mzxml(*scans):
    return (
        "<?xml version='1.0'?><mzXML xmlns='http://sashimi.sourceforge.net/schema_revision/mzXML_3.2'>"
        f"<msRun scanCount='{len(scans)}'>{''.join(scans)}</msRun></mzXML>"
    )


WANTED = {
    "feature_id": "3",
    "scans": "3",
    "precursor_mz": 194.0427,
    "charge": 1,
    "ionmode": "positive",
    "retention_time": pytest.approx(327.0),  # 5.45 minutes, PT327.0S
    "collision_energy": "30.0",
    "ms_level": "2",
}


@pytest.mark.parametrize("compress", [True, False])
@pytest.mark.parametrize("dtype", ["<f8", "<f4"])
def test_mzml(tmp_path, compress, dtype):
    spectrum = read_one(tmp_path, mzml(mzml_scan(3, compress=compress, dtype=dtype)), "run.mzML")
    assert {key: spectrum.get(key) for key in WANTED} == WANTED
    assert spectrum.peaks.mz.tolist() == pytest.approx([85.02, 193.0354], rel=1e-7)
    assert spectrum.peaks.intensities.tolist() == [10.0, 20.0]
    assert spectrum.peaks.mz.dtype == np.float64


def test_mzxml(tmp_path):
    spectrum = read_one(tmp_path, mzxml(mzxml_scan(3, charge="precursorCharge='1'")), "run.mzXML")
    assert {key: spectrum.get(key) for key in WANTED} == WANTED
    assert spectrum.peaks.mz.tolist() == pytest.approx([85.02, 193.0354], rel=1e-7)
    assert spectrum.peaks.intensities.tolist() == [10.0, 20.0]


@pytest.mark.parametrize("name", ["run.mzML", "run.mzXML"])
def test_ms1_and_ms3_are_set_aside(tmp_path, name):
    if name == "run.mzML":
        text = mzml(mzml_scan(1, level=1), mzml_scan(2), mzml_scan(3, level=3), mzml_scan(4))
    else:
        text = mzxml(mzxml_scan(1, level=1, inner=mzxml_scan(2)), mzxml_scan(3, level=3), mzxml_scan(4))
    items, report = read_text(tmp_path, text, name)
    assert [item.get("feature_id") for item in items] == ["2", "4"]
    assert (report.blocks, report.ms1, report.msn) == (4, 1, 1)


@pytest.mark.parametrize(
    ("polarity", "charge", "expected"),
    [
        ("negative", 1, (-1, "negative")),
        ("negative", 2, (-2, "negative")),
        ("positive", 2, (2, "positive")),
        ("positive", 0, (None, "positive")),
        ("", 2, (None, None)),
    ],
)
def test_polarity_signs_the_charge_state(tmp_path, polarity, charge, expected):
    spectrum = read_one(tmp_path, mzml(mzml_scan(1, polarity=polarity, charge=charge)), "run.mzML")
    assert (spectrum.get("charge"), spectrum.get("ionmode")) == expected
    charge_text = f"precursorCharge='{charge}'" if charge else ""
    sign = {"positive": "+", "negative": "-", "": "any"}[polarity]
    spectrum = read_one(tmp_path, mzxml(mzxml_scan(1, polarity=sign, charge=charge_text)), "run.mzXML")
    assert (spectrum.get("charge"), spectrum.get("ionmode")) == expected


@pytest.mark.parametrize(
    ("time", "seconds"), [((5.45, "minute"), 327.0), ((327.0, "second"), 327.0), ((327.0, ""), 327.0)]
)
def test_units_of_scan_times(tmp_path, time, seconds):
    spectrum = read_one(tmp_path, mzml(mzml_scan(1, time=time)), "run.mzML")
    assert spectrum.get("retention_time") == pytest.approx(seconds)


def test_isolation_target_stands_in_for_a_missing_selected_ion(tmp_path):
    assert read_one(tmp_path, mzml(mzml_scan(1, selected=False)), "run.mzML").get("precursor_mz") == 194.0


def test_ids_without_one_scan_number_give_positions(tmp_path):
    ids = ["function=2 process=0 scan=1", "function=3 process=0 scan=1", "sample=1 period=1 cycle=9 experiment=2"]
    items, _ = read_text(tmp_path, mzml(*(mzml_scan(1, scan_id=scan_id) for scan_id in ids)), "run.mzML")
    assert [item.get("feature_id") for item in items] == ["1", "2", "3"]
    assert [item.get("native_id") for item in items] == ids
    assert items[0].get("scans") is None


@pytest.mark.parametrize("name", ["run.mzML", "run.mzXML"])
def test_arrays_that_cannot_be_decoded_cost_one_scan(tmp_path, name):
    if name == "run.mzML":
        text = mzml(mzml_scan(1), mzml_scan(2, broken=True), mzml_scan(3))
    else:
        text = mzxml(mzxml_scan(1), mzxml_scan(2, broken=True), mzxml_scan(3))
    items, _ = read_text(tmp_path, text, name)
    assert [type(item) for item in items] == [Spectrum, UnreadableBlock, Spectrum]
    assert (items[1].feature_id, items[1].block) == ("2", 2)
    assert "cannot be decoded" in items[1].reason


@pytest.mark.parametrize(("name", "key"), [("run.mzML", "defaultArrayLength"), ("run.mzXML", "peaksCount")])
def test_missing_peaks_cost_one_scan(tmp_path, name, key):
    text = mzml(mzml_scan(1), mzml_scan(2)) if name == "run.mzML" else mzxml(mzxml_scan(1), mzxml_scan(2))
    items, _ = read_text(tmp_path, text.replace(f"{key}='2'", f"{key}='3'", 1), name)
    assert [type(item) for item in items] == [UnreadableBlock, Spectrum]
    assert items[0].reason == "it should have 3 peaks, but there are 2"


def test_file_that_breaks_off(tmp_path):
    text = mzml(mzml_scan(1), mzml_scan(2), mzml_scan(3))
    items, report = read_text(tmp_path, text[: text.index("index='2'")], "run.mzML")
    assert [type(item) for item in items] == [Spectrum, Spectrum, UnreadableBlock]
    assert "breaks off" in items[2].reason
    assert report.blocks == 3


def test_scan_of_another_detector_and_scan_without_peaks(tmp_path):
    items, report = read_text(tmp_path, mzml(mzml_scan(1, level=None), mzml_scan(2, mz=[], intensities=[])), "run.mzML")
    assert [len(item.peaks) for item in items] == [0]
    assert report.ms1 == 1


@pytest.mark.parametrize("packed", [False, True])
def test_parameters_that_scans_share(tmp_path, packed):
    group = "<referenceableParamGroupList count='1'><referenceableParamGroup id='ms2'>{}{}</referenceableParamGroup>"
    group = group.format(cv("ms level", 2), cv("negative scan")) + "</referenceableParamGroupList><run"
    reference = "<referenceableParamGroupRef ref='ms2'/><scanList"
    text = mzml(*(mzml_scan(number, polarity="") for number in (1, 2, 3))).replace("<run", group)
    text = text.replace(cv("ms level", 2) + "<scanList", reference)
    items, _ = read_text(tmp_path, gzip.compress(text.encode()) if packed else text, "run.mzML")
    assert [(item.get("feature_id"), item.get("charge")) for item in items] == [("1", -1), ("2", -1), ("3", -1)]


def test_vocabulary_is_not_fetched(tmp_path, monkeypatch):
    def fetch():
        raise AssertionError("the network is asked")

    monkeypatch.setattr("pyteomics.xml.load_psims", fetch)
    read_one(tmp_path, mzml(mzml_scan(1)), "run.mzML")


@pytest.mark.parametrize(("name", "load"), [("run.mzML", load_from_mzml), ("run.mzXML", load_from_mzxml)])
def test_same_peaks_and_precursor_as_matchms(tmp_path, name, load):
    scans = [(1, 1), (2, 2), (3, 2)]
    text = (
        mzml(*(mzml_scan(*scan) for scan in scans)) if name == "run.mzML" else mzxml(*(mzxml_scan(*s) for s in scans))
    )
    (tmp_path / name).write_text(text)
    (tmp_path / f"{name}.gz").write_bytes(gzip.compress(text.encode()))
    theirs = list(load(str(tmp_path / name)))
    assert len(theirs) == 2
    for path in (tmp_path / name, tmp_path / f"{name}.gz"):
        ours, _ = read_items(path)
        assert [item.peaks for item in ours] == [item.peaks for item in theirs]
        assert [item.get("precursor_mz") for item in ours] == [item.get("precursor_mz") for item in theirs]
