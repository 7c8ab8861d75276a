"""What readers see: exactly the files that were committed, by Python, by DuckDB, by the commands."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result
from pyarrow.dataset import dataset
from pyarrow.fs import S3FileSystem

from connectors.s3 import manifest
from connectors.s3.manifest import BrokenChainError
from connectors.s3.reader import S3Reader
from sinkworker.api import ConnectError, TopicPartition
from sinkworker.cli.main import main
from sinkworker.testing.owner import Owner
from tests.integration.s3.sinks import P0, P1, files, ranges, sink, write
from tests.services.seaweed import ACCESS_KEY, SECRET_KEY
from tests.services.store import Store

pytestmark = pytest.mark.s3
OTHER = TopicPartition("orders", 0)


@pytest.fixture
def filled(store: Store) -> Store:
    """Two topics, three partitions, two commits of one; an orphan; another connector's file."""
    connector = sink(store, s3_compression_type="gzip")
    owner = Owner(connector)
    owner.open(P0, P1, OTHER)
    write(owner, P0, range(3))
    write(owner, P1, range(2))
    write(owner, P0, range(3, 5))
    write(owner, OTHER, range(1))
    owner.stop()
    store.put(connector.names().key("alerts/partition=0", P0, 5, 1, ".json.gz"), b"orphan")
    stranger = Owner(sink(store, "archive-1"))
    stranger.open(P0)
    write(stranger, P0, range(1))
    stranger.stop()
    return store


@pytest.fixture
def config(filled: Store, tmp_path: Path) -> Path:
    path = tmp_path / "archive.properties"
    path.write_text(
        f"name=archive\nconnector.class=S3Sink\ntopics=alerts\nstore.url={filled.url}\n"
        f"s3.bucket.name={filled.bucket}\naws.access.key.id={ACCESS_KEY}\n"
        f"aws.secret.access.key={SECRET_KEY}\nvalue.converter=JsonConverter\n"
        "value.converter.schemas.enable=false\n"
    )
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["s3", *arguments])


def named(store: Store, source: TopicPartition = P0) -> list[str]:
    return [file.key for file in files(sink(store)) if (file.topic, file.partition) == source]


# the reader


def test_a_reader_sees_exactly_what_was_committed(filled: Store) -> None:
    with S3Reader("archive", **filled.settings()) as reader:
        assert reader.partitions() == [P0, P1, OTHER]
        assert ranges(reader.files()) == [(0, 0, 2), (0, 3, 4), (1, 0, 1), (0, 0, 0)]
        assert ranges(reader.files("orders")) == [(0, 0, 0)]
    assert len(filled.keys("topics/")) == 4 + 2


def test_a_reader_of_a_connector_that_never_ran_sees_nothing(store: Store) -> None:
    assert files(sink(store)) == []


def test_duckdb_queries_the_committed_files_where_they_are(filled: Store) -> None:
    """As in the README."""
    with S3Reader("archive", **filled.settings()) as reader:
        keys = [f"{filled.bucket}/{file.key}" for file in reader.files("alerts")]
    place = S3FileSystem(endpoint_override=filled.url, access_key=ACCESS_KEY, secret_key=SECRET_KEY)
    alerts = dataset(keys, filesystem=place, format="json")
    found = duckdb.connect().from_arrow(alerts).order("id").fetchall()
    assert [id_ for id_, _ in found] == [
        "alerts:0:0", "alerts:0:1", "alerts:0:2", "alerts:0:3", "alerts:0:4", "alerts:1:0",
        "alerts:1:1",
    ]  # fmt: skip


def test_the_bytes_of_a_file_can_be_read(filled: Store) -> None:
    with S3Reader("archive", **filled.settings()) as reader:
        file = next(reader.files("orders"))
        with reader.open(file) as body:
            lines = gzip.decompress(body.read()).splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["orders:0:0"]


# the commands


def test_files_lists_the_committed_ones(filled: Store, config: Path) -> None:
    result = run("files", str(config), "--topic", "alerts")
    assert result.exit_code == 0
    urls = result.stdout.splitlines()
    assert len(urls) == 3
    assert all(url.startswith(f"s3://{filled.bucket}/topics/alerts/partition=") for url in urls)
    objects = [json.loads(line) for line in run("files", str(config), "--json").stdout.splitlines()]
    assert [each["url"] for each in objects][:3] == urls
    assert [(each["topic"], each["first"], each["last"]) for each in objects] == [
        ("alerts", 0, 2), ("alerts", 3, 4), ("alerts", 0, 1), ("orders", 0, 0),
    ]  # fmt: skip


def test_verify_says_what_is_there(filled: Store, config: Path) -> None:
    result = run("verify", str(config))
    sizes = {source: sum(len(filled.get(key)) for key in named(filled, source))
             for source in (P0, P1, OTHER)}  # fmt: skip
    assert result.stdout.splitlines() == [
        f"alerts-0: ok; 3 entries, 2 files, 5 records, {sizes[P0]} bytes, next offset 5",
        f"alerts-1: ok; 2 entries, 1 files, 2 records, {sizes[P1]} bytes, next offset 2",
        f"orders-0: ok; 2 entries, 1 files, 1 records, {sizes[OTHER]} bytes, next offset 1",
    ]
    assert result.exit_code == 0


@pytest.mark.parametrize("damage", ["another content", "shorter", "gone"])
def test_verify_finds_files_that_are_damaged(filled: Store, config: Path, damage: str) -> None:
    key = named(filled)[1]
    content = filled.get(key)
    if damage == "another content":
        filled.put(key, content[:-1] + bytes([content[-1] ^ 1]))
        flaw = f"{key} has another content than the one that was committed"
    elif damage == "shorter":
        filled.put(key, content[:-1])
        flaw = f"{key} has {len(content) - 1} bytes and not {len(content)}"
    else:
        filled.delete(key)
        flaw = f"{key} is missing"
    result = run("verify", str(config))
    assert result.stdout.splitlines()[0].startswith("alerts-0: 1 flaw(s); ")
    assert result.stdout.splitlines()[1] == f"  {flaw}"
    assert result.exit_code == 1
    assert run("verify", str(config), "--quick").exit_code == (damage != "another content")


def test_verify_finds_a_broken_chain_and_goes_on_with_the_next(filled: Store, config: Path) -> None:
    folder = manifest.folder("archive", P0)
    filled.delete(folder + manifest.name(2))
    result = run("verify", str(config))
    assert result.stdout.splitlines()[:2] == [
        "alerts-0: 1 flaw(s); 0 entries, 0 files, 0 records, 0 bytes, next offset None",
        f"  The entry before {folder}{manifest.name(3)} is missing: the next one is 1",
    ]
    assert result.stdout.splitlines()[2].startswith("alerts-1: ok; ")
    assert result.exit_code == 1
    with pytest.raises(BrokenChainError):
        files(sink(filled))


def test_gc_lists_and_then_removes(filled: Store, config: Path) -> None:
    owner = Owner(sink(filled))
    owner.open(P0)
    owner.stop()
    (orphan,) = [key for key in filled.keys("topics/") if filled.get(key) == b"orphan"]
    dry = run("gc", str(config), "--dry-run")
    assert dry.stdout.splitlines() == [
        f"{orphan} (6 bytes)",
        "Found 1 file(s) of 6 bytes that no entry names, and 0 unfinished upload(s)",
    ]
    assert orphan in filled.keys("topics/")
    wet = run("gc", str(config))
    assert wet.stdout.splitlines()[-1] == (
        "Removed 1 file(s) of 6 bytes that no entry names, and 0 unfinished upload(s)"
    )
    assert orphan not in filled.keys("topics/")
    assert run("verify", str(config)).exit_code == 0


def test_another_kind_of_connector_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "lines.properties"
    path.write_text("name=lines\nconnector.class=FileStreamSink\ntopics=t\nfile=lines.txt\n")
    result = run("files", str(path))
    assert (result.exit_code, result.stderr) == (2, f"{path}: lines is no S3 sink\n")


def test_a_file_that_is_gone_is_told_when_it_is_read(filled: Store) -> None:
    with S3Reader("archive", **filled.settings()) as reader:
        file = next(reader.files())
        filled.delete(file.key)
        with pytest.raises(ConnectError, match=r"NoSuchKey \(404\)"), reader.open(file):
            pass
