"""A worker is killed again and again; nothing is lost and nothing is there twice."""

from __future__ import annotations

import pytest

from tests.e2e.bounce import PARTITIONS, Bounce
from tests.e2e.landed import exactly
from tests.e2e.scene import Scene

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

RECORDS = 200_000


@pytest.mark.each_client
def test_kills_and_joins_under_a_backlog_leave_every_alert_once_and_in_order(scene: Scene) -> None:
    """The small size of `python -m tests.e2e.bounce`; the table has no unique key."""
    bounce = Bounce(scene, RECORDS, seed=1)
    assert bounce.run(kills=4, joins=2) == exactly(RECORDS)
    assert bounce.kills_under_backlog >= 3
    ends = dict.fromkeys(range(PARTITIONS), RECORDS // PARTITIONS)
    assert scene.stored() == ends
    assert scene.kafka.committed(f"connect-{scene.name}", bounce.topic) == ends
