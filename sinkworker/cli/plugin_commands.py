"""The group that also has the commands of plugins.

Owns when they are looked up (when one is asked for, or all are listed), what they are given, and what
becomes of their errors. Must not know any of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sinkworker.cli.files import exiting_on_errors
from sinkworker.cli.lazy_group import LazyGroup

if TYPE_CHECKING:
    from sinkworker.api import SinkConnector


class ExtensibleGroup(LazyGroup):
    """The worker's own commands, and after them those of installed plugins."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        from sinkworker.plugins.commands import command_names

        own = super().list_commands(ctx)
        return [*own, *(name for name in command_names() if name not in own)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        own = super().get_command(ctx, cmd_name)
        return own if own is not None else _of_plugin(cmd_name)

    def invoke(self, ctx: click.Context) -> Any:
        ctx.obj = load_connector
        try:
            return super().invoke(ctx)
        except Exception:
            with exiting_on_errors():
                raise


def load_connector(config: Path) -> SinkConnector[Any]:
    """The connector of a file, which need not say where Kafka is. ConfigError with every problem."""
    from sinkworker.app import load_without_kafka

    return load_without_kafka(str(config), {}).connector


def _of_plugin(name: str) -> click.Command | None:
    from sinkworker.plugins import PluginError
    from sinkworker.plugins.commands import load_command

    try:
        command = load_command(name)
    except PluginError as error:
        return _unusable(name, str(error))
    if command is not None and not isinstance(command, click.Command):
        return _unusable(name, f"The command {name} is none: it is no click.Command")
    return command


def _unusable(name: str, why: str) -> click.Command:
    def tell() -> None:
        raise click.ClickException(why)

    return click.Command(name, callback=tell, help=why)
