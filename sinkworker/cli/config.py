"""`sinkworker config`: a first configuration file."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import click

from sinkworker.cli.plugin import find

if TYPE_CHECKING:
    from sinkworker.documentation import KeyDoc


@click.group()
def config() -> None:
    """Make configuration files."""


@config.command(epilog="Example: sinkworker config new PostgresSink > alerts-to-pg.properties")
@click.argument("plugin")
def new(plugin: str) -> None:
    """Print a commented configuration file for a connector."""
    from sinkworker.documentation import keys
    from sinkworker.plugins import Kind
    from sinkworker.settings import SinkSettings

    connector = find(plugin, Kind.CONNECTOR)
    given = {"name": f"my-{plugin.lower()}", "connector.class": plugin, "topics": "my-topic"}
    click.echo("# Where Kafka is.\nbootstrap.servers=localhost:9092\n")
    for key in keys(SinkSettings):
        click.echo(_entry(key, given.get(key.name)))
    click.echo(f"# The keys of {plugin}.\n")
    for key in keys(connector.config_class):
        click.echo(_entry(key, None))


def _entry(key: KeyDoc, value: str | None) -> str:
    """A key with its text. One that need not be set is commented out."""
    choices = f" One of {', '.join(key.choices)}." if key.choices else ""
    lines = textwrap.wrap(key.text + choices, 98, initial_indent="# ", subsequent_indent="# ")
    is_needed = value is not None or key.default is None
    shown = value if value is not None else key.default or ""
    return "\n".join([*lines, f"{'' if is_needed else '#'}{key.name}={shown}", ""])
