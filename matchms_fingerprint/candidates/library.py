"""The library of candidate structures: mass-sorted and memory-mapped."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from matchms_fingerprint.candidates.build import build_library
from matchms_fingerprint.candidates.columns import Columns
from matchms_fingerprint.candidates.layout import MANIFEST, STRUCTURES, Manifest, library_schema
from matchms_fingerprint.candidates.search import CandidateSlice, mass_query, matching_rows
from matchms_fingerprint.chem import Adduct, FingerprintSpec
from matchms_fingerprint.constants import DEFAULT_FINGERPRINT, DEFAULT_TOLERANCE_PPM
from matchms_fingerprint.errors import LibraryError

STARTER = Path(__file__).parent / "starter" / "library"
"""The library that comes with the package; `CandidateLibrary.open("starter")` opens it."""


class CandidateLibrary:
    """Candidate structures with their fingerprints, found by mass or formula.

    The table stays on disk and is memory-mapped: opening takes milliseconds, and a search reads its mass window alone,
    however large the library is. A library may be used from several threads and forked processes, and pickles as its
    path. Make one with `CandidateLibrary.build`, open one with `CandidateLibrary.open`.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from matchms_fingerprint import CandidateLibrary
    >>> folder = Path(tempfile.mkdtemp()) / "library"
    >>> library = CandidateLibrary.build([("CCO", "ethanol"), ("COC", "dimethyl ether"), ("CCN", "ethylamine")], folder)
    >>> [candidate.name for candidate in library.search(precursor_mz=47.0491, adduct="[M+H]+")]
    ['dimethyl ether', 'ethanol']
    """

    def __init__(self, path: str | Path) -> None:
        self.path = STARTER if str(path) == "starter" else Path(path)
        self._manifest = Manifest.read(self.path)
        self._batches = self._manifest.batches
        self._local = threading.local()
        self._check_structures()

    @classmethod
    def open(cls, path: str | Path) -> CandidateLibrary:
        """Open a library.

        Parameters
        ----------
        path
            Folder of the library, or "starter" for the one inside the package ("./starter" is a folder of that name).

        Raises
        ------
        LibraryError
            If there is none, or it is damaged, or of a version that cannot be read.
        """
        return cls(path)

    @classmethod
    def build(
        cls,
        structures: Any,
        path: str | Path,
        fingerprint: str | FingerprintSpec = DEFAULT_FINGERPRINT,
        n_jobs: int | None = None,
        progress: bool = False,
        overwrite: bool = False,
        smiles_column: str | None = None,
        inchi_column: str | None = None,
        name_column: str | None = None,
        source_column: str | None = None,
        source: str | None = None,
        header: bool = True,
        class_columns: Sequence[str] = (),
    ) -> CandidateLibrary:
        """Build a library from files or structures, and open it.

        Structures are standardized (largest fragment, neutral, no isotope labels) and merged by the first block of
        their InChIKey, with all names and sources. What cannot be read is counted and listed in `rejects.tsv`; rows of
        several compounds, of which one is kept, are counted. The folder appears when it is complete. Memory does not
        grow with the input, except for long lists given in memory.

        Parameters
        ----------
        structures
            Path of a file or several (SMILES, CSV, TSV, SDF, Parquet, gzipped or not), or an iterable of SMILES or
            InChI, of (SMILES, name) pairs, or of dictionaries with keys such as smiles, inchi, name, source and
            classyfire.
        path
            Folder to make.
        fingerprint
            Which fingerprint to store; a model needs the one that it predicts.
        n_jobs
            Number of worker processes; None takes all cores.
        progress
            Show a progress bar on stderr.
        overwrite
            Replace an existing library.
        smiles_column, inchi_column, name_column, source_column
            Names of the columns; by default the usual names are looked for.
        source
            Source of the structures that give none; by default the name of their file.
        header
            Whether the first line of CSV and TSV files names the columns; if not, they are "1", "2", ... Lines of a
            number and a SMILES, as in PubChem's CID-SMILES, are recognized without this.
        class_columns
            Names of columns with compound classes, ";" or "|" between several; by default a column "classyfire" is
            looked for. Annotations tell these classes of a candidate in place of those that are found by its structure.

        Raises
        ------
        InputFileError
            If a file is missing, empty or of an unknown kind, or nothing in it is a structure.
        OutputError
            If `path` exists and may not be replaced.
        """
        columns = Columns(smiles_column, inchi_column, name_column, source_column, source, header, tuple(class_columns))
        build_library(structures, path, fingerprint, columns, n_jobs, progress, overwrite)
        return cls(path)

    def __len__(self) -> int:
        return self._manifest.counts["kept"]

    def __repr__(self) -> str:
        return f"CandidateLibrary({str(self.path)!r}: {len(self):,} structures, {self.fingerprint})"

    def __reduce__(self) -> tuple[Callable[..., CandidateLibrary], tuple[str]]:
        return CandidateLibrary, (str(self.path.resolve()),)

    @property
    def fingerprint(self) -> FingerprintSpec:
        """Which fingerprint the library holds."""
        return self._manifest.fingerprint

    @property
    def manifest(self) -> Manifest:
        """Where the library is from: inputs, counts, versions, checksum."""
        return self._manifest

    def search(
        self,
        precursor_mz: float | None = None,
        adduct: str | Adduct | None = None,
        neutral_mass: float | None = None,
        formula: str | None = None,
        tolerance_ppm: float = DEFAULT_TOLERANCE_PPM,
        tolerance_da: float | None = None,
    ) -> CandidateSlice:
        """Find the candidates of a mass or formula, in ascending exact mass.

        Parameters
        ----------
        precursor_mz, adduct
            m/z of an ion, and its adduct such as "[M+H]+".
        neutral_mass
            Exact mass in Da of the neutral molecule.
        formula
            Molecular formula such as "C8H10N4O2", in any order of the elements.
        tolerance_ppm
            Tolerance in parts per million of `precursor_mz` or `neutral_mass`.
        tolerance_da
            Tolerance in Da; where given it takes the place of `tolerance_ppm`.

        Raises
        ------
        SettingsError
            If not exactly one of `precursor_mz`, `neutral_mass` and `formula` is given, or the adduct is missing.
        """
        query = mass_query(precursor_mz, adduct, neutral_mass, formula, tolerance_ppm, tolerance_da)
        start = int(np.searchsorted(self._batches.last_mass, query.low, side="left"))
        end = int(np.searchsorted(self._batches.first_mass, query.high, side="right"))
        parts = [matching_rows(self._batch(i), query) for i in range(start, end)]
        return CandidateSlice(parts, self.fingerprint.n_words)

    def _batch(self, i: int) -> pa.RecordBatch:
        """Return one record batch, mapped and not read; remembered, since finding it costs more than searching it."""
        known = self._local.__dict__.setdefault("batches", {})
        if i in known:
            found: pa.RecordBatch = known[i]
            return found
        batch = self._reader().get_batch(i)
        if batch.num_rows != self._batches.n_rows[i]:
            raise LibraryError(f"{self.path}: {STRUCTURES} and {MANIFEST} do not agree; build the library again")
        known[i] = batch
        return batch

    def _reader(self) -> pa.ipc.RecordBatchFileReader:
        """Return this thread's reader; they share the pages of the file."""
        reader = getattr(self._local, "reader", None)
        if reader is None:
            try:
                reader = pa.ipc.open_file(pa.memory_map(str(self.path / STRUCTURES)))
            except (pa.ArrowException, OSError) as error:
                reason = " ".join(str(error).split())[:150]
                raise LibraryError(f"{self.path}: {STRUCTURES} cannot be read ({reason}); build it again") from None
            self._local.reader = reader
        return reader

    def _check_structures(self) -> None:
        """Refuse a table that is cut off or does not belong to library.json; its content is not read."""
        path = self.path / STRUCTURES
        if not path.is_file():
            raise LibraryError(f"{self.path}: {STRUCTURES} is missing; build the library again")
        size = path.stat().st_size
        if size != self._manifest.n_bytes:
            raise LibraryError(
                f"{self.path}: {STRUCTURES} has {size} bytes instead of {self._manifest.n_bytes}; "
                "copy it again or build the library again"
            )
        reader = self._reader()
        if (
            reader.schema != library_schema(self.fingerprint, "classified" in self._manifest.counts)
            or reader.num_record_batches != len(self._batches.n_rows)
            or int(self._batches.n_rows.sum()) != len(self)
        ):
            raise LibraryError(f"{self.path}: {STRUCTURES} and {MANIFEST} do not agree; build the library again")
