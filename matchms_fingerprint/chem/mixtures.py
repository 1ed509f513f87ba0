"""Telling a mixture of compounds from a salt or a compound with its counter-ions."""

from __future__ import annotations

from functools import lru_cache

from rdkit import Chem
from rdkit.Chem import Mol
from rdkit.Chem.MolStandardize import rdMolStandardize

_MARK = "_Mixture"
_CARBON = 6

# neutral and without stereochemistry; what stands beside a drug in its salts
_COUNTER_IONS = """
OC=O CC(=O)O CCC(=O)O OC(=O)C(F)(F)F OC(=O)C(=O)O OC(=O)CC(=O)O OC(=O)CCC(=O)O OC(=O)C=CC(=O)O OC(=O)CC(O)C(=O)O
OC(=O)C(O)C(O)C(=O)O CC(O)C(=O)O OCC(=O)O OC(=O)CC(O)(CC(=O)O)C(=O)O OCC(O)C(O)C(O)C(O)C(=O)O
OCC(O)C(O)C(O)C(O)C(O)C(=O)O OCC(O)C1OC(=O)C(O)=C1O OC(=O)c1ccccc1 OC(=O)c1ccccc1O OC(=O)O N#C SC#N N=C=S
CS(=O)(=O)O CCS(=O)(=O)O OS(=O)(=O)C(F)(F)F OCCS(=O)(=O)O OS(=O)(=O)c1ccccc1 Cc1ccc(cc1)S(=O)(=O)O COS(=O)(=O)O
OS(=O)(=O)c1cccc2ccccc12 OS(=O)(=O)c1ccc2ccccc2c1 OC(=O)c1cc2ccccc2c(Cc2c(O)c(cc3ccccc23)C(=O)O)c1O
CCNCC CCN(CC)CC NCCN NCCO OCCNCCO OCCN(CCO)CCO C[N+](C)(C)CCO NC(CO)(CO)CO CNCC(O)C(O)C(O)C(O)CO
C[N+](C)(C)C CC[N+](CC)(CC)CC CCCC[N+](CCCC)(CCCC)CCCC C1CCNCC1 C1COCCN1 C1CNCCN1 c1ccncc1
"""


def is_mixture(mol: Mol) -> bool:
    """Tell whether a molecule has two different fragments with carbon, neither of which is a common counter-ion.

    Fragments that differ in protons or stereochemistry alone are not different.

    Parameters
    ----------
    mol
        A sanitized molecule.
    """
    if len(Chem.GetMolFrags(mol)) < 2:
        return False
    fragments = Chem.GetMolFrags(mol, asMols=True, sanitizeFrags=False)
    organic = [part for part in fragments if any(atom.GetAtomicNum() == _CARBON for atom in part.GetAtoms())]
    if len(organic) < 2:
        return False
    return len({_skeleton(part) for part in organic} - _counter_ions()) > 1


def mark_mixture(mol: Mol) -> None:
    """Note on a standardized molecule that it is what was kept of a mixture."""
    mol.SetBoolProp(_MARK, True)


def is_of_mixture(mol: Mol) -> bool:
    """Tell whether a standardized molecule is what was kept of a mixture."""
    return bool(mol.HasProp(_MARK))


@lru_cache(maxsize=1)
def _counter_ions() -> frozenset[str]:
    return frozenset(_skeleton(Chem.MolFromSmiles(smiles)) for smiles in _COUNTER_IONS.split())


def _skeleton(mol: Mol) -> str:
    """Return the SMILES without stereochemistry, isotopes and what protons may change."""
    return str(Chem.MolToSmiles(_uncharger().uncharge(mol), isomericSmiles=False))


@lru_cache(maxsize=1)
def _uncharger() -> rdMolStandardize.Uncharger:
    return rdMolStandardize.Uncharger(canonicalOrder=True, force=False, protonationOnly=True)
