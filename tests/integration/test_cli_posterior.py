"""The commands `posterior fit` and `posterior evaluate`, on spectra of structures that have isomers in the library."""

import json
from pathlib import Path

import numpy as np
import pytest
from builders import make_spectrum, tiny_model
from click.testing import CliRunner
from matchms.exporting import save_as_mgf
from rdkit import Chem

from matchms_fingerprint import CandidateLibrary, annotate
from matchms_fingerprint.annotation.posterior.artifact import FRAGMENTS, MANIFEST, NETWORK, load_posterior
from matchms_fingerprint.cli.posterior import command
from matchms_fingerprint.constants import DEFAULT_FINGERPRINT
from matchms_fingerprint.evaluation.posterior.run_folder import MARKER, PICTURES

PROTON = 1.007276
N_STRUCTURES = 60

pytestmark = pytest.mark.slow


def chosen_structures() -> list[tuple[str, float]]:
    """Structures of the starter library that share their mass with another one, from 120 to 250 Da."""
    found = CandidateLibrary.open("starter").search(neutral_mass=185.0, tolerance_da=65.0)
    masses, charges = found.exact_masses, found.charges
    keys, counts = np.unique(np.round(masses, 4), return_counts=True)
    shared = np.isin(np.round(masses, 4), keys[counts > 1]) & (charges == 0)
    rows = np.random.default_rng(0).permutation(np.flatnonzero(shared))[:N_STRUCTURES]
    return [(found[int(i)].smiles, float(masses[i])) for i in rows]


@pytest.fixture(scope="module")
def inputs(tmp_path_factory) -> dict[str, Path]:
    """Two spectra of each structure with masses of parts of it, folds, and a model with random weights."""
    folder = tmp_path_factory.mktemp("posterior")
    rng = np.random.default_rng(0)
    lines = ["accession\tfold_scaffold"]
    for number, (smiles, mass) in enumerate(chosen_structures()):
        fold = ("train", "train", "val", "val", "test")[number % 5]
        mol = Chem.MolFromSmiles(smiles)
        atoms = np.array([atom.GetMass() + atom.GetTotalNumHs() * 1.00783 for atom in mol.GetAtoms()])
        for copy in range(2):
            parts = [atoms[:n].sum() + PROTON for n in range(3, atoms.size, 2)]
            mz = np.unique(np.round(np.concatenate([parts, rng.uniform(50, mass, 5)]), 4))
            spectrum = make_spectrum(
                mz.tolist(),
                rng.uniform(0.1, 1, mz.size).tolist(),
                smiles=smiles,
                precursor_mz=mass + PROTON,
                spectrum_id=f"S{number}-{copy}",
            )
            save_as_mgf(spectrum, str(folder / "spectra.mgf"))
            lines.append(f"S{number}-{copy}\t{fold}")
    (folder / "folds.tsv").write_text("\n".join(lines) + "\n")
    model = tiny_model(folder, DEFAULT_FINGERPRINT, 4096)
    return {"spectra": folder / "spectra.mgf", "folds": folder / "folds.tsv", "model": model, "folder": folder}


def call(inputs: dict[str, Path], name: str, *more: object) -> str:
    arguments = [name, inputs["spectra"], "--folds", inputs["folds"], "--model", inputs["model"], "--quiet"]
    arguments += ["--candidates", "starter", "--cache", inputs["folder"] / "cache", *more]
    result = CliRunner().invoke(command, [str(one) for one in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture(scope="module")
def fitted(inputs: dict[str, Path]) -> Path:
    call(inputs, "fit", "-o", inputs["folder"] / "fitted", "--missing-share", "0.2")
    return inputs["folder"] / "fitted"


def test_a_fit_says_what_it_is_and_comes_out_the_same_again(inputs: dict[str, Path], fitted: Path) -> None:
    names = {path.name for path in fitted.iterdir()}
    assert {MANIFEST, FRAGMENTS} <= names <= {MANIFEST, FRAGMENTS, NETWORK}
    artifact = load_posterior(fitted)
    assert artifact.posterior.missing_share == 0.2
    assert artifact.card.fitted_on["spectra"] == "spectra.mgf"
    assert 0 <= artifact.card.figures["ece"] <= 1
    before = (fitted / MANIFEST).read_bytes()
    call(inputs, "fit", "-o", fitted, "--missing-share", "0.2", "--overwrite")
    assert (fitted / MANIFEST).read_bytes() == before


def test_the_scorer_that_a_model_has_learned_is_weighed(inputs: dict[str, Path], fitted: Path) -> None:
    model = tiny_model(inputs["folder"] / "scored", DEFAULT_FINGERPRINT, 4096, scorer="joint")
    call({**inputs, "model": model}, "fit", "-o", inputs["folder"] / "weighed")
    weighed, without = (load_posterior(path).posterior for path in (inputs["folder"] / "weighed", fitted))
    for own, other in ((weighed.cheap, without.cheap), (weighed.full, without.full)):
        assert set(own.columns) - set(other.columns) == {"fingerprint_joint"}
    assert weighed.none_of_these.columns == own.columns
    [found] = annotate(
        [make_spectrum(smiles=None, precursor_mz=166.0863)],
        "starter",
        model=str(model),
        posterior=str(inputs["folder"] / "weighed"),
        min_peaks=1,
    )
    assert all(-1 <= hit.evidence["fingerprint_joint"] <= 1 for hit in found.hits)
    assert len({hit.evidence["fingerprint_joint"] for hit in found.hits}) > 1


def test_an_evaluation_has_its_figures_tables_and_pictures(
    inputs: dict[str, Path], fitted: Path, tmp_path: Path
) -> None:
    output = call(inputs, "evaluate", "--posterior", fitted, "-o", tmp_path / "measured", "--json")
    summary = json.loads((tmp_path / "measured" / MARKER).read_text())
    assert json.loads(output) == summary
    names = {path.name for path in (tmp_path / "measured").iterdir()}
    assert names == {MARKER, "ablation.tsv", "spectra.tsv", "index.html", *PICTURES}
    rankings = summary["retrieval"]["rankings"]
    groups = ("fingerprint", "formula", "neighbours", "fragments")
    assert {f"{group} alone" for group in groups} | {f"without {group}" for group in groups} <= set(rankings)
    assert {"control: spectrum-blind", "control: another spectrum of this mass", "control: no peaks"} <= set(rankings)
    assert summary["retrieval"]["covered"] == 1.0
    assert [row["noise_level"] for row in summary["dilution"]["levels"]] == [0.0, 0.02, 0.1, 0.3]
    lines = (tmp_path / "measured" / "spectra.tsv").read_text().splitlines()
    assert len(lines) - 1 == summary["retrieval"]["n_spectra"]
