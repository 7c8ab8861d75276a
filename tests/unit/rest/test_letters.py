"""Dead letters by REST: what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.rest.scene import Scene

PATH = "/sinkworker/v1/connectors/to-file/letters"


def test_a_sink_that_stores_no_letters_says_so(scene: Scene) -> None:
    scene.create()
    for reply in (scene.ask("GET", PATH), scene.ask("POST", f"{PATH}/replay", {})):
        assert (reply.status, reply.content["message"]) == (
            400,
            "The sink of connector to-file stores no dead letters itself. A topic of them is read "
            "as any topic.",
        )


def test_a_connector_that_is_not_there_has_no_letters(scene: Scene) -> None:
    assert scene.ask("GET", PATH).status == 404


@pytest.mark.parametrize(
    "content",
    [
        {"offset": 5},
        {"topic": "a"},
        {"partition": {}},
        {"partition": 3},
        {"partition": {"kafka_topic": "a", "kafka_partition": 0}, "offset": -1},
        [],
    ],
)
def test_a_replay_of_nothing_that_can_be_understood_replays_nothing(
    scene: Scene, content: Any
) -> None:
    scene.create()
    assert scene.ask("POST", f"{PATH}/replay", content).status == 400


@pytest.mark.parametrize("limit", ["0", "x", "10001", "-1"])
def test_a_limit_has_its_bounds(scene: Scene, limit: str) -> None:
    scene.create()
    reply = scene.ask("GET", f"{PATH}?limit={limit}")
    assert (reply.status, reply.content["message"]) == (
        400, "limit must be a number from 1 to 10000",
    )  # fmt: skip
