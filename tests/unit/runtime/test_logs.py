"""Log lines: their two forms, and the task that they name."""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sinkworker.runtime import logs

log = logging.getLogger("sinkworker.some.module")


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers = root.handlers[:]
    changed = [root, *map(logging.getLogger, ("kafka", *logs.QUIET))]
    levels = [each.level for each in changed]
    yield
    root.handlers[:] = handlers
    for each, level in zip(changed, levels, strict=True):
        each.setLevel(level)


def in_a_task(say: Callable[[], None], connector: str = "alerts-to-pg", task: int = 3) -> None:
    """Say something on the thread of a task."""

    def run() -> None:
        logs.belong_to(connector, task)
        say()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


def said(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


def objects(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in said(capsys).splitlines()]


def test_text_lines_are_kafka_connect_s(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up("info", "text")
    log.info("Opened %s", "alerts-0")
    in_a_task(lambda: log.warning("50 %% done"))
    first, second = said(capsys).splitlines()
    time = r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}\]"
    place = r"\(sinkworker\.some\.module:\d+\)"
    assert re.fullmatch(rf"{time} INFO Opened alerts-0 {place}", first)
    assert re.fullmatch(rf"{time} WARNING \[alerts-to-pg\|task-3\] 50 %% done {place}", second)


def test_json_lines_are_one_object_each(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up("info", "json")
    log.info("Opened %s\nand more", "alerts-ü")
    in_a_task(lambda: log.error("failed"), "audit", 0)
    first, second = objects(capsys)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", first.pop("ts"))
    assert first == {
        "level": "INFO", "logger": "sinkworker.some.module", "msg": "Opened alerts-ü\nand more",
    }  # fmt: skip
    del second["ts"]
    assert second == {
        "level": "ERROR", "logger": "sinkworker.some.module", "connector": "audit", "task": 0,
        "msg": "failed",
    }  # fmt: skip


def test_json_lines_carry_an_exception_s_trace(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up("info", "json")
    try:
        raise KeyError("column")
    except KeyError:
        log.exception("The task failed")
    (line,) = objects(capsys)
    assert line["exc"].startswith("Traceback (most recent call last):\n")
    assert line["exc"].endswith("KeyError: 'column'")


@pytest.mark.parametrize(
    ("level", "lines"), [("debug", 4), ("info", 3), ("WARNING", 2), ("error", 1)]
)
def test_lines_below_the_level_are_not_shown(
    level: str, lines: int, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.set_up(level, "text")
    for say in (log.debug, log.info, log.warning, log.error):
        say("a line")
    assert len(said(capsys).splitlines()) == lines


@pytest.mark.parametrize(
    ("level", "shown"), [("debug", ["warning", "error"]), ("error", ["error"])]
)
def test_the_client_s_own_lines_are_shown_from_warning_on(
    level: str, shown: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    logs.set_up(level, "json")
    client = logging.getLogger("kafka.consumer.fetcher")
    client.info("info")
    client.warning("warning")
    client.error("error")
    assert [line["msg"] for line in objects(capsys)] == shown


def test_what_the_client_says_twice_is_shown_once(capsys: pytest.CaptureFixture[str]) -> None:
    logs.set_up("debug", "json")
    logging.getLogger("kafka.net.transport").exception("Error receiving network data")
    logging.getLogger("kafka.net.sasl.plain").warning("Sending username and password in the clear")
    logging.getLogger("kafka.net.connection").error("Connection lost")
    assert [line["msg"] for line in objects(capsys)] == ["Connection lost"]


def test_setting_up_twice_does_not_say_everything_twice(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.set_up("info", "text")
    logs.set_up("info", "text")
    log.info("once")
    assert len(said(capsys).splitlines()) == 1
