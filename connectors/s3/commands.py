"""`sinkworker s3 …`: what is committed, whether it is there, and what may go.

Owns the commands' words. A connector is named by its configuration file, which says where its bucket
is and how to get in. Must not know how that file is read: the worker's command line gives a reader.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import click

if TYPE_CHECKING:
    from connectors.s3.bucket import Bucket
    from connectors.s3.connector import S3SinkConnector
    from connectors.s3.reader import S3Reader
    from connectors.s3.verify import Finding

DAMAGED = 1
USAGE = 2
Load: TypeAlias = Callable[[Path], Any]

config_file = click.argument(
    "config", metavar="CONFIG", type=click.Path(dir_okay=False, path_type=Path)
)


class Opened(NamedTuple):
    sink: S3SinkConnector
    bucket: Bucket
    reader: S3Reader


@click.group()
def s3() -> None:
    """What S3 sinks have committed: list, verify, clean up."""


@s3.command(epilog="Example: sinkworker s3 files configs/audit-to-s3.properties --json")
@config_file
@click.option("--topic", "topics", multiple=True, help="Only of this topic. May be repeated.")
@click.option("--json", "as_json", is_flag=True, help="All that is known, one object a line.")
@click.option("--dead-letters", is_flag=True, help="The files of dead letters instead.")
@click.pass_obj
def files(
    load: Load, config: Path, topics: tuple[str, ...], as_json: bool, dead_letters: bool
) -> None:
    """List the committed files of a connector, in the order of their offsets."""
    with _opened(load, config) as opened:
        reader = opened.reader
        for file in (reader.letter_files if dead_letters else reader.files)(*topics):
            click.echo(json.dumps(asdict(file)) if as_json else file.url)


@s3.command(epilog="Example: sinkworker s3 verify configs/audit-to-s3.properties")
@config_file
@click.option("--quick", is_flag=True, help="See that files are there, without reading them.")
@click.pass_obj
def verify(load: Load, config: Path, quick: bool) -> None:
    """Walk a connector's chains and read all that they name; exit code 1 when anything is wrong."""
    from connectors.s3 import verify as verification
    from connectors.s3.lanes import Lanes

    is_damaged = False
    with _opened(load, config) as opened:
        lanes = Lanes()
        for finding in verification.verify(opened.reader, opened.bucket, lanes, contents=not quick):
            click.echo(_sentence(finding))
            for flaw in finding.flaws:
                click.echo(f"  {flaw}")
            is_damaged = is_damaged or bool(finding.flaws)
        lanes.close()
    sys.exit(DAMAGED if is_damaged else 0)


@s3.command(epilog="Example: sinkworker s3 gc configs/audit-to-s3.properties --dry-run")
@config_file
@click.option("--dry-run", is_flag=True, help="Only list them.")
@click.pass_obj
def gc(load: Load, config: Path, dry_run: bool) -> None:
    """Remove files that were never committed and never can be. Workers may go on meanwhile."""
    from connectors.s3 import gc as collection

    with _opened(load, config) as opened:
        garbage = collection.find(
            opened.bucket, opened.reader, opened.sink.names(), opened.sink.names_of_letters()
        )
        for file in garbage.files:
            click.echo(f"{file.key} ({file.bytes} bytes)")
        for key, _ in garbage.uploads:
            click.echo(f"{key} (an upload that was not finished)")
        if not dry_run:
            collection.remove(opened.bucket, garbage)
    count, size = len(garbage.files), sum(file.bytes for file in garbage.files)
    click.echo(
        f"{'Found' if dry_run else 'Removed'} {count} file(s) of {size} bytes that no entry names, "
        f"and {len(garbage.uploads)} unfinished upload(s)"
    )


@contextmanager
def _opened(load: Load, config: Path) -> Iterator[Opened]:
    sink = load(config)  # first: where boto3 is missing, this says so

    from connectors.s3.connector import S3SinkConnector
    from connectors.s3.reader import S3Reader

    if not isinstance(sink, S3SinkConnector):
        click.echo(f"{config}: {sink.name} is no S3 sink", err=True)
        sys.exit(USAGE)
    bucket = sink.bucket()
    with S3Reader(sink.name, sink.config) as reader:
        try:
            yield Opened(sink, bucket, reader)
        finally:
            bucket.close()


def _sentence(finding: Finding) -> str:
    state = "ok" if not finding.flaws else f"{len(finding.flaws)} flaw(s)"
    return (
        f"{finding.source}: {state}; {finding.entries} entries, {finding.files} files, "
        f"{finding.records} records, {finding.bytes} bytes, next offset {finding.next_offset}"
    )
