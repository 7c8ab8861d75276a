"""`sinkworker plugin`: what is installed and which keys it has; writing and trying one's own."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from sinkworker.cli import exit_codes
from sinkworker.cli.plugin_new import new
from sinkworker.cli.plugin_test import test

if TYPE_CHECKING:
    from sinkworker.plugins import Kind, PluginError


@click.group()
def plugin() -> None:
    """Look at plugins, write and try one."""


plugin.add_command(new)
plugin.add_command(test)


@plugin.command("list", epilog="Example: sinkworker plugin list")
def list_plugins() -> None:
    """List plugins with their distributions, without importing any."""
    from sinkworker.plugins import Catalog, Kind

    catalog = Catalog()
    for kind in Kind:
        for found in catalog.list(kind):
            click.echo(f"{kind.noun:10} {found.name:24} {found.distribution} {found.version}")
            for name in found.other_names:
                click.echo(f"{'':10}   also {name}")


@plugin.command(epilog="Example: sinkworker plugin describe PostgresSink")
@click.argument("name")
def describe(name: str) -> None:
    """Show every configuration key of a plugin."""
    from sinkworker.documentation import keys

    for key in keys(find(name).config_class):
        default = "required" if key.default is None else f"default {key.default or 'none'}"
        choices = f", one of {', '.join(key.choices)}" if key.choices else ""
        click.echo(f"{key.name} ({key.type}, {default}{choices})")
        click.echo(f"    {key.text}")


def find(name: str, *kinds: Kind) -> Any:
    """The class of a plugin of one of these kinds, or of any; exit code 2 when there is none."""
    from sinkworker.plugins import Catalog, Kind, PluginError

    catalog = Catalog()
    errors: list[PluginError] = []
    for kind in kinds or tuple(Kind):
        try:
            return catalog.load(kind, name)
        except PluginError as error:
            errors.append(error)
    click.echo(str(min(errors, key=_distance)), err=True)
    sys.exit(exit_codes.USAGE)


def _distance(error: PluginError) -> int:
    """How far from what was meant: broken, misspelt, unknown."""
    from sinkworker.plugins import UnknownPluginError

    return 2 - error.is_near if isinstance(error, UnknownPluginError) else 0


plugins = click.Group("plugins", plugin.commands, help=plugin.help, hidden=True)
