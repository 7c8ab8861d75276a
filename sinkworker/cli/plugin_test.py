"""`sinkworker plugin test`: run a sink without Kafka, and kill it on the way."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sinkworker.cli import exit_codes
from sinkworker.cli.files import FILE, exiting_on_errors

if TYPE_CHECKING:
    from sinkworker.api import SinkConnector, StoredOffset, TopicPartition
    from sinkworker.configuration import ConfiguredConnector
    from sinkworker.testing.crashing.records import SampleRecord
    from sinkworker.testing.crashing.verdict import Verdict


def _pairs(
    _context: click.Context, _option: click.Parameter, texts: Sequence[str]
) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts]
    if not all(equals for _, equals, _ in pairs):
        raise click.BadParameter("expected KEY=VALUE")
    return {key: value for key, _, value in pairs}


@click.command(
    epilog="Example: sinkworker plugin test my-sink.properties --records records.jsonl --crash-after 5"
)
@click.argument("plugin", metavar="NAME_OR_CONFIG")
@click.option(
    "--records",
    "file",
    type=FILE,
    required=True,
    help='JSON lines such as {"value": {"id": 1}}. Beside value there may be topic, partition, key, '
    "headers and timestamp.",
)
@click.option(
    "--crash-after",
    type=click.IntRange(min=1),
    metavar="N",
    help="Kill the process whenever it has written N records (or one flush more), every second time "
    "in the middle of that flush, and start it again.",
)
@click.option(
    "--set",
    "keys",
    multiple=True,
    callback=_pairs,
    metavar="KEY=VALUE",
    help="A key of the configuration; counts before the file's.",
)
@click.option("--journal", type=FILE, hidden=True, help="Be one of the processes.")
def test(
    plugin: str, file: Path, crash_after: int | None, keys: dict[str, str], journal: Path | None
) -> None:
    """Run a sink over records of a file, without Kafka, and tell where it went on.

    NAME_OR_CONFIG: a connector's file, or a connector's name; of that, values are read as JSON. The
    records are really written: give the sink a place for it.
    """
    configured, records = _read(plugin, file, keys)
    if journal is not None:
        _be_a_process(configured, records, journal, crash_after)
        return
    _refuse_a_used_sink(configured.connector, {record.source for record in records})
    options = [f"--set={key}={value}" for key, value in keys.items()]
    if crash_after is not None:
        options.append(f"--crash-after={crash_after}")
    _run(configured.connector, [plugin, f"--records={file}", *options], len(records))


def _read(
    plugin: str, file: Path, keys: Mapping[str, str]
) -> tuple[ConfiguredConnector, Sequence[SampleRecord]]:
    from sinkworker.app import load_without_kafka
    from sinkworker.testing.crashing.records import RecordFileError, read_records

    with exiting_on_errors():
        configured = load_without_kafka(plugin, keys)
    try:
        return configured, read_records(file, next(iter(configured.settings.topics), "test"))
    except RecordFileError as error:
        click.echo(str(error), err=True)
        sys.exit(exit_codes.USAGE)


def _be_a_process(
    configured: ConfiguredConnector,
    records: Sequence[SampleRecord],
    journal: Path,
    crash_after: int | None,
) -> None:
    from sinkworker.runtime import logs
    from sinkworker.testing.crashing.journal import Journal
    from sinkworker.testing.crashing.run import run

    logs.set_up("critical", "text")  # what happens is told by the journal
    conversion, tolerance = configured.conversion, configured.settings.tolerance
    with exiting_on_errors():
        run(configured.connector, records, Journal(journal), crash_after,
            conversion=conversion, tolerance=tolerance)  # fmt: skip


def _refuse_a_used_sink(connector: SinkConnector[Any], sources: set[TopicPartition]) -> None:
    with exiting_on_errors():
        connector.check()
        stored = _stored(connector) or {}
    used = [f"{source} at {stored[source].next}" for source in sorted(sources & stored.keys())]
    if used:
        click.echo(
            f"{connector.name} has stored offsets of these topics already ({', '.join(used)}): remove "
            "what an earlier run left, or choose another place or another name by --set",
            err=True,
        )
        sys.exit(exit_codes.FAILED)


def _stored(connector: SinkConnector[Any]) -> Mapping[TopicPartition, StoredOffset] | None:
    store = connector.offset_store()
    if store is None:
        return None
    try:
        return store.read()
    finally:
        store.close()


def _run(connector: SinkConnector[Any], arguments: Sequence[str], records: int) -> None:
    from sinkworker.testing.crashing.processes import ProcessFailedError, run_processes
    from sinkworker.testing.crashing.verdict import Verdict

    verdict = Verdict(connector.delivery)
    command = [sys.executable, "-m", "sinkworker", "plugin", "test", *arguments]
    try:
        for line in run_processes(command, verdict, at_most=10 + 4 * records):
            click.echo(line)
    except ProcessFailedError as error:
        click.echo(f"The sink failed: {error}", err=True)
        sys.exit(exit_codes.FAILED)
    with exiting_on_errors():
        stored = _stored(connector)
    nothing = ["The sink stores no offsets: what it has written may be written again."]
    _tell(verdict, nothing if stored is None else verdict.compare(stored))


def _tell(verdict: Verdict, offsets: Sequence[str]) -> None:
    for line in (*offsets, *verdict.stops):
        click.echo(line)
    for problem in verdict.problems:
        click.echo(f"Wrong: {problem}", err=True)
    if verdict.problems or verdict.stops:
        sys.exit(exit_codes.FAILED)
    if verdict.kills:
        within = sum("within" in kill for kill in verdict.kills)
        click.echo(f"{len(verdict.kills)} kills, {within} of them within a flush: each run went on "
                   "where the flushes before it had ended.")  # fmt: skip
    click.echo(
        f"{verdict.records} records were written, each once as far as offsets can tell: "
        "count them in the sink."
    )
