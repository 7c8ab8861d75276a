"""`sinkworker report`: pictures of what became of a connector's offsets."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sinkworker.cli import exit_codes
from sinkworker.cli.asking import Asked, offline_options
from sinkworker.report.files import verdict, write
from sinkworker.report.steps import read


@click.command(epilog="Example: sinkworker report alerts-to-pg --out pictures")
@click.argument("name")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), required=True,
    help="The folder to write into; it is made.",
)  # fmt: skip
@offline_options
def report(worker: Asked, name: str, out: Path) -> None:
    """Draw what the ledger of a connector says, as SVG: which offsets its commits have covered,
    who committed when, rows a second, and how far behind. Exit code 1: a gap or an overlap."""
    history = read(worker.ask, name)
    try:
        for path in write(history, out):
            click.echo(path)
    except OSError as error:
        raise click.UsageError(f"--out {out}: {error.strerror}") from None
    words, is_exact = verdict(history)
    click.echo(words)
    sys.exit(exit_codes.OK if is_exact else exit_codes.FAILED)
