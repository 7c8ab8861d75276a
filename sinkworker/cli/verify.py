"""`sinkworker verify`: does the sink hold what Kafka and its own ledger say?"""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sinkworker.cli import exit_codes
from sinkworker.cli.files import FILE, exiting_on_errors, load_or_exit
from sinkworker.cli.printing import output_option, printable, show, table

if TYPE_CHECKING:
    from sinkworker.administration.verification.report import Report


@click.command(epilog="Example: sinkworker verify configs/alerts-to-pg.properties")
@click.argument("config", metavar="CONFIG", type=FILE)
@click.option("--worker-config", type=FILE, help="The worker's file, where it says more.")
@click.option("--table", "places", multiple=True, metavar="TABLE",
              help="Where rows are, if transforms rename topics. May be repeated.")  # fmt: skip
@click.option("--quick", is_flag=True, help="Do not read Kafka's log.")
@output_option
def verify(
    config: Path, worker_config: Path | None, places: tuple[str, ...], quick: bool, output: str
) -> None:
    """Compare the sink of a connector with its ledger and with Kafka, also while it works.

    Reads the sink's store and Kafka itself, and changes nothing. Exit code 1: something is missing,
    there twice, or moved.
    """
    from sinkworker.app import verified

    [configured] = load_or_exit((config,), worker_config).connectors
    with exiting_on_errors():
        report = verified(configured, places, reads_log=not quick)
    if report is None:
        name = configured.settings.name
        click.echo(f"The sink of connector {name} cannot tell what it holds", err=True)
        sys.exit(exit_codes.USAGE)
    _tell(report, output)
    sys.exit(exit_codes.FAILED if report.problems else exit_codes.OK)


def _tell(report: Report, output: str) -> None:
    show(output, _content(report), lambda: _partitions(report))
    if output == "json":
        return
    click.echo("\n" + table(_places(report)) + "\n")
    for partition in report.partitions:
        for move in partition.moves:
            click.echo(printable(f"{partition.source}: {move}"))
    for problem in report.problems:
        click.echo(printable(f"WRONG: {problem}"))
    click.echo(printable(report.verdict))


def _partitions(report: Report) -> list[list[object]]:
    rows: list[list[object]] = [[
        "TOPIC", "PARTITION", "STORED", "LEDGER SINCE", "COMMITS", "READ AGAIN", "SKIPPED", "IN KAFKA",
        "ROWS", "MISSING", "TWICE",
    ]]  # fmt: skip
    rows += [
        [*each.source, each.stored, each.since, each.commits, each.read_again, each.skipped, each.log,
         each.rows, each.missing, each.twice]
        for each in report.partitions
    ]  # fmt: skip
    return rows


def _places(report: Report) -> list[list[object]]:
    rows: list[list[object]] = [["PLACE", "COMPARED", "ROWS", "EXPECTED"]]
    rows += [[each.place, each.compared, each.rows, each.expected] for each in report.places]
    return rows


def _content(report: Report) -> dict[str, Any]:
    content = asdict(report)
    for each in content["partitions"]:
        topic, partition = each.pop("source")
        each["partition"] = {"kafka_topic": topic, "kafka_partition": partition}
    return content | {"is_exact": not report.problems, "verdict": report.verdict}
