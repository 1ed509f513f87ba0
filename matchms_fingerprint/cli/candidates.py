"""`matchms-fingerprint candidates`: build a library of candidate structures, look into it, search it."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from matchms_fingerprint.cli import conflict, options
from matchms_fingerprint.constants import DEFAULT_FINGERPRINT, DEFAULT_TOLERANCE_PPM

if TYPE_CHECKING:
    from matchms_fingerprint.candidates import CandidateLibrary, CandidateSlice

_COLUMNS = {
    "exact_mass": ".6f",
    "mass_error_ppm": ".2f",
    "formula": "",
    "inchikey": "",
    "smiles": "",
    "names": "",
    "sources": "",
    "classes": "",
}


@click.group(name="candidates")
def command() -> None:
    """Build, inspect and search libraries of candidate structures.

    What `info`, `search` and `conflict` are asked for goes to stdout; there is nothing else to print, so --quiet
    silences `build` alone.
    """


command.add_command(conflict.command)


@command.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@options.output("FOLDER", "Folder of the library to make.")
@click.option("--no-header", is_flag=True, help="The first line of a CSV or TSV is a row; columns then have numbers.")
@click.option(
    "--smiles-column", help="Column with SMILES: name, or number with --no-header.  [default: the usual names]"
)
@click.option("--inchi-column", help="Column with InChI.  [default: the usual names]")
@click.option("--name-column", help="Column, or SDF property, with names.  [default: the usual names]")
@click.option("--source-column", help="Column, or SDF property, with sources.  [default: the usual names]")
@click.option(
    "--class-column",
    multiple=True,
    help="Column, or SDF property, with compound classes; several in it with ; or | between them, several columns by"
    " giving the option again.  [default: classyfire]",
)
@click.option("--source", help="Source of the rows that give none.  [default: the name of their file]")
@click.option(
    "--fingerprint",
    default=DEFAULT_FINGERPRINT,
    help="Fingerprint to store, such as morgan:radius=2,bits=4096, rdkit:bits=2048 or maccs; a model needs its own.",
)
@click.option("--jobs", type=click.IntRange(min=1), help="Number of worker processes.  [default: one per core]")
@options.quiet
def build(
    files: tuple[Path, ...],
    output: Path,
    overwrite: bool,
    no_header: bool,
    smiles_column: str | None,
    inchi_column: str | None,
    name_column: str | None,
    source_column: str | None,
    class_column: tuple[str, ...],
    source: str | None,
    fingerprint: str,
    jobs: int | None,
    quiet: bool,
) -> None:
    """Build a library from SMILES (.smi), CSV, TSV, SDF or Parquet files, gzipped or not.

    A number before the SMILES, as in PubChem's CID-SMILES.gz, is taken as the name; other tables need a first line that
    names the columns, or --no-header. Structures are neutralized, merged by the first block of their InChIKey and
    sorted by mass. Rows that cannot be read are listed with the reason in rejects.tsv of the library. Compound classes
    that come with the structures are kept, and told in place of those that `annotate` finds by structure.
    """
    from matchms_fingerprint.candidates import CandidateLibrary

    library = CandidateLibrary.build(
        list(files),
        output,
        fingerprint=fingerprint,
        n_jobs=jobs,
        progress=not quiet,
        overwrite=overwrite,
        smiles_column=smiles_column,
        inchi_column=inchi_column,
        name_column=name_column,
        source_column=source_column,
        source=source,
        header=not no_header,
        class_columns=class_column,
    )
    if not quiet:
        click.echo(_summary(library), err=True)


@command.command()
@click.argument("library", type=click.Path(path_type=Path))
@options.quiet
def info(library: Path, quiet: bool) -> None:
    """Show what LIBRARY holds and where it is from; LIBRARY is a folder, or `starter` for the shipped one."""
    from matchms_fingerprint.candidates import CandidateLibrary

    opened = CandidateLibrary.open(library)
    manifest = opened.manifest
    masses, counts = manifest.batches, manifest.counts
    lines = [
        ("library", str(opened.path)),
        ("structures", f"{len(opened)}"),
        ("exact_mass_da", f"{masses.first_mass[0]:.4f} to {masses.last_mass[-1]:.4f}"),
        ("fingerprint", str(opened.fingerprint)),
        ("size_mb", f"{manifest.n_bytes / 1e6:.1f}"),
        *((f"rows_{what}", str(counts[what])) for what in ("read", "rejected", "merged")),
        *((what, str(n)) for what, n in counts.items() if what in ("reduced_mixtures", "classified")),
        *(("input", f"{entry['file']} ({entry['rows']} rows)") for entry in manifest.inputs if entry["file"]),
        ("made_with", ", ".join(f"{name} {version}" for name, version in manifest.versions.items())),
        ("sha256", manifest.sha256),
    ]
    for name, value in lines:
        click.echo(f"{name}\t{value}")


@command.command()
@click.argument("library", type=click.Path(path_type=Path))
@click.option("--mz", type=float, help="m/z of the ion; needs --adduct.")
@click.option("--adduct", help="Adduct of the ion, such as [M+H]+ or [M-H]-.")
@click.option("--mass", type=float, help="Exact mass of the neutral molecule in Da.")
@click.option("--formula", help="Molecular formula, such as C8H10N4O2.")
@click.option("--ppm", type=click.FloatRange(min=0), default=DEFAULT_TOLERANCE_PPM, help="Tolerance in ppm.")
@click.option("--da", type=click.FloatRange(min=0), help="Tolerance in Da, in place of --ppm.")
@click.option("--limit", type=click.IntRange(min=1), help="List so many, the nearest in mass.  [default: all]")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write a TSV file.")
@click.option("--overwrite", is_flag=True, help="Replace the output file if it exists.")
@options.quiet
def search(
    library: Path,
    mz: float | None,
    adduct: str | None,
    mass: float | None,
    formula: str | None,
    ppm: float,
    da: float | None,
    limit: int | None,
    output: Path | None,
    overwrite: bool,
    quiet: bool,
) -> None:
    """Find candidates by --mz and --adduct, by --mass, or by --formula.

    LIBRARY is a folder, or `starter` for the shipped one. The result is a table on a terminal and tab-separated text
    elsewhere, nearest in mass first.
    """
    from matchms_fingerprint.candidates import CandidateLibrary
    from matchms_fingerprint.errors import OutputError
    from matchms_fingerprint.io.tables import table_writer

    if output is not None and output.exists() and not overwrite:
        raise OutputError(f"{output}: exists; give another file with -o, or replace it with --overwrite")
    opened = CandidateLibrary.open(library)
    found = opened.search(mz, adduct, mass, formula, ppm, da)
    errors = _errors_ppm(found, mz, adduct, mass)
    order = sorted(range(len(found)), key=lambda i: abs(errors[i] or 0.0))[:limit]
    if output is not None:
        with table_writer(output, _COLUMNS) as write_row:
            for row in _rows(found, errors, order):
                write_row(row)
    elif sys.stdout.isatty():
        _show(found, errors, order)
    else:
        writer = csv.writer(sys.stdout, delimiter="\t", lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows(_texts(row) for row in _rows(found, errors, order))


def _errors_ppm(
    found: CandidateSlice, mz: float | None, adduct: str | None, mass: float | None
) -> list[float] | list[None]:
    """Return (measured - calculated) / calculated in ppm; None where a formula was asked for."""
    from matchms_fingerprint.chem import get_adduct

    if mz is not None and adduct is not None:
        ion = get_adduct(adduct)
        calculated = [ion.precursor_mz(float(exact)) for exact in found.exact_masses]
        return [(mz - value) / value * 1e6 for value in calculated]
    if mass is not None:
        return [(mass - float(exact)) / float(exact) * 1e6 for exact in found.exact_masses]
    return [None] * len(found)


def _rows(found: CandidateSlice, errors: list[float] | list[None], order: list[int]) -> Iterator[dict[str, Any]]:
    for i in order:
        candidate = found[i]
        yield {
            "exact_mass": candidate.exact_mass,
            "mass_error_ppm": errors[i],
            "formula": candidate.formula,
            "inchikey": candidate.inchikey,
            "smiles": candidate.smiles,
            "names": "; ".join(candidate.names),
            "sources": "; ".join(candidate.sources),
            "classes": "; ".join(candidate.classes),
        }


def _texts(row: dict[str, Any]) -> list[str]:
    values = ((row[name], digits) for name, digits in _COLUMNS.items())
    return ["" if value is None else format(value, digits) for value, digits in values]


def _show(found: CandidateSlice, errors: list[float] | list[None], order: list[int]) -> None:
    from matchms_fingerprint.cli.terminal import plain_table, stdout_console

    few = f", {len(order)} shown" if len(order) < len(found) else ""
    table = plain_table("exact mass", "ppm", "formula", "InChIKey", "names", "SMILES", title=f"{len(found)} hits{few}")
    for column in table.columns:
        column.overflow = "fold"
    for row in _rows(found, errors, order):
        mass, ppm, formula, inchikey, smiles, names, *_ = _texts(row)
        table.add_row(mass, ppm, formula, inchikey, names, smiles)
    stdout_console().print(table)


def _summary(library: CandidateLibrary) -> str:
    counts = library.manifest.counts
    line = f"{len(library):,} structures in {library.path} ({counts['read']:,} rows, {counts['merged']:,} merged"
    if counts["reduced_mixtures"]:
        line += f", {counts['reduced_mixtures']:,} reduced to the largest compound of a mixture"
    if "classified" in counts:
        line += f", {counts['classified']:,} with classes"
    if counts["rejected"]:
        return f"{line}, {counts['rejected']:,} rejected: see {library.path / 'rejects.tsv'})"
    return f"{line}, none rejected)"
