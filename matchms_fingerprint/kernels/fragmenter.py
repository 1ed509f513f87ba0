"""All connected parts of a molecule that a few cuts leave, each with what its broken bonds cost.

A cut takes one bond that holds two parts together, or two bonds of a ring, and splits a part in two; either half may be
cut again. MAGMa (Ridder et al. 2012, doi 10.1002/rcm.6364) and MetFrag (Ruttkies et al. 2016, doi
10.1186/s13321-016-0115-9) break molecules like that. All cuts of a part come from one walk over it: each bond that
closes a cycle gets a random word, each bond of the spanning tree the exclusive or of the words of the cycles through
it. A bond with the word 0 is in no cycle; two bonds of equal words are in the same cycles, so that both together cut
(Pritchard & Thurimella 2011, doi 10.1145/2000807.2000814).
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from matchms_fingerprint.kernels.bits import lowest_bit
from matchms_fingerprint.kernels.types import FloatArray, IntArray, WordArray

SINGLE, AROMATIC, DOUBLE, TRIPLE = 0, 1, 2, 3
N_ORDERS = 4
N_BOND_CLASSES = 24
"""Bonds by order, by how many of their two atoms are no carbons, and by whether they are in a ring."""

_WORK_PER_FRAGMENT = 64  # splits that are looked at for each fragment that may be kept: a bound on time
_CARBON = 6


@njit(cache=True, nogil=True, fastmath=False)
def neighbour_lists(
    ends: IntArray, n_atoms: int
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:  # pragma: no cover - compiled
    """Return the bonds of each atom as lists.

    Parameters
    ----------
    ends
        The two atoms of each bond, shape (n_bonds, 2).
    n_atoms
        Number of atoms.

    Returns
    -------
    starts : ndarray of shape (n_atoms + 1,), int32
        Where the bonds of each atom begin in the others, and the end.
    atoms, bonds : ndarrays of shape (2 * n_bonds,), int32
        The atoms at the other ends, and the bonds.
    """
    starts = np.zeros(n_atoms + 1, np.int32)
    for bond in range(len(ends)):
        starts[ends[bond, 0] + 1] += 1
        starts[ends[bond, 1] + 1] += 1
    for atom in range(n_atoms):
        starts[atom + 1] += starts[atom]
    place = starts[:-1].copy()
    atoms, bonds = np.empty(2 * len(ends), np.int32), np.empty(2 * len(ends), np.int32)
    for bond in range(len(ends)):
        for side in range(2):
            atom = ends[bond, side]
            atoms[place[atom]], bonds[place[atom]] = ends[bond, 1 - side], bond
            place[atom] += 1
    return starts, atoms, bonds


@njit(cache=True, nogil=True, fastmath=False)
def bond_classes(
    numbers: IntArray, ends: IntArray, orders: IntArray
) -> NDArray[np.uint8]:  # pragma: no cover - compiled
    """Sort the bonds of a molecule into classes.

    Parameters
    ----------
    numbers
        Atomic numbers, shape (n_atoms,).
    ends
        The two atoms of each bond, shape (n_bonds, 2).
    orders
        `SINGLE`, `AROMATIC`, `DOUBLE` or `TRIPLE`, shape (n_bonds,).

    Returns
    -------
    ndarray of shape (n_bonds,), uint8
        (order * 3 + number of atoms other than carbon) * 2 + whether the bond is in a ring.
    """
    n = numbers.size
    starts, atoms, bonds = neighbour_lists(ends, n)
    walk = _new_walk(n, len(ends))
    whole = _whole(n)
    classes = np.empty(len(ends), np.uint8)
    _walk_part(whole, starts, atoms, bonds, walk)
    for bond in range(len(ends)):
        hetero = (numbers[ends[bond, 0]] != _CARBON) + (numbers[ends[bond, 1]] != _CARBON)
        classes[bond] = (orders[bond] * 3 + hetero) * 2 + (walk[1][bond] != 0)
    return classes


@njit(cache=True, nogil=True, fastmath=False)
def _whole(n_atoms: int) -> WordArray:  # pragma: no cover - compiled
    """Return the mask of all atoms."""
    mask = np.zeros((n_atoms + 63) // 64, np.uint64)
    for atom in range(n_atoms):
        mask[atom >> 6] |= np.uint64(1) << np.uint64(atom & 63)
    return mask


@njit(cache=True, nogil=True, fastmath=False)
def has_atom(mask: WordArray, atom: int) -> bool:  # pragma: no cover - compiled
    """Tell whether an atom is in a set of atoms."""
    return (mask[atom >> 6] >> np.uint64(atom & 63)) & np.uint64(1) != 0


@njit(cache=True, nogil=True, fastmath=False)
def _random_word(bond: int) -> np.uint64:  # pragma: no cover - compiled
    """Return the word of a bond (splitmix64, Steele et al. 2014)."""
    word = np.uint64(bond + 1) * np.uint64(0x9E3779B97F4A7C15)
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))


@njit(cache=True, nogil=True, fastmath=False)
def _new_walk(
    n_atoms: int, n_bonds: int
) -> tuple[
    WordArray, WordArray, IntArray, IntArray, IntArray, IntArray, WordArray, WordArray
]:  # pragma: no cover - compiled
    """Return room for `_walk_part`: beyond[atom], words[bond], child[bond], order[], parent_bond[atom], inner[], ..."""
    return (
        np.zeros((n_atoms, (n_atoms + 63) // 64), np.uint64),
        np.zeros(n_bonds, np.uint64),
        np.zeros(n_bonds, np.int32),
        np.zeros(n_atoms, np.int32),
        np.zeros(n_atoms, np.int32),
        np.zeros(n_bonds, np.int32),
        np.zeros(n_atoms, np.uint64),
        np.zeros((n_atoms + 63) // 64, np.uint64),
    )


@njit(cache=True, nogil=True, fastmath=False)
def _walk_part(
    part: WordArray,
    starts: IntArray,
    atoms: IntArray,
    bonds: IntArray,
    walk: tuple[WordArray, WordArray, IntArray, IntArray, IntArray, IntArray, WordArray, WordArray],
) -> int:  # pragma: no cover - compiled
    """Walk over a connected part; return how many bonds it has.

    Fills in `walk`: the bonds within the part, the word of each, and for each bond of the spanning tree the atom at its
    far end (-1 for others), beyond which lie the atoms `beyond[atom]`.
    """
    beyond, words, child, order, parent_bond, inner, tags, seen = walk
    n_words = part.size
    first = 0
    while part[first] == 0:
        first += 1
    first = 64 * first + lowest_bit(part[first])
    n_seen, n_inner, done = 1, 0, 0
    order[0], parent_bond[first] = first, -1
    for w in range(n_words):
        seen[w] = 0
    seen[first >> 6] |= np.uint64(1) << np.uint64(first & 63)
    tags[first] = 0
    while done < n_seen:
        atom = order[done]
        done += 1
        for w in range(n_words):
            beyond[atom, w] = 0
        beyond[atom, atom >> 6] = np.uint64(1) << np.uint64(atom & 63)
        for k in range(starts[atom], starts[atom + 1]):
            other, bond = atoms[k], bonds[k]
            if bond == parent_bond[atom] or not has_atom(part, other):
                continue
            if not has_atom(seen, other):
                seen[other >> 6] |= np.uint64(1) << np.uint64(other & 63)
                parent_bond[other], tags[other] = bond, 0
                order[n_seen] = other
                n_seen += 1
                child[bond] = other
                inner[n_inner] = bond
                n_inner += 1
            elif parent_bond[other] != bond and atom < other:
                word = _random_word(bond)
                words[bond], child[bond] = word, -1
                tags[atom] ^= word
                tags[other] ^= word
                inner[n_inner] = bond
                n_inner += 1
    for i in range(n_seen - 1, 0, -1):
        atom = order[i]
        bond = parent_bond[atom]
        words[bond] = tags[atom]
        for k in range(starts[atom], starts[atom + 1]):
            if bonds[k] == bond:
                up = atoms[k]
                tags[up] ^= tags[atom]
                for w in range(n_words):
                    beyond[up, w] |= beyond[atom, w]
    return n_inner


@njit(cache=True, nogil=True, fastmath=False)
def _place(mask: WordArray, table: IntArray, masks: WordArray) -> int:  # pragma: no cover - compiled
    """Return where in the hash table a mask is, or where it would go."""
    word = np.uint64(0)
    for w in range(mask.size):
        word = (word ^ mask[w]) * np.uint64(0x9E3779B97F4A7C15)
        word ^= word >> np.uint64(29)
    place = np.int64(word & np.uint64(table.size - 1))
    while table[place] >= 0:
        same = True
        for w in range(mask.size):
            same = same and masks[table[place], w] == mask[w]
        if same:
            break
        place = (place + 1) & (table.size - 1)
    return int(place)


@njit(cache=True, nogil=True, fastmath=False)
def enumerate_fragments(
    ends: IntArray, costs: FloatArray, n_atoms: int, max_cuts: int, max_cost: float, max_fragments: int
) -> tuple[WordArray, FloatArray, IntArray]:  # pragma: no cover - compiled
    """Find the fragments of a connected molecule: the molecule itself, and what up to `max_cuts` cuts leave.

    What a fragment costs depends on the fragment alone, not on the way to it: the sum over the bonds between it and the
    rest of the molecule. Cheap fragments are cut first, so that the cheap ones are kept where there are too many.

    Parameters
    ----------
    ends
        The two atoms of each bond, shape (n_bonds, 2).
    costs
        What each bond costs, shape (n_bonds,).
    n_atoms
        Number of atoms, at least 1.
    max_cuts
        Most cuts.
    max_cost
        Fragments that cost more are neither kept nor cut again.
    max_fragments
        Most fragments; the time is bounded by their number too.

    Returns
    -------
    masks : ndarray of shape (n_fragments, n_words), uint64
        Atoms of each fragment, 64 a word; the molecule itself comes first.
    fragment_costs : ndarray of shape (n_fragments,), float32
        What the broken bonds cost.
    cuts : ndarray of shape (n_fragments,), uint8
        Fewest cuts that lead there.
    """
    n_words = (n_atoms + 63) // 64
    starts, atoms, bonds = neighbour_lists(ends, n_atoms)
    walk = _new_walk(n_atoms, len(ends))
    room = (
        np.empty(len(ends), np.int32),
        np.empty(len(ends), np.float64),
        np.empty((2, n_words), np.uint64),
        np.empty(len(ends), np.uint64),
    )
    masks = np.zeros((max_fragments, n_words), np.uint64)
    totals, cuts = np.zeros(max_fragments, np.float32), np.zeros(max_fragments, np.uint8)
    size = 64
    while size < 2 * max_fragments:
        size *= 2
    table = np.full(size, -1, np.int32)
    masks[0] = _whole(n_atoms)
    table[_place(masks[0], table, masks)] = 0
    n_found, level_start, work = 1, 0, _WORK_PER_FRAGMENT * max_fragments
    for depth in range(1, max_cuts + 1):
        level_end = n_found
        order = level_start + np.argsort(totals[level_start:level_end], kind="mergesort")
        for parent in order:
            if n_found == max_fragments or work <= 0:
                break
            n_inner = _walk_part(masks[parent], starts, atoms, bonds, walk)
            n_found, n_splits = _cut(
                parent, depth, n_found, max_cost, masks, totals, cuts, table, ends, costs, walk, n_inner, room
            )
            work -= n_splits + 1
        level_start = level_end
    return masks[:n_found].copy(), totals[:n_found].copy(), cuts[:n_found].copy()


@njit(cache=True, nogil=True, fastmath=False)
def _cut(
    parent: int,
    depth: int,
    n_found: int,
    max_cost: float,
    masks: WordArray,
    totals: FloatArray,
    cuts: IntArray,
    table: IntArray,
    ends: IntArray,
    costs: FloatArray,
    walk: tuple[WordArray, WordArray, IntArray, IntArray, IntArray, IntArray, WordArray, WordArray],
    n_inner: int,
    room: tuple[IntArray, FloatArray, WordArray, WordArray],
) -> tuple[int, int]:  # pragma: no cover - compiled
    """Cut one fragment, over which a walk has been, in all ways and add what is new.

    Returns the number of fragments, and of splits that were looked at.
    """
    _, words, child, _, _, inner, _, _ = walk
    outer, outer_cost, halves, inner_words = room
    n_outer, n_splits = _outer_bonds(masks[parent], ends, costs, outer, outer_cost), 0
    for i in range(n_inner):
        inner_words[i] = words[inner[i]]
    for i in range(n_inner):
        word = inner_words[i]
        last = i + 1 if word == 0 else n_inner
        for j in range(i if word == 0 else i + 1, last):
            if inner_words[j] != word:
                continue
            one, other = inner[i], inner[j]
            broken = costs[one] if i == j else costs[one] + costs[other]
            if broken > max_cost:
                continue
            n_splits += 1
            _split(masks[parent], child[one], -1 if i == j else child[other], walk[0], halves)
            for h in range(2):
                total = broken
                for k in range(n_outer):
                    if has_atom(halves[h], outer[k]):
                        total += outer_cost[k]
                if total > max_cost + 1e-6 or n_found == masks.shape[0]:
                    continue
                place = _place(halves[h], table, masks)
                if table[place] < 0:
                    table[place] = n_found
                    for w in range(masks.shape[1]):
                        masks[n_found, w] = halves[h, w]
                    totals[n_found], cuts[n_found] = total, depth
                    n_found += 1
    return n_found, n_splits


@njit(cache=True, nogil=True, fastmath=False)
def _split(
    part: WordArray, one: int, other: int, beyond: WordArray, halves: WordArray
) -> None:  # pragma: no cover - compiled
    """Write the two halves of a part whose broken bonds lead to the atoms `one` and `other` (-1: to none)."""
    for w in range(part.size):
        side = np.uint64(0)
        if one >= 0:
            side ^= beyond[one, w]
        if other >= 0:
            side ^= beyond[other, w]
        halves[0, w] = side
        halves[1, w] = part[w] & ~side


@njit(cache=True, nogil=True, fastmath=False)
def _outer_bonds(
    part: WordArray, ends: IntArray, costs: FloatArray, inside: IntArray, prices: FloatArray
) -> int:  # pragma: no cover - compiled
    """Write the broken bonds of a fragment: their atoms in the fragment, and their costs; return how many there are."""
    n = 0
    for bond in range(len(ends)):
        first, second = has_atom(part, ends[bond, 0]), has_atom(part, ends[bond, 1])
        if first != second:
            inside[n] = ends[bond, 0] if first else ends[bond, 1]
            prices[n] = costs[bond]
            n += 1
    return n
