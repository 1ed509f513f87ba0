"""`matchms-fingerprint models`: which models there are, what they are good for, and whether they are intact."""

from __future__ import annotations

import rich_click as click

from matchms_fingerprint.cli import options


@click.group(name="models")
def command() -> None:
    """List the models, show their cards, and verify their files.

    A model is known by the name under which it is shipped, or by the path of its folder. What is asked for goes to
    stdout; there is nothing else to print, so --quiet silences `verify` alone.
    """


@command.command(name="list")
@options.quiet
def list_models(quiet: bool) -> None:
    """List the shipped models: name, version, fingerprint, size and the beginning of the sha256 of their weights."""
    from matchms_fingerprint.cli.terminal import plain_table, stdout_console
    from matchms_fingerprint.models.bundle import WEIGHTS, read_manifest, shipped_models

    table = plain_table("name", "version", "fingerprint", "MiB", "sha256")
    for name, folder in shipped_models().items():
        manifest = read_manifest(folder)
        size = sum(path.stat().st_size for path in folder.iterdir()) / 2**20
        sha256 = manifest.files.get(WEIGHTS, "")[:12]
        table.add_row(name, manifest.version, manifest.fingerprint, f"{size:.1f}", sha256)
    stdout_console().print(table)


@command.command()
@click.argument("name", default="default")
@options.quiet
def show(name: str, quiet: bool) -> None:
    """Show the card of model NAME: data, licences, figures beside the baseline, and what it is bad at."""
    from rich.markdown import Markdown

    from matchms_fingerprint.cli.terminal import stdout_console
    from matchms_fingerprint.models.bundle import CARD, find_bundle, read_bundle

    folder = find_bundle(name)
    read_bundle(folder)
    text = (folder / CARD).read_text(encoding="utf-8")
    console = stdout_console()
    console.print(Markdown(text) if console.is_terminal else text, markup=False, highlight=False, soft_wrap=True)


@command.command()
@click.argument("name", required=False)
@options.quiet
def verify(name: str | None, quiet: bool) -> None:
    """Verify the sha256 of each file of model NAME, or of all shipped models; the exit code is 0 if all are intact."""
    from matchms_fingerprint.errors import ModelError
    from matchms_fingerprint.models.bundle import find_bundle, read_bundle, shipped_models

    names = [name] if name is not None else list(shipped_models())
    broken = []
    for each in names:
        try:
            bundle = read_bundle(find_bundle(each))
        except ModelError as error:
            broken.append(error)
            continue
        if not quiet:
            for file, sha256 in bundle.manifest.files.items():
                click.echo(f"{sha256}  {bundle.folder / file}")
    if broken:
        raise ModelError("; ".join(str(error) for error in broken))
