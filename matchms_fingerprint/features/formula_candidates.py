"""Molecular formulas that a precursor may have, enumerated within families of elements, and how common they are.

All elements at once give tens of thousands of formulas for a mass of 800 Da, nearly all of them combinations that no
molecule has. So the elements beside C, H, N and O come in families; a formula is listed with the first family that
allows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from matchms_fingerprint.chem.elements import element_set
from matchms_fingerprint.chem.find_formulas import RATIOS
from matchms_fingerprint.kernels import FormulaRules, decompose_masses
from matchms_fingerprint.kernels.types import FloatArray, IntArray

ELEMENTS = element_set(("Br", "Cl", "F", "I", "K", "N", "Na", "O", "P", "S", "Si"))
"""Elements of the formulas that models see, carbon and hydrogen first, the others by the alphabet."""

N_ELEMENTS = len(ELEMENTS.symbols)

MAX_MASS_DA = 1100.0
"""Heavier molecules are not enumerated: they have too many formulas for their peaks to tell apart."""

KEPT = 150
"""Candidates of a precursor whose peaks are looked at: those with the most common elements."""

_CARBON, _HYDROGEN = ELEMENTS.column("C"), ELEMENTS.column("H")
_HETERO = tuple(ELEMENTS.column(symbol) for symbol in ("P", "S", "F", "Cl", "Br", "I", "Si"))
_CHUNK = 256
_SLACK = 1e-9  # as in the kernel


@dataclass(frozen=True)
class Family:
    """Elements that occur together.

    Parameters
    ----------
    most
        Most atoms of each element beside carbon and hydrogen.
    least
        Fewest atoms.
    ratios
        Bounds of the ratios to carbon, a name in `chem.find_formulas.RATIOS`.
    max_mass
        Heaviest molecule in Da.
    """

    most: dict[str, int]
    least: dict[str, int]
    ratios: str = "common"
    max_mass: float = MAX_MASS_DA

    def bounds(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the fewest and the most atoms of each element, shape (N_ELEMENTS,) each."""
        most = {"C": 90, "H": 180, **self.most}
        return (
            np.array([self.least.get(symbol, 0) for symbol in ELEMENTS.symbols]),
            np.array([most.get(symbol, 0) for symbol in ELEMENTS.symbols]),
        )

    def per_carbon(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the bounds of the ratios to carbon, shape (N_ELEMENTS,) each."""
        pairs = [RATIOS[self.ratios].get(symbol, (0.0, np.inf)) for symbol in ELEMENTS.symbols]
        return np.array([low for low, _ in pairs]), np.array([high for _, high in pairs])

    def rules(self, parity: str) -> FormulaRules:
        """Return what its formulas obey beside the mass."""
        return FormulaRules(0.0 if parity == "integer" else -0.5, parity, *self.per_carbon())

    def allows(self, counts: IntArray, masses: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell which formulas belong to the family, as far as other families have to know; shape (n,)."""
        least, most = self.bounds()
        low, high = self.per_carbon()
        carbon = counts[:, _CARBON, None]
        has_many = (
            (counts > 0) & (counts > np.where(np.isfinite(high), high, 0.0) * carbon + _SLACK) & np.isfinite(high)
        )
        fits = (counts >= least) & (counts <= most) & (counts >= low * carbon - _SLACK) & ~has_many
        return fits.all(axis=1) & (masses <= self.max_mass)


FAMILIES = (
    Family({"N": 15, "O": 35, "P": 4, "S": 5}, {}),
    Family({"N": 10, "O": 20, "P": 1, "S": 3, "F": 7, "Cl": 6}, {}, max_mass=900.0),
    Family({"N": 8, "O": 20, "P": 6, "S": 3}, {}, ratios="extended", max_mass=560.0),
    Family({"N": 8, "O": 15, "S": 1, "F": 3, "Cl": 2, "Br": 4}, {"Br": 1}, max_mass=900.0),
    Family({"N": 6, "O": 15, "S": 1, "I": 4}, {"I": 1}),
    Family({"N": 3, "O": 8, "P": 1, "S": 2, "Cl": 1, "F": 40}, {"F": 8}, ratios="extended"),
    Family({"N": 4, "O": 12, "S": 1, "Si": 6}, {"Si": 1}, max_mass=900.0),
)
"""Bounds chosen to hold nearly all drugs, pesticides and natural products: 98 % of the structures of MassBank."""


@dataclass(frozen=True)
class Candidates:
    """Formulas of many masses.

    Parameters
    ----------
    offsets
        The formulas of mass i are the rows offsets[i] to offsets[i + 1]; shape (n_masses + 1,), int64.
    counts
        Atoms of the molecule, shape (n, N_ELEMENTS), int16.
    errors_ppm
        Mass of the formula minus the mass asked for, relative to that; shape (n,), float64.
    """

    offsets: NDArray[np.int64]
    counts: IntArray
    errors_ppm: NDArray[np.float64]

    @property
    def rows(self) -> NDArray[np.int64]:
        """Mass that each formula belongs to, shape (n,)."""
        return np.repeat(np.arange(self.offsets.size - 1), np.diff(self.offsets))

    def take(self, rows: NDArray[np.int64]) -> Candidates:
        """Return the formulas of the masses `rows`, in that order."""
        lengths = np.diff(self.offsets)[rows]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        places = np.repeat(self.offsets[rows] - offsets[:-1], lengths) + np.arange(offsets[-1])
        return Candidates(offsets, self.counts[places], self.errors_ppm[places])


def candidate_formulas(
    masses: NDArray[np.float64], tolerance_ppm: NDArray[np.float64], parity: str = "integer", kept: int = KEPT
) -> Candidates:
    """Enumerate the formulas of neutral masses, and keep the most common kinds.

    Parameters
    ----------
    masses
        Neutral masses in Da, shape (n_masses,). What is not finite or above `MAX_MASS_DA` has no formula.
    tolerance_ppm
        Of each mass, shape (n_masses,).
    parity
        "integer" for molecules; "any" where the molecule itself may carry the charge, as in [M]+.
    kept
        Most formulas of a mass.
    """
    parts = list(_chunks(masses, tolerance_ppm, parity, kept))
    lengths = np.concatenate([[0], *(np.diff(part.offsets) for part in parts)])
    return Candidates(
        np.cumsum(lengths).astype(np.int64),
        np.concatenate([np.empty((0, N_ELEMENTS), np.int16), *(part.counts for part in parts)]),
        np.concatenate([np.empty(0), *(part.errors_ppm for part in parts)]),
    )


def _chunks(
    masses: NDArray[np.float64], tolerance_ppm: NDArray[np.float64], parity: str, kept: int
) -> Iterator[Candidates]:
    for start in range(0, masses.size, _CHUNK):
        chunk = masses[start : start + _CHUNK]
        tolerances = tolerance_ppm[start : start + _CHUNK] * 1e-6 * chunk
        rows, counts, errors = _in_families(chunk, tolerances, parity)
        order = np.lexsort((np.abs(errors), -commonness(counts), rows))
        offsets = np.searchsorted(rows[order], np.arange(chunk.size + 1))
        place = np.arange(rows.size) - offsets[rows[order]]
        best = order[place < kept]
        lengths = np.minimum(np.diff(offsets), kept)
        ppm = errors[best] / chunk[rows[best]] * 1e6
        yield Candidates(np.concatenate([[0], np.cumsum(lengths)]), counts[best], ppm)


def _in_families(
    masses: NDArray[np.float64], tolerances: NDArray[np.float64], parity: str
) -> tuple[IntArray, IntArray, FloatArray]:
    """Return mass, atoms and error in Da of the formulas of all families, each formula once."""
    found = []
    for index, family in enumerate(FAMILIES):
        least, most = family.bounds()
        offsets, counts, errors = decompose_masses(
            np.where(masses <= family.max_mass, masses, np.nan),
            tolerances,
            ELEMENTS.masses,
            ELEMENTS.valences,
            most,
            least,
            rules=family.rules(parity),
            by_error=False,
        )
        rows = np.repeat(np.arange(masses.size), np.diff(offsets))
        new = np.ones(rows.size, bool)
        for earlier in FAMILIES[:index]:
            new &= ~earlier.allows(counts, masses[rows])
        found.append((rows[new], counts[new], errors[new]))
    rows, counts, errors = (np.concatenate(column) for column in zip(*found, strict=True))
    return rows, counts, errors


def composition_features(counts: IntArray) -> NDArray[np.float64]:
    """Describe what formulas are made of, shape (n, len(COMPOSITION_WEIGHTS)).

    For each of P, S, F, Cl, Br, I, Si whether it occurs and how many further atoms there are; the kinds of them beyond
    one; hydrogen, nitrogen and oxygen per carbon, and squares; the ring-double-bond equivalents per heavy atom.
    """
    atoms = counts.astype(np.float64)
    hetero = atoms[:, _HETERO]
    carbon = np.maximum(atoms[:, _CARBON], 1.0)
    heavy = np.maximum(atoms.sum(axis=1) - atoms[:, _HYDROGEN], 1.0)
    halogens = atoms[:, [ELEMENTS.column(symbol) for symbol in ("F", "Cl", "Br", "I")]].sum(axis=1)
    hydrogen = (atoms[:, _HYDROGEN] + halogens) / carbon
    nitrogen, oxygen = atoms[:, ELEMENTS.column("N")], atoms[:, ELEMENTS.column("O")]
    bonds = (1.0 + (atoms @ (ELEMENTS.valences - 2.0)) / 2.0) / heavy
    kinds = (hetero > 0).sum(axis=1)
    return np.column_stack(
        [
            hetero > 0,
            np.log1p(np.maximum(hetero - 1.0, 0.0)),
            np.maximum(kinds - 1, 0),
            hydrogen,
            hydrogen**2,
            nitrogen / carbon,
            (nitrogen / carbon) ** 2,
            oxygen / carbon,
            (oxygen / carbon) ** 2,
            np.log1p(nitrogen),
            np.log1p(oxygen),
            bonds,
            np.abs(atoms[:, ELEMENTS.column("F")] / carbon - 2.0) < 0.5,
        ]
    )


COMPOSITION_WEIGHTS = np.concatenate(
    [
        [-0.71, -0.73, -3.23, -1.1, -1.71, -1.43, -3.45],  # P, S, F, Cl, Br, I, Si occur
        [-2.36, -1.52, 0.44, -0.4, -0.5, 0.47, -1.01],  # further atoms of them
        [-0.48],  # further kinds of them
        [3.92, -1.85, -0.09, -1.25, -2.0, -1.9],  # hydrogen, nitrogen, oxygen per carbon, each with its square
        [-0.77, 1.9, -1.3],  # nitrogens, oxygens, ring-double-bond equivalents
        [4.33],  # perfluorinated
    ]
)
"""Conditional logistic regression of the true formula among the candidates within 6 ppm, on 2,500 structures of the
`train` part of MassBank's `fold_scaffold`, with precursors off by 2 ppm (standard deviation)."""


def commonness(counts: IntArray) -> NDArray[np.float64]:
    """Return the logarithm of how common formulas of such a composition are, up to a constant; shape (n,)."""
    return composition_features(counts) @ COMPOSITION_WEIGHTS
