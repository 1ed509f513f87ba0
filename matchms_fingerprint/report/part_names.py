"""Parts of molecules in words: what a predicted substructure stands for."""

from __future__ import annotations

from functools import lru_cache

from rdkit import Chem, rdBase
from rdkit.Chem import Mol

_NAMES = {
    "OP(=O)O": "phosphate",
    "P": "phosphorus",
    "S(=O)(=O)N": "sulfonamide",
    "OS(=O)(=O)": "sulfate or sulfonate",
    "S(=O)=O": "sulfone",
    "S=O": "sulfoxide",
    "C=S": "thiocarbonyl",
    "[N+](=O)[O-]": "nitro group",
    "C#N": "nitrile",
    "C#C": "alkyne",
    "NN=N": "triazene",
    "N=N": "azo group",
    "C(F)(F)F": "trifluoromethyl group",
    "cF": "fluorine on an aromatic ring",
    "cCl": "chlorine on an aromatic ring",
    "cBr": "bromine on an aromatic ring",
    "cI": "iodine on an aromatic ring",
    "[F,Cl,Br,I]": "halogen",
    "NC(=O)N": "urea",
    "OC(=O)N": "carbamate",
    "cC(=O)N": "amide on an aromatic ring",
    "NCC(=O)N": "peptide bond",
    "C(=O)N": "amide",
    "NCC(=O)O": "amino acid",
    "cC(=O)O": "carboxyl group on an aromatic ring",
    "C(=O)O": "acid or ester",
    "C(=O)[O-]": "acid",
    "cC=O": "carbonyl group on an aromatic ring",
    "C=CC=O": "unsaturated carbonyl group",
    "C=O": "carbonyl group",
    "nc=O": "lactam in an aromatic ring",
    "c=O": "carbonyl group in an aromatic ring",
    "NC(=N)N": "guanidine",
    "NC=N": "amidine",
    "c(O)c(O)": "two oxygens side by side on an aromatic ring",
    "cOC": "ether on an aromatic ring",
    "cO": "oxygen on an aromatic ring",
    "OCO": "acetal, as in a sugar",
    "OCCO": "neighbouring oxygens, as in a sugar",
    "[N+]": "ammonium",
    "cS": "sulfur on an aromatic ring",
    "CSC": "thioether",
    "S": "sulfur",
    "s": "sulfur in an aromatic ring",
    "cN": "nitrogen on an aromatic ring",
    "nn": "two nitrogens in an aromatic ring",
    "ncn": "two nitrogens in an aromatic ring",
    "n": "nitrogen in an aromatic ring",
    "o": "oxygen in an aromatic ring",
    "COC": "ether",
    "NCCO": "amino alcohol",
    "CN(C)C": "tertiary amine",
    "N": "amine or amide nitrogen",
    "O": "alcohol or ether",
    "C=CC=C": "conjugated double bonds",
    "C=C": "double bond",
    "cC": "carbon on an aromatic ring",
    "c": "aromatic ring",
    "C(C)(C)(C)C": "quaternary carbon",
    "C(C)(C)C": "branched carbon chain",
    "C": "carbon chain",
}
"""SMARTS -> name; the first that matches counts. They know elements and bonds alone, since a part has no hydrogens."""


@lru_cache(maxsize=4096)
def name_of_part(smiles: str) -> str:
    """Return what a part of a molecule is in words, or its text where nothing is known of it."""
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(smiles, sanitize=False)
    if mol is None or not mol.GetNumAtoms():
        return smiles
    mol.UpdatePropertyCache(strict=False)
    return next((name for pattern, name in _patterns() if mol.HasSubstructMatch(pattern)), smiles)


@lru_cache(maxsize=1)
def _patterns() -> list[tuple[Mol, str]]:
    return [(Chem.MolFromSmarts(smarts), name) for smarts, name in _NAMES.items()]
