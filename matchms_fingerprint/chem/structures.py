"""SMILES or InChI to the canonical neutral structure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from rdkit import Chem, rdBase
from rdkit.Chem import Mol, rdMolDescriptors
from rdkit.Chem.MolStandardize import rdMolStandardize

from matchms_fingerprint.chem.mixtures import is_mixture, mark_mixture
from matchms_fingerprint.constants import ELECTRON_MASS
from matchms_fingerprint.errors import StructureError

# A SMILES without any of these has one fragment and neither charges, isotopes, atom maps, hydrogen atoms nor a metal of
# salts: nothing is left to standardize, and hydrogens need not be looked for (a quarter of the time of parsing).
_NEEDS_STANDARDIZING = re.compile(r"[.+:\s]|\[[\dH#]|-[\d:]*\]|\[(?:Li|Be|Na|Mg|K|Ca|Rb|Sr|Cs|Ba)(?![a-z])")
# Salts drawn with a bond, such as CC(=O)O[Na]. A metal that carbon holds as well, or an alkaline earth metal held by
# nitrogen (chlorophyll), is part of its compound and stays.
_ALKALI_SALT = "[Li,Na,K,Rb,Cs;!$(*~[#6])]-[#7,#8,#16,F,Cl,Br,I]"
_EARTH_SALT = "[Be,Mg,Ca,Sr,Ba;!$(*~[#6,#7])]-[#8,#16,F,Cl,Br,I]"
_SALT_METALS = frozenset({3, 4, 11, 12, 19, 20, 37, 38, 55, 56})
_AS_WRITTEN = Chem.SmilesParserParams()
_AS_WRITTEN.sanitize = False  # type: ignore[assignment]
_AS_WRITTEN.removeHs = False  # type: ignore[assignment]
_WITHOUT_HYDROGENS = Chem.SmilesParserParams()
_WITHOUT_HYDROGENS.removeHs = False  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Structure:
    """A standardized structure.

    Parameters
    ----------
    smiles
        Canonical isomeric SMILES.
    inchikey
        Standard InChIKey (27 characters).
    formula
        Molecular formula in Hill order; a permanent charge stands at the end, as in "C5H14NO+".
    exact_mass
        Monoisotopic mass in Da: the sum of its atoms, also for a permanent cation, whose precursor m/z is then that
        of the adduct [M]+. Rounded to 1e-6 Da.
    """

    smiles: str
    inchikey: str
    formula: str
    exact_mass: float


def standardize(text: str) -> Structure:
    """Turn a SMILES or InChI into its canonical neutral structure.

    Salts of alkali and alkaline earth metals that are drawn with a bond are taken apart. The largest fragment is kept
    (an organic one before an inorganic one), charges are removed where adding or taking protons allows it, isotope
    labels and atom maps are dropped. Tautomers and stereochemistry stay as they are given.

    Parameters
    ----------
    text
        SMILES, or an InChI (which begins with "InChI=").

    Returns
    -------
    Structure

    Raises
    ------
    StructureError
        With the reason, where the text is no structure or holds unknown atoms.

    Examples
    --------
    >>> from matchms_fingerprint.chem import standardize
    >>> standardize("[Na+].CC(=O)[O-]").smiles
    'CC(=O)O'
    """
    with rdBase.BlockLogs():
        return describe(read_molecule(text))


def read_molecule(text: str) -> Mol:
    """Read a SMILES or InChI as a standardized RDKit molecule; RDKit's own messages are not held back.

    Raises
    ------
    StructureError
        With the reason.
    """
    text = text.strip()
    if not text:
        raise StructureError("no structure given")
    if text.startswith("InChI="):
        mol = Chem.MolFromInchi(text)
        if mol is None:
            raise StructureError("InChI cannot be read")
        return standardize_mol(mol)
    is_plain = _NEEDS_STANDARDIZING.search(text) is None
    mol = Chem.MolFromSmiles(text, _WITHOUT_HYDROGENS) if is_plain else Chem.MolFromSmiles(text)
    if mol is None:
        raise StructureError(_why_unreadable(text))
    return mol if is_plain else standardize_mol(mol)


def read_as_written(smiles: str) -> Mol | None:
    """Read a SMILES as a candidate library holds it, canonical, with aromatic atoms in small letters, and no more.

    What such a SMILES says already is not looked for again: neither rings, aromaticity nor hydrogens to be left out.

    Returns
    -------
    Mol or None
        Not sanitized; None where the SMILES cannot be parsed.
    """
    with rdBase.BlockLogs():
        return Chem.MolFromSmiles(smiles, _AS_WRITTEN)


def read_mol_block(text: str) -> Mol:
    """Read a mol block (V2000 or V3000, as in an SDF) as a standardized molecule; see `read_molecule`.

    Raises
    ------
    StructureError
        With the reason.
    """
    mol = Chem.MolFromMolBlock(text)
    if mol is None:
        unchecked = Chem.MolFromMolBlock(text, sanitize=False, strictParsing=False)
        raise StructureError("mol block cannot be read" if unchecked is None else _problems_of(unchecked))
    return standardize_mol(mol)


def describe(mol: Mol) -> Structure:
    """Return SMILES, InChIKey, formula and mass of a standardized molecule.

    Raises
    ------
    StructureError
        If the molecule has unknown atoms (`*`, R groups) or no InChI.
    """
    formula = rdMolDescriptors.CalcMolFormula(mol)
    if "*" in formula:
        raise StructureError("holds unknown atoms (*)")
    inchikey = Chem.MolToInchiKey(mol)
    if len(inchikey) != 27:
        raise StructureError("has no InChI")
    # RDKit takes off the electrons that a charge stands for; here that is the business of the adduct
    mass = rdMolDescriptors.CalcExactMolWt(mol) + Chem.GetFormalCharge(mol) * ELECTRON_MASS
    # the order of the atoms shows in the last digits; rounded, all isomers have one mass
    return Structure(Chem.MolToSmiles(mol), inchikey, formula, round(mass, 6))


def standardize_mol(mol: Mol) -> Mol:
    """Standardize an RDKit molecule; see `standardize` for what that means.

    `mixtures.is_of_mixture` tells of the result whether a mixture was reduced to it.

    Parameters
    ----------
    mol
        A sanitized molecule; it is not changed.

    Returns
    -------
    Mol

    Raises
    ------
    StructureError
        If nothing is left, or the result is no valid molecule.
    """
    if mol.GetNumAtoms() == 0:
        raise StructureError("no atoms")
    try:
        if any(atom.GetAtomicNum() in _SALT_METALS and atom.GetDegree() for atom in mol.GetAtoms()):
            mol = _metal_disconnector().Disconnect(mol)
        from_mixture = is_mixture(mol)
        mol = _fragment_chooser().choose(mol)
        for atom in mol.GetAtoms():
            atom.SetIsotope(0)
            atom.SetAtomMapNum(0)
        charged = Chem.MolToSmiles(mol)
        has_charge = any(atom.GetFormalCharge() for atom in mol.GetAtoms())
        neutral = Chem.MolToSmiles(_uncharger().uncharge(mol)) if has_charge else charged
    except (Chem.MolSanitizeException, RuntimeError, ValueError) as error:
        raise StructureError(f"cannot be standardized ({error})") from None
    # Read again, so that hydrogens that were isotopes and centres that were chiral by a label are seen afresh. An
    # aromatic ring that lives on its charge is no molecule without it.
    standardized = Chem.MolFromSmiles(neutral) or Chem.MolFromSmiles(charged)
    if standardized is None:
        raise StructureError(f"is no valid molecule once it is standardized ({charged})")
    if from_mixture:
        mark_mixture(standardized)
    return standardized


@lru_cache(maxsize=1)
def _metal_disconnector() -> rdMolStandardize.MetalDisconnector:
    disconnector = rdMolStandardize.MetalDisconnector()
    disconnector.SetMetalNof(Chem.MolFromSmarts(_ALKALI_SALT))
    disconnector.SetMetalNon(Chem.MolFromSmarts(_EARTH_SALT))
    return disconnector


@lru_cache(maxsize=1)
def _fragment_chooser() -> rdMolStandardize.LargestFragmentChooser:
    return rdMolStandardize.LargestFragmentChooser(preferOrganic=True)


@lru_cache(maxsize=1)
def _uncharger() -> rdMolStandardize.Uncharger:
    # protons alone: by default a carbocation would be given a hydride, which is another compound
    return rdMolStandardize.Uncharger(canonicalOrder=True, force=False, protonationOnly=True)


def _why_unreadable(smiles: str) -> str:
    mol = Chem.MolFromSmiles(smiles, sanitize=False)
    if mol is None:
        return "SMILES cannot be read (syntax error)"
    return _problems_of(mol)


def _problems_of(mol: Mol) -> str:
    problems = [problem.Message() for problem in Chem.DetectChemistryProblems(mol)]
    return "; ".join(problems) or "structure cannot be read"
