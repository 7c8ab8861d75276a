"""docs/configuration.md and docs/from-kafka-connect.md list keys as the models and tables have them.

`python -m tests.unit.test_reference_pages` writes the lists anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from sinkworker.configuration.connector import NOT_HONOURED
from sinkworker.configuration.worker_file import WORKER_NOT_HONOURED
from sinkworker.documentation import table
from sinkworker.kafka import java_settings
from sinkworker.kafka import settings as of_kafka_python
from sinkworker.plugins import Catalog, Kind
from sinkworker.settings import SinkSettings
from sinkworker.worker_settings import WorkerSettings

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("configuration.md", "from-kafka-connect.md")
LIST = re.compile(r"<!-- list: (.+?) -->\n.*?<!-- end -->", re.DOTALL)


def _keys_of(name: str) -> str:
    return table(Catalog().load(Kind.CONNECTOR, name).config_class)


def _without_effect(name: str) -> str:
    return _reasons(Catalog().load(Kind.CONNECTOR, name).config_class.not_honoured)


def _reasons(keys: Mapping[str, str]) -> str:
    rows = [
        f"| `{key}{'*' * key.endswith('.')}` | {_cell(why)} |\n"
        for key, why in sorted(keys.items())
    ]
    return "".join(["| key | why |\n", "|---|---|\n", *rows])


def _cell(text: str) -> str:
    return text.replace("<", "&lt;")


def _fixed() -> str:
    """With kafka-python. What is different with librdkafka, docs/kafka-clients.md has."""
    fixed = {**java_settings.FIXED, **of_kafka_python.FIXED}
    rows = [f"| `{key}={value}` | {_cell(why)} |\n" for key, (value, why) in sorted(fixed.items())]
    return "".join(["| only | why |\n", "|---|---|\n", *rows])


LISTS: Mapping[str, Callable[[], str]] = {
    "every connector": lambda: table(SinkSettings),
    "the worker": lambda: table(WorkerSettings),
    "FileStreamSink": lambda: _keys_of("FileStreamSink"),
    "PostgresSink": lambda: _keys_of("PostgresSink"),
    "S3Sink": lambda: _keys_of("S3Sink"),
    "the client": lambda: (
        ", ".join(f"`{key}`" for key in sorted([*of_kafka_python.HONOURED, java_settings.LOOKUP]))
        + "\n"
    ),
    "without effect in connectors": lambda: _reasons(NOT_HONOURED),
    "without effect in PostgresSink": lambda: _without_effect("PostgresSink"),
    "without effect in S3Sink": lambda: _without_effect("S3Sink"),
    "without effect in the worker": lambda: _reasons(WORKER_NOT_HONOURED),
    "refused of the client": lambda: _reasons({**java_settings.REFUSED, **of_kafka_python.REFUSED}),
    "fixed of the client": _fixed,
}


def with_lists(text: str) -> str:
    return LIST.sub(lambda m: f"<!-- list: {m[1]} -->\n{LISTS[m[1]]()}<!-- end -->", text)


@pytest.mark.parametrize("page", PAGES)
def test_the_lists_are_those_of_the_code(page: str) -> None:
    text = (DOCS / page).read_text()
    assert text == with_lists(text)


def test_every_list_is_somewhere() -> None:
    found = [name for page in PAGES for name in LIST.findall((DOCS / page).read_text())]
    assert sorted(found) == sorted(LISTS)


if __name__ == "__main__":
    for each in PAGES:
        (DOCS / each).write_text(with_lists((DOCS / each).read_text()))
