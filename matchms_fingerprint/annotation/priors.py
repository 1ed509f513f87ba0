"""How likely each adduct of a feature is before any candidate is looked at."""

from __future__ import annotations

from matchms_fingerprint.annotation.features import Feature
from matchms_fingerprint.annotation.settings import ADDUCT_PRIOR_FLATTENING
from matchms_fingerprint.models import FingerprintModel
from matchms_fingerprint.models.calibration import log_adduct_priors


def log_priors_of(feature: Feature, model: FingerprintModel) -> dict[str, float] | None:
    """Return the logarithm of the prior of each adduct that competes for a feature; None where there is but one.

    The shares are those of the model's training spectra of the ion mode, raised to `ADDUCT_PRIOR_FLATTENING` and made
    to sum to 1 over the adducts that are tried. One that is tried because the charge in the input asks for it counts
    like the most frequent adduct: the training spectra do not tell how often it occurs at such a charge.

    Parameters
    ----------
    feature
        Read and judged.
    model
        Model with `adduct_frequencies`.
    """
    if len(feature.adducts) < 2:
        return None
    shares = dict(model.adduct_frequencies.get(feature.ion_mode or "", {}))
    if feature.charge_adduct is not None:
        shares[feature.charge_adduct.name] = max(shares.values(), default=1.0)
    return log_adduct_priors(shares, [adduct.name for adduct in feature.adducts], ADDUCT_PRIOR_FLATTENING)
