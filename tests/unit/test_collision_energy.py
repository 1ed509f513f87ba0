import pytest

from matchms_fingerprint.features.collision_energy import parse_collision_energy


@pytest.mark.parametrize(
    ("text", "normalized", "ev", "nce"),
    [
        # at m/z 250 one percent of normalized energy is 250 / 500 = 0.5 eV
        ("30 eV", None, 30.0, 60.0),
        ("30eV", None, 30.0, 60.0),
        ("10.0V", None, 10.0, 20.0),
        ("35 eV FT-MS II", None, 35.0, 70.0),
        ("35% (nominal)", None, 17.5, 35.0),
        ("35 % (nominal)", None, 17.5, 35.0),
        ("60 NCE", None, 30.0, 60.0),
        ("10(NCE)", None, 5.0, 10.0),
        ("40", None, 40.0, 80.0),
        ("40", True, 20.0, 40.0),
        ("15 (nominal)", True, 7.5, 15.0),
        (40, False, 40.0, 80.0),
        ("CE15", None, 15.0, 30.0),
        ("30 V (ramped)", None, 30.0, 60.0),
    ],
)
def test_single_energies(text, normalized, ev, nce):
    energy = parse_collision_energy(text, 250.0, normalized)
    assert energy.ev == pytest.approx(ev)
    assert energy.normalized == pytest.approx(nce)
    assert not energy.stepped


@pytest.mark.parametrize(
    ("text", "mean"),
    [
        ("[20.0,45.0]", 32.5),
        ([20.0, 45.0], 32.5),
        ("Ramp 20-40 eV", 30.0),
        ("Ramp 5-60 V", 32.5),
        ("30-50", 40.0),
        ("25,60,100 (stepped)", 185 / 3),
        ("20; 30; 40", 30.0),
    ],
)
def test_several_energies_give_their_mean(text, mean):
    energy = parse_collision_energy(text, 250.0)
    assert energy.ev == pytest.approx(mean)
    assert energy.stepped


def test_conditions_on_the_mass_are_not_energies():
    energy = parse_collision_energy("scaled 80 (m/z=200) to 110 (m/z=120)")
    assert energy.ev == pytest.approx(95.0)


@pytest.mark.parametrize("text", [None, "", "ceV", "SORI CID", "scaled by m/z", "unknown", True, "nan", "-", []])
def test_no_number_is_no_energy(text):
    assert parse_collision_energy(text, 250.0) is None


def test_scales_need_a_precursor():
    assert parse_collision_energy("30% (nominal)").ev is None
    assert parse_collision_energy("30 eV").normalized is None
    assert parse_collision_energy("30 eV", 0.0).normalized is None


@pytest.mark.shared
def test_energies_of_the_benchmark_data_are_read(shared):
    import pandas as pd

    table = pd.read_csv(shared / "data" / "massbank_metadata.tsv.gz", sep="\t", usecols=["collision_energy"])
    texts = table.collision_energy.dropna().unique()
    unread = [text for text in texts if parse_collision_energy(text) is None]
    # the four texts of the release that hold no energy in a usable unit
    assert sorted(unread) == ["20 kV", "SORI CID", "ceV", "scaled by m/z"]
