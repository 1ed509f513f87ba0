"""On files without faults the reader gives what matchms gives."""

import gzip
import itertools

import numpy as np
import pytest
from builders_mgf import read_items
from matchms.importing import load_from_mgf, load_from_msp

MZMINE_FILES = ["fermo_mzmine3.9.0.mgf", "fermo_mzmine4.5.37.mgf", "mascot-rs_001_gnps.mgf"]


def assert_same(ours, theirs, *keys):
    assert len(ours) == len(theirs)
    for our, their in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(our.peaks.mz, their.peaks.mz)
        np.testing.assert_array_equal(our.peaks.intensities, their.peaks.intensities)
        for key in ("precursor_mz", *keys):
            assert our.get(key) == their.get(key), (our.get("feature_id"), key)


@pytest.mark.shared
@pytest.mark.parametrize("name", MZMINE_FILES)
def test_exports_of_mzmine(shared, name):
    path = shared / "mzmine" / name
    assert_same(
        read_items(path, per_feature="all")[0],
        list(load_from_mgf(str(path))),
        *("feature_id", "scans", "retention_time", "ms_level", "spectype", "file_name"),
    )


@pytest.mark.shared
def test_ms2_blocks_of_a_sirius_export(shared):
    path = shared / "mzmine" / "mascot-rs_001_sirius.mgf"
    theirs = [spectrum for spectrum in load_from_mgf(str(path)) if spectrum.get("ms_level") == "2"]
    assert_same(read_items(path)[0], theirs, "feature_id", "scans", "retention_time", "charge", "merged_stats")


@pytest.mark.shared
def test_annotated_spectra(shared, tmp_path):
    n_spectra = 2000
    path = tmp_path / "part.mgf"
    with gzip.open(shared / "data" / "massbank.mgf.gz", "rt", encoding="utf-8") as handle:
        blocks = "".join(itertools.islice(handle, 120_000)).split("\n\n")[:n_spectra]
    path.write_text("\n\n".join(blocks) + "\n")
    ours, report = read_items(path)
    assert report.spectra == n_spectra
    assert_same(
        ours,
        list(load_from_mgf(str(path))),
        *("smiles", "inchikey", "formula", "charge", "ionmode", "instrument_type", "collision_energy", "compound_name"),
    )


def test_msp_of_matchms(tmp_path):
    text = "".join(
        f"NAME: s{n}\nPRECURSORMZ: 20{n}.5\nIONMODE: positive\nNUM PEAKS: 3\n50.{n} 10\n80.5\t{n}.5\n9{n}.25 1e2\n\n"
        for n in range(9)
    )
    path = tmp_path / "x.msp"
    path.write_text(text)
    assert_same(read_items(path)[0], list(load_from_msp(str(path))), "compound_name", "ionmode")


@pytest.mark.shared
def test_metadata_are_those_of_matchms_harmonization(shared):
    """Filters run one by one give what `metadata_harmonization=True` gives, but for what is changed on purpose."""
    on_purpose = {"charge", "ionmode", "num_peaks"}
    path = shared / "mzmine" / "fermo_mzmine4.5.37.mgf"
    for our, their in zip(read_items(path)[0], load_from_mgf(str(path)), strict=True):
        ours, theirs = ({k: v for k, v in s.metadata.items() if k not in on_purpose} for s in (our, their))
        assert ours == theirs
