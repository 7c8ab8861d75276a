"""`sinkworker validate`: is this configuration good, and does what it names answer?"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sinkworker.cli import exit_codes
from sinkworker.cli.files import config_files, exiting_on_errors, load_or_exit


@click.command(epilog="Example: sinkworker validate --no-environment configs/*.properties")
@config_files
@click.option("--no-environment", is_flag=True, help="Do not contact Kafka or the sinks.")
@click.option("--deny-warnings", is_flag=True, help="Treat warnings as errors.")
def validate(
    configs: tuple[Path, ...], worker_config: Path | None, no_environment: bool, deny_warnings: bool
) -> None:
    """Check connector files and what they name, without starting anything."""
    from sinkworker.app import check_environment

    configuration = load_or_exit(configs, worker_config)
    for warning in configuration.warnings:
        click.echo(f"warning: {warning}", err=True)
    if deny_warnings and configuration.warnings:
        click.echo(f"{len(configuration.warnings)} warning(s), and warnings are denied", err=True)
        sys.exit(exit_codes.INVALID_CONFIG)
    if not no_environment:
        with exiting_on_errors():
            check_environment(configuration)
    for configured in configuration.connectors:
        click.echo(f"{configured.settings.name}: ok")
