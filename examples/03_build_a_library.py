"""Build a candidate library from your own structures, and see what is in it.

    python examples/03_build_a_library.py [STRUCTURES...] [-o FOLDER]

Any table with a column of SMILES or InChI will do, SDF and Parquet as well, gzipped or not. The usual collections:

| collection | file | columns that are read |
|---|---|---|
| PubChemLite | `PubChemLite_exposomics_*.csv` | `SMILES`, `CompoundName`; one row a structure, comma-separated |
| COCONUT | `coconut_csv_lite-*.csv.zip` (unzip it first) | `canonical_smiles`, `name` |
| HMDB | `structures.sdf` (of hmdb_metabolites) | the molecules themselves, and their property `GENERIC_NAME` |
| PubChem | `CID-SMILES.gz` | a number and a SMILES a line, without names of columns |

Names of columns are found by themselves; where they are others, `--smiles-column` and `--name-column` tell them to the
command `matchms-fingerprint candidates build`, and `--class-column` which columns hold compound classes. Without
STRUCTURES three small files in these formats are written first.
"""

import argparse
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
from rdkit import Chem

from matchms_fingerprint import CandidateLibrary

matplotlib.use("Agg")

PUBCHEMLITE = """Identifier,CompoundName,MolecularFormula,SMILES,MonoisotopicMass
2519,Caffeine,C8H10N4O2,CN1C=NC2=C1C(=O)N(C(=O)N2C)C,194.0804
2244,Aspirin,C9H8O4,CC(=O)OC1=CC=CC=C1C(=O)O,180.0423
3672,Ibuprofen,C13H18O2,CC(C)CC1=CC=C(C=C1)C(C)C(=O)O,206.1307
0,Not a structure,X,C1CC,0
"""
COCONUT = """identifier,canonical_smiles,name,molecular_formula
CNP1,O=C1C=C(c2ccc(O)c(O)c2)Oc2cc(O)cc(O)c21,Luteolin,C15H10O6
CNP2,CN1C=NC2=C1C(=O)N(C)C(=O)N2C,caffeine,C8H10N4O2
CNP3,COc1cc(C=CC(=O)O)ccc1O,Ferulic acid,C10H10O4
"""
HMDB = {"L-Phenylalanine": "N[C@@H](Cc1ccccc1)C(=O)O", "Creatinine": "CN1CC(=O)N=C1N", "Choline": "C[N+](C)(C)CCO"}


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Build a candidate library from files of structures.")
    parser.add_argument("structures", nargs="*", type=Path, help="files; without them three small ones are written")
    parser.add_argument("-o", "--output", type=Path, default=Path("own_library"), help="folder for all that is written")
    return parser.parse_args()


def write_small_files(folder: Path) -> list[Path]:
    """Write a few structures as PubChemLite, COCONUT and HMDB have them."""
    paths = [folder / "PubChemLite_small.csv", folder / "coconut_small.csv", folder / "hmdb_small.sdf"]
    paths[0].write_text(PUBCHEMLITE, encoding="utf-8")
    paths[1].write_text(COCONUT, encoding="utf-8")
    with Chem.SDWriter(str(paths[2])) as writer:
        for name, smiles in HMDB.items():
            mol = Chem.MolFromSmiles(smiles)
            mol.SetProp("_Name", name)
            mol.SetProp("GENERIC_NAME", name)
            writer.write(mol)
    return paths


def main() -> None:
    """Build, search, draw."""
    asked = read_arguments()
    asked.output.mkdir(parents=True, exist_ok=True)
    files = asked.structures or write_small_files(asked.output)
    library = CandidateLibrary.build(files, asked.output / "library", overwrite=True)
    counts = library.manifest.counts
    print(f"{len(library):,} structures in {library.path}; {counts}")
    print(f"What could not be read stands in {library.path / 'rejects.tsv'}.")
    for candidate in library.search(neutral_mass=194.0804):
        print(f"194.0804 Da: {', '.join(candidate.names)} ({candidate.formula}), from {', '.join(candidate.sources)}")
    masses = library.search(neutral_mass=1000.0, tolerance_da=1000.0).exact_masses
    figure, axes = plt.subplots(figsize=(6, 3.5))
    axes.hist(masses, bins=40, color="#4477aa")
    axes.set(xlabel="exact mass (Da)", ylabel="structures", title=f"{len(library):,} structures")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(asked.output / "masses.png", dpi=150, bbox_inches="tight")
    print(f"Drew {asked.output / 'masses.png'}.")


if __name__ == "__main__":
    main()
