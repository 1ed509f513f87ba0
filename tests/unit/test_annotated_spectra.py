"""Libraries of annotated spectra, read back by MZmine's rules, by matchms and by `load_spectra`."""

from pathlib import Path

import numpy as np
import pytest
from annotated_features import AWKWARD_NAMES, CAFFEINE, awkward_annotations, make_annotation, make_hit
from builders import make_spectrum
from matchms.importing import load_from_mgf, load_from_msp
from mzmine_rules import Entry, read_mgf_library, read_msp_library

from matchms_fingerprint import Annotation, load_spectra
from matchms_fingerprint.io.adduct_charges import charge_of
from matchms_fingerprint.io.annotated_spectra import annotated_spectrum, mgf_library_writer, msp_library_writer
from matchms_fingerprint.io.compound_names import one_line

WRITERS = {".mgf": mgf_library_writer, ".msp": msp_library_writer}
READERS = {".mgf": read_mgf_library, ".msp": read_msp_library}
OF_MATCHMS = {".mgf": load_from_mgf, ".msp": load_from_msp}
MZ, INTENSITIES = [85.0284, 127.03912345, 145.0495], [1.5e7, 0.0, 2.25]
KINDS = pytest.mark.parametrize("kind", [".mgf", ".msp"])


def written(folder: Path, kind: str, annotations: list[Annotation]) -> Path:
    path = folder / f"library{kind}"
    with WRITERS[kind](path) as write:
        for annotation in annotations:
            write(annotation, make_spectrum(MZ, INTENSITIES, collision_energy="[20.0,45.0]"))
    return path


@KINDS
def test_mzmine_reads_all_fields(tmp_path: Path, kind: str) -> None:
    (entry,) = READERS[kind](written(tmp_path, kind, [make_annotation("7")]))
    comment = entry.fields.pop("COMMENT")
    assert str(comment).replace("=", " ").startswith("matchms_fingerprint rank 1 score 0.8000 probability 0.6 ")
    assert entry == Entry(
        {
            "ENTRY_ID": "matchms_fingerprint:7",
            "NAME": "caffeine",
            "EXACT_MASS": 194.080376,
            "FORMULA": "C8H10N4O2",
            "INCHIKEY": "RYYVLZVUVIJVGH-UHFFFAOYSA-N",
            "SMILES": "Cn1c(=O)c2c(ncn2C)n(C)c1=O",
            "FEATURE_ID": "7",
            "MS_LEVEL": 2,
            "RT": pytest.approx(2.033),
            "ION_TYPE": "[M+H]+",
            "PRECURSOR_MZ": 195.0877,
            "CHARGE": 1,
            "POLARITY": "POSITIVE",
            "COLLISION_ENERGY": [20.0, 45.0],
            "SCAN_NUMBER": "1",
            "NUM_PEAKS": 2,
        },
        [(85.0284, 15000000.0), (145.0495, 2.25)],
    )


@KINDS
def test_awkward_features_in_mzmine(tmp_path: Path, kind: str) -> None:
    annotations = awkward_annotations()
    entries = READERS[kind](written(tmp_path, kind, annotations))
    expected = [annotation for annotation in annotations if annotation.hits]
    assert [entry.fields["FEATURE_ID"] for entry in entries] == [annotation.feature_id for annotation in expected]
    names = [one_line(name) or CAFFEINE.inchikey for name in AWKWARD_NAMES]
    assert [entry.fields["NAME"] for entry in entries[: len(names)]] == names
    assert [entry.fields["ION_TYPE"] for entry in entries] == [annotation.hits[0].adduct for annotation in expected]
    assert [entry.fields["SCAN_NUMBER"] for entry in entries] == [str(number + 1) for number in range(len(entries))]
    negative = next(entry for entry in entries if entry.fields["FEATURE_ID"] == "22")
    assert (negative.fields["CHARGE"], negative.fields["POLARITY"]) == (-1, "NEGATIVE")
    assert sum("RT" not in entry.fields for entry in entries) == 1


@KINDS
@pytest.mark.parametrize("reader", ["matchms", "ours"])
def test_matchms_and_we_read_what_was_written(tmp_path: Path, kind: str, reader: str) -> None:
    annotations = [annotation for annotation in awkward_annotations() if annotation.hits]
    path = written(tmp_path, kind, annotations)
    spectra = list(OF_MATCHMS[kind](str(path)) if reader == "matchms" else load_spectra(path, per_feature="all"))
    assert len(spectra) == len(annotations)
    for spectrum, annotation in zip(spectra, annotations, strict=True):
        hit = annotation.hits[0]
        assert spectrum.get("feature_id") == annotation.feature_id
        assert spectrum.get("compound_name") == (one_line(hit.candidate.name) or CAFFEINE.inchikey)
        assert (spectrum.get("smiles"), spectrum.get("inchikey")) == (CAFFEINE.smiles, CAFFEINE.inchikey)
        assert spectrum.get("formula") == CAFFEINE.formula
        assert float(spectrum.get("parent_mass")) == CAFFEINE.exact_mass
        assert spectrum.get("adduct") == hit.adduct
        assert spectrum.get("ionmode") == annotation.ion_mode
        assert spectrum.get("charge") == (1 if annotation.ion_mode == "positive" else -1)
        assert spectrum.get("precursor_mz") == pytest.approx(annotation.precursor_mz)
        assert float(spectrum.get("mf_score")) == hit.score
        assert float(spectrum.get("mf_probability")) == hit.probability
        if annotation.retention_time_s is not None and (kind, reader) != (".msp", "matchms"):
            # matchms takes the minutes of MSP for what they are not
            assert spectrum.get("retention_time") == pytest.approx(annotation.retention_time_s, abs=1e-3)
        np.testing.assert_allclose(spectrum.peaks.mz, [85.0284, 145.0495])
        np.testing.assert_allclose(spectrum.peaks.intensities, [1.5e7, 2.25])


@KINDS
def test_what_has_no_hit_or_no_peak_is_no_entry(tmp_path: Path, kind: str) -> None:
    with WRITERS[kind](tmp_path / f"library{kind}") as write:
        write(make_annotation("1", ()), make_spectrum())
        write(make_annotation("2"), make_spectrum([100.0], [0.0]))
        write(make_annotation("3"), make_spectrum())
    assert [entry.fields["FEATURE_ID"] for entry in READERS[kind](tmp_path / f"library{kind}")] == ["3"]


def test_annotated_spectrum_is_a_copy_with_the_metadata_of_the_hit() -> None:
    annotation = make_annotation(
        "7", (make_hit(1), make_hit(2, "other", expected_similarity=0.4)), probability_none=0.1
    )
    spectrum = make_spectrum(feature_id="7", inchi="InChI=1S/CH4/h1H4", compound_name="methane")
    best, second = annotated_spectrum(annotation, spectrum), annotated_spectrum(annotation, spectrum, rank=2)
    assert best is not None
    assert second is not None
    assert (best.get("compound_name"), best.get("inchi"), best.get("feature_id")) == ("caffeine", None, "7")
    assert (second.get("mf_rank"), second.get("mf_expected_similarity")) == (2, 0.4)
    assert second.get("mf_probability_none") == 0.1
    assert best.peaks == spectrum.peaks
    assert (spectrum.get("compound_name"), spectrum.get("mf_rank")) == ("methane", None)
    assert annotated_spectrum(annotation, spectrum, rank=3) is None
    assert annotated_spectrum(make_annotation("8", ()), spectrum) is None


@pytest.mark.parametrize(
    ("adduct", "charge"), [("[M+H]+", 1), ("[M+2H]2+", 2), ("[M-2H]2-", -2), ("[2M-H]-", -1), ("[M]+", 1), ("M+H", -1)]
)
def test_charge_of_adducts(adduct: str, charge: int) -> None:
    assert charge_of(adduct, "negative") == charge
