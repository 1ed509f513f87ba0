"""Metadata: the ion of a spectrum is settled from what contradicts itself, and units are what they say."""

import io
import logging

import numpy as np
import pytest
from builders_mgf import feature_block, read_one, read_text
from matchms.importing import load_from_mgf

from matchms_fingerprint.io.blocks import RawSpectrum
from matchms_fingerprint.io.metadata import (
    build_spectrum,
    clean_metadata,
    minutes_to_seconds,
    quiet_matchms,
    read_charge,
    read_ion_mode,
    read_ms_level,
    settle_ion,
)


def settled(ion_mode=None, **metadata):
    message = settle_ion(metadata, ion_mode)
    return metadata.get("adduct"), metadata.get("charge"), metadata.get("ionmode"), message


@pytest.mark.parametrize(
    ("adduct", "cleaned", "charge", "ion_mode"),
    [
        ("[M+H]+", "[M+H]+", 1, "positive"),
        ("[M - H]-", "[M-H]-", -1, "negative"),
        (" [ M + H ] + ", "[M+H]+", 1, "positive"),
        ("M+H", "[M+H]+", 1, "positive"),
        ("M-H", "[M-H]-", -1, "negative"),
        ("[M+H-H2O]+", "[M-H2O+H]+", 1, "positive"),
        ("[M-2H]--", "[M-2H]2-", -2, "negative"),
        ("[M+2H]2+", "[M+2H]2+", 2, "positive"),
        ("[M+H-C6H10O5]+", "[M+H-C6H10O5]+", 1, "positive"),
        ("[M+2H]+2", "[M+2H]2+", 2, "positive"),
        ("[M-2H]-2", "[M-2H]2-", -2, "negative"),
        ("[M+H]1+", "[M+H]+", 1, "positive"),
        ("[M+H]+1", "[M+H]+", 1, "positive"),
        ("[M]+.", "[M]+", 1, "positive"),
        ("[M]•+", "[M]+", 1, "positive"),
        ("[M−H]−", "[M-H]-", -1, "negative"),
        ("[M+?]+", None, 1, "positive"),
        ("Unknown", None, None, None),
    ],
)
def test_adducts_are_cleaned(adduct, cleaned, charge, ion_mode):
    assert settled(adduct=adduct) == (cleaned, charge, ion_mode, "")


def test_adduct_without_a_sign_takes_it_from_the_charge():
    assert settled(adduct="[M+C5H9N]", charge=1) == ("[M+C5H9N]+", 1, "positive", "")
    assert settled(adduct="[M+C5H9N]") == (None, None, None, "")


def test_text_that_is_no_adduct_gets_no_sign_from_the_charge():
    assert settled(adduct="Monoisotopic", charge=1) == (None, 1, "positive", "")


def test_charge_of_the_adduct_outranks_that_of_the_file():
    # mzmine issue 1663: version 3.9 gave one negative feature the charges -6, -1 and +1
    assert settled(adduct="[M-H]-", charge=-6)[1:] == (-1, "negative", "")


@pytest.mark.parametrize(
    ("adduct", "charge", "ionmode", "asked", "expected"),
    [
        ("[M+H]+", -1, "negative", "negative", "positive"),
        (None, -1, "positive", "positive", "negative"),
        (None, 1, "negative", "negative", "positive"),
        (None, None, "negative", "positive", "negative"),
        (None, None, None, "negative", "negative"),
        (None, None, None, None, None),
    ],
    ids=["adduct", "negative charge", "positive charge", "IONMODE", "argument", "unknown"],
)
def test_order_of_trust(adduct, charge, ionmode, asked, expected):
    metadata = {"adduct": adduct, "charge": charge, "ionmode": ionmode}
    metadata = {key: value for key, value in metadata.items() if value is not None}
    n_sources = len(metadata) + (asked is not None)
    message = settle_ion(metadata, asked)
    assert metadata.get("ionmode") == expected
    assert bool(message) == (n_sources > 1)  # wherever there are two sources here, they contradict each other


def test_contradiction_names_both_sides_and_the_remedy():
    message = settled(charge=1, ion_mode="negative")[3]
    assert message == (
        "the charge says positive, but not so the ion mode asked for; positive is taken."
        " If that is wrong, remove the charge lines from the file"
    )


def test_contradictions_are_counted_and_shown_once_a_file(tmp_path, caplog):
    text = "".join(feature_block(n, CHARGE="1+") for n in range(5)) + feature_block(9, CHARGE="1-")
    with caplog.at_level(logging.WARNING, "matchms_fingerprint"):
        items, report = read_text(tmp_path, text, ion_mode="negative")
    assert [item.get("ionmode") for item in items] == ["positive"] * 5 + ["negative"]
    assert report.contradictions == 5
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == 2
    assert "block 1 (feature 0)" in messages[0]
    assert "remove the charge lines" in messages[0]
    assert messages[1].endswith("5 spectra have contradictory ion modes")


@pytest.mark.parametrize("charge", ["0", "0+", "-0", "0-", None])
def test_sign_of_a_zero_charge_says_nothing(tmp_path, charge):
    items, report = read_text(tmp_path, feature_block(1, CHARGE=charge), ion_mode="negative")
    assert (items[0].get("ionmode"), items[0].get("charge")) == ("negative", None)
    assert (report.contradictions, report.unknown_ion_mode) == (0, 0)


def test_unknown_ion_mode_is_counted_and_not_guessed(tmp_path):
    items, report = read_text(tmp_path, feature_block(1, CHARGE="0+"))
    assert (items[0].get("ionmode"), report.unknown_ion_mode) == (None, 1)


@pytest.mark.parametrize("key", ["ION", "ADDUCT", "PRECURSORTYPE"])
def test_keys_of_an_adduct(tmp_path, key):
    assert read_one(tmp_path, feature_block(1, CHARGE=None, **{key: "[M - H]-"})).get("adduct") == "[M-H]-"


def test_adduct_outranks_ion_whichever_comes_first(tmp_path):
    for keys in ({"ION": "[M+K]+", "ADDUCT": "[M+Na]+"}, {"ADDUCT": "[M+Na]+", "ION": "[M+K]+"}):
        assert read_one(tmp_path, feature_block(1, **keys)).get("adduct") == "[M+Na]+"


@pytest.mark.parametrize(
    ("value", "mode"),
    [("POSITIVE", "positive"), ("Negative", "negative"), ("P", "positive"), ("N", "negative"), ("-", "negative"),
     ("+", "positive"), ("positive-QTOF", "positive"), ("N/A", None), ("", None), ("unknown", None), (1, None)],
)  # fmt: skip
def test_ion_modes(value, mode):
    assert read_ion_mode(value) == mode


@pytest.mark.parametrize(
    ("value", "charge"),
    [(2, 2), (-1, -1), (0, None), ("1", 1), ([2, 3], 2), ([], None), (None, None), ("1.5", None), ("+", None)],
)
def test_charges_that_are_no_text_of_an_mgf(value, charge):
    assert read_charge(value) == charge


@pytest.mark.parametrize(
    ("value", "level"),
    [
        (2, 2),
        ("2", 2),
        ("MS2", 2),
        ("ms 3", 3),
        ("MS^3", 3),
        ("MS", 1),
        ("1", 1),
        (2.0, 2),
        ("0", None),
        ("MS/MS", None),
    ],
)
def test_ms_levels(value, level):
    assert read_ms_level(value) == level


@pytest.mark.parametrize(
    ("key", "value", "seconds"),
    [
        ("rt", "5.45", 327.0),
        ("RETENTIONTIME", 2, 120.0),
        ("retention_time", "327", 327.0),
        ("rtinseconds", "327", 327.0),
        ("rt", "5.45 min", 327.0),
        ("retentiontime", "30 sec", 30.0),
        ("rt", -1, None),
        ("rt", "n/a", None),
    ],
)
def test_units_of_retention_times(key, value, seconds):
    parameters = {key: value}
    minutes_to_seconds(parameters)
    spectrum = build_spectrum(RawSpectrum(np.array([1.0]), np.array([1.0]), clean_metadata(parameters)))
    assert spectrum.get("retention_time") == (None if seconds is None else pytest.approx(seconds, rel=1e-12))


def test_lists_become_text_so_that_the_spectrum_can_be_hashed():
    metadata = clean_metadata({"msn_precursor_mzs": [195.1, 138.0], "scans": [1, 4], "charge": [2, 3]})
    assert metadata == {"msn_precursor_mzs": "[195.1, 138.0]", "scans": "1,4", "charge": 2}
    hash(build_spectrum(RawSpectrum(np.array([1.0]), np.array([1.0]), metadata)))


def test_what_is_not_known_is_absent():
    unknown = dict.fromkeys(["smiles", "inchi", "adduct", "charge"], "N/A") | {"compound_name": "", "formula": None}
    assert clean_metadata(unknown) == {}


def test_matchms_is_silenced_only_while_it_works():
    logger = logging.getLogger("matchms")
    with quiet_matchms():
        assert not logger.isEnabledFor(logging.CRITICAL)
    assert logger.isEnabledFor(logging.WARNING)


def test_matchms_says_nothing_while_a_file_is_read(tmp_path, caplog):
    text = feature_block(1, PEPMASS=None, ADDUCT="[M+XY", CHARGE="2-")
    with caplog.at_level(logging.DEBUG):
        list(load_from_mgf(io.StringIO(text)))
        assert {record.name for record in caplog.records} == {"matchms"}  # "No precursor_mz found in metadata."
        caplog.clear()
        read_one(tmp_path, text)
        assert caplog.records == []
