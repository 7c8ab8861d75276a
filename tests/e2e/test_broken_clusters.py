"""Another cluster at the same address, a truncated log, a broker that is killed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.scene import Scene
from tests.e2e.test_topics import landed, quarantine, run_to_the_end, values
from tests.services import kafka as local_kafka
from tests.services.database import Database
from tests.services.kafka import KafkaServer
from tests.services.kafka_tools import KafkaTools

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]


@pytest.fixture
def own_kafka(tmp_path: Path, kafka: KafkaTools) -> Iterator[KafkaServer]:
    """A broker that the test may break."""
    if local_kafka.why_unavailable():
        pytest.skip("only a broker that runs as a local process can be broken")
    server = KafkaServer(tmp_path / "own-kafka").start()
    yield server
    server.kill()


@pytest.fixture
def own_scene(
    own_kafka: KafkaServer, database: Database, tmp_path: Path, kafka_client: str
) -> Iterator[Scene]:
    database.execute("CREATE TABLE alerts (alert_id bigint)")
    scene = Scene(KafkaTools(own_kafka.bootstrap), database, tmp_path, kafka_client)
    yield scene
    scene.close()


def again(scene: Scene) -> None:
    """Clients of the test's own that know nothing of the broker as it was before."""
    scene.kafka = KafkaTools(scene.kafka.bootstrap)


def test_another_cluster_at_the_same_address_is_not_read(
    own_scene: Scene, own_kafka: KafkaServer
) -> None:
    topic = own_scene.kafka.create_topic("kinaction_alert")
    own_scene.kafka.produce(topic, values(0, 5))
    run_to_the_end(own_scene, topic)
    own_kafka.forget_everything()
    own_kafka.start()
    again(own_scene)
    own_scene.kafka.create_topic(topic)
    own_scene.kafka.produce(topic, values(100, 20))
    worker = own_scene.worker(own_scene.config(topic)).start()
    sentence = quarantine(worker)
    assert sentence.startswith(
        "kinaction_alert-0. kinaction_alert-0: the stored offset 5 belongs to Kafka cluster "
    )
    assert "Point bootstrap.servers at the old cluster, or reset the offset." in sentence
    assert worker.stop() == 0
    assert landed(own_scene) == [0, 1, 2, 3, 4]


def test_a_truncated_log_is_noticed_although_it_has_grown_past_the_stored_offset(
    own_scene: Scene, own_kafka: KafkaServer
) -> None:
    topic = own_scene.kafka.create_topic("kinaction_alert")
    own_scene.kafka.produce(topic, values(0, 10))
    segment = own_kafka.data / f"{topic}-0" / "00000000000000000000.log"
    size = segment.stat().st_size
    own_scene.kafka.produce(topic, values(10, 10))
    run_to_the_end(own_scene, topic)
    assert own_scene.stored() == {0: 20}
    own_kafka.kill()
    with segment.open("r+b") as file:
        file.truncate(size)
    own_kafka.start()
    again(own_scene)
    own_scene.kafka.produce(topic, values(100, 30))
    assert own_scene.kafka.ends(topic) == {0: 40}
    worker = own_scene.worker(own_scene.config(topic)).start()
    assert quarantine(worker).startswith(
        "kinaction_alert-0. kinaction_alert-0: the log was truncated (an unclean leader election, or "
        "lost disks): from offset 10 on records that were read and committed are no longer in Kafka, "
        "and others stand in their place. Nothing is read."
    )
    assert worker.stop() == 0
    assert landed(own_scene) == list(range(20))


def test_a_log_that_ends_before_the_stored_offset_is_out_of_range(
    own_scene: Scene, own_kafka: KafkaServer
) -> None:
    topic = own_scene.kafka.create_topic("kinaction_alert")
    own_scene.kafka.produce(topic, values(0, 10))
    segment = own_kafka.data / f"{topic}-0" / "00000000000000000000.log"
    size = segment.stat().st_size
    own_scene.kafka.produce(topic, values(10, 10))
    run_to_the_end(own_scene, topic)
    own_kafka.kill()
    with segment.open("r+b") as file:
        file.truncate(size)
    own_kafka.start()
    worker = own_scene.worker(own_scene.config(topic)).start()
    assert quarantine(worker).startswith(
        "kinaction_alert-0. kinaction_alert-0: the stored offset 20 is beyond the log's end 10: 10 "
        "offsets that were read are no longer in Kafka; the log was truncated. Nothing is read."
    )
    assert worker.stop() == 0


def test_a_killed_broker_is_waited_for(own_scene: Scene, own_kafka: KafkaServer) -> None:
    topic = own_scene.kafka.create_topic(partitions=2)
    own_scene.kafka.produce(topic, values(0, 10))
    worker = own_scene.worker(own_scene.config(topic)).start()
    own_scene.wait_for_progress(10)
    own_kafka.kill()
    own_kafka.start()
    again(own_scene)
    own_scene.kafka.produce(topic, values(10, 10), partition=1)
    own_scene.wait_until_done(topic)
    assert worker.stop() == 0
    assert landed(own_scene) == list(range(20))
