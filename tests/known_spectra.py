"""The reference spectra of matchms with the structures, adducts and ion modes that they lack there."""

from matchms import Spectrum, reference_spectra

STRUCTURES = {
    "aspirin": ("CC(=O)Oc1ccccc1C(=O)O", "[M+H]+", "positive"),
    "cocaine": ("COC(=O)C1C(OC(=O)c2ccccc2)CC2CCC1N2C", "[M+H]+", "positive"),
    "glucose": ("OCC1OC(O)C(O)C(O)C1O", "[M+Na]+", "positive"),
    "hydroxy_cholesterol": ("CC(CCCC(C)(C)O)C1CCC2C1(CCC3C2CC=C4C3(CCC(C4)O)C)C", "[M-H2O+H]+", "positive"),
    "phenylalanine": ("NC(Cc1ccccc1)C(=O)O", "[M+H]+", "positive"),
    "salicin": ("OCc1ccccc1OC1OC(CO)C(O)C(O)C1O", "[M+Cl]-", "negative"),
}


def known_spectrum(name: str, **metadata: object) -> Spectrum:
    """Return one reference spectrum, annotated; `metadata` adds to it or replaces (None removes)."""
    smiles, adduct, ionmode = STRUCTURES[name]
    spectrum = getattr(reference_spectra, name)()
    known = {"compound_name": name, "smiles": smiles, "adduct": adduct, "ionmode": ionmode, **spectrum.metadata}
    known = {key: value for key, value in {**known, **metadata}.items() if value is not None}
    return Spectrum(spectrum.peaks.mz, spectrum.peaks.intensities, known)


def known_spectra() -> list[Spectrum]:
    """Return all reference spectra, annotated."""
    return [known_spectrum(name) for name in STRUCTURES]
