"""A small file of labelled spectra that a network can learn, and folds for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from builders import make_spectrum
from matchms.exporting import save_as_mgf

SMILES = (
    "CC(=O)Oc1ccccc1C(=O)O",
    "CN1C=NC2=C1C(=O)N(C(=O)N2C)C",
    "OCC1OC(O)C(O)C(O)C1O",
    "NC(Cc1ccccc1)C(=O)O",
    "CC(C)Cc1ccc(cc1)C(C)C(=O)O",
    "CN1C2CCC1CC(C2)OC(=O)C(CO)c1ccccc1",
    "Oc1cc(O)c2c(c1)oc(-c1ccc(O)c(O)c1)c(O)c2=O",
    "CCCCCCCC(=O)O",
)


def write_labelled_mgf(path: Path) -> Path:
    """Write sixteen spectra of eight structures, the two of a structure alike; ids S00, S01, S10, ..."""
    rng = np.random.default_rng(0)
    for i, smiles in enumerate(SMILES):
        mz = np.sort(rng.uniform(50, 250, 8))
        for copy in range(2):
            spectrum = make_spectrum((mz + copy * 0.0005).tolist(), smiles=smiles, spectrum_id=f"S{i}{copy}")
            save_as_mgf(spectrum, str(path))
    return path


def write_folds(path: Path, folds: list[str]) -> Path:
    """Write a table with the fold of each of the sixteen spectra."""
    lines = [f"S{i // 2}{i % 2}\t{fold}" for i, fold in enumerate(folds)]
    path.write_text("accession\tfold_scaffold\n" + "\n".join(lines) + "\n")
    return path


FOLDS = ["train"] * 10 + ["val"] * 2 + ["test"] * 4
