"""`sinkworker offsets`: look at stored offsets, and move them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import IO, Any
from urllib.parse import urlencode

import click

from sinkworker.cli.asking import Asked, offline_options
from sinkworker.cli.operate import path_of
from sinkworker.cli.printing import output_option, show


@click.group()
def offsets() -> None:
    """Look at the offsets that a sink stores, and move them, also while its tasks run."""


def _which(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--partition", "partitions", multiple=True, metavar="TOPIC:NUMBER",
                     help="Only this one; may be given several times."),
        click.option("--dry-run", is_flag=True, help="Only say what would change."),
    ):  # fmt: skip
        command = option(command)
    return command


@offsets.command(epilog="Example: sinkworker offsets get alerts-to-pg -o json > offsets.json")
@click.argument("name")
@output_option
@offline_options
def get(worker: Asked, name: str, output: str) -> None:
    """Show every partition's stored offset: the next one to be read."""
    found = worker.ask("GET", _path(name))
    show(output, found, lambda: _stored(found["offsets"]))


def _stored(entries: list[dict[str, Any]]) -> list[list[object]]:
    rows: list[list[object]] = [["TOPIC", "PARTITION", "OFFSET", "END", "LAG", "EPOCH", "OWNER"]]
    for each in entries:
        of, offset = each["partition"], each["offset"]
        rows.append([
            of["kafka_topic"], of["kafka_partition"], offset and offset["kafka_offset"],
            each["end"], each["lag"], each["epoch"], each["owner"],
        ])  # fmt: skip
    return rows


@offsets.command(
    "set", epilog="Example: sinkworker offsets set alerts-to-pg --shift-by -100 --dry-run"
)
@click.argument("name")
@click.argument("file", type=click.File(), required=False)
@click.option("--to-earliest", is_flag=True, help="To the first record that Kafka still has.")
@click.option("--to-latest", is_flag=True, help="To the end: what comes from now on.")
@click.option("--to-offset", type=click.IntRange(min=0), help="To this offset.")
@click.option("--to-datetime", help="To the first record at or after 2026-11-21T08:00:00Z.")
@click.option("--shift-by", type=int, help="Back (negative) or on by so many.")
@_which
@output_option
@offline_options
def set_them(worker: Asked, name: str, file: IO[str] | None, output: str, **how: Any) -> None:
    """Move stored offsets. FILE (or -): what `offsets get -o json` printed, changed by you.

    What is read again is written again: on tables with keys the last value counts, elsewhere rows
    are there twice. What is skipped is never written.
    """
    if file is not None and any(map(how.get, HOW)):
        raise click.UsageError("Either a file, or one of --to-… and --shift-by")
    content = _from_file(file) if file is not None else _request(_to(how), how["partitions"])
    _move(worker, name, content, dry_run=how["dry_run"], output=output)


HOW = ("to_earliest", "to_latest", "to_offset", "to_datetime", "shift_by")


def _to(how: dict[str, Any]) -> Any:
    kinds = {"to_offset": "offset", "to_datetime": "datetime", "shift_by": "shift"}
    chosen: list[Any] = [{kind: how[key]} for key, kind in kinds.items() if how[key] is not None]
    chosen += [kind for kind in ("earliest", "latest") if how[f"to_{kind}"]]
    if len(chosen) != 1:
        raise click.UsageError(
            "Choose one of --to-earliest, --to-latest, --to-offset, --to-datetime and --shift-by"
        )
    return chosen[0]


def _from_file(file: IO[str]) -> Any:
    try:
        return json.load(file)
    except ValueError as error:
        raise click.UsageError(f"{file.name}: {error}") from None


@offsets.command(epilog="Example: sinkworker offsets reset alerts-to-pg --partition alerts:0")
@click.argument("name")
@_which
@output_option
@offline_options
def reset(
    worker: Asked, name: str, partitions: tuple[str, ...], dry_run: bool, output: str
) -> None:
    """Forget stored offsets: offset.start decides anew where these partitions are read from."""
    _move(worker, name, _request("reset", partitions), dry_run=dry_run, output=output)


@offsets.command(epilog="Example: sinkworker offsets history alerts-to-pg --partition alerts:0")
@click.argument("name")
@click.option("--partition", "partitions", multiple=True, metavar="TOPIC:NUMBER",
              help="Only of this one; may be given several times.")  # fmt: skip
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True,
              help="The newest so many.")  # fmt: skip
@click.option("--since", help="Only from 2026-11-21T08:00:00Z on.")
@output_option
@offline_options
def history(
    worker: Asked,
    name: str,
    partitions: tuple[str, ...],
    limit: int,
    since: str | None,
    output: str,
) -> None:
    """Show what became of the offsets, step by step, newest last: claims, commits, operators' moves."""
    asked = [("limit", str(limit)), *(("partition", each) for each in partitions)]
    asked += [("since", since)] if since else []
    found = worker.ask("GET", f"/sinkworker/v1{path_of(name, 'ledger')}?{urlencode(asked)}")
    show(output, found, lambda: _steps(found["steps"]))
    if not found["steps"]:
        click.echo("There are no such steps, or this sink keeps no ledger", err=True)


def _steps(steps: list[dict[str, Any]]) -> list[list[object]]:
    rows: list[list[object]] = [[
        "TIME", "TOPIC", "PARTITION", "STEP", "FROM", "TO", "RECORDS", "ERRANT", "FILTERED", "GAPS",
        "EPOCH", "WORKER", "CONFIG",
    ]]  # fmt: skip
    for each in steps:
        of = each["partition"]
        rows.append([
            each["at"], of["kafka_topic"], of["kafka_partition"], _step(each), each["from"], each["to"],
            each["records"], each["errant"], each["filtered"], each["gaps"], each["epoch"],
            each["owner"], each["config"],
        ])  # fmt: skip
    return rows


def _step(step: dict[str, Any]) -> str:
    """An operator's move is told as what it does."""
    if step["step"] != "alter":
        return str(step["step"])
    if step["to"] is None:
        return "reset"
    if step["read_again"]:
        return f"rewind: {step['read_again']} again"
    return f"skip: {step['skipped']}" if step["skipped"] else "alter"


def _request(to: Any, partitions: tuple[str, ...]) -> dict[str, Any]:
    chosen = [_partition(text) for text in partitions]
    return {"to": to} | ({"partitions": chosen} if chosen else {})


def _partition(text: str) -> dict[str, Any]:
    topic, _, number = text.rpartition(":")
    if not topic or not number.isdecimal():
        raise click.UsageError(f"--partition {text}: expected <topic>:<number>")
    return {"kafka_topic": topic, "kafka_partition": int(number)}


def _move(worker: Asked, name: str, content: Any, *, dry_run: bool, output: str) -> None:
    answer = worker.ask("POST", _path(name) + ("?dry_run=true" if dry_run else ""), content)
    show(output, answer, lambda: _moves(answer["moves"]))
    if dry_run and output == "table":
        click.echo("Nothing was changed (--dry-run)", file=sys.stderr)


def _moves(moves: list[dict[str, Any]]) -> list[list[object]]:
    rows: list[list[object]] = [["TOPIC", "PARTITION", "OLD", "NEW", "READ AGAIN", "SKIPPED"]]
    for each in moves:
        of = each["partition"]
        rows.append([
            of["kafka_topic"], of["kafka_partition"], each["old"],
            "reset" if each["new"] is None else each["new"], each["read_again"], each["skipped"],
        ])  # fmt: skip
    return rows


def _path(name: str) -> str:
    return f"/sinkworker/v1{path_of(name, 'offsets')}"
