"""Orders at random moments, while records come: nothing is lost, and nothing is there twice."""

from __future__ import annotations

import threading
from random import Random

import pytest

from tests.services.process import wait_until
from tests.unit.rest.scene import Scene

ORDERS = 60
ONE = "/connectors/to-file"


def obey(scene: Scene, random: Random) -> None:
    """One order; any answer but a failure of the worker is fine."""
    method, path, content = random.choice([
        ("PUT", f"{ONE}/pause", None),
        ("PUT", f"{ONE}/resume", None),
        ("PUT", f"{ONE}/stop", None),
        ("POST", f"{ONE}/restart?includeTasks=true", None),
        ("POST", f"{ONE}/tasks/{random.randrange(2)}/restart", None),
        ("PUT", f"{ONE}/config", scene.config(tasks_max=str(random.randint(1, 3)))),
        ("DELETE", ONE, None),
    ])  # fmt: skip
    if method == "DELETE":
        scene.ask(method, path)
        method, path = "POST", "/connectors"
        content = {"name": "to-file", "config": scene.config()}
    assert scene.ask(method, path, content).status < 500


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_record_is_written_once_and_in_order(scene: Scene, seed: int) -> None:
    random, done = Random(seed), threading.Event()
    scene.create()
    counts = [0, 0]

    def produce() -> None:
        while not done.wait(0.002):
            for partition in (0, 1):
                scene.produce(f"{partition} {counts[partition]}", partition=partition)
                counts[partition] += 1

    producer = threading.Thread(target=produce)
    producer.start()
    try:
        for number in range(ORDERS):
            obey(scene, random)
            if number == ORDERS // 2:
                scene.restart_worker()
    finally:
        done.set()
        producer.join()
    scene.ask("PUT", f"{ONE}/resume")
    wait_until(lambda: len(scene.lines()) >= sum(counts), 60, f"{sum(counts)} lines")
    for partition in (0, 1):
        of_it = [line for line in scene.lines() if line.startswith(f"{partition} ")]
        assert of_it == [f"{partition} {number}" for number in range(counts[partition])]
