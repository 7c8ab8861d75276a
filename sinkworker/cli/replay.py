"""`sinkworker replay`: a range of the log once more, by the formula of today."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sinkworker.cli import exit_codes
from sinkworker.cli.files import FILE, exiting_on_errors, load_or_exit
from sinkworker.cli.printing import output_option, printable, show

if TYPE_CHECKING:
    from sinkworker.administration.replaying import Plan, Wanted
    from sinkworker.api import TopicPartition
    from sinkworker.runtime.rewriting import Outcome


@click.command(
    epilog="Example: sinkworker replay alerts.properties --from 2026-11-21T08:00:00Z --dry-run"
)
@click.argument("config", metavar="CONFIG", type=FILE)
@click.option("--from", "from_time", help="From the first record at or after 2026-11-21T08:00:00Z.")
@click.option("--to", "to_time", help="Up to, and without, the first record at or after that time.")
@click.option("--from-offset", type=click.IntRange(min=0), help="From this offset.")
@click.option("--to-offset", type=click.IntRange(min=0), help="Up to, and without, this offset.")
@click.option("--partition", "partitions", multiple=True, metavar="TOPIC:NUMBER",
              help="Only this one; may be given several times.")  # fmt: skip
@click.option("--delete-first", is_flag=True, help="Delete the rows of these offsets before.")
@click.option("--dry-run", is_flag=True, help="Only say what would be written again.")
@click.option("--worker-config", type=FILE, help="The worker's file, where it says more.")
@output_option
def replay(
    config: Path, delete_first: bool, dry_run: bool, worker_config: Path | None, output: str,
    **which: Any,
) -> None:  # fmt: skip
    """Read a range again, convert, transform and write it as the connector does now.

    In one transaction: all of it, or nothing. Stored offsets stay, and tasks wait meanwhile. On tables
    with keys later records of the range's partitions follow, so that their values stay. Exit code 1:
    records failed.
    """
    from sinkworker.app import replay_of

    wanted = _wanted(**which)
    [configured] = load_or_exit((config,), worker_config).connectors
    with exiting_on_errors():
        made = replay_of(configured, deletes_first=delete_first)
        plan = made.planned(wanted)
        if dry_run:
            show(output, _planned_content(plan), lambda: _planned(plan))
            click.echo("Nothing was changed (--dry-run)", err=True)
            return
        outcome = made.done(plan)
    show(output, _outcome_content(outcome), lambda: _outcome(outcome))
    _tell_errant(outcome)
    sys.exit(exit_codes.FAILED if outcome.errant else exit_codes.OK)


def _wanted(
    from_time: str | None, to_time: str | None, from_offset: int | None, to_offset: int | None,
    partitions: tuple[str, ...],
) -> Wanted:  # fmt: skip
    from sinkworker.administration.replaying import Wanted

    if (from_time is None) == (from_offset is None):
        raise click.UsageError("Choose one of --from and --from-offset")
    if to_time is not None and to_offset is not None:
        raise click.UsageError("Choose one of --to and --to-offset")
    chosen = frozenset(map(partition_of, partitions))
    return Wanted(_time(from_time), _time(to_time), from_offset, to_offset, chosen)


def partition_of(text: str) -> TopicPartition:
    from sinkworker.api import TopicPartition

    topic, _, number = text.rpartition(":")
    if not topic or not number.isascii() or not number.isdecimal():
        raise click.UsageError(f"--partition {text}: expected <topic>:<number>")
    return TopicPartition(topic, int(number))


def _time(text: str | None) -> int | None:
    from sinkworker.runtime.start import milliseconds

    try:
        return milliseconds(text) if text is not None else None
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _planned(plan: Plan) -> list[list[object]]:
    rows: list[list[object]] = [["TOPIC", "PARTITION", "FROM", "TO", "WRITTEN UP TO", "STORED"]]
    for source, chosen in plan.chosen.items():
        written = plan.written.get(source)
        rows.append([*source, *chosen, written and written.end, plan.stored[source]])
    return rows


def _planned_content(plan: Plan) -> dict[str, Any]:
    keys = ("topic", "partition", "from", "to", "written_up_to", "stored")
    return {"partitions": [dict(zip(keys, row, strict=True)) for row in _planned(plan)[1:]]}


def _outcome(outcome: Outcome) -> list[list[object]]:
    rows: list[list[object]] = [
        ["TOPIC", "PARTITION", "FROM", "TO", "RECORDS", "ERRANT", "FILTERED"]
    ]
    return rows + [[*source, *each] for source, each in outcome.rewritten.items()]


def _outcome_content(outcome: Outcome) -> dict[str, Any]:
    keys = ("topic", "partition", "from", "to", "records", "errant", "filtered")
    return {"partitions": [dict(zip(keys, row, strict=True)) for row in _outcome(outcome)[1:]]}


def _tell_errant(outcome: Outcome) -> None:
    from sinkworker.runtime.tolerance import sentence

    for errant in outcome.errant:
        click.echo(printable(sentence(errant)), err=True)
    if outcome.errant:
        click.echo(f"{len(outcome.errant)} failed and were left out", err=True)
