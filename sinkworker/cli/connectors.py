"""`sinkworker connectors`: connectors that a running worker creates from files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sinkworker.cli.asking import Asked, worker_options
from sinkworker.cli.files import FILE, exiting_on_errors
from sinkworker.cli.operate import path_of
from sinkworker.cli.printing import output_option, show


@click.group()
def connectors() -> None:
    """List, create and change connectors of a running worker."""


@connectors.command("list", epilog="Example: sinkworker connectors list")
@output_option
@worker_options
def list_them(worker: Asked, output: str) -> None:
    """Name the connectors of a worker."""
    found = worker.ask("GET", "/connectors")
    show(output, found, lambda: [["CONNECTOR"], *([name] for name in found)])


@connectors.command(epilog="Example: sinkworker connectors create alerts-to-pg.properties")
@click.argument("file", type=FILE)
@output_option
@worker_options
def create(worker: Asked, file: Path, output: str) -> None:
    """Create a connector from a file. What it says of `${…}` the worker fills in."""
    config = _keys(file)
    created = worker.ask("POST", "/connectors", {"name": config.get("name"), "config": config})
    _tell(output, created)


@connectors.command(epilog="Example: sinkworker connectors apply alerts-to-pg.properties")
@click.argument("file", type=FILE)
@output_option
@worker_options
def apply(worker: Asked, file: Path, output: str) -> None:
    """Create a connector, or change it to what its file says."""
    config = _keys(file)
    changed = worker.ask("PUT", path_of(config.get("name", ""), "config"), config)
    _tell(output, changed)


def _keys(file: Path) -> dict[str, str]:
    from sinkworker.properties import read_file

    with exiting_on_errors():
        return read_file(file).written()


def _tell(output: str, info: dict[str, Any]) -> None:
    show(output, info, lambda: [["CONNECTOR", "TASKS"], [info["name"], len(info["tasks"])]])
