"""Spectra, a candidate library and a model to annotations: the main job, streamed batch by batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from matchms import Spectrum
from rich.console import Console
from rich.progress import track

from matchms_fingerprint.annotation.annotator import Annotator
from matchms_fingerprint.annotation.choose_ranker import AUTO, choose_ranker
from matchms_fingerprint.annotation.features import harmonized, read_features
from matchms_fingerprint.annotation.settings import AnnotationSettings
from matchms_fingerprint.candidates import CandidateLibrary
from matchms_fingerprint.constants import DEFAULT_TOLERANCE_PPM, MIN_PEAKS
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.io import UnreadableBlock, iter_features
from matchms_fingerprint.models import FingerprintModel, load_model
from matchms_fingerprint.records import Annotation


def annotate(
    spectra: str | Path | Iterable[Spectrum | None],
    library: str | Path | CandidateLibrary,
    model: str | Path | FingerprintModel = "default",
    top_k: int = 10,
    score: str = "cosine",
    tolerance_ppm: float = DEFAULT_TOLERANCE_PPM,
    tolerance_da: float | None = None,
    adducts: Iterable[str] | None = None,
    ion_mode: str | None = None,
    per_feature: str = "merge",
    min_peaks: int = MIN_PEAKS,
    batch_size: int = 256,
    formula: str | None = None,
    min_probability: float = 0.0,
    posterior: str | Path = AUTO,
    reference_spectra: str | Path | None = None,
    popular: bool = False,
    n_threads: int = 1,
    progress: bool = False,
) -> Iterator[Annotation]:
    """Rank the candidate structures of each feature.

    For each feature the candidates in the mass window of its precursor are judged by all evidence that the posterior
    weighs: the fingerprint that the model predicts from the spectrum, the peaks that their fragments and sub-formulas
    explain, and their similarity to the compounds of similar spectra; and by their isotope patterns, where a file has
    MS1 blocks of its features. The window follows the adduct that the input gives; without one, the common adducts of
    the ion mode are tried. No feature disappears: one without hits tells the reason in its `status`.

    A structure with a permanent charge is a candidate as [M]+ or [M]- of that charge alone; a neutral one is a
    candidate as [M]+ or [M]- only where the input itself gives this adduct.

    Where several adducts compete, the logarithm of the prior of the candidate's adduct is added to its logit: its share
    among the model's training spectra, to the power of 0.5, because exports of MZmine hold more sodium and ammonium
    adducts than those. A candidate that fits under two adducts is taken under the likelier one. Without a posterior the
    logit is the score of the fingerprint / the temperature that was fitted for it on validation data.

    Files are streamed, and no more than one batch of spectra is held in memory.

    Parameters
    ----------
    spectra
        Path of a file that `load_spectra` reads, or matchms spectra. Spectra from memory are taken one by one, with
        metadata harmonized as `load_spectra` does; MS1 spectra among them are left out, and so are the None that
        filters of matchms leave.
    library
        A `CandidateLibrary`, its path, or "starter" for the one inside the package.
    model
        Name of a shipped model, path of a bundle, or a `FingerprintModel`.
    top_k
        Hits kept for each feature.
    score
        What ranks without a posterior: "cosine", "tanimoto", "vector_tanimoto" or "log_likelihood"; see
        `kernels.tanimoto`.
    tolerance_ppm
        Tolerance of the precursor m/z, in parts per million.
    tolerance_da
        Tolerance of the precursor m/z in Da; takes the place of `tolerance_ppm` where given.
    adducts
        Adducts such as "[M+Na]+" to try where the input gives none, in place of the common ones; the same priors
        apply among them.
    ion_mode
        "positive" or "negative", for features whose ion mode the input does not tell.
    per_feature
        What to do with several spectra of one feature in a file: "merge", "best" or "all".
    min_peaks
        Features with fewer peaks of an intensity above 0 are not annotated.
    batch_size
        Features that are predicted together.
    formula
        Molecular formula that candidates must have; None for any.
    min_probability
        Hits below it are left out.
    posterior
        Folder of a posterior; "auto" for the one that was fitted for the model, if there is one; "none" to rank by the
        predicted fingerprint alone.
    reference_spectra
        File of spectra with structures to compare with, beside those that the model remembers.
    popular
        Multiply the odds of each candidate by 1 + the number of its sources.
    n_threads
        Features whose candidates are ranked at the same time.
    progress
        Show a progress bar on stderr.

    Yields
    ------
    Annotation
        One for each feature, in input order, hits best first. `probability` is that of the candidate, and with a
        posterior those of all candidates and `probability_none` sum to 1; `score` is that of the fingerprint alone.
        `evidence` holds all evidence by its names and, where several adducts compete, "log_adduct_prior".

    Raises
    ------
    InputFileError
        If the file cannot be read as spectra at all.
    LibraryError
        If the library cannot be opened, or holds another fingerprint than the model predicts.
    ModelError
        If the model cannot be loaded.
    SettingsError, AdductError
        If a setting or one of `adducts` is not understood.

    Examples
    --------
    >>> from matchms_fingerprint import annotate
    >>> for annotation in annotate("features_iimn_fbmn.mgf", "starter", top_k=3):  # doctest: +SKIP
    ...     print(annotation.feature_id, annotation.status, [hit.candidate.name for hit in annotation.hits])
    """
    if isinstance(spectra, Spectrum) or not isinstance(spectra, str | Path | Iterable):
        raise SettingsError(
            f"spectra is one {type(spectra).__name__}; give the path of a file, or a list of matchms spectra"
        )
    settings = AnnotationSettings(
        top_k=top_k,
        score=score,
        tolerance_ppm=tolerance_ppm,
        tolerance_da=tolerance_da,
        adducts=(adducts,) if isinstance(adducts, str) else tuple(adducts or ()),
        ion_mode=ion_mode,
        per_feature=per_feature,
        min_peaks=min_peaks,
        batch_size=batch_size,
        formula=formula,
        min_probability=min_probability,
    )
    library = library if isinstance(library, CandidateLibrary) else CandidateLibrary.open(library)
    model = model if isinstance(model, FingerprintModel) else load_model(model)
    ranker = choose_ranker(model, settings.score, posterior, reference_spectra, popular)
    annotator = Annotator(library, model, settings, ranker, n_threads)
    items: Iterable[Spectrum | UnreadableBlock]
    if isinstance(spectra, str | Path):
        items = iter_features(spectra, settings.per_feature, settings.fallback_ion_mode)
    else:
        items = harmonized(spectra, settings.fallback_ion_mode)
    annotations = annotator.stream(read_features(items, settings))
    if progress:
        console = Console(stderr=True)
        return iter(track(annotations, description="annotating", console=console, transient=True))
    return annotations
