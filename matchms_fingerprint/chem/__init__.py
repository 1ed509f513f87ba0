"""Structures, fingerprints and adducts."""

from matchms_fingerprint.chem.adducts import Adduct, common_adducts, get_adduct
from matchms_fingerprint.chem.fingerprints import (
    FingerprintSpec,
    fingerprint,
    fingerprint_bytes,
    fingerprints,
    pack_bits,
    unpack_bits,
)
from matchms_fingerprint.chem.formulas import hill_formula, parse_formula
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
    "fingerprint",
    "fingerprint_bytes",
    "fingerprints",
    "get_adduct",
    "hill_formula",
    "pack_bits",
    "parse_formula",
    "read_mol_block",
    "read_molecule",
    "standardize",
    "standardize_mol",
    "unpack_bits",
]
