"""`sinkworker demo`: see a worker killed, and nothing lost."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from sinkworker.cli import exit_codes

MISSING = (
    "The demo needs the package {package}, which is not installed: "
    "{python} -m pip install 'sinkworker[demo]'"
)


@click.command(epilog="Example: sinkworker demo --scenario failing-record")
@click.option(
    "--scenario",
    type=click.Choice(["kill", "failing-record"]),
    default="kill",
    help="kill -9 in the middle and a proof, or the failing 4th record of 10.",
)
@click.option(
    "--sink", type=click.Choice(["postgres", "s3"]), default="postgres", show_default=True,
    help="Where records go: into tables, or into files on SeaweedFS.",
)  # fmt: skip
@click.option(
    "--records", type=click.IntRange(1_000, 1_000_000), default=100_000, show_default=True,
    help="How many records the factory sends.",
)  # fmt: skip
@click.option("--seed", type=int, default=1, show_default=True, help="Which ones.")
@click.option("--keep", is_flag=True, help="Leave the broker, the store and their folder.")
@click.option(
    "--set", "changes", metavar="KEY=VALUE", multiple=True, callback=lambda _c, _p, v: _parsed(v),
    help="Another key for the worker's file, or another value. May be repeated.",
)  # fmt: skip
@click.option(
    "--report", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
    help="Draw what the ledger says, in the end, into this folder.",
)  # fmt: skip
def demo(
    scenario: str, sink: str, records: int, seed: int, changes: dict[str, str],
    report: Path | None, *, keep: bool,
) -> None:  # fmt: skip
    """A factory, Kafka, a store and a worker that is killed, in one command and under a minute.

    Needs the extra `demo`, and no docker, Java or root. Nothing is left behind. Exit code 0: what
    landed in the store is exactly what it should be.
    """
    try:
        from sinkworker.demo.options import Options
        from sinkworker.demo.run import run
    except ModuleNotFoundError as error:
        click.echo(MISSING.format(package=error.name, python=sys.executable), err=True)
        sys.exit(exit_codes.FAILED)
    sys.exit(run(Options(scenario, sink, records, seed, keep, changes, report)))


def _parsed(texts: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for text in texts:
        key, is_pair, value = text.partition("=")
        if not key or not is_pair:
            raise click.BadParameter(f"{text!r} is not KEY=VALUE")
        pairs[key.strip()] = value.strip()
    return pairs
