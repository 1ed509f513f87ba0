"""Structures, fingerprints and adducts."""

from matchms_fingerprint.chem.adducts import Adduct, common_adducts, get_adduct
from matchms_fingerprint.chem.explain_peaks import explain_peaks, explain_spectra
from matchms_fingerprint.chem.find_formulas import find_formulas
from matchms_fingerprint.chem.fingerprints import (
    FingerprintSpec,
    fingerprint,
    fingerprint_bytes,
    fingerprints,
    pack_bits,
    unpack_bits,
)
from matchms_fingerprint.chem.formulas import hill_formula, parse_formula
from matchms_fingerprint.chem.ions import ion_atoms
from matchms_fingerprint.chem.structures import (
    Structure,
    describe,
    read_mol_block,
    read_molecule,
    standardize,
    standardize_mol,
)

__all__ = [
    "Adduct",
    "FingerprintSpec",
    "Structure",
    "common_adducts",
    "describe",
    "explain_peaks",
    "explain_spectra",
    "find_formulas",
    "fingerprint",
    "fingerprint_bytes",
    "fingerprints",
    "get_adduct",
    "hill_formula",
    "ion_atoms",
    "pack_bits",
    "parse_formula",
    "read_mol_block",
    "read_molecule",
    "standardize",
    "standardize_mol",
    "unpack_bits",
]
