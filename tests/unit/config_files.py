"""Small configuration files for tests of what is said about them.

Two good files, how to change one line of them, and a fixed set of plugins to read them with.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import EntryPoint
from pathlib import Path

from pydantic import Field

from sinkworker.api import ConfigError, ConfigModel, Predicate, SinkRecord, Transform
from sinkworker.configuration import ConfiguredConnector, configure
from sinkworker.plugins import Catalog
from sinkworker.properties import read_file

FILE_SINK = (
    "name=good",
    "connector.class=FileStreamSink",
    "bootstrap.servers=localhost:9092",
    "topics=alerts",
    "file=out.txt",
)
POSTGRES_SINK = (
    "name=good",
    "connector.class=PostgresSink",
    "bootstrap.servers=localhost:9092",
    "topics=alerts",
    "connection.url=postgresql://db/alerts",
)


class PrefixConfig(ConfigModel):
    prefix: str
    times: int = Field(default=1, ge=1)


class Prefix(Transform):
    """Puts a text before the value, some times."""

    config_class = PrefixConfig

    def apply(self, record: SinkRecord) -> SinkRecord | None:
        assert isinstance(self.config, PrefixConfig)
        record.value = self.config.prefix * self.config.times + record.value
        return record


class IsShort(Predicate):
    """True for values of up to three characters."""

    def test(self, record: SinkRecord) -> bool:
        return len(record.value) <= 3


_PLUGINS = (
    ("connectors", "FileStreamSink", "connectors.file:FileStreamSinkConnector"),
    ("connectors", "PostgresSink", "connectors.postgres:PostgresSinkConnector"),
    ("converters", "JsonConverter", "sinkworker.converters.json:JsonConverter"),
    ("converters", "SimpleHeaderConverter",
     "sinkworker.converters.simple_header:SimpleHeaderConverter"),
    ("converters", "StringConverter", "sinkworker.converters.string:StringConverter"),
    ("transforms", "Prefix", f"{__name__}:Prefix"),
    ("predicates", "IsShort", f"{__name__}:IsShort"),
)  # fmt: skip
CATALOG = Catalog(EntryPoint(name, value, f"sinkworker.{kind}") for kind, name, value in _PLUGINS)


def changed(base: Sequence[str], changes: str = "") -> str:
    """The text of `base` with some lines changed.

    changes: lines `key=value`, which replace that key's line or come after the last, and `-key`,
    which leave its line empty.
    """
    lines = list(base)
    for change in changes.splitlines():
        key = change.removeprefix("-").split("=")[0]
        new = "" if change.startswith("-") else change
        keys = [line.split("=")[0] for line in lines]
        if key in keys:
            lines[keys.index(key)] = new
        else:
            lines.append(new)
    return "\n".join(lines) + "\n"


def write(name: str, text: str) -> Path:
    """A file in the current folder; its name is then what messages show."""
    Path(name).write_text(text, encoding="utf-8")
    return Path(name)


def configured(
    text: str, worker: str | None = None, name: str = "c.properties"
) -> ConfiguredConnector:
    """What a connector's file says, with these plugins and perhaps a worker's file."""
    defaults = read_file(write("w.properties", worker)) if worker is not None else None
    return configure(read_file(write(name, text)), defaults, CATALOG)


def messages(read: Callable[[], object]) -> list[str]:
    """Every message of the ConfigError that it raises; none when it does not."""
    try:
        read()
    except ConfigError as error:
        return [problem.message for problem in error.problems]
    return []
