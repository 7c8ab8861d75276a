"""A plugin of pytest: prints which of the collected tests need a real broker."""

from __future__ import annotations

import pytest

BROKERS = {"kafka", "kafka_server"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        names = set(getattr(item, "fixturenames", ()))
        if item.get_closest_marker("kafka") is not None or names & BROKERS:
            print(f"needs a broker: {item.nodeid.partition('[')[0]}")
