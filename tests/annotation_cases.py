"""The small world in which annotation and the command line are tested: structures, peaks, features."""

from collections.abc import Callable

from builders_mgf import mgf_block

CommandLine = Callable[..., tuple[int, str, str]]
"""The fixture `command_line`: takes arguments, returns exit code, stdout and stderr."""

# three isomers of C6H12O6, two of C8H10N4O2, and others
STRUCTURES = (
    ("OCC1OC(O)C(O)C(O)C1O", "glucose"),
    ("OC1C(O)C(O)C(O)C(O)C1O", "inositol"),
    ("OCC(=O)C(O)C(O)C(O)CO", "fructose"),
    ("CN1C=NC2=C1C(=O)N(C(=O)N2C)C", "caffeine"),
    ("Cn1cnc2c1n(C)c(=O)n(C)c2=O", "isocaffeine"),
    ("CC(=O)Oc1ccccc1C(=O)O", "aspirin"),
    ("NC(Cc1ccccc1)C(=O)O", "phenylalanine"),
    ("OC(=O)CC(O)(CC(=O)O)C(=O)O", "citric acid"),
)
PEAKS = ((85.0284, 10.0), (110.0712, 50.0), (127.0390, 30.0), (138.0662, 100.0))

FEATURES = (
    mgf_block(PEAKS, FEATURE_ID="annotated", PEPMASS=195.0877, ADDUCT="[M+H]+", RTINSECONDS=61.5, SCANS="1,4-6"),
    mgf_block(PEAKS, FEATURE_ID="no_candidates", PEPMASS=500.5, CHARGE="1+"),
    mgf_block(PEAKS[:2], FEATURE_ID="too_few_peaks", PEPMASS=195.0877, CHARGE="1+"),
    mgf_block(PEAKS, FEATURE_ID="unknown_ion_mode", PEPMASS=195.0877, CHARGE="0"),
    mgf_block(PEAKS, FEATURE_ID="no_precursor", PEPMASS="0", CHARGE="1+"),
    mgf_block([("85.0284", "many")], FEATURE_ID="unreadable", PEPMASS=195.0877, CHARGE="1+"),
    mgf_block(PEAKS, FEATURE_ID="annotated-negative", PEPMASS=179.0561, CHARGE="1-"),
)
"""A feature for each status, with the expected one in its id."""
