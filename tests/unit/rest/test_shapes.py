"""This worker answers as the table of Kafka Connect's REST interface says."""

from __future__ import annotations

from tests.rest.play import play
from tests.rest.shapes import TABLE
from tests.unit.rest.scene import Scene


def test_the_table_has_120_requests_at_least() -> None:
    assert len([step for step in TABLE if step.until is None]) >= 120


def test_every_answer_has_the_code_the_keys_and_the_types_of_the_table(scene: Scene) -> None:
    scene.administration.cluster_id = "in-memory"
    scene.produce(*"abcde")
    assert play(scene, TABLE, str(scene.home), ours=True) == []
