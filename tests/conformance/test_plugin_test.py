"""`sinkworker plugin test`: real processes, really killed; what is told of exact sinks and of others."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from sinkworker.plugin_project import names_of, write_project

OK, FAILED, USAGE, INVALID = 0, 1, 2, 78
# Lines of the new plugin's sink.
INDENT = " " * 16
ROWS = f'{INDENT}db.executemany("INSERT INTO records VALUES (?, ?, ?, ?)", rows)'
COMMIT = f'{INDENT}db.execute("COMMIT")'
COMMIT_AND_GO_ON = f'{INDENT}db.executescript("BEGIN IMMEDIATE")  # commits what was begun'
ADVANCE = "offsets.advance(advances)"


class Plugin:
    """The project that `plugin new` writes, installed; `change` breaks its sink."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        write_project(names_of("weather"), folder)
        info = folder / "weather-0.1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: weather\nVersion: 0.1.0\n")
        points = "[sinkworker.connectors]\nWeatherSink = weather:WeatherSinkConnector\n"
        (info / "entry_points.txt").write_text(points)

    def change(self, old: str, new: str) -> None:
        module = self._folder / "weather/__init__.py"
        text = module.read_text()
        assert text.count(old) == 1
        module.write_text(text.replace(old, new))

    def records(self, *lines: object) -> None:
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (self._folder / "records.jsonl").write_text(text)

    def test(
        self, *options: str, plugin: str = "weather.properties"
    ) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "sinkworker", "plugin", "test", plugin]
        return subprocess.run(
            [*command, "--records=records.jsonl", *options], cwd=self._folder, text=True,
            env=os.environ | {"PYTHONPATH": str(self._folder)}, capture_output=True, check=False,
        )  # fmt: skip

    def query(self, sql: str, database: str = "weather.db") -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self._folder / database)) as db:
            return db.execute(sql).fetchall()


@pytest.fixture
def plugin(tmp_path: Path) -> Plugin:
    return Plugin(tmp_path / "weather")


def test_a_sink_that_is_not_killed_is_told_in_one_line(plugin: Plugin) -> None:
    result = plugin.test()
    assert (result.returncode, result.stderr) == (OK, "")
    assert result.stdout.splitlines() == [
        "run 1: my-topic-0 from 0 (epoch 1), my-topic-1 from 0 (epoch 1); 24 written; "
        "all are through",
        "my-topic-0: delivered up to 12, stored 12",
        "my-topic-1: delivered up to 12, stored 12",
        "24 records were written, each once as far as offsets can tell: count them in the sink.",
    ]


@pytest.mark.parametrize("after", [4, 7])
def test_an_exact_sink_goes_on_where_it_was_killed(plugin: Plugin, after: int) -> None:
    result = plugin.test(f"--crash-after={after}")
    assert (result.returncode, result.stderr) == (OK, "")
    *runs, first, second, kills, _count = result.stdout.splitlines()
    assert [first, second] == [f"my-topic-{p}: delivered up to 12, stored 12" for p in (0, 1)]
    assert kills == (
        f"{len(runs) - 1} kills, {(len(runs) - 1) // 2} of them within a flush: each run went on "
        "where the flushes before it had ended."
    )
    for number, run in enumerate(runs[:-1], 1):
        end = (
            r"after a flush"
            if number % 2
            else r"within a flush, (before .*:\d+|after its last line)"
        )
        assert re.search(f"; SIGKILL {end}$", run), run
    rows = plugin.query("SELECT partition, offset FROM records ORDER BY partition, rowid")
    assert rows == [(partition, offset) for partition in (0, 1) for offset in range(12)]
    assert plugin.query("SELECT partition, next FROM offsets ORDER BY 1") == [(0, 12), (1, 12)]


def test_the_kills_are_spread_over_the_lines_of_a_flush(plugin: Plugin) -> None:
    plugin.records(*({"value": n} for n in range(8)))
    result = plugin.test("--crash-after=1")
    lines = set(re.findall(r"within a flush, (.*)$", result.stdout, re.MULTILINE))
    assert len(lines) >= 5
    assert plugin.query("SELECT value FROM records") == [(str(n),) for n in range(8)]


# Sinks that are not exact. Each is the new plugin with one thing changed.


def test_a_commit_between_rows_and_offsets_shows_in_the_number_of_rows(plugin: Plugin) -> None:
    """Offsets alone cannot tell; but a kill falls in between, and the rows are to be counted."""
    plugin.records(*({"value": n} for n in range(8)))
    plugin.change(ROWS, f"{ROWS}\n{COMMIT_AND_GO_ON}")
    result = plugin.test("--crash-after=1")
    assert "8 records were written" in result.stdout
    assert plugin.query("SELECT count(*) > 8, count(DISTINCT value) FROM records") == [(1, 8)]


def test_a_commit_between_offsets_and_rows_shows_in_the_number_of_rows(plugin: Plugin) -> None:
    plugin.records(*({"value": n} for n in range(8)))
    plugin.change(ROWS, "")
    plugin.change(COMMIT, f"{COMMIT_AND_GO_ON}\n{ROWS}\n{COMMIT}")
    result = plugin.test("--crash-after=1")
    assert "8 records were written" in result.stdout
    assert plugin.query("SELECT count(*) < 8 FROM records") == [(1,)]


def test_a_sink_that_does_not_store_its_offsets_is_wrong(plugin: Plugin) -> None:
    plugin.change(ADVANCE, "pass")
    result = plugin.test("--crash-after=4")
    assert result.returncode == FAILED
    wrong = "and everything before 2 was flushed: 2 are written again"
    assert result.stderr.splitlines() == [
        f"Wrong: my-topic-{partition}: run 2 went on at 0, {wrong}" for partition in (0, 1)
    ]


def test_a_sink_that_promises_at_least_once_goes_on_at_the_group_s_offset(plugin: Plugin) -> None:
    plugin.change(
        "    config_class =", "    delivery = api.Delivery.AT_LEAST_ONCE\n    config_class ="
    )
    plugin.change("return offsets.claim(starts, self._context.owner)",
                  "return {p: api.Claim(start, 0) for p, start in starts.items()}")  # fmt: skip
    plugin.change(ADVANCE, "pass")
    plugin.change("self.offset_store()", "Database(self.name, self.config.database)")
    plugin.change(
        "def offset_store(self) -> Database:", "def offset_store(self): return\n    def _(self):"
    )
    result = plugin.test("--crash-after=4")
    assert (result.returncode, result.stderr) == (OK, "")
    assert "The sink stores no offsets: what it has written may be written again." in result.stdout
    assert plugin.query("SELECT count(DISTINCT value) FROM records") == [(24,)]


def test_a_bad_record_stops_its_partition_and_is_told(plugin: Plugin) -> None:
    plugin.records({"value": {"id": 1}}, {"value": "no json"}, {"value": 2, "partition": 1})
    result = plugin.test()
    assert result.returncode == FAILED
    assert result.stdout.splitlines()[0].endswith("; 2 written; stopped")
    assert "my-topic-0: delivered up to 1, stored 1" in result.stdout
    assert "my-topic-0 offset 1 failed in VALUE_CONVERTER: invalid JSON: " in result.stdout
    assert result.stderr == ""


def test_a_sink_that_raises_is_told_with_its_trace(plugin: Plugin) -> None:
    plugin.change(ADVANCE, 'raise RuntimeError("boom")')
    result = plugin.test("--crash-after=4")
    assert result.returncode == FAILED
    assert "RuntimeError: boom" in result.stderr
    assert result.stderr.endswith("The sink failed: the process ended with code 1\n")


def test_a_sink_that_never_answers_is_told_with_what_it_waits_for(plugin: Plugin) -> None:
    plugin.change(ADVANCE, 'raise api.RetriableError("it is down")')
    result = plugin.test()
    assert result.returncode == FAILED
    assert result.stdout.splitlines()[0].endswith("; 0 written; stopped")
    assert "it is down" in result.stdout.splitlines()


def test_a_sink_that_was_used_before_is_left_alone(plugin: Plugin) -> None:
    assert plugin.test().returncode == OK
    result = plugin.test()
    assert (result.returncode, result.stdout) == (FAILED, "")
    assert result.stderr == (
        "weather has stored offsets of these topics already (my-topic-0 at 12, my-topic-1 at 12): "
        "remove what an earlier run left, or choose another place or another name by --set\n"
    )
    assert plugin.test("--set=name=another").returncode == OK


def test_a_plugin_may_be_named_with_its_keys(plugin: Plugin) -> None:
    result = plugin.test("--set=database=named.db", "--set=name=n", plugin="WeatherSink")
    assert (result.returncode, result.stderr) == (OK, "")
    assert plugin.query("SELECT DISTINCT topic, connector FROM offsets", "named.db") == [
        ("test", "n")
    ]
    assert plugin.query("SELECT count(*) FROM records", "named.db") == [(24,)]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("WeatherSink",), INVALID,
         '--set: Missing required configuration "database" which has no default value.'),
        (("WaetherSink",), INVALID,
         "--set: Invalid value WaetherSink for configuration connector.class: "
         "There is no connector WaetherSink; did you mean WeatherSink?"),
        (("none.properties",), INVALID, "none.properties: No such file or directory"),
        (("weather.properties", "--set=colour=red"), INVALID,
         "weather.properties: Unknown configuration colour"),
        (("weather.properties", "--set=colour"), USAGE,
         "Error: Invalid value for '--set': expected KEY=VALUE"),
        (("weather.properties", "--crash-after=0"), USAGE,
         "Error: Invalid value for '--crash-after': 0 is not in the range x>=1."),
        (("weather.properties", "--records=none.jsonl"), USAGE, "none.jsonl: No such file or directory"),
    ],
)  # fmt: skip
def test_wrong_usage_is_told(
    plugin: Plugin, arguments: tuple[str, ...], code: int, message: str
) -> None:
    result = plugin.test(*arguments[1:], plugin=arguments[0])
    assert (result.returncode, result.stdout) == (code, "")
    assert result.stderr.splitlines()[-1] == message
