"""`sinkworker plugin new`: a project to begin with."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from sinkworker.cli import exit_codes

NEXT = """
Next:
  cd {folder}
  pip install -e '.[test]'
  pytest
  sinkworker plugin test {name}.properties --records records.jsonl --crash-after 5
  sinkworker start {name}.properties"""


@click.command(epilog="Example: sinkworker plugin new my-sink")
@click.argument("name")
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    help="Where to write it: a folder that is not there yet. [default: NAME]",
)
def new(name: str, folder: Path | None) -> None:
    """Write a new plugin: a working sink, to be changed."""
    from sinkworker.plugin_project import ProjectError, names_of, write_project

    folder = folder or Path(name)
    try:
        files = write_project(names_of(name), folder)
    except ProjectError as error:
        click.echo(str(error), err=True)
        sys.exit(exit_codes.USAGE)
    click.echo("Wrote")
    for file in files:
        click.echo(f"  {file}")
    click.echo(NEXT.format(folder=shlex.quote(str(folder)), name=name))
