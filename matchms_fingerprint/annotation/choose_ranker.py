"""Which ranker goes with a model: the posterior that was fitted for it, if there is one."""

from __future__ import annotations

from pathlib import Path

from matchms_fingerprint.annotation.evidence.reference_spectra import ReferenceSpectra
from matchms_fingerprint.annotation.posterior.artifact import MANIFEST, load_posterior, shipped_posteriors
from matchms_fingerprint.annotation.posterior_ranker import PosteriorRanker
from matchms_fingerprint.annotation.rankers import FingerprintRanker, Ranker
from matchms_fingerprint.errors import SettingsError
from matchms_fingerprint.io.artifacts import read_json
from matchms_fingerprint.models import FingerprintModel

AUTO, NONE = "auto", "none"


def choose_ranker(
    model: FingerprintModel,
    score: str = "cosine",
    posterior: str | Path = AUTO,
    references: str | Path | None = None,
    popular: bool = False,
) -> Ranker:
    """Return what ranks candidates.

    Parameters
    ----------
    model
        Predicts fingerprints and embeddings.
    score
        Ranks where there is no posterior.
    posterior
        Folder of a posterior; "auto" for the one that was fitted for the model, inside the package or in a folder
        beside the model's with `.posterior` after its name; "none" for the predicted fingerprint alone.
    references
        File of spectra with structures that queries are compared with.
    popular
        Prefer structures that many sources hold.

    Raises
    ------
    ModelError
        If there is no such posterior, or it is another model's.
    SettingsError
        If there is no posterior to use `references` or `popular`.
    InputFileError
        If no spectrum of `references` has a usable structure.
    """
    folder = find_posterior(model) if str(posterior) == AUTO else Path(posterior)
    if folder is None or str(posterior) == NONE:
        if references is not None or popular:
            raise SettingsError("reference spectra and sources are weighed by a posterior only; fit one for this model")
        return FingerprintRanker(model, score)
    found = None if references is None else ReferenceSpectra.read(references, model)
    return PosteriorRanker(load_posterior(folder), model, found, popular)


def find_posterior(model: FingerprintModel) -> Path | None:
    """Return the folder of the posterior that was fitted for a model, or None."""
    beside = model.folder.with_name(model.folder.name + ".posterior")
    for folder in (beside, *shipped_posteriors().values()):
        manifest = folder / MANIFEST
        if manifest.is_file() and read_json(manifest).get("card", {}).get("model_sha256") == model.sha256:
            return folder
    return None
