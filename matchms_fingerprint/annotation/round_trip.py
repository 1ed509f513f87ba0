"""All files of a run that MZmine, GNPS, matchms and repositories read, written in one go through its features."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matchms import Spectrum
from numpy.typing import NDArray

from matchms_fingerprint.annotation.results import Finished, Writer
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.io.annotated_spectra import WriteSpectrum, mgf_library_writer, msp_library_writer
from matchms_fingerprint.io.feature_rows import FeatureRow, FeatureRows
from matchms_fingerprint.io.gnps_graphml import graphml_writer
from matchms_fingerprint.io.mzmine_compounds import compounds_writer
from matchms_fingerprint.io.mztab_m import mztab_writer
from matchms_fingerprint.io.mztab_metadata import MzTabSource
from matchms_fingerprint.io.network_edges import write_network_edges
from matchms_fingerprint.records import Annotation

FILES = {
    "compounds": "mzmine_compounds.csv",
    "graphml": "gnps_results.graphml",
    "edges": "network_edges.csv",
    "mgf": "annotated_spectra.mgf",
    "msp": "annotated_spectra.msp",
    "mztab": "annotations.mztab",
}
"""The formats by name, and the files that they give."""

DEFAULT_NEIGHBOURS = 10
"""Features that may get an edge to a feature."""

DEFAULT_MIN_SCORE = 0.9
"""Of the pairs of 900 spectra of held-out scaffolds that reach it, 44 % have a Tanimoto similarity of 0.5 or more; of
those that reach 0.8 it are 13 %, of all pairs 0.6 %.
"""

MOST_RANKS = 10
"""GraphML files at most."""

Add = Callable[[Annotation, Spectrum | None, NDArray[np.float32] | None], None]
"""Adds a feature with its spectrum and its embedding, where it has them."""


@dataclass(frozen=True, slots=True)
class RoundTripSettings:
    """Which files to write, and how.

    Parameters
    ----------
    formats
        Names among `FILES`; "mztab" brings "mgf" with it, to which its evidence refers.
    graphml_ranks
        Hits of a feature that go to GraphML: the best one to `gnps_results.graphml`, the next ones to
        `gnps_results_2.graphml` and so on, since MZmine takes one from each file; 10 at most.
    edges_knn
        Neighbours of a feature that may get an edge to it.
    edges_min_score
        Least cosine of the embeddings that two features with an edge have.

    Raises
    ------
    SettingsError
        If a value is outside of what it accepts.
    """

    formats: tuple[str, ...] = tuple(FILES)
    graphml_ranks: int = 1
    edges_knn: int = DEFAULT_NEIGHBOURS
    edges_min_score: float = DEFAULT_MIN_SCORE

    def __post_init__(self) -> None:
        unknown = sorted(set(self.formats) - FILES.keys())
        if unknown:
            raise SettingsError(f"formats: no {', '.join(unknown)}; there are {', '.join(FILES)}")
        if not 1 <= self.graphml_ranks <= MOST_RANKS:
            raise SettingsError(f"graphml_ranks {self.graphml_ranks}: must be 1 to {MOST_RANKS}")
        if self.edges_knn < 1:
            raise SettingsError(f"edges_knn {self.edges_knn}: must be 1 or more")
        if not -1 <= self.edges_min_score <= 1:
            raise SettingsError(f"edges_min_score {self.edges_min_score}: must be a cosine, from -1 to 1")

    @property
    def file_names(self) -> tuple[str, ...]:
        """Names of the files that these settings give."""
        names = [name for kind, name in FILES.items() if kind in self.formats or self._is_needed(kind)]
        return (*names, *(graphml_name(rank) for rank in range(2, self.graphml_ranks + 1) if "graphml" in self.formats))

    def _is_needed(self, kind: str) -> bool:
        return kind == "mgf" and "mztab" in self.formats


def graphml_name(rank: int) -> str:
    """Return the name of the GraphML file with the hits of a rank."""
    return FILES["graphml"] if rank == 1 else FILES["graphml"].replace(".", f"_{rank}.")


def round_trip(source: MzTabSource, settings: RoundTripSettings | None = None) -> Writer:
    """Return what writes all files of `settings` from the features of a run, for `annotate_to_folder`."""

    def write(folder: Path, finished: Callable[[], Iterator[Finished]]) -> None:
        write_round_trip(
            folder, ((one.annotation, one.spectrum, one.embedding) for one in finished()), source, settings
        )

    return write


def write_round_trip(
    folder: str | Path,
    features: Iterable[tuple[Annotation, Spectrum | None, NDArray[np.float32] | None]],
    source: MzTabSource,
    settings: RoundTripSettings | None = None,
) -> None:
    """Write all files of `settings` from a stream of features.

    Parameters
    ----------
    folder
        Where the files appear, each when it is complete.
    features
        Annotations, each with its spectrum and its embedding, where it has them.
    source
        What the annotations were made from. Its quantification table, if any, gives m/z, retention times and row ids.
    settings
        Which files; all of them by default.

    Examples
    --------
    >>> from pathlib import Path
    >>> from matchms_fingerprint import annotate, load_spectra
    >>> from matchms_fingerprint.annotation.round_trip import write_round_trip
    >>> from matchms_fingerprint.io.mztab_metadata import MzTabSource
    >>> spectra = list(load_spectra("features.mgf"))  # doctest: +SKIP
    >>> features = ((found, spectrum, None) for found, spectrum in zip(annotate(spectra, "starter"), spectra))
    ... # doctest: +SKIP
    >>> write_round_trip("results", features, MzTabSource(Path("features.mgf"), "starter", "0.1.0"))  # doctest: +SKIP
    """
    with round_trip_writer(folder, source, settings) as add:
        for annotation, spectrum, embedding in features:
            add(annotation, spectrum, embedding)


@contextmanager
def round_trip_writer(
    folder: str | Path, source: MzTabSource, settings: RoundTripSettings | None = None
) -> Iterator[Add]:
    """Yield a function that adds a feature to all files; they appear when the block ends well.

    What is held in memory are the embeddings, 4 bytes for each of their numbers; all else goes to disk at once. The
    parameters are those of `write_round_trip`.
    """
    settings = settings or RoundTripSettings()
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    rows = FeatureRows(source.quant)
    row_ids: list[int] = []
    embeddings: list[NDArray[np.float32]] = []
    with ExitStack() as stack:
        write = _writers(stack, folder, source, settings)

        def add(annotation: Annotation, spectrum: Spectrum | None, embedding: NDArray[np.float32] | None) -> None:
            row = rows.of(annotation)
            write(annotation, row, spectrum)
            if row.row_id is not None and embedding is not None and np.isfinite(embedding).all():
                row_ids.append(row.row_id)
                embeddings.append(np.asarray(embedding, dtype=np.float32))

        yield add
        if "edges" in settings.formats:
            vectors = np.stack(embeddings) if embeddings else np.empty((0, 1), dtype=np.float32)
            path = folder / FILES["edges"]
            write_network_edges(path, row_ids, vectors, settings.edges_knn, settings.edges_min_score)
    rows.warn()


def _writers(
    stack: ExitStack, folder: Path, source: MzTabSource, settings: RoundTripSettings
) -> Callable[[Annotation, FeatureRow, Spectrum | None], None]:
    """Open the files of `settings` but the edges; return what writes a feature into all of them."""
    names = settings.file_names
    by_row: list[Callable[[Annotation, FeatureRow], None]] = []
    if FILES["compounds"] in names:
        by_row.append(stack.enter_context(compounds_writer(folder / FILES["compounds"])))
    for rank in range(1, settings.graphml_ranks + 1):
        if graphml_name(rank) in names:
            by_row.append(stack.enter_context(graphml_writer(folder / graphml_name(rank), rank)))
    libraries: Sequence[WriteSpectrum] = [
        stack.enter_context(writer(folder / FILES[kind]))
        for kind, writer in (("mgf", mgf_library_writer), ("msp", msp_library_writer))
        if FILES[kind] in names
    ]
    mztab = stack.enter_context(mztab_writer(folder / FILES["mztab"], source)) if FILES["mztab"] in names else None

    def write(annotation: Annotation, row: FeatureRow, spectrum: Spectrum | None) -> None:
        for one in by_row:
            one(annotation, row)
        numbers = [library(annotation, spectrum) for library in libraries] if spectrum is not None else []
        if mztab is not None:
            mztab(annotation, row, numbers[0] if numbers else None)

    return write
