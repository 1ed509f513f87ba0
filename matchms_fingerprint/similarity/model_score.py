"""What the scores that look at spectra through a model have in common: their model, and how they travel."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from matchms import Spectrum

from matchms_fingerprint.errors import SettingsError

if TYPE_CHECKING:
    from matchms_fingerprint.models import FingerprintModel

Item = TypeVar("Item")

BATCH_SIZE = 1024
"""Spectra that go through the model at a time; bounds the memory that predictions take."""


class ModelScore:
    """A matchms score that owns a model by name and loads it when it is first needed.

    Only the settings are pickled: an unpickled score loads the model again, from the same name or path.

    Parameters
    ----------
    model
        Name of a shipped model, or the folder of a model bundle.

    Raises
    ------
    SettingsError
        If `model` is neither text nor a path.
    """

    _setting_names: ClassVar[tuple[str, ...]] = ("model",)

    def __init__(self, model: str) -> None:
        if not isinstance(model, str | Path) or not str(model).strip():
            raise SettingsError(
                f"{type(self).__name__}: model must be a name such as 'default' or the path of a model bundle, "
                f"not {model!r}"
            )
        self.model = str(model)
        self._loaded: FingerprintModel | None = None

    def _check_choice(self, name: str, value: object, choices: Collection[str]) -> None:
        if not isinstance(value, str) or value not in choices:
            raise SettingsError(
                f"{type(self).__name__}: {name} {value!r} is not known; use one of {', '.join(choices)}"
            )

    @property
    def loaded_model(self) -> FingerprintModel:
        """The model, loaded and verified at the first access."""
        if self._loaded is None:
            from matchms_fingerprint.models import load_model

            self._loaded = load_model(self.model)
        return self._loaded

    @property
    def _settings(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self._setting_names}

    def to_dict(self) -> dict[str, Any]:
        """Return the settings, and the name, version and SHA-256 of the model, as a JSON-safe dictionary.

        It is flat, since matchms takes any dictionary nested in a scores file for a spectrum.
        """
        model = self.loaded_model
        return {
            "__Similarity__": type(self).__name__,
            **self._settings,
            "model_name": model.name,
            "model_version": model.version,
            "model_sha256": model.sha256,
        }

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self._settings.items())})"

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_loaded": None}


def check_spectra(role: str, spectra: Iterable[Spectrum]) -> None:
    """Raise `SettingsError` for the first of some spectra that is none, such as the None that filters leave.

    Parameters
    ----------
    role
        What the spectra are, for the message: "reference" or "query".
    spectra
        Checked one by one.
    """
    if isinstance(spectra, Spectrum):
        raise SettingsError(f"{role} spectra: one spectrum was given; give a list of them")
    for position, spectrum in enumerate(spectra):
        if not isinstance(spectrum, Spectrum):
            kind = "None" if spectrum is None else f"a {type(spectrum).__name__}"
            raise SettingsError(f"{role} spectrum {position} is {kind}; give matchms spectra, and leave out the others")


def has_peaks(spectrum: Spectrum) -> bool:
    """Tell whether a spectrum has anything that a model could look at."""
    return bool((spectrum.peaks.intensities > 0).any())


def batches(items: Sequence[Item]) -> list[Sequence[Item]]:
    """Cut the items into slices of at most `BATCH_SIZE`."""
    return [items[start : start + BATCH_SIZE] for start in range(0, len(items), BATCH_SIZE)]
