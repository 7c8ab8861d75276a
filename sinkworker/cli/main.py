"""The group of all commands."""

from __future__ import annotations

from collections.abc import Mapping

import click

from sinkworker import __version__
from sinkworker.cli.exit_codes import EXPLAINED
from sinkworker.cli.plugin_commands import ExtensibleGroup

# By module of this folder.
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "start": ("start",), "validate": ("validate",), "connectors": ("connectors",),
    "operate": ("status", "pause", "resume", "stop", "restart", "delete", "loggers", "health"),
    "offsets": ("offsets",), "verify": ("verify",), "replay": ("replay",), "tap": ("tap",),
    "top": ("top",), "report": ("report",), "plugin": ("plugin", "plugins"), "config": ("config",),
    "dlq": ("dlq",), "demo": ("demo",), "completion": ("completion",),
}  # fmt: skip


@click.group(
    cls=ExtensibleGroup,
    modules={name: f"sinkworker.cli.{file}" for file, names in COMMANDS.items() for name in names},
    epilog=EXPLAINED,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="sinkworker")
def main() -> None:
    """Run Kafka sink connectors that store each offset with the sink's own writes."""
