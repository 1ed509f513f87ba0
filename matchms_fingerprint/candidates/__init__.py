"""The library of candidate structures."""

from matchms_fingerprint.candidates.library import CandidateLibrary
from matchms_fingerprint.candidates.search import CandidateSlice

__all__ = ["CandidateLibrary", "CandidateSlice"]
