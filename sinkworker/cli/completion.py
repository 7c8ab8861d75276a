"""`sinkworker completion`: what a shell needs to complete commands, options and files."""

from __future__ import annotations

from typing import cast

import click
from click.shell_completion import get_completion_class

COMPLETE_VARIABLE = "_SINKWORKER_COMPLETE"


@click.command(epilog="Example: sinkworker completion bash >> ~/.bashrc")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script of a shell."""
    kind = get_completion_class(shell)
    assert kind is not None
    group = cast("click.Group", context.find_root().command)
    click.echo(kind(group, {}, "sinkworker", COMPLETE_VARIABLE).source())
