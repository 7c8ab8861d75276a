"""`sinkworker tap`: records as they pass, after each transform."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sinkworker.cli.files import FILE, exiting_on_errors, load_or_exit
from sinkworker.cli.replay import partition_of

if TYPE_CHECKING:
    from sinkworker.administration.tapping import Look
    from sinkworker.runtime.tapping import Stage, Tapped

PARTS = ("topic", "key", "value", "headers")


@click.command(epilog="Example: sinkworker tap configs/alerts-to-pg.properties --limit 3")
@click.argument("config", metavar="CONFIG", type=FILE)
@click.option("--limit", type=click.IntRange(min=1), default=10, show_default=True,
              help="End after so many records.")  # fmt: skip
@click.option("--from", "start", default="latest", show_default=True,
              help="earliest, latest, or an offset.")  # fmt: skip
@click.option("--partition", "partitions", multiple=True, metavar="TOPIC:NUMBER",
              help="Only this one; may be given several times.")  # fmt: skip
@click.option("--worker-config", type=FILE, help="The worker's file, where it says more.")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True,
              help="For people, or an object a line.")  # fmt: skip
def tap(
    config: Path, limit: int, start: str, partitions: tuple[str, ...], worker_config: Path | None,
    output: str,
) -> None:  # fmt: skip
    """Show records of a connector: as they are read, and after each transform.

    In no group, with converters and transforms of its own: nobody notices. What records hold may be
    confidential; secrets of the configuration are hidden.
    """
    from sinkworker.app import look_at

    offset = _start(start)
    only = [partition_of(text) for text in partitions]
    [configured] = load_or_exit((config,), worker_config).connectors
    with exiting_on_errors():
        look = look_at(configured)
        try:
            for tapped in look.records(offset, limit, only):
                for line in _lines(look, tapped) if output == "text" else [_json(look, tapped)]:
                    click.echo(line)
        except KeyboardInterrupt:
            return  # how most looks end


def _start(text: str) -> str | int:
    if text in ("earliest", "latest"):
        return text
    if not text.isascii() or not text.isdecimal():
        raise click.UsageError(f"--from {text}: expected earliest, latest or an offset")
    return int(text)


def _lines(look: Look, tapped: Tapped) -> Iterator[str]:
    """Each part of a record where it changes."""
    yield look.safe(f"{tapped.source} offset {tapped.raw.offset} timestamp {tapped.raw.timestamp}")
    width = max(len(stage.name) for stage in tapped.stages)
    before: Mapping[str, str] = {"headers": "[]", "topic": look.safe(tapped.source.topic)}
    for stage in tapped.stages:
        name = look.safe(stage.name.ljust(width))
        for index, line in enumerate(_changes(look, tapped, stage, before)):
            yield f"  {name if index == 0 else ' ' * width}  {line}"
        before = stage.shown or before  # type: ignore[assignment]


def _changes(look: Look, tapped: Tapped, stage: Stage, before: Mapping[str, str]) -> Iterator[str]:
    if stage.problem is not None:
        yield look.safe(f"FAILED: {stage.problem}")
        yield f"key bytes {look.raw(tapped.raw.key)}"
        yield f"value bytes {look.raw(tapped.raw.value)}"
        return
    if stage.shown is None:
        yield "left out"
        return
    shown: Any = stage.shown
    changed = [part for part in PARTS if shown[part] != before.get(part)]
    yield from (f"{part} {shown[part]}" for part in changed)
    if not changed:
        yield "unchanged"


def _json(look: Look, tapped: Tapped) -> str:
    return json.dumps({
        "topic": look.safe(tapped.source.topic), "partition": tapped.source.partition,
        "offset": tapped.raw.offset, "timestamp": tapped.raw.timestamp,
        "stages": [
            {"stage": stage.name, "record": stage.shown, "is_left_out": _is_left_out(stage),
             "problem": look.safe(stage.problem) if stage.problem is not None else None}
            for stage in tapped.stages
        ],
    })  # fmt: skip


def _is_left_out(stage: Stage) -> bool:
    return stage.shown is None and stage.problem is None
