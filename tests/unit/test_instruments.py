import pytest

from matchms_fingerprint.features.instruments import ANALYZERS, analyzer_index, states_normalized_energy


@pytest.mark.parametrize(
    ("text", "analyzer"),
    [
        ("LC-ESI-QTOF", "tof"),
        ("LC-ESI-ITTOF", "tof"),
        ("LC-ESI-ITFT", "orbitrap"),
        ("LC-ESI-QFT", "orbitrap"),
        ("LC-ESI-FT", "orbitrap"),
        ("LC-ESI-QQQ", "unit"),
        ("LC-ESI-QQ", "unit"),
        ("LC-ESI-IT", "unit"),
        ("Q Exactive Plus Orbitrap Thermo Scientific", "orbitrap"),
        ("Orbitrap Exploris 240", "orbitrap"),
        ("maXis plus UHR-ToF-MS, Bruker Daltonics", "tof"),
        ("Micromass Q-TOF II", "tof"),
        ("TripleTOF 5600 SCIEX", "tof"),
        ("Xevo TQ-S, Waters", "unit"),
        ("LTQ XL linear ion trap", "unit"),
        ("something new", "unknown"),
    ],
)
def test_analyzers_are_recognised(text, analyzer):
    assert ANALYZERS[analyzer_index(text)] == analyzer
    assert ANALYZERS[analyzer_index(None, text)] == analyzer


def test_nothing_known_is_unknown():
    assert ANALYZERS[analyzer_index(None, None)] == "unknown"


def test_hcd_and_orbitraps_state_normalized_energies():
    assert states_normalized_energy(ANALYZERS.index("orbitrap"), None)
    assert states_normalized_energy(ANALYZERS.index("unknown"), "HCD")
    assert not states_normalized_energy(ANALYZERS.index("tof"), "CID")
