"""Kill a worker again and again under a standing backlog, while a second one joins and leaves.

Owns the rounds. Small in the tests; at full size: python -m tests.e2e.bounce --records 1000000
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from pathlib import Path

from sinkworker.kafka.clients import KAFKA_PYTHON
from tests.e2e.landed import CREATE, Landed, landed
from tests.e2e.scene import Scene
from tests.factory import alerts
from tests.services.process import wait_until
from tests.services.worker import WorkerProcess

PARTITIONS = 4


class Bounce:
    """One run: `kills` times SIGKILL, `joins` times a second worker for a while."""

    def __init__(self, scene: Scene, records: int, seed: int) -> None:
        self._scene, self._records, self._random = scene, records, random.Random(seed)
        self.topic = scene.kafka.create_topic(partitions=PARTITIONS)
        self.kills_under_backlog = 0
        scene.database.execute(CREATE)
        alerts.produce(scene.kafka, self.topic, PARTITIONS, records)
        # Small flushes: many commits to strike, and a backlog that lasts through all rounds.
        self._config = scene.shipped_config("alerts-to-pg.properties", self.topic, batch__size=100)

    def run(self, kills: int, joins: int) -> Landed:
        """Everything that landed, after the last worker has read it all and stopped."""
        worker = self._scene.worker(self._config).start()
        rounds = ["kill"] * kills + ["join"] * joins
        self._random.shuffle(rounds)
        for number, kind in enumerate(rounds):
            share = (number + 1) / (len(rounds) + 1) * 0.9
            self._wait_for_share(share)
            if kind == "kill":
                self._kill(worker)
                worker.start()
            else:
                self._join_and_leave()
        self._scene.wait_until_done(self.topic, 120)
        worker.wait_for("Opened", times=kills + 1)
        assert worker.stop() == 0, worker.log()[-2000:]
        return landed(self._scene.database, self._records, PARTITIONS)

    def _wait_for_share(self, share: float) -> None:
        """Rounds are spread over the backlog, so that each strikes while there is much to read."""
        before = self._scene.progress()
        wanted = max(int(self._records * share * 0.5), before + 1)
        wait_until(lambda: self._scene.progress() >= min(wanted, self._records), 60, "progress")
        time.sleep(self._random.uniform(0, 0.05))  # where in a flush it strikes is left to chance

    def _kill(self, worker: WorkerProcess) -> None:
        worker.kill()
        if self._scene.progress() < self._records:
            self.kills_under_backlog += 1

    def _join_and_leave(self) -> None:
        second = self._scene.worker(self._config).start()
        second.wait_for("Opened", 60)
        assert second.stop() == 0, second.log()[-2000:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--joins", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    from tests.services import choose
    from tests.services.database import Database
    from tests.services.kafka_tools import KafkaTools

    with tempfile.TemporaryDirectory() as home:
        kafka = choose.kafka(Path(home) / "kafka").start()
        postgres = choose.postgres(Path(home) / "postgres").start()
        scene = Scene(
            KafkaTools(kafka.bootstrap), Database(postgres.url()), Path(home), KAFKA_PYTHON
        )
        try:
            bounce = Bounce(scene, arguments.records, arguments.seed)
            result = bounce.run(arguments.kills, arguments.joins)
            under_backlog = f"{bounce.kills_under_backlog} of them under a backlog"
            print(f"seed {arguments.seed}: {arguments.kills} kills, {under_backlog}")
            print(f"produced {arguments.records}  {result}")
            print(f"stored {scene.stored()}  log ends {scene.kafka.ends(bounce.topic)}")
        finally:
            scene.close()
            postgres.stop()
            kafka.stop()


if __name__ == "__main__":
    main()
