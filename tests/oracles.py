"""Naive implementations that the fast ones are tested against: the definition, written down, no thought of speed."""

import math
from typing import Any

import numpy as np


def naive_bit_sums(values: np.ndarray, bits: np.ndarray) -> list[float]:
    """Sum of `values` over the set bits of each row of `bits` (n, n_bits)."""
    return [math.fsum(float(v) for v, bit in zip(values, row, strict=True) if bit) for row in bits]


def naive_cosine(p: np.ndarray, c: np.ndarray) -> float:
    """Cosine of the probabilities `p` and the bits `c`, 0 where one of them is all zero."""
    dot = math.fsum(float(x) * float(y) for x, y in zip(p, c, strict=True))
    norms = math.sqrt(math.fsum(float(x) ** 2 for x in p)) * math.sqrt(sum(int(y) for y in c))
    return dot / norms if norms > 0 else 0.0


def naive_tanimoto(p: np.ndarray, c: np.ndarray) -> float:
    """Continuous Tanimoto of the probabilities `p` and the bits `c`, 0 where both are all zero."""
    dot = math.fsum(float(x) * float(y) for x, y in zip(p, c, strict=True))
    union = math.fsum(float(x) for x in p) + sum(int(y) for y in c) - dot
    return dot / union if union > 0 else 0.0


def naive_vector_tanimoto(p: np.ndarray, c: np.ndarray) -> float:
    both = sum(float(x) * float(y) for x, y in zip(p, c, strict=True))
    rest = sum(float(x) ** 2 for x in p) + sum(float(y) ** 2 for y in c) - both
    return both / rest if rest > 0 else 0.0


def naive_log_likelihood(p: np.ndarray, c: np.ndarray) -> float:
    """Bernoulli likelihood of the bits `c` relative to the likeliest bits, its logarithm divided by max(1, sum(p))."""

    def log_likelihood(bits: list[bool]) -> float:
        clipped = [min(max(float(x), 1e-4), 1 - 1e-4) for x in p]
        return math.fsum(math.log(x) if bit else math.log1p(-x) for x, bit in zip(clipped, bits, strict=True))

    best = log_likelihood([float(x) > 0.5 for x in p])
    scale = max(1.0, math.fsum(float(x) for x in p))
    return math.exp(max(-700.0, (log_likelihood([bool(y) for y in c]) - best) / scale))


Peaks = list[tuple[float, float]]


def naive_greedy_cosine(
    reference: Peaks,
    query: Peaks,
    within: float,
    shifts: list[float],
    powers: tuple[float, float] = (0.0, 1.0),
    ppm: bool = False,
) -> tuple[float, int]:
    """Greedy cosine of two lists of (m/z, intensity), and the number of matches.

    Two peaks match if they are within the tolerance once one of the `shifts` is added to the m/z in the query. Of all
    matches the one with the largest product is taken first; of equal ones that which is last in the list by shift,
    peak of the reference, peak of the query.
    """

    def weigh(peaks: Peaks) -> list[float]:
        return [mz ** powers[0] * intensity ** powers[1] for mz, intensity in peaks]

    def match(mz: float, other: float) -> bool:
        return abs(mz - other) <= within * (mz + other) / 2e6 if ppm else mz - within <= other <= mz + within

    left, right = weigh(reference), weigh(query)
    matches = [
        (left[i] * right[j], turn, i, j)
        for turn, shift in enumerate(shifts)
        for i, (mz, _) in enumerate(reference)
        for j, (other, _) in enumerate(query)
        if match(mz, other + shift)
    ]
    chosen: list[tuple[float, int, int]] = []
    for product, _, i, j in sorted(matches, reverse=True):
        if all(i != one and j != other for _, one, other in chosen):
            chosen.append((product, i, j))
    norm = math.sqrt(math.fsum(x * x for x in left)) * math.sqrt(math.fsum(x * x for x in right))
    return math.fsum(product for product, _, _ in chosen) / norm if norm > 0 else 0.0, len(chosen)


def naive_spectral_entropy(reference: Peaks, query: Peaks, within: float) -> tuple[float, int]:
    """Return 1 - (2 S(AB) - S(A) - S(B)) / ln 4 of two spectra whose peaks are further apart than twice `within`."""

    def shares(peaks: Peaks) -> Peaks:
        total = math.fsum(intensity for _, intensity in peaks)
        return [(mz, intensity / total) for mz, intensity in peaks]

    def entropy(values: list[float]) -> float:
        return -math.fsum(x * math.log(x) for x in values if x > 0)

    if not reference or not query:
        return 0.0, 0
    left, right = shares(reference), shares(query)
    mean, n_matches = [], 0
    for mz, share in left:
        partners = [other_share for other, other_share in right if abs(mz - other) <= within]
        mean.append((share + sum(partners)) / 2)
        n_matches += len(partners)
    mean += [share / 2 for other, share in right if all(abs(mz - other) > within for mz, _ in left)]
    apart = 2 * entropy(mean) - entropy([x for _, x in left]) - entropy([x for _, x in right])
    return 1 - apart / math.log(4), n_matches


def naive_dice(p: np.ndarray, c: np.ndarray) -> float:
    """Dice of the probabilities `p` and the bits `c`, 0 where both are all zero."""
    dot = math.fsum(float(x) * float(y) for x, y in zip(p, c, strict=True))
    total = math.fsum(float(x) for x in p) + sum(int(y) for y in c)
    return 2 * dot / total if total > 0 else 0.0


def naive_set_similarity(metric: str, one: set[int], other: set[int]) -> float:
    """Tanimoto, cosine or Dice of two sets of bits, 0 where one of them is empty."""
    if not one or not other:
        return 0.0
    denominators = {
        "tanimoto": len(one | other),
        "cosine": math.sqrt(len(one) * len(other)),
        "dice": (len(one) + len(other)) / 2,
    }
    return len(one & other) / denominators[metric]


def naive_top_k(scores: np.ndarray, k: int, minimum_score: float | None = None) -> list[int]:
    """Places of the `k` highest scores, equal ones in their order, without those below the minimum."""
    kept = [i for i, score in enumerate(scores) if minimum_score is None or score >= minimum_score]
    return sorted(kept, key=lambda i: (-scores[i], i))[:k]


def naive_binned(peaks: Peaks, width: float, n_bins: int, is_spread: bool, combine: str) -> list[float]:
    """Intensity in the bins centred on 0, 1, ... times the width: of the nearest peaks, or shared by nearness."""
    row = []
    for number in range(n_bins):
        offsets = [(mz / width - number, intensity) for mz, intensity in peaks if math.isfinite(mz)]
        if is_spread:
            parts = [intensity * (1 - abs(offset)) for offset, intensity in offsets if abs(offset) < 1]
        else:
            parts = [intensity for offset, intensity in offsets if -0.5 <= offset < 0.5]
        row.append(max(parts, default=0.0) if combine == "max" else math.fsum(parts))
    return row


def naive_formulas(
    target: float,
    tolerance: float,
    masses: list[float],
    valences: list[int],
    lower: list[int],
    upper: list[int],
    min_rdbe: float | None = None,
    parity: str = "any",
    min_ratio: list[float] | None = None,
    max_ratio: list[float] | None = None,
) -> list[tuple[tuple[int, ...], float]]:
    """All counts of the elements within the bounds that have the mass and obey the rules, with their errors.

    One loop for each element, left when the mass is passed; carbon comes first. The smallest error comes first.
    """
    found = []

    def obeys(counts: tuple[int, ...]) -> bool:
        rdbe = 1 + sum(n * (valence - 2) for n, valence in zip(counts, valences, strict=True)) / 2
        if min_rdbe is not None and rdbe < min_rdbe:
            return False
        if parity != "any" and (rdbe == math.floor(rdbe)) != (parity == "integer"):
            return False
        ratios = min_ratio or [0] * len(counts), max_ratio or [math.inf] * len(counts)
        for n, low, high in zip(counts, *ratios, strict=True):
            # the margin is for ratios such as 1.2, which are no binary numbers
            if n < low * counts[0] - 1e-9 or (n > 0 and n > high * counts[0] + 1e-9):
                return False
        return True

    def extend(counts: tuple[int, ...]) -> None:
        mass = 0.0
        for n, one in zip(counts, masses, strict=False):
            mass += n * one
        if len(counts) == len(masses):
            if abs(mass - target) <= tolerance and obeys(counts):
                found.append((counts, mass - target))
            return
        if mass > target + tolerance + 1e-6:
            return
        place = len(counts)
        for n in range(lower[place], upper[place] + 1):
            if mass + n * masses[place] > target + tolerance + 1e-6:
                break
            extend((*counts, n))

    extend(())
    return sorted(found, key=lambda one: (abs(one[1]), one[0]))


Bonds = list[tuple[int, int]]


def naive_piece(start: int, bonds: Bonds) -> frozenset[int]:
    """Atoms that an atom is connected to by bonds, itself among them."""
    piece = {start}
    while grown := {b for a, b in [*bonds, *((b, a) for a, b in bonds)] if a in piece} - piece:
        piece |= grown
    return frozenset(piece)


def naive_cuts(n_atoms: int, bonds: Bonds) -> list[frozenset[int]]:
    """Piece with atom 0 after each cut that leaves two: of one bond, or of two of which neither would do alone."""

    def falls_apart(broken: Bonds) -> bool:
        return len(naive_piece(0, [bond for bond in bonds if bond not in broken])) < n_atoms

    alone = [bond for bond in bonds if falls_apart([bond])]
    rest = [bond for bond in bonds if bond not in alone]
    pairs = [[one, other] for i, one in enumerate(rest) for other in rest[:i] if falls_apart([one, other])]
    cuts = [[bond] for bond in alone] + pairs
    return [naive_piece(0, [bond for bond in bonds if bond not in broken]) for broken in cuts]


def naive_fragments(n_atoms: int, bonds: Bonds) -> list[tuple[frozenset[int], int]]:
    """Every connected set of atoms, and how many bonds lead out of it."""
    found = []
    for code in range(1, 2**n_atoms):
        atoms = frozenset(atom for atom in range(n_atoms) if code >> atom & 1)
        inside = [(a, b) for a, b in bonds if a in atoms and b in atoms]
        if naive_piece(min(atoms), inside) == atoms:
            found.append((atoms, sum((a in atoms) != (b in atoms) for a, b in bonds)))
    return found


def naive_group_neighbours(
    references: list[list[list[int]]],
    similarities: list[list[list[float]]],
    group: list[int],
    importance: Any,
    most: int,
) -> list[list[dict[str, Any]]]:
    """Return the best groups of each query, best first, each with its best reference by each similarity."""
    found = []
    for of_query, values in zip(references, similarities, strict=True):
        groups: dict[int, dict[str, Any]] = {}
        for one, (listed, numbers) in enumerate(zip(of_query, values, strict=True)):
            for reference, value in zip(listed, numbers, strict=True):
                if reference < 0:
                    break
                name = group[reference]
                entry = groups.setdefault(
                    name, {"group": name, "best": [-1] * len(of_query), "highest": [0.0] * len(of_query)}
                )
                if entry["best"][one] < 0:
                    entry["best"][one], entry["highest"][one] = reference, value
        totals = {name: sum(w * v for w, v in zip(importance, e["highest"], strict=True)) for name, e in groups.items()}
        found.append(sorted(groups.values(), key=lambda entry: -totals[entry["group"]])[:most])
    return found
