"""One feature id, several features: kept apart where ion or structure differ, joined where they agree or do not say."""

import logging

import numpy as np
import pytest
from builders_mgf import feature_block, read_text

from matchms_fingerprint.io.blocks import RawSpectrum
from matchms_fingerprint.io.splitting import split_by_ion

CAFFEINE = {"inchikey": "RYYVLZVUVIJVGH-UHFFFAOYSA-N", "smiles": "Cn1c(=O)c2c(ncn2C)n(C)c1=O"}


def indices(*metadata):
    spectra = [RawSpectrum(np.empty(0), np.empty(0), dict(each)) for each in metadata]
    return [group.indices for group in split_by_ion(spectra)]


def ids(items):
    return [(item.get("feature_id"), item.get("precursor_mz"), item.get("ionmode")) for item in items]


# the exports of three samples, each numbered from 1, in one file
JOINED = "".join(
    [
        feature_block(1, PEPMASS=195.0877, CHARGE="1+", COLLISION_ENERGY=20),
        feature_block(1, PEPMASS=609.2807, CHARGE="1+"),
        feature_block(2, PEPMASS=300.1, CHARGE="1+"),
        feature_block(1, PEPMASS=195.0878, CHARGE="1+", COLLISION_ENERGY=40),
        feature_block(1, PEPMASS=179.0574, CHARGE="1-"),
        feature_block(2, PEPMASS=300.1, CHARGE="1-"),
    ]
)
EXPECTED = [
    ("1", 195.0877, "positive"),
    ("1#2", 609.2807, "positive"),
    ("1#3", 179.0574, "negative"),
    ("2", 300.1, "positive"),
    ("2#2", 300.1, "negative"),
]


@pytest.mark.parametrize("per_feature", ["merge", "best"])
def test_joined_exports(tmp_path, caplog, per_feature):
    with caplog.at_level(logging.WARNING, "matchms_fingerprint"):
        items, report = read_text(tmp_path, JOINED, per_feature=per_feature)
    assert ids(items) == EXPECTED
    assert items[0].get("merged_spectra") == (2 if per_feature == "merge" else None)
    assert (report.blocks, report.spectra, report.merged, report.split) == (6, 5, 1, 3)
    assert "3 with the feature id of another feature" in report.summary()
    path = tmp_path / "spectra.mgf"
    assert [record.getMessage() for record in caplog.records] == [
        f"{path}: block 2 has the id of feature 1 but the precursor m/z 609.2807 instead of 195.0877, so it is kept"
        " apart as feature 1#2 (further ones are only counted)",
        f"{path}: 3 features had the id of another feature",
    ]


def test_all_keeps_the_ids_of_the_file(tmp_path):
    items, report = read_text(tmp_path, JOINED, per_feature="all")
    assert [item.get("feature_id") for item in items] == ["1"] * 4 + ["2"] * 2
    assert report.split == 0


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ({"precursor_mz": 195.0877}, {"precursor_mz": 195.1076}, True),  # 0.02 Da
        ({"precursor_mz": 195.0877}, {"precursor_mz": 195.1078}, False),
        ({"precursor_mz": 1500.0}, {"precursor_mz": 1500.0299}, True),  # 20 ppm of 1500 are 0.03 Da
        ({"precursor_mz": 1500.0}, {"precursor_mz": 1500.0301}, False),
        ({"pepmass": (195.0877, 10.0)}, {"precursor_mz": 609.2807}, False),
        ({"precursor_mz": 195.0877}, {}, True),
        ({"charge": 1}, {"charge": -1}, False),
        ({"charge": 1}, {"ionmode": "negative"}, False),
        ({"charge": 1, "adduct": "[M-H]-"}, {"ionmode": "negative"}, True),  # the adduct outranks the charge
        ({"charge": 1}, {}, True),
        ({"adduct": "[M+H]+"}, {"adduct": "[M + H]+"}, True),
        ({"adduct": "[M+H]+"}, {"adduct": "[M+Na]+"}, False),
        ({"adduct": "[M+H]+"}, {"adduct": "[M+?]+"}, True),
        (CAFFEINE, {"inchikey": "RYYVLZVUVIJVGH-ABCDEFGHSA-M", "smiles": "CN1C=NC2=C1C(=O)N(C)C(=O)N2C"}, True),
        (CAFFEINE, CAFFEINE | {"inchikey": "YAPQBXQYLJRXSA-UHFFFAOYSA-N"}, False),
        (CAFFEINE, {"smiles": "CCO"}, False),
        ({"smiles": "CCO"}, {"inchikey": CAFFEINE["inchikey"]}, True),
        (CAFFEINE, {}, True),
    ],
)
def test_what_keeps_two_apart(one, other, together):
    assert indices(one, other) == indices(other, one) == ([(0, 1)] if together else [(0,), (1,)])


def test_what_is_missing_joins_the_first_group_and_does_not_bridge_two():
    assert indices({}, {"precursor_mz": 195.0}, {"precursor_mz": 609.0}) == [(0, 1), (2,)]
    assert indices({"adduct": "[M+H]+"}, {"adduct": "[M+Na]+"}, {"charge": 1}) == [(0, 2), (1,)]
    # the second one tells the group its precursor
    assert indices({"charge": 1}, {"precursor_mz": 195.0}, {"charge": 1, "precursor_mz": 609.0}) == [(0, 1), (2,)]


def test_groups_do_not_drift():
    assert indices(*({"precursor_mz": 195.0 + 0.015 * n} for n in range(4))) == [(0, 1), (2, 3)]


def test_metadata_that_matchms_refuses_are_reported_when_the_spectrum_is_made(tmp_path, monkeypatch):
    def refuse(*_):
        raise AssertionError("no adduct")

    monkeypatch.setattr("matchms_fingerprint.io.splitting.settle_ion", refuse)
    items, _ = read_text(tmp_path, feature_block(1) + feature_block(1))
    assert [item.get("merged_spectra") for item in items] == [2]
