"""A plugin that stores no offsets and says so: the group's are where it starts, and nothing is lost."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.e2e.scene import Scene
from tests.services.process import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

PLUGINS = Path(__file__).parent / "plugins"
RECORDS = 30_000


def landed(file: Path) -> Counter[int]:
    text = file.read_text() if file.exists() else ""
    return Counter(map(int, re.findall(r"^(\d+);$", text, re.MULTILINE)))


def test_after_a_kill_every_record_is_there_and_after_a_stop_none_comes_again(
    scene: Scene, tmp_path: Path
) -> None:
    topic, file = scene.kafka.create_topic(), tmp_path / "lines"
    scene.kafka.produce(topic, [b"%d" % number for number in range(RECORDS)])
    config = scene.config(
        topic, connector__class="AppendsSink", connection__url=None, table__name__format=None,
        file=file, value__converter="StringConverter", value__converter__schemas__enable=None,
        batch__size=100, consumer__override__max__poll__records=100,
    )  # fmt: skip
    worker = scene.worker(config, PYTHONPATH=str(PLUGINS)).start()
    group = f"connect-{scene.name}"
    wait_until(lambda: len(landed(file)) > 1_000, 60, "the first lines")
    worker.kill()
    assert len(landed(file)) < RECORDS, "killed too late to show anything"
    worker.start()
    wait_until(lambda: scene.kafka.committed(group, topic) == {0: RECORDS}, 60, "the last commit")
    assert worker.stop() == 0
    before = landed(file)
    assert set(before) == set(range(RECORDS))

    scene.kafka.produce(topic, [b"%d" % RECORDS])
    worker.start()
    wait_until(lambda: scene.kafka.committed(group, topic) == {0: RECORDS + 1}, 60, "one more")
    assert worker.stop() == 0
    assert landed(file) == before + Counter([RECORDS])
