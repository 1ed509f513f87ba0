"""Small files in MassSpecGym's format."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from rdkit import Chem
from rdkit.Chem.Descriptors import ExactMolWt

COLUMNS = ("identifier", "mzs", "intensities", "smiles", "inchikey", "formula", "precursor_formula", "parent_mass")
COLUMNS += ("precursor_mz", "adduct", "instrument_type", "collision_energy", "fold", "simulation_challenge")

# each test structure with its candidates; the truth is among them, once drawn from another atom
TRAIN = ("CCO", "CCCCO", "CC(C)Cc1ccc(cc1)C(C)C(=O)O", "NC(Cc1ccccc1)C(=O)O", "CN1C=NC2=C1C(=O)N(C(=O)N2C)C")
TEST = {
    "CC(=O)Oc1ccccc1C(=O)O": ["OC(=O)c1ccccc1OC(C)=O", "COC(=O)c1ccc(C(=O)O)cc1", "COc1ccc(C(=O)C(=O)O)cc1"],
    "OCC1OC(O)C(O)C(O)C1O": ["OC1C(O)C(O)C(O)C(O)C1O", "OCC1OC(O)C(O)C(O)C1O", "OCC(=O)C(O)C(O)C(O)CO"],
}


def write_massspecgym(folder: Path, copies: int = 4, kinds: tuple[str, ...] = ("mass", "formula")) -> Path:
    """Write the table and the lists; return the folder."""
    rng = np.random.default_rng(0)
    lines = ["\t".join(COLUMNS)]
    number = 0
    for smiles, fold in [*((s, "train") for s in TRAIN), *((s, "test") for s in TEST)]:
        mol = Chem.MolFromSmiles(smiles)
        mass = ExactMolWt(mol)
        peaks = np.sort(rng.uniform(40, max(60.0, mass), 6))
        for copy in range(copies if fold == "train" else copies - 2):
            number += 1
            row = {
                "identifier": f"MassSpecGymID{number:07d}",
                "mzs": ",".join(f"{mz:.4f}" for mz in peaks + copy * 1e-4),
                "intensities": ",".join(f"{i:.3f}" for i in rng.uniform(0.1, 1, 6)),
                "smiles": smiles,
                "inchikey": Chem.MolToInchiKey(mol)[:14],
                "formula": "",
                "precursor_formula": "",
                "parent_mass": f"{mass:.4f}",
                "precursor_mz": f"{mass + 1.00728:.4f}",
                "adduct": "[M+H]+",
                "instrument_type": "Orbitrap" if copy % 2 else "QTOF",
                "collision_energy": "30.0" if copy else "",
                "fold": fold,
                "simulation_challenge": "False",
            }
            lines.append("\t".join(row[name] for name in COLUMNS))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "MassSpecGym.tsv").write_text("\n".join(lines) + "\n")
    lists = folder / "molecules"
    lists.mkdir(exist_ok=True)
    for kind in kinds:
        (lists / f"MassSpecGym_retrieval_candidates_{kind}.json").write_text(json.dumps(TEST))
    return folder
