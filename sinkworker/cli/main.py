"""The group of all commands."""

from __future__ import annotations

import click

from sinkworker import __version__
from sinkworker.cli.completion import completion
from sinkworker.cli.config import config
from sinkworker.cli.connectors import connectors
from sinkworker.cli.demo import demo
from sinkworker.cli.dlq import dlq
from sinkworker.cli.exit_codes import EXPLAINED
from sinkworker.cli.offsets import offsets
from sinkworker.cli.operate import delete, health, loggers, pause, restart, resume, status, stop
from sinkworker.cli.plugin import plugin
from sinkworker.cli.plugin_commands import ExtensibleGroup
from sinkworker.cli.replay import replay
from sinkworker.cli.report import report
from sinkworker.cli.start import start
from sinkworker.cli.tap import tap
from sinkworker.cli.top import top
from sinkworker.cli.validate import validate
from sinkworker.cli.verify import verify


@click.group(
    cls=ExtensibleGroup, epilog=EXPLAINED, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="sinkworker")
def main() -> None:
    """Run Kafka sink connectors that store each offset with the sink's own writes."""


OPERATING = (
    status, top, report, pause, resume, stop, restart, delete, offsets, verify, replay, tap,
    connectors, loggers, health,
)  # fmt: skip
for command in (start, validate, *OPERATING, plugin, config, dlq, demo, completion):
    main.add_command(command)
main.add_command(click.Group("plugins", plugin.commands, help=plugin.help, hidden=True))
