"""What a fragment is made of, where it broke off and what it left behind, as numbers by which it is known again."""

from __future__ import annotations

import numpy as np
from numba import njit

from matchms_fingerprint.kernels.fragmenter import has_atom
from matchms_fingerprint.kernels.types import FloatArray, IntArray, WordArray

KEYS = ("near", "far", "ion", "loss", "ion_formula", "loss_formula")
"""The broken bonds with their two atoms; with the neighbours of these as well; the fragment with the hydrogens of the
ion; what is lost; and the element counts of both."""

BROKEN = ("single", "single_hetero", "ring", "ring_hetero", "aromatic", "double", "triple")
"""Kinds of broken bonds that are counted."""

COUNTS = (*BROKEN, "atoms", "carbons", "nitrogens", "oxygens", "lost_atoms", "lost_parts")

_ROUNDS = 3  # of refinement: atoms are told apart by what is within three bonds
_CARBON, _NITROGEN, _OXYGEN = 6, 7, 8


@njit(cache=True, nogil=True, fastmath=False)
def mix(word: np.uint64) -> np.uint64:  # pragma: no cover - compiled
    """Return a word of which every bit depends on every bit of another (the finalizer of splitmix64)."""
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))


@njit(cache=True, nogil=True, fastmath=False)
def atom_words(
    numbers: IntArray,
    charges: IntArray,
    hydrogens: IntArray,
    orders: IntArray,
    starts: IntArray,
    atoms: IntArray,
    bonds: IntArray,
) -> tuple[WordArray, WordArray, WordArray]:  # pragma: no cover - compiled
    """Return three words for each atom: by its element and charge; with its hydrogens and bonds; with its neighbours.

    Parameters
    ----------
    numbers, charges, hydrogens
        Of the atoms, shape (n_atoms,).
    orders
        Of the bonds, shape (n_bonds,).
    starts, atoms, bonds
        See `neighbour_lists`.
    """
    n = numbers.size
    element, near, far = np.empty(n, np.uint64), np.empty(n, np.uint64), np.empty(n, np.uint64)
    for atom in range(n):
        element[atom] = mix(np.uint64(numbers[atom]) * np.uint64(16) + np.uint64(charges[atom] + 8))
    for atom in range(n):
        total = np.uint64(0)
        for k in range(starts[atom], starts[atom + 1]):
            total += mix(np.uint64(orders[bonds[k]]) + np.uint64(101))
        near[atom] = mix(element[atom] + total * np.uint64(31) + np.uint64(hydrogens[atom]))
    for atom in range(n):
        total = np.uint64(0)
        for k in range(starts[atom], starts[atom + 1]):
            total += mix(element[atoms[k]] + np.uint64(orders[bonds[k]]))
        far[atom] = mix(near[atom] + total)
    return element, near, far


@njit(cache=True, nogil=True, fastmath=False)
def _shape_word(
    mask: WordArray,
    inside: bool,
    element: WordArray,
    orders: IntArray,
    starts: IntArray,
    atoms: IntArray,
    bonds: IntArray,
    old: WordArray,
    new: WordArray,
) -> np.uint64:  # pragma: no cover - compiled
    """Return a word for the skeleton of the atoms within a mask, or outside of it (Weisfeiler & Lehman 1968)."""
    n = element.size
    for atom in range(n):
        old[atom] = element[atom]
    for _ in range(_ROUNDS):
        for atom in range(n):
            if has_atom(mask, atom) != inside:
                continue
            total = np.uint64(0)
            for k in range(starts[atom], starts[atom + 1]):
                if has_atom(mask, atoms[k]) == inside:
                    total += mix(old[atoms[k]] + np.uint64(orders[bonds[k]] + 1))
            new[atom] = mix(old[atom] * np.uint64(3) + total)
        for atom in range(n):
            old[atom] = new[atom]
    word = np.uint64(0)
    for atom in range(n):
        if has_atom(mask, atom) == inside:
            word += mix(old[atom])
    return word


@njit(cache=True, nogil=True, fastmath=False)
def describe_explanations(
    fragments: IntArray,
    shifts: IntArray,
    carriers: IntArray,
    masks: WordArray,
    numbers: IntArray,
    hydrogens: IntArray,
    ends: IntArray,
    orders: IntArray,
    classes: IntArray,
    element: WordArray,
    near: WordArray,
    far: WordArray,
    starts: IntArray,
    atoms: IntArray,
    bonds: IntArray,
) -> tuple[WordArray, FloatArray]:  # pragma: no cover - compiled
    """Describe the fragments that explain peaks.

    Parameters
    ----------
    fragments, shifts
        Of each explanation, shape (n,), as from `explain_peaks`.
    carriers
        A number for the charge carrier of each, at least 0, shape (n,).
    masks
        Atoms of the fragments, shape (n_fragments, n_words).
    numbers, hydrogens
        Of the atoms.
    ends, orders, classes
        Of the bonds; see `bond_classes`.
    element, near, far
        See `atom_words`.
    starts, atoms, bonds
        See `neighbour_lists`.

    Returns
    -------
    keys : ndarray of shape (n, len(KEYS)), uint64
        Words by which each is known again.
    counts : ndarray of shape (n, len(COUNTS)), float32
        What is counted of each.
    """
    n_atoms = numbers.size
    keys, counts = np.zeros((fragments.size, 6), np.uint64), np.zeros((fragments.size, 13), np.float32)
    old, new = np.zeros(n_atoms, np.uint64), np.zeros(n_atoms, np.uint64)
    for i in range(fragments.size):
        mask = masks[fragments[i]]
        h_inside, h_outside = shifts[i], -shifts[i]
        inner_formula, outer_formula = np.uint64(0), np.uint64(0)
        for atom in range(n_atoms):
            if has_atom(mask, atom):
                h_inside += hydrogens[atom]
                inner_formula += element[atom]
                counts[i, 7] += 1
                counts[i, 8] += numbers[atom] == _CARBON
                counts[i, 9] += numbers[atom] == _NITROGEN
                counts[i, 10] += numbers[atom] == _OXYGEN
            else:
                h_outside += hydrogens[atom]
                outer_formula += element[atom]
                counts[i, 11] += 1
        near_word, far_word = np.uint64(0), np.uint64(0)
        for bond in range(len(ends)):
            first, second = has_atom(mask, ends[bond, 0]), has_atom(mask, ends[bond, 1])
            if first == second:
                continue
            inner, outer = (ends[bond, 0], ends[bond, 1]) if first else (ends[bond, 1], ends[bond, 0])
            ring, hetero, order = classes[bond] % 2, (classes[bond] // 2) % 3 > 0, orders[bond]
            counts[i, (ring * 2 + hetero) if order == 0 else order + 3] += 1
            counts[i, 12] += 1
            kind = np.uint64(classes[bond])
            near_word += mix(element[inner] * np.uint64(3) + element[outer] + kind)
            far_word += mix(far[inner] * np.uint64(3) + near[outer] + kind)
        ion, loss = np.uint64(h_inside + 64), np.uint64(h_outside + 64)
        carrier = np.uint64(carriers[i]) << np.uint64(20)
        shift = np.uint64(shifts[i] + 8)
        keys[i, 0] = mix(near_word + shift + carrier)
        keys[i, 1] = mix(far_word + shift + carrier + np.uint64(1))
        keys[i, 2] = mix(_shape_word(mask, True, element, orders, starts, atoms, bonds, old, new) + ion + carrier)
        keys[i, 3] = mix(_shape_word(mask, False, element, orders, starts, atoms, bonds, old, new) + loss + carrier)
        keys[i, 4] = mix(inner_formula + ion + carrier)
        keys[i, 5] = mix(outer_formula + loss + carrier)
    return keys, counts
