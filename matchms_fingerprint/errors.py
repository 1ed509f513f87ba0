"""The family of errors this package raises on purpose.

Each message says what was wrong, where (file, block or feature), and what to do about it. The command line prints the
message as one line and exits with a non-zero code; from Python the whole family is caught with
`except MatchmsFingerprintError`.
"""


class MatchmsFingerprintError(Exception):
    """Base of every error raised on purpose by this package."""


class InputFileError(MatchmsFingerprintError):
    """A file is missing, empty, or not of the kind that it claims to be."""


class OutputError(MatchmsFingerprintError):
    """An output exists already or cannot be written."""


class StructureError(MatchmsFingerprintError):
    """A SMILES or InChI is not a structure that this package can handle."""


class AdductError(MatchmsFingerprintError):
    """An adduct is not known or cannot be turned into a mass."""


class FingerprintSpecError(MatchmsFingerprintError):
    """A fingerprint specification cannot be understood, or two of them do not agree."""


class LibraryError(MatchmsFingerprintError):
    """A candidate library is missing, broken, of another version, or cannot answer the question."""


class ModelError(MatchmsFingerprintError):
    """A model bundle is missing, broken, tampered with, or of another version."""


class SettingsError(MatchmsFingerprintError):
    """An option has a value outside of what it accepts."""
