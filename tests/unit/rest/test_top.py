"""`sinkworker top` against a worker."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys

import pytest

from sinkworker.top.reading import read
from tests.services.process import wait_until
from tests.unit.rest.scene import Scene
from tests.unit.rest.test_client import FAILED, OK, UNREACHABLE, run


@pytest.fixture
def busy(scene: Scene) -> Scene:
    scene.produce("a", "b", "c")
    scene.create()
    scene.wait_for_lines(3)
    wait_until(lambda: "sinkworker_stored_offset" in scene.ask("GET", "/metrics").content, 10, "it")
    return scene


def test_one_table_has_a_line_for_each_partition(busy: Scene) -> None:
    result = run(busy, "top", "--once", "--every", "0.2")
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[0] == [
        "CONNECTOR", "TASK", "STATE", "TOPIC", "PART", "STORED", "END", "LAG", "ROWS/S", "COMMIT",
        "ERRORS", "LETTERS", "OWNER",
    ]  # fmt: skip
    assert [line[:9] for line in lines[1:]] == [
        ["to-file", "0", "RUNNING", "alerts", "0", "3", "3", "0", "0"],
        ["to-file", "0", "RUNNING", "alerts", "1", "0", "0", "0", "0"],
    ]
    assert [line[10:12] for line in lines[1:]] == [["0", "0"], ["0", "0"]]
    assert all(line[12].startswith("to-file-0@") for line in lines[1:])


def test_programs_get_the_same_as_json(busy: Scene) -> None:
    result = run(busy, "top", "--once", "--every", "0.2", "-o", "json", "--filter", "alerts-0")
    [row] = json.loads(result.stdout)["rows"]
    assert (row["stored"], row["end"], row["lag"], row["rate"]) == (3, 3, 0, 0.0)
    assert row["commit_age"] >= 0


def test_a_store_that_does_not_answer_is_told_and_the_rest_is_shown(busy: Scene) -> None:
    config = {"connector.class": "PostgresSink", "topics": "alerts",
              "connection.url": "postgresql://127.0.0.1:1/x"}  # fmt: skip
    busy.ask("PUT", "/connectors/to-pg/config", config)
    result = run(busy, "top", "--once", "--every", "0.2")
    assert result.exit_code == OK
    assert "to-file    0     RUNNING  alerts  0 " in result.stdout
    assert "to-pg:" in result.stderr


def test_nobody_answers(scene: Scene) -> None:
    result = run(scene, "top", "--once", "--url", "http://127.0.0.1:1")
    assert result.exit_code == UNREACHABLE


def test_a_reading_names_what_the_worker_shows(busy: Scene) -> None:
    reading = read(lambda method, path: busy.ask(method, path).content, lambda: 5.0)
    assert reading.at == 5.0
    assert reading.states == {"to-file": {None: "RUNNING", 0: "RUNNING"}}
    assert {place.partition: offset for place, offset in reading.stored.items()} == {0: 3, 1: 0}


def test_without_a_terminal_tables_follow_one_another(busy: Scene) -> None:
    command = [sys.executable, "-m", "sinkworker", "top", "--every", "0.2",
               "--url", f"http://127.0.0.1:{busy.port}"]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        titles = sum(next(process.stdout).startswith("CONNECTOR") for _ in range(10))
        process.terminate()
    assert titles >= 2


def test_a_terminal_gets_a_screen_that_obeys_keys_and_is_left_as_it_was(busy: Scene) -> None:
    mine, theirs = pty.openpty()
    os.set_blocking(mine, False)
    command = [sys.executable, "-m", "sinkworker", "top", "--every", "0.2",
               "--url", f"http://127.0.0.1:{busy.port}"]  # fmt: skip
    env = dict(os.environ) | {"TERM": "xterm", "COLUMNS": "150", "LINES": "30"}
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, env=env)
    os.close(theirs)
    seen = bytearray()

    def shows(text: bytes) -> bool:
        if select.select([mine], [], [], 0.05)[0]:
            seen.extend(os.read(mine, 65536))
        return text in seen

    try:
        wait_until(lambda: shows(b"to-file"), 20, "the connector")
        os.write(mine, b"s")
        wait_until(lambda: shows(b"sorted by lag"), 20, "another order")
        os.write(mine, b"q")
        wait_until(lambda: shows(b"\x1b[?1049l"), 20, "the screen from before")
        assert process.wait(20) == OK
    finally:
        process.kill()
        process.wait()
        os.close(mine)


def test_without_rich_a_terminal_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, busy: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    from sinkworker.cli import top

    monkeypatch.delitem(sys.modules, "sinkworker.top.terminal", raising=False)
    monkeypatch.setitem(sys.modules, "rich.console", None)
    with pytest.raises(SystemExit) as ended:
        top._watch(None, "connector", "", 1.0)  # type: ignore[arg-type]
    assert ended.value.code == FAILED
    assert capsys.readouterr().err == (
        "A screen that changes needs the package rich, which is not installed: "
        f"{sys.executable} -m pip install 'sinkworker[top]'. Without it: sinkworker top --once\n"
    )
