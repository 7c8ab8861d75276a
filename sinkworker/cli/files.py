"""The arguments that name configuration files, and telling what is wrong with them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from sinkworker.cli import exit_codes

if TYPE_CHECKING:
    from sinkworker.api import ConfigError
    from sinkworker.app import Configuration

FILE = click.Path(dir_okay=False, path_type=Path)


def config_files(command: Callable[..., Any], *, required: bool = True) -> Callable[..., Any]:
    """CONFIG… and --worker-config."""
    metavar = "CONFIG..." if required else "[CONFIG]..."
    command = click.argument("configs", metavar=metavar, type=FILE, nargs=-1, required=required)(
        command
    )
    return click.option(
        "--worker-config",
        type=FILE,
        envvar="SINKWORKER_WORKER_CONFIG",
        help="What all connectors have in common: bootstrap.servers, converters, consumer.*",
    )(command)


def load_or_exit(configs: tuple[Path, ...], worker_config: Path | None) -> Configuration:
    """The configuration, or exit code 78 with every problem on stderr."""
    from sinkworker.api import ConfigError
    from sinkworker.app import load

    try:
        return load(configs, worker_config)
    except ConfigError as error:
        invalid(error)


@contextmanager
def exiting_on_errors() -> Iterator[None]:
    """Tell what goes wrong meanwhile, and exit with the code for it."""
    from sinkworker.api import ConfigError, ConnectError, RetriableError

    try:
        yield
    except ConfigError as error:
        invalid(error)
    except RetriableError as error:
        _tell_and_exit(error, exit_codes.UNREACHABLE)
    except ConnectError as error:
        _tell_and_exit(error, exit_codes.FAILED)


def invalid(error: ConfigError) -> NoReturn:
    count = len(error.problems)
    click.echo(f"The configuration is invalid and contains {count} error(s):", err=True)
    for problem in error.problems:
        click.echo(problem.message, err=True)
    sys.exit(exit_codes.INVALID_CONFIG)


def _tell_and_exit(error: Exception, code: int) -> NoReturn:
    click.echo(str(error), err=True)
    sys.exit(code)
