"""The commands that ask a worker: what they send, print, and end with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sinkworker.cli import main
from sinkworker.rest.guard import Guard
from tests.services.process import free_port, wait_until
from tests.unit.rest.scene import Scene

OK, FAILED, USAGE, UNREACHABLE = 0, 1, 2, 75


def run(scene: Scene, *arguments: str, stdin: str | None = None) -> Result:
    env = {"SINKWORKER_URL": f"http://127.0.0.1:{scene.port}"}
    result = CliRunner().invoke(main, arguments, input=stdin, env=env, prog_name="sinkworker")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def file(scene: Scene, name: str = "to-file", **keys: str) -> str:
    path = scene.home / f"{name}.properties"
    config = {"name": name, **scene.config(name, **keys)}
    path.write_text("".join(f"{key}={value}\n" for key, value in config.items()))
    return str(path)


def test_a_connector_is_created_shown_paused_resumed_and_deleted(scene: Scene) -> None:
    assert run(scene, "connectors", "create", file(scene)).stdout == (
        "CONNECTOR  TASKS\nto-file    1\n"
    )
    scene.wait_for_states("RUNNING")
    assert run(scene, "status").stdout == (
        "CONNECTOR  TASK  STATE    WORKER           TRACE\n"
        f"to-file    -     RUNNING  127.0.0.1:{scene.port}\n"
        f"to-file    0     RUNNING  127.0.0.1:{scene.port}\n"
    )
    assert run(scene, "pause", "to-file").exit_code == OK
    scene.wait_for_states("PAUSED")
    assert run(scene, "resume", "to-file").exit_code == OK
    scene.wait_for_states("RUNNING")
    assert run(scene, "connectors", "list", "-o", "json").stdout == '[\n  "to-file"\n]\n'
    assert run(scene, "delete", "to-file").exit_code == OK
    assert scene.ask("GET", "/connectors").content == []


def test_a_file_is_applied_as_it_is_written(scene: Scene) -> None:
    written = "${env:HOME}/out.txt"
    assert run(scene, "connectors", "apply", file(scene, file=written)).exit_code == OK
    assert run(scene, "connectors", "apply", file(scene, file=written)).exit_code == OK
    assert scene.ask("GET", "/connectors/to-file/config").content["file"] == written


def test_a_trace_is_one_line_in_a_table_and_whole_in_json(scene: Scene) -> None:
    scene.create(file=str(scene.home / "missing" / "out.txt"))
    scene.wait_for_states("FAILED")
    table, whole = run(scene, "status", "to-file"), run(scene, "status", "to-file", "-o", "json")
    assert len(table.stdout.splitlines()) == 3
    assert json.loads(whole.stdout)["tasks"][0]["trace"].count("\n") > 1


def test_tasks_are_restarted(scene: Scene) -> None:
    scene.create()
    assert run(scene, "restart", "to-file").exit_code == OK
    assert run(scene, "restart", "to-file", "--task", "0").exit_code == OK
    result = run(scene, "restart", "to-file", "--task", "5")
    assert (result.exit_code, result.stderr) == (FAILED, "Task to-file-5 not found\n")


def test_who_does_not_exist_is_told(scene: Scene) -> None:
    result = run(scene, "status", "nobody")
    assert (result.exit_code, result.stderr) == (FAILED, "Connector nobody not found\n")


def test_all_owners_are_shown_also_when_a_store_does_not_answer(scene: Scene) -> None:
    scene.create()
    scene.wait_for_states("RUNNING")
    config = {"connector.class": "PostgresSink", "topics": "alerts",
              "connection.url": "postgresql://127.0.0.1:1/x"}  # fmt: skip
    scene.ask("PUT", "/connectors/to-pg/config", config)
    wait_until(lambda: len(scene.offsets()) == 2, 20, "claimed partitions")
    result = run(scene, "status", "--all")
    assert [line.split()[:4] for line in result.stdout.splitlines()] == [
        ["CONNECTOR", "TOPIC", "PARTITION", "OFFSET"],
        ["to-file", "alerts", "0", "0"], ["to-file", "alerts", "1", "0"],
    ]  # fmt: skip
    assert result.stderr.startswith("to-pg: Postgres, connecting: ")


def test_nobody_there_exits_with_75() -> None:
    port = free_port()
    result = CliRunner().invoke(main, ["health", "--url", f"http://127.0.0.1:{port}"])
    assert result.exit_code == UNREACHABLE
    assert result.stderr.startswith(f"No worker answers at http://127.0.0.1:{port}: ")


def test_health_and_loggers_are_shown(scene: Scene) -> None:
    assert run(scene, "health").stdout.splitlines()[1].startswith("healthy")
    assert run(scene, "loggers", "tests.some.logger", "DEBUG").stdout == (
        "CHANGED\ntests.some.logger\n"
    )
    assert run(scene, "loggers", "tests.some.logger").stdout == (
        "LOGGER             LEVEL\ntests.some.logger  DEBUG\n"
    )
    assert run(scene, "loggers", "tests.some.logger", "LOUD").exit_code == FAILED


def ten_lines(scene: Scene) -> None:
    scene.produce(*map(str, range(10)))
    scene.create()
    scene.wait_for_lines(10)


def test_offsets_are_shown_planned_and_moved(scene: Scene) -> None:
    ten_lines(scene)
    scene.stop()
    shown = run(scene, "offsets", "get", "to-file").stdout.splitlines()
    assert [line.split()[:3] for line in shown] == [
        ["TOPIC", "PARTITION", "OFFSET"], ["alerts", "0", "10"], ["alerts", "1", "0"],
    ]  # fmt: skip
    options = ("--shift-by", "-4", "--partition", "alerts:0")
    planned = run(scene, "offsets", "set", "to-file", *options, "--dry-run")
    assert planned.stdout == (
        "TOPIC   PARTITION  OLD  NEW  READ AGAIN  SKIPPED\n"
        "alerts  0          10   6    4           0\n"
    )
    assert planned.stderr == "Nothing was changed (--dry-run)\n"
    assert scene.offsets() == {0: 10, 1: 0}
    assert run(scene, "offsets", "set", "to-file", *options).exit_code == OK
    assert scene.offsets() == {0: 6, 1: 0}


def test_what_offsets_get_prints_offsets_set_takes(scene: Scene) -> None:
    ten_lines(scene)
    scene.stop()
    printed = run(scene, "offsets", "get", "to-file", "-o", "json").stdout
    changed = printed.replace('"kafka_offset": 10', '"kafka_offset": 3')
    assert run(scene, "offsets", "set", "to-file", "-", stdin=changed).exit_code == OK
    assert scene.offsets() == {0: 3, 1: 0}


def test_offsets_are_reset_without_a_worker(scene: Scene) -> None:
    ten_lines(scene)
    scene.stop()
    config = Path(file(scene))
    config.write_text(config.read_text() + "bootstrap.servers=nowhere:9092\n")
    reset = CliRunner().invoke(main, ["offsets", "reset", "to-file", "--config", str(config)])
    assert reset.stdout.splitlines()[1].split() == ["alerts", "0", "10", "reset", "0", "0"]
    got = CliRunner().invoke(main, ["offsets", "get", "to-file", "--config", str(config)])
    assert got.stdout.splitlines()[1].split()[:3] == ["alerts", "0", "-"]
    assert scene.offsets() == {}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "Choose one of --to-earliest"),
        (("--to-earliest", "--to-latest"), "Choose one of --to-earliest"),
        (("--to-latest", "--partition", "alerts"), "--partition alerts: expected <topic>:<number>"),
        (("--to-offset", "-1"), "Invalid value for '--to-offset'"),
        (("-", "--to-latest"), "Either a file, or one of --to-"),
        (("-",), "<stdin>: "),
    ],
)
def test_wrong_usage_of_offsets_set_is_told(arguments: tuple[str, ...], says: str) -> None:
    result = CliRunner().invoke(main, ["offsets", "set", "any", *arguments], input="{")
    assert result.exit_code == USAGE
    assert says in result.stderr


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path, gate=Guard(None, None, {"admin": "hunter2-hunter2"}))
    yield made
    made.close()


def test_a_user_is_let_in_with_a_password_that_is_asked_for(locked: Scene) -> None:
    listing = ("connectors", "list", "-o", "json")
    asked = run(locked, *listing, "--user", "admin", stdin="hunter2-hunter2\n")
    assert (asked.exit_code, asked.stdout) == (OK, "[]\n")
    assert asked.stderr == "Password of admin: \n"
    wrong = run(locked, *listing, "--user", "admin", stdin="hunter3\n")
    assert (wrong.exit_code, wrong.stderr.splitlines()[-1]) == (FAILED, "Unauthorized")


def test_a_password_may_come_from_the_environment_but_never_in_an_argument(
    locked: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SINKWORKER_PASSWORD", "hunter2-hunter2")
    assert run(locked, "connectors", "list", "--user", "admin").exit_code == OK
    assert run(locked, "connectors", "list", "--user", "admin:hunter2").exit_code == USAGE
    both = run(locked, "connectors", "list", "--user", "admin", "--token-file", __file__)
    assert both.exit_code == USAGE
