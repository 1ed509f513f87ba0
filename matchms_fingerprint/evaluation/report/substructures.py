"""Small drawings of the substructures behind fingerprint bits."""

from __future__ import annotations

from typing import Any

from rdkit import Chem, rdBase
from rdkit.Chem import rdDepictor
from rdkit.Chem.Draw import rdMolDraw2D


def draw_substructure(smiles: str, width: int = 110, height: int = 72) -> str:
    """Return a substructure as an SVG element, or an empty text where RDKit cannot draw it.

    Parameters
    ----------
    smiles
        SMILES of a part of a molecule, whose valences need not be complete.
    width, height
        Size in pixels.
    """
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(smiles, sanitize=False)
        if mol is None:
            return ""
        try:
            for atom in mol.GetAtoms():
                atom.SetNoImplicit(True)
            mol.UpdatePropertyCache(strict=False)
            Chem.FastFindRings(mol)
            drawer = rdMolDraw2D.MolDraw2DSVG(width, height)
            options: Any = drawer.drawOptions()
            options.prepareMolsBeforeDrawing = False
            options.clearBackground = False
            options.fixedBondLength = 22
            options.padding = 0.08
            options.useBWAtomPalette()
            rdDepictor.Compute2DCoords(mol)
            drawer.DrawMolecule(mol)
            drawer.FinishDrawing()
        except (ValueError, RuntimeError, Chem.MolSanitizeException):
            return ""
    text: str = drawer.GetDrawingText()
    return text[text.index("<svg") :]
