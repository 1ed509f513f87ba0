"""Candidates of a batch of spectra: each distinct structure once, and who is a candidate of whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from matchms_fingerprint.features.molecules import Molecules, set_bits

NOBODY = -1


@dataclass(frozen=True)
class CandidateBatch:
    """Candidates of a batch of spectra.

    Whatever is computed of a structure alone (its embedding, its norm) is computed once, for all spectra whose
    candidate it is.

    Parameters
    ----------
    bits
        Set bits of the distinct structures, one structure after the other, shape (n_set_bits,), int64.
    offsets
        Where the bits of each structure begin, and the end, shape (n_structures + 1,), int64.
    rows
        The candidates of each spectrum, shape (n_spectra, n_candidates), int64; `NOBODY` fills up shorter lists.
    molecules
        The distinct structures as an encoder of structures takes them; None where none is used.
    """

    bits: Tensor
    offsets: Tensor
    rows: Tensor
    molecules: Any = None

    @property
    def mask(self) -> Tensor:
        """Where there is a candidate, shape (n_spectra, n_candidates), bool."""
        return self.rows != NOBODY

    @property
    def counts(self) -> Tensor:
        """Number of set bits of each candidate, 0 where there is none, shape (n_spectra, n_candidates), int64."""
        return self.of_candidates(self.offsets.diff())

    def of_candidates(self, values: Tensor) -> Tensor:
        """Spread what is known of each structure, shape (n_structures, ...), to (n_spectra, n_candidates, ...).

        What stands where there is no candidate is 0.
        """
        filled = torch.cat([values, values.new_zeros(1, *values.shape[1:])])
        return filled[torch.where(self.mask, self.rows, len(values))]

    def pair_bits(self) -> tuple[Tensor, Tensor]:
        """Return the set bits of every place in `rows`, one place after the other.

        Returns
        -------
        places : Tensor of shape (n,), int64
            Place in the flattened `rows` that a bit belongs to, ascending.
        bits : Tensor of shape (n,), int64
        """
        counts = self.counts.flatten()
        places = torch.repeat_interleave(counts)
        first = self.of_candidates(self.offsets[:-1]).flatten() - (counts.cumsum(0) - counts)
        return places, self.bits[first[places] + torch.arange(len(places), device=places.device)]

    def bit_sums(self, values: Tensor) -> Tensor:
        """Sum the values of each spectrum, shape (n_spectra, n_bits), over the set bits of each of its candidates.

        Returns
        -------
        Tensor of shape (n_spectra, n_candidates)
            0 where there is no candidate.
        """
        places, bits = self.pair_bits()
        spectrum = torch.div(places, max(1, self.rows.shape[1]), rounding_mode="floor")
        taken = values.flatten().index_select(0, spectrum * values.shape[1] + bits)
        return values.new_zeros(self.rows.numel()).index_add(0, places, taken).view(self.rows.shape)

    def to(self, device: torch.device | str, **options: Any) -> CandidateBatch:
        """Return the batch on a device."""
        moved = {field.name: _moved(getattr(self, field.name), device, options) for field in fields(self)}
        return CandidateBatch(**moved)


def candidate_batch(molecules: Molecules, rows: NDArray[np.integer[Any]], prepared: Any = None) -> CandidateBatch:
    """Make the batch of some structures.

    Parameters
    ----------
    molecules
        Distinct structures.
    rows
        Candidates of each spectrum as positions among them, `NOBODY` in the padding, shape (n_spectra, n_candidates).
    prepared
        The structures as an encoder of structures takes them.
    """
    bits, offsets = set_bits(molecules.fingerprints)
    numbers = torch.from_numpy(np.asarray(rows, np.int64))
    return CandidateBatch(torch.from_numpy(bits), torch.from_numpy(offsets), numbers, prepared)


def padded_rows(lists: Sequence[NDArray[np.integer[Any]]]) -> NDArray[np.int64]:
    """Return lists of candidates as one array, filled up with `NOBODY` to the longest."""
    rows = np.full((len(lists), max((len(one) for one in lists), default=0)), NOBODY, np.int64)
    for row, one in zip(rows, lists, strict=True):
        row[: len(one)] = one
    return rows


def only_used(rows: NDArray[np.integer[Any]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find those structures of a large pool that are candidates of a batch, and number them anew.

    Parameters
    ----------
    rows
        Positions in the pool, `NOBODY` in the padding, shape (n_spectra, n_candidates).

    Returns
    -------
    used : ndarray of shape (n_structures,), int64
        Positions in the pool of what to put into the batch, ascending.
    rows : ndarray of shape (n_spectra, n_candidates), int64
        Positions in `used`.
    """
    used, places = np.unique(rows, return_inverse=True)
    n_padding = int(used.size > 0 and used[0] == NOBODY)
    return used[n_padding:].astype(np.int64), places.reshape(rows.shape).astype(np.int64) - n_padding


def _moved(part: Any, device: torch.device | str, options: dict[str, Any]) -> Any:
    if isinstance(part, Tensor):
        return part.to(device, **options)
    if isinstance(part, tuple):
        return tuple(_moved(one, device, options) for one in part)
    return part
