"""Topics that grow, shrink, disappear and come again: each ends with its own sentence."""

from __future__ import annotations

import pytest

from tests.e2e.scene import Scene
from tests.services.worker import WorkerProcess

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]


def values(first: int, count: int) -> list[dict[str, int]]:
    return [{"alert_id": number} for number in range(first, first + count)]


def landed(scene: Scene) -> list[int]:
    rows = scene.database.execute("SELECT alert_id FROM alerts ORDER BY alert_id")
    return [alert_id for (alert_id,) in rows]


@pytest.fixture(autouse=True)
def table(scene: Scene) -> None:
    scene.database.execute("CREATE TABLE alerts (alert_id bigint)")


def run_to_the_end(scene: Scene, topic: str, **keys: str) -> None:
    """A worker that reads everything there is and stops."""
    worker = scene.worker(scene.config(topic, **keys)).start()
    scene.wait_until_done(topic)
    assert worker.stop() == 0


def quarantine(worker: WorkerProcess) -> str:
    """The sentence of the first quarantine."""
    worker.wait_for("Quarantined ")
    return worker.log_lines("Quarantined ")[0].split("Quarantined ", 1)[1]


@pytest.mark.each_client
def test_partitions_added_under_latest_are_read_from_their_first_record(scene: Scene) -> None:
    topic = scene.kafka.create_topic()
    scene.kafka.produce(topic, values(0, 5))
    worker = scene.worker(scene.config(topic, offset__start="latest")).start()
    worker.wait_for("Opened")
    scene.kafka.produce(topic, values(10, 3))
    scene.kafka.add_partitions(topic, 3)
    scene.kafka.produce(topic, values(20, 4), partition=1)
    scene.kafka.produce(topic, values(30, 4), partition=2)
    scene.wait_until_done(topic)
    assert landed(scene) == [10, 11, 12, 20, 21, 22, 23, 30, 31, 32, 33]
    assert worker.stop() == 0


def test_a_start_that_is_an_offset_or_a_time_is_decided_once(scene: Scene) -> None:
    topic = scene.kafka.create_topic(partitions=2)
    for partition in range(2):
        scene.kafka.produce(topic, values(10 * partition, 5), partition)
    run_to_the_end(scene, topic, offset__start=f"{topic}:0:3")
    assert landed(scene) == [3, 4, 10, 11, 12, 13, 14]
    scene.kafka.produce(topic, values(5, 1))
    run_to_the_end(scene, topic, offset__start="2001-01-01T00:00:00Z")
    assert landed(scene) == [3, 4, 5, 10, 11, 12, 13, 14]


def test_chosen_partitions_are_read_from_chosen_offsets_and_no_others(scene: Scene) -> None:
    topic = scene.kafka.create_topic(partitions=3)
    for partition in range(3):
        scene.kafka.produce(topic, values(10 * partition, 5), partition)
    chosen = {"topics": None, "topics__partitions": f"{topic}:0,{topic}:2"}
    config = scene.config(topic, offset__start=f"{topic}:0:3,{topic}:2:1", **chosen)
    worker = scene.worker(config).start()
    scene.wait_for_progress(5 + 5)
    assert worker.stop() == 0
    assert landed(scene) == [3, 4, 21, 22, 23, 24]


def test_one_connector_reads_several_topics(scene: Scene) -> None:
    topics = [scene.kafka.create_topic() for _ in range(3)]
    for number, topic in enumerate(topics):
        scene.kafka.produce(topic, values(10 * number, 2))
    worker = scene.worker(scene.config(",".join(topics))).start()
    scene.wait_for_progress(6)
    assert worker.stop() == 0
    assert landed(scene) == [0, 1, 10, 11, 20, 21]


def test_a_topic_that_joins_a_pattern_is_read_from_its_first_record(scene: Scene) -> None:
    prefix = scene.name
    first = scene.kafka.create_topic(f"{prefix}.first")
    scene.kafka.produce(first, values(0, 3))
    keys = {"topics": None, "topics__regex": rf"{prefix}\..*", "offset__start": "latest"}
    worker = scene.worker(scene.config(first, **keys)).start()
    worker.wait_for("Opened")
    scene.kafka.produce(first, values(10, 1))
    second = scene.kafka.create_topic(f"{prefix}.second")
    scene.kafka.produce(second, values(20, 2))
    worker.wait_for(f"Opened {second}-0")
    scene.wait_for_progress(4 + 2)
    assert landed(scene) == [10, 20, 21]
    assert worker.stop() == 0


@pytest.mark.parametrize("moment", ["while stopped", "while running"])
def test_a_topic_deleted_and_created_again_is_not_read_as_if_it_were_the_old_one(
    scene: Scene, moment: str
) -> None:
    topic = scene.kafka.create_topic()
    scene.kafka.produce(topic, values(0, 5))
    worker = scene.worker(scene.config(topic)).start()
    scene.wait_until_done(topic)
    if moment == "while stopped":
        assert worker.stop() == 0
    scene.kafka.delete_topic(topic)
    scene.kafka.create_topic(topic)
    scene.kafka.produce(topic, values(100, 20))
    if moment == "while stopped":
        worker.start()
    assert quarantine(worker).startswith(
        f"{topic}-0. {topic}-0: the topic was deleted and created again: the stored offset 5 belongs "
        "to topic id "
    )
    assert worker.stop() == 0
    assert landed(scene) == [0, 1, 2, 3, 4]
    assert scene.stored() == {0: 5}


def test_retention_past_the_stored_offset_names_what_is_lost(scene: Scene) -> None:
    topic = scene.kafka.create_topic()
    scene.kafka.produce(topic, values(0, 5))
    run_to_the_end(scene, topic)
    scene.kafka.produce(topic, values(5, 10))
    scene.kafka.delete_records(topic, 0, before=12)
    worker = scene.worker(scene.config(topic)).start()
    assert quarantine(worker).startswith(
        f"{topic}-0. {topic}-0: offsets 5 to 11 are gone from Kafka: the stored offset is 5, the log "
        "now starts at 12; up to 7 records are lost. Nothing is skipped unless you say so. "
        "Set offset.out.of.range=earliest or latest, or set the offset."
    )
    assert worker.stop() == 0
    assert landed(scene) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [("earliest", [0, 1, 2, 3, 4, 12, 13, 14, 15]), ("latest", [0, 1, 2, 3, 4, 15])],
)
def test_offset_out_of_range_says_where_to_go_on(
    scene: Scene, policy: str, expected: list[int]
) -> None:
    topic = scene.kafka.create_topic()
    scene.kafka.produce(topic, values(0, 5))
    run_to_the_end(scene, topic)
    scene.kafka.produce(topic, values(5, 10))
    scene.kafka.delete_records(topic, 0, before=12)
    worker = scene.worker(scene.config(topic, offset__out__of__range=policy)).start()
    worker.wait_for("Opened")
    scene.kafka.produce(topic, values(15, 1))
    scene.wait_until_done(topic)
    assert worker.stop() == 0
    assert landed(scene) == expected
