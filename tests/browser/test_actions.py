"""Every action of the page, clicked against a worker on real Kafka and Postgres."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from sinkworker.kafka.clients import KAFKA_PYTHON
from tests.browser.conftest import LOOKS, Opening, look, visit
from tests.e2e.landed import CREATE, exactly, landed
from tests.e2e.scene import Scene
from tests.factory import alerts
from tests.services.database import Database
from tests.services.kafka_tools import KafkaTools
from tests.services.process import wait_until
from tests.services.worker import WorkerProcess
from tests.unit.rest.scene import Client

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]


class Plant(NamedTuple):
    """A worker that REST may change, with a hundred alerts."""

    scene: Scene
    topic: str
    url: str
    keys: dict[str, str]
    worker: WorkerProcess

    def client(self) -> Client:
        return Client(int(self.url.rsplit(":", 1)[1]))


@pytest.fixture
def plant(kafka: KafkaTools, database: Database, tmp_path: Path) -> Iterator[Plant]:
    scene = Scene(kafka, database, tmp_path, KAFKA_PYTHON)
    topic = kafka.create_topic(partitions=2)
    database.execute(CREATE)
    alerts.produce(kafka, topic, 2, 100)
    settings = tmp_path / "worker.properties"
    settings.write_text(
        f"bootstrap.servers={kafka.bootstrap}\nlisteners=http://127.0.0.1:0\n"
        f"sinkworker.state.dir={tmp_path / 'state'}\n"
    )
    keys = dict(line.split("=", 1) for line in scene.config(topic).read_text().splitlines())
    worker = scene.worker().start("--worker-config", str(settings))
    yield Plant(scene, topic, f"http://127.0.0.1:{worker.rest_port()}", keys, worker)
    scene.close()


@pytest.fixture(params=LOOKS, ids=lambda look: f"{look[0]}-{look[1]}")
def page(request: pytest.FixtureRequest, opening: Opening) -> Any:
    """Wide and narrow, light and dark."""
    return opening(*request.param)


def click(page: Any, word: str) -> None:
    """And wait until the page says how it went."""
    page.click(f".actions button:text-is('{word}')")
    page.wait_for_selector(f"p[role=status]:text-matches('^{word}: ')")


def wait_for(page: Any, state: str) -> None:
    page.wait_for_selector(f".badge .state:text-is('{state}')")


def fill(page: Any, keys: dict[str, str]) -> None:
    """The form, with what has no field of its own below."""
    others = []
    for key, value in keys.items():
        field = page.query_selector(f"[id='key-{key}']")
        if field is None:
            others.append(f"{key}={value}")
            continue
        for _ in range(2):
            if not field.is_visible():
                page.evaluate("(field) => field.closest('details').setAttribute('open', '')", field)
        if field.evaluate("(field) => field.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    page.fill("#others", "\n".join(others))


def create(page: Any, plant: Plant) -> None:
    visit(page, plant.url, "new")
    page.select_option("#plugin", "PostgresSink")
    page.wait_for_selector("[id='key-connection.url']", state="attached")
    fill(page, {key: value for key, value in plant.keys.items() if key != "connector.class"})
    page.wait_for_selector("#save:not([disabled])")
    look(page, "real-form")
    page.click("#save")
    page.wait_for_selector(f"h1:text-is('{plant.scene.name}')")


def test_a_connector_is_made_paused_stopped_rewound_resumed_and_restarted_by_clicks(
    plant: Plant, page: Any
) -> None:
    scene = plant.scene
    create(page, plant)
    wait_for(page, "RUNNING")
    scene.wait_until_done(plant.topic)
    page.wait_for_selector("rect.run")
    look(page, "real-pictures")

    click(page, "Pause")
    wait_for(page, "PAUSED")
    click(page, "Resume")
    wait_for(page, "RUNNING")
    click(page, "Stop")
    wait_for(page, "STOPPED")
    wait_until(lambda: not scene.kafka.members(f"connect-{scene.name}"), 30, "an empty group")

    page.click("text=Move offsets…")
    page.select_option("#how", "shift")
    page.fill("#argument", "-10")
    page.click("#look")
    page.wait_for_selector("dialog tbody tr")
    look(page, "real-move")
    rows = [row.inner_text().split("\t") for row in page.query_selector_all("dialog tbody tr")]
    assert [row[1:] for row in rows] == [["50", "40", "10", "0"]] * 2
    assert scene.stored() == {0: 50, 1: 50}  # so far it was only said
    scene.database.execute("DELETE FROM alerts WHERE alert_id >= 80")
    page.click("#move")
    page.wait_for_selector("p[role=status]:text-is('Moved 2 partition(s)')")
    assert scene.stored() == {0: 40, 1: 40}

    click(page, "Resume")
    scene.wait_until_done(plant.topic)
    assert landed(scene.database, 100, 2) == exactly(100)
    click(page, "Restart")
    wait_for(page, "RUNNING")
    wait_until(lambda: min(scene.epochs().values()) >= 4, 30, "claims of the restarted task")
    page.reload()
    page.wait_for_selector("text='2 partition(s), no gap, no overlap, 2 rewind(s).'")
    look(page, "real-rewind")
    visit(page, plant.url, f"connectors/{scene.name}/topics")
    assert page.inner_text("tbody").strip() == plant.topic


def test_failed_tasks_are_restarted_and_a_configuration_is_changed_by_clicks(
    plant: Plant, page: Any
) -> None:
    scene = plant.scene
    scene.kafka.produce(plant.topic, [b"no JSON"])
    create(page, plant)
    wait_for(page, "TASK_FAILED")
    visit(page, plant.url, f"connectors/{scene.name}/tasks")
    page.click("summary")
    assert f"{plant.topic}-0" in page.inner_text("pre")
    look(page, "real-failed")
    click(page, "Restart failed")
    page.click("button:text-is('Restart') >> nth=-1")
    page.wait_for_selector("li [role=status]:text-is('Restarted')")

    visit(page, plant.url, f"connectors/{scene.name}/edit")
    page.wait_for_selector("[id='key-errors.tolerance']", state="attached")
    fill(page, {"errors.tolerance": "all"} | others(plant))
    page.wait_for_selector("#save:not([disabled])")
    page.click("#save")
    wait_for(page, "RUNNING")
    scene.wait_until_done(plant.topic)
    assert landed(scene.database, 100, 2) == exactly(100)


def others(plant: Plant) -> dict[str, str]:
    """Keys without a field, as the form showed them."""
    return {key: value for key, value in plant.keys.items() if key.startswith("consumer.")} | {
        "value.converter.schemas.enable": "false"
    }


def test_a_dead_letter_is_looked_at_and_written_when_its_cause_is_mended_by_clicks(
    plant: Plant, page: Any
) -> None:
    scene = plant.scene
    scene.kafka.produce(plant.topic, [{"alert_id": 7_000_000_000_000_000_000_000}])
    plant.keys.update({"errors.tolerance": "all", "errors.deadletterqueue.table": "letters"})
    create(page, plant)
    wait_for(page, "RUNNING")
    scene.wait_until_done(plant.topic)
    visit(page, plant.url, f"connectors/{scene.name}/letters")
    assert page.inner_text("li h2") == f"{plant.topic}-0 offset 50"
    page.click("li summary >> nth=0")
    assert "7000000000000000000000" in page.inner_text("dl pre")
    look(page, "real-letter")
    page.click("li button:text-is('Replay')")
    page.wait_for_selector("[role=status]:text('0 written, 0 left out by a transform, 1 failed')")
    scene.database.execute("ALTER TABLE alerts ALTER alert_id TYPE numeric")
    page.click("text=Replay all")
    page.wait_for_selector("text=1 written, 0 left out by a transform, 0 failed again")
    assert scene.database.one("SELECT count(*) FROM alerts") == 101
    assert page.query_selector("li h2") is None


def test_a_refused_action_is_told_and_changes_nothing(plant: Plant, opening: Opening) -> None:
    page = opening()
    create(page, plant)
    wait_for(page, "RUNNING")
    plant.scene.wait_until_done(plant.topic)
    page.click("text=Move offsets…")
    page.select_option("#how", "offset")
    page.fill("#argument", "900")
    page.click("#look")
    page.wait_for_selector("dialog [role=alert]:not(:empty)")
    assert "900" in page.inner_text("dialog [role=alert]")
    assert page.is_disabled("#move")
    page.click("text=Leave them")
    assert plant.scene.stored() == {0: 50, 1: 50}


def test_a_worker_that_died_is_told_of(plant: Plant, opening: Opening) -> None:
    page = opening()
    visit(page, plant.url)
    plant.worker.kill()
    page.wait_for_selector("#said.bad:text('The worker does not answer (since')", timeout=60_000)
    look(page, "real-dead")
