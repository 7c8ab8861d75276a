"""`sinkworker dlq …`: dead letters that a sink stores itself, listed, shown, replayed, dropped.

Owns the commands' words. A connector is named by its file. Must not know any sink.
"""

from __future__ import annotations

import functools
import json
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sinkworker.cli import exit_codes
from sinkworker.cli.files import FILE, exiting_on_errors

if TYPE_CHECKING:
    from sinkworker.api import DeadLetter, DeadLetterStore
    from sinkworker.configuration import ConfiguredConnector

CONFIG = click.argument("config", metavar="CONFIG", type=FILE)


@dataclass(frozen=True)
class Chosen:
    """Which letters. Nothing given: all of them."""

    topics: tuple[str, ...] = ()
    partition: int | None = None
    offset: int | None = None
    stage: str | None = None
    limit: int | None = None

    def of(self, letters: Iterator[DeadLetter]) -> Iterator[DeadLetter]:
        return islice(filter(self._is_meant, letters), self.limit)

    def _is_meant(self, letter: DeadLetter) -> bool:
        return (
            (not self.topics or letter.source.topic in self.topics)
            and self.partition in (None, letter.source.partition)
            and self.offset in (None, letter.offset)
            and (self.stage is None or self.stage.upper() == letter.stage.value)
        )


def choosing(command: Callable[..., Any]) -> Callable[..., Any]:
    """--topic, --partition, --offset, --stage, --limit, as `chosen`."""

    @functools.wraps(command)
    def chosen(**options: Any) -> Any:
        picked = Chosen(*(options.pop(each) for each in Chosen.__dataclass_fields__))
        return command(chosen=picked, **options)

    for option in (
        click.option("--limit", type=click.IntRange(min=1), help="At most so many."),
        click.option("--stage", help="Only those that failed there, as VALUE_CONVERTER."),
        click.option("--offset", type=int, help="Only this offset."),
        click.option("--partition", type=int, help="Only of this partition."),
        click.option("--topic", "topics", multiple=True, help="Only of this topic. Repeatable."),
    ):
        chosen = option(chosen)
    return chosen


@click.group()
def dlq() -> None:
    """Dead letters: records that could not be written, where the sink stores them itself."""


@dlq.command(
    "list", epilog="Example: sinkworker dlq list configs/alerts-to-pg.properties --limit 20"
)
@CONFIG
@choosing
@click.option("--json", "as_json", is_flag=True, help="All that is known, one object a line.")
def list_letters(config: Path, chosen: Chosen, as_json: bool) -> None:
    """One line a letter: where it was read, where it failed, and why."""
    with _opened(config) as (_, store):
        for letter in chosen.of(store.read()):
            click.echo(json.dumps(_fields(letter)) if as_json else _line(letter))


@dlq.command(epilog="Example: sinkworker dlq show alerts.properties --topic alerts --offset 5")
@CONFIG
@choosing
def show(config: Path, chosen: Chosen) -> None:
    """All of a letter: also its key, its value and its headers, which may be confidential."""
    with _opened(config) as (_, store):
        for letter in chosen.of(store.read()):
            click.echo(_line(letter))
            click.echo(f"  key:   {_text(letter.key)}")
            click.echo(f"  value: {_text(letter.value)}")
            for name, data in letter.headers:
                click.echo(f"  header {name}: {_text(data)}")


@dlq.command(epilog="Example: sinkworker dlq replay configs/alerts-to-pg.properties --topic alerts")
@CONFIG
@choosing
def replay(config: Path, chosen: Chosen) -> None:
    """Convert, transform and write letters as the connector does now; what is written is no letter
    any more, in the same transaction. What fails again stays, with its new cause; exit code 1."""
    from sinkworker.app import letter_pipeline
    from sinkworker.runtime import replay as replaying

    written = filtered = 0
    stayed = []
    with _opened(config) as (configured, store):
        pipeline = letter_pipeline(configured)
        for step in replaying.replay(chosen.of(store.read()), store, pipeline):
            written, filtered = written + step.written, filtered + step.filtered
            stayed += step.errant
    from sinkworker.runtime.tolerance import sentence

    for errant in stayed:
        click.echo(sentence(errant))
    left_out = f", {filtered} left out by a transform" if filtered else ""
    click.echo(f"{written} written{left_out}, {len(stayed)} failed again")
    sys.exit(exit_codes.FAILED if stayed else exit_codes.OK)


@dlq.command(epilog="Example: sinkworker dlq drop alerts.properties --topic alerts --partition 0")
@CONFIG
@choosing
@click.option("--yes", is_flag=True, help="Do not ask.")
def drop(config: Path, chosen: Chosen, yes: bool) -> None:
    """Remove letters for good."""
    with _opened(config) as (_, store):
        letters = list(chosen.of(store.read()))
        if letters and not yes:
            click.confirm(f"Remove {len(letters)} dead letter(s)?", abort=True, err=True)
        click.echo(f"{store.drop(letters) if letters else 0} removed")


@contextmanager
def _opened(config: Path) -> Iterator[tuple[ConfiguredConnector, DeadLetterStore]]:
    from sinkworker.app import load_without_kafka

    with exiting_on_errors():
        configured = load_without_kafka(str(config), {})
        store = configured.connector.dead_letters()
        if store is None:
            name = configured.settings.name
            click.echo(
                f"{config}: {name} stores no dead letters itself. A topic of them is read as any topic.",
                err=True,
            )
            sys.exit(exit_codes.USAGE)
        try:
            yield configured, store
        finally:
            store.close()


def _line(letter: DeadLetter) -> str:
    place = f"{letter.source} offset {letter.offset}"
    return (
        f"{place} failed in {letter.stage.value} at {letter.failed_at}: {letter.exception}: "
        f"{' '.join(letter.message.split())}"
    )


def _text(data: bytes | None) -> str:
    return "null" if data is None else data.decode(errors="backslashreplace")


def _fields(letter: DeadLetter) -> dict[str, Any]:
    """key, value and the values of headers: base64, or null."""

    def encoded(data: bytes | None) -> str | None:
        return None if data is None else b64encode(data).decode()

    return {
        "topic": letter.source.topic,
        "partition": letter.source.partition,
        "offset": letter.offset,
        "stage": letter.stage.value,
        "exception": letter.exception,
        "message": letter.message,
        "failed_at": letter.failed_at,
        "timestamp": letter.timestamp,
        "key": encoded(letter.key),
        "value": encoded(letter.value),
        "headers": [{"key": name, "value": encoded(data)} for name, data in letter.headers],
    }
