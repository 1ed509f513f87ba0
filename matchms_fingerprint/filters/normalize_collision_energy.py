"""Collision energies as numbers, on one scale."""

from __future__ import annotations

import logging

from matchms import Spectrum

from matchms_fingerprint.features.collision_energy import parse_collision_energy
from matchms_fingerprint.features.instruments import analyzer_index, states_normalized_energy
from matchms_fingerprint.filters._precursor import precursor_mz_of

logger = logging.getLogger("matchms")


def normalize_collision_energy(spectrum_in: Spectrum, clone: bool | None = True) -> Spectrum | None:
    """Turn the collision energy, however it is written, into a number in eV and one in percent.

    `35 NCE`, `HCD 15,30,45`, `[20.0,45.0]`, `Ramp 21.1-31.6 eV` and the like become `collision_energy` (float, eV; the
    mean of several) and `normalized_collision_energy` (float, percent: eV x 500 / precursor m/z). A number without a
    unit is taken for a normalized energy on an Orbitrap and with HCD, else for eV. What was written before is kept as
    `collision_energy_text`; it is read again when the filter runs again, so that nothing is converted twice.

    Parameters
    ----------
    spectrum_in
        Input spectrum; `precursor_mz`, `instrument_type`, `instrument` and `fragmentation` are used where they are
        there.
    clone
        Work on a copy of the spectrum.

    Returns
    -------
    Spectrum or None
        The spectrum with these entries; unchanged where it has no collision energy or one that cannot be read. Where
        one scale cannot be turned into the other, since there is no precursor m/z, that entry is left as it was. None
        for None.
    """
    if spectrum_in is None:
        return None
    spectrum = spectrum_in.clone() if clone else spectrum_in
    metadata = spectrum.metadata
    stated = metadata.get("collision_energy_text") or metadata.get("collision_energy")
    analyzer = analyzer_index(
        metadata.get("instrument_type"), metadata.get("instrument") or metadata.get("source_instrument")
    )
    fragmentation = metadata.get("fragmentation") or metadata.get("fragmentation_method")
    energy = parse_collision_energy(
        stated, precursor_mz_of(spectrum), states_normalized_energy(analyzer, fragmentation)
    )
    if energy is None:
        if stated is not None:
            logger.info("Collision energy %r cannot be read; it was left as it is.", stated)
        return spectrum
    spectrum.set("collision_energy_text", str(stated))
    if energy.ev is not None:
        spectrum.set("collision_energy", round(energy.ev, 4))
    if energy.normalized is not None:
        spectrum.set("normalized_collision_energy", round(energy.normalized, 4))
    return spectrum
