"""docs/first-sink.md does what it says, up to where it needs Kafka; that is in tests/e2e."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from sinkworker.plugin_project import TEMPLATE
from tests.services.first_sink import FirstSink, blocks, module


@pytest.fixture(scope="module")
def sink(tmp_path_factory: pytest.TempPathFactory) -> FirstSink:
    return FirstSink(tmp_path_factory.mktemp("first-sink"))


def test_the_text_is_what_a_new_plugin_contains() -> None:
    assert module() == (TEMPLATE / "my_sink/__init__.py").read_text("utf-8")


def test_it_is_at_most_60_lines_of_code() -> None:
    lines = module().splitlines()
    docstrings = {n for first, last in _docstrings() for n in range(first, last + 1)}
    code = [n for n, line in enumerate(lines, 1) if line.strip() and n not in docstrings]
    assert len(code) <= 60


def _docstrings() -> Iterator[tuple[int, int]]:
    for node in ast.walk(ast.parse(module())):
        for each in getattr(node, "body", ()):
            if isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant):
                yield each.lineno, each.end_lineno or each.lineno


def test_it_passes_the_conformance_kit_as_it_is_installed(sink: FirstSink) -> None:
    summary = sink.run("pytest", "-q", "-p", "no:cacheprovider").splitlines()[-1]
    assert re.fullmatch(r"\d+ passed in .*", summary)


def test_the_commands_of_the_text_print_what_it_says(sink: FirstSink) -> None:
    test, count = (shlex.split(command)[1:] for command in blocks("bash")[1:3])
    said, counted, _ = blocks("")
    printed = sink.run("sinkworker", *test)
    assert _without_places(printed.rstrip()) == _without_places(said)
    assert sink.python(*count).rstrip() == counted


def _without_places(text: str) -> str:
    """Which line of a flush is the n-th depends on Python's version."""
    return re.sub(r"within a flush, .*", "within a flush", text)


def test_the_mistake_of_the_text_shows_in_the_rows_and_fails_the_kit(tmp_path: Path) -> None:
    broken = FirstSink(tmp_path, change=_commit_first)
    records = broken.project / "records.jsonl"
    records.write_text("".join(records.read_text().splitlines(keepends=True)[:8]))
    test, count = (shlex.split(command)[1:] for command in blocks("bash")[1:3])
    broken.run("sinkworker", *test[:-1], "1")
    rows = re.findall(r"\((\d), (\d+), (\d+)\)", broken.python(*count))
    assert sum(int(row[1]) for row in rows) < 8
    with pytest.raises(AssertionError, match="test_04_a_flush_that_breaks"):
        broken.run("pytest", "-q", "-p", "no:cacheprovider")


def _commit_first(text: str) -> str:
    insert, commit = (
        re.search(rf"^.*{words}.*\n", text, re.MULTILINE)[0]  # type: ignore[index]
        for words in ("INSERT INTO records", "COMMIT")
    )
    return text.replace(insert, "").replace(commit, commit + insert)
