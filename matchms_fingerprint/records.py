"""Frozen records that pass between the layers and out to the user."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


def _fields_of(record: Any) -> dict[str, Any]:
    """Return the fields of a record of slots; `dataclasses.asdict` takes ten times as long, for many peaks."""
    return {name: getattr(record, name) for name in record.__slots__}


@dataclass(frozen=True, slots=True)
class Candidate:
    """One structure of a candidate library.

    Parameters
    ----------
    smiles
        Canonical SMILES of the neutral structure.
    inchikey
        Full InChIKey (27 characters).
    formula
        Molecular formula in Hill order.
    exact_mass
        Monoisotopic mass of the neutral structure in Da.
    names
        All names under which the structure was given, first come first.
    sources
        All sources that hold the structure.
    classes
        Compound classes that the library gives, first come first.
    """

    smiles: str
    inchikey: str
    formula: str
    exact_mass: float
    names: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """First name, or an empty string."""
        return self.names[0] if self.names else ""

    @property
    def inchikey14(self) -> str:
        """First block of the InChIKey: the skeleton without stereochemistry."""
        return self.inchikey[:14]

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-safe dictionary."""
        return _fields_of(self) | {name: list(getattr(self, name)) for name in _LISTS}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Candidate:
        """Return what `to_dict` gave."""
        return cls(**content | {name: tuple(content[name]) for name in _LISTS})


_LISTS = ("names", "sources", "classes")


@dataclass(frozen=True, slots=True)
class ExplainedPeak:
    """A peak, and the part of a candidate that it may be.

    Parameters
    ----------
    mz, intensity
        Of the peak; the intensity relative to the base peak.
    formula
        Of the fragment ion, in Hill order, without its charge.
    smiles
        The atoms of the fragment as SMILES.
    mass_error_ppm
        (measured - calculated) m/z over the calculated one, in parts per million.
    hydrogens
        Hydrogens that the ion has beyond those of the fragment in the molecule; negative: it lost some.
    cost
        What the bonds cost that had to break.
    """

    mz: float
    intensity: float
    formula: str
    smiles: str
    mass_error_ppm: float
    hydrogens: int
    cost: float

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-safe dictionary."""
        return _fields_of(self)


@dataclass(frozen=True, slots=True)
class Share:
    """What the candidates of a feature have in common, with the probability of those that have it.

    Parameters
    ----------
    name
        A compound class, or a substructure in words or as SMILES.
    probability
        Sum of the probabilities of the candidates that have it.
    smarts
        Pattern of a substructure; empty for a class.
    """

    name: str
    probability: float
    smarts: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-safe dictionary."""
        return _fields_of(self)


@dataclass(frozen=True, slots=True)
class Hit:
    """One scored candidate of one feature.

    Parameters
    ----------
    rank
        Position in the ranking, from 1.
    score
        The score of predicted fingerprint and candidate; higher is better.
    probability
        Share of the softmax over all candidates of the feature, 0 to 1; the ranking follows it.
    candidate
        The structure.
    adduct
        The adduct under which the candidate's mass fits the precursor.
    mass_error_ppm
        (measured - calculated) precursor m/z, relative to the calculated one, in parts per million.
    evidence
        What `probability` was made from: the score by its name and, where several adducts compete,
        "log_adduct_prior", the natural logarithm of the prior of `adduct`.
    expected_similarity
        Tanimoto similarity to the right structure that is expected by the probabilities of all candidates.
    peaks
        The peaks that the structure explains.
    isomer_rank
        Rank among the candidates of the same formula, ties at their mean.
    n_tied
        Candidates that the evidence cannot tell apart, this one included.
    """

    rank: int
    score: float
    probability: float
    candidate: Candidate
    adduct: str
    mass_error_ppm: float
    evidence: dict[str, float] = field(default_factory=dict)
    expected_similarity: float | None = None
    peaks: tuple[ExplainedPeak, ...] = ()
    isomer_rank: float | None = None
    n_tied: int = 1

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-safe dictionary."""
        return {
            "rank": self.rank,
            "score": self.score,
            "probability": self.probability,
            "candidate": self.candidate.to_dict(),
            "adduct": self.adduct,
            "mass_error_ppm": self.mass_error_ppm,
            "evidence": dict(self.evidence),
            "expected_similarity": self.expected_similarity,
            "peaks": [peak.to_dict() for peak in self.peaks],
            "isomer_rank": self.isomer_rank,
            "n_tied": self.n_tied,
        }

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Hit:
        """Return what `to_dict` gave."""
        candidate = Candidate.from_dict(content["candidate"])
        peaks = tuple(ExplainedPeak(**peak) for peak in content["peaks"])
        return cls(**content | {"candidate": candidate, "peaks": peaks})


_SHARES = ("classes", "substructures", "predicted")


@dataclass(frozen=True, slots=True)
class Annotation:
    """What was found for one feature.

    Parameters
    ----------
    feature_id
        The feature's id as its file gives it, else its position in the input (from 1).
    precursor_mz
        Precursor m/z, or None where the input has none.
    retention_time_s
        Retention time in seconds, or None.
    ion_mode
        "positive", "negative", or None where it is not known.
    adduct
        Adduct as the input gives it, or None.
    n_peaks
        Number of peaks of the (merged) spectrum with an intensity above 0.
    status
        "annotated", or the reason why there are no hits: "unsure", "no_candidates", "too_few_peaks",
        "unknown_ion_mode", "no_precursor", "unreadable".
    hits
        Candidates, best first.
    scans
        Scan numbers as the input writes them, or an empty string.
    message
        One line on the reason, where `status` alone does not say it.
    probability_none
        Probability that the right structure is not among the candidates.
    mass_tolerance
        The accuracy that was assumed of the fragments, in words.
    classes, substructures
        What the candidates have in common, most probable first.
    predicted
        Substructures that the model sees in the spectrum, the most telling first, SMILES as the name.
    warnings
        What the input says against the spectrum, such as that it is chimeric, in words.
    """

    feature_id: str
    precursor_mz: float | None
    retention_time_s: float | None
    ion_mode: str | None
    adduct: str | None
    n_peaks: int
    status: str
    hits: tuple[Hit, ...] = ()
    scans: str = ""
    message: str = ""
    probability_none: float | None = None
    mass_tolerance: str = ""
    classes: tuple[Share, ...] = ()
    substructures: tuple[Share, ...] = ()
    predicted: tuple[Share, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def best_expected(self) -> Hit | None:
        """The hit of the highest expected similarity: what to take where a similar structure is wanted."""
        known = [hit for hit in self.hits if hit.expected_similarity is not None]
        return max(known, key=lambda hit: hit.expected_similarity or 0.0, default=None)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-safe dictionary."""
        return {
            "feature_id": self.feature_id,
            "scans": self.scans,
            "precursor_mz": self.precursor_mz,
            "retention_time_s": self.retention_time_s,
            "ion_mode": self.ion_mode,
            "adduct": self.adduct,
            "n_peaks": self.n_peaks,
            "status": self.status,
            "message": self.message,
            "probability_none": self.probability_none,
            "mass_tolerance": self.mass_tolerance,
            "classes": [share.to_dict() for share in self.classes],
            "substructures": [share.to_dict() for share in self.substructures],
            "predicted": [share.to_dict() for share in self.predicted],
            "warnings": list(self.warnings),
            "hits": [hit.to_dict() for hit in self.hits],
        }

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Annotation:
        """Return what `to_dict` gave."""
        shares = {name: tuple(Share(**share) for share in content[name]) for name in _SHARES}
        hits = tuple(Hit.from_dict(hit) for hit in content["hits"])
        return cls(**content | shares | {"hits": hits, "warnings": tuple(content["warnings"])})
