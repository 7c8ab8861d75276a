"""A connector's life by REST: created, paused, stopped, restarted, deleted, and remembered."""

from __future__ import annotations

import json
import stat

from tests.services.process import wait_until
from tests.unit.rest.scene import Scene


def test_a_created_connector_runs_and_writes(scene: Scene) -> None:
    scene.produce("a", "b")
    reply = scene.create()
    assert reply.status == 201
    assert reply.headers["location"] == f"http://127.0.0.1:{scene.port}/connectors/to-file"
    scene.wait_for_lines(2)
    assert scene.ask("GET", "/connectors").content == ["to-file"]


def test_a_paused_connector_keeps_its_partitions_and_reads_nothing(scene: Scene) -> None:
    scene.create()
    scene.wait_for_states("RUNNING")
    assert scene.ask("PUT", "/connectors/to-file/pause").status == 202
    scene.wait_for_states("PAUSED")
    scene.produce("later")
    assert scene.lines() == []
    assert scene.ask("PUT", "/connectors/to-file/resume").status == 202
    scene.wait_for_lines(1)


def test_a_stopped_connector_has_no_tasks_and_goes_on_where_it_was(scene: Scene) -> None:
    scene.produce("a")
    scene.create()
    scene.wait_for_lines(1)
    scene.stop()
    status = scene.ask("GET", "/connectors/to-file/status").content
    assert (status["connector"]["state"], status["tasks"]) == ("STOPPED", [])
    scene.produce("b")
    scene.ask("PUT", "/connectors/to-file/resume")
    scene.wait_for_lines(2)
    assert scene.lines() == ["a", "b"]


def test_a_stopped_connector_that_is_paused_has_tasks_that_read_nothing(scene: Scene) -> None:
    scene.create()
    scene.stop()
    scene.ask("PUT", "/connectors/to-file/pause")
    scene.wait_for_states("PAUSED")


def test_tasks_are_restarted_one_by_one_or_together(scene: Scene) -> None:
    scene.create(tasks_max="2")
    scene.wait_for_states("RUNNING", "RUNNING")
    assert scene.ask("POST", "/connectors/to-file/tasks/1/restart").status == 204
    reply = scene.ask("POST", "/connectors/to-file/restart?includeTasks=true&onlyFailed=false")
    assert reply.status == 202
    assert [t["state"] for t in reply.content["tasks"]] == ["RESTARTING", "RESTARTING"]
    assert reply.content["connector"]["state"] == "RESTARTING"
    scene.wait_for_states("RUNNING", "RUNNING")
    scene.produce("a")
    scene.wait_for_lines(1)


def test_only_failed_tasks_are_restarted_when_that_is_asked(scene: Scene) -> None:
    scene.create(file=str(scene.home / "missing" / "out.txt"))
    scene.wait_for_states("FAILED")
    (scene.home / "missing").mkdir()
    reply = scene.ask("POST", "/connectors/to-file/restart?includeTasks=true&onlyFailed=true")
    assert (reply.status, reply.content["tasks"][0]["state"]) == (202, "RESTARTING")
    scene.wait_for_states("RUNNING")
    reply = scene.ask("POST", "/connectors/to-file/restart?includeTasks=true&onlyFailed=true")
    assert reply.content["tasks"][0]["state"] == "RUNNING"


def test_a_failed_task_says_why(scene: Scene) -> None:
    scene.create(file=str(scene.home / "missing" / "out.txt"))
    scene.wait_for_states("FAILED")
    task = scene.ask("GET", "/connectors/to-file/tasks/0/status").content
    assert "missing" in task["trace"]
    assert scene.ask("GET", "/ready").status == 503


def test_a_changed_configuration_starts_the_tasks_anew(scene: Scene) -> None:
    scene.produce("a")
    scene.create()
    scene.wait_for_lines(1)
    reply = scene.ask(
        "PUT", "/connectors/to-file/config", scene.config(file=str(scene.home / "other.txt"))
    )
    assert reply.status == 200
    scene.wait_for_lines(1, "other")


def test_a_deleted_connector_is_gone_and_its_offsets_stay(scene: Scene) -> None:
    scene.produce("a")
    scene.create()
    scene.wait_for_lines(1)
    assert scene.ask("DELETE", "/connectors/to-file").status == 204
    assert scene.ask("GET", "/connectors/to-file/status").status == 404
    scene.produce("b")
    scene.create()
    scene.wait_for_lines(2)
    assert scene.lines() == ["a", "b"]


def test_created_connectors_and_what_they_were_told_survive_the_worker(scene: Scene) -> None:
    scene.create()
    scene.create("second")
    scene.ask("PUT", "/connectors/second/pause")
    scene.restart_worker()
    assert scene.ask("GET", "/connectors").content == ["second", "to-file"]
    scene.wait_for_states("RUNNING")
    scene.wait_for_states("PAUSED", name="second")
    scene.ask("DELETE", "/connectors/second")
    scene.restart_worker()
    assert scene.ask("GET", "/connectors").content == ["to-file"]


def test_what_is_remembered_is_for_the_worker_s_user_only(scene: Scene) -> None:
    scene.create(file="${env:HOME}/x.txt")
    file = scene.home / "state" / "to-file.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert json.loads(file.read_text())["config"]["file"] == "${env:HOME}/x.txt"


def test_a_remembered_connector_that_is_good_no_longer_shows_why(scene: Scene) -> None:
    scene.create()
    file = scene.home / "state" / "to-file.json"
    file.write_text(file.read_text().replace("FileStreamSink", "NoSuchSink"))
    scene.restart_worker()
    status = scene.ask("GET", "/connectors/to-file/status").content
    assert status["connector"]["state"] == "FAILED"
    assert "NoSuchSink" in status["connector"]["trace"]
    assert scene.ask("PUT", "/connectors/to-file/config", scene.config()).status == 200
    scene.wait_for_states("RUNNING")


def test_a_damaged_file_of_the_state_is_told_of_and_ignored(scene: Scene) -> None:
    (scene.home / "state" / "broken.json").write_text("{")
    scene.restart_worker()
    assert scene.ask("GET", "/connectors").content == []


def test_topics_that_were_read_are_active_until_they_are_forgotten(scene: Scene) -> None:
    scene.create()
    scene.produce("a")
    scene.wait_for_lines(1)
    path = "/connectors/to-file/topics"
    wait_until(lambda: scene.ask("GET", path).content["to-file"]["topics"], 20, "an active topic")
    assert scene.ask("GET", path).content == {"to-file": {"topics": ["alerts"]}}
    assert scene.ask("PUT", f"{path}/reset").status == 202
    assert scene.ask("GET", path).content == {"to-file": {"topics": []}}
    scene.produce("b")
    wait_until(lambda: scene.ask("GET", path).content["to-file"]["topics"], 20, "an active topic")
