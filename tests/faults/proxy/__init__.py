"""The fault proxy: stands between a worker and a service, and breaks what passes on command.

    proxy = PostgresProxy(server.port).start()
    lost = proxy.drop_commit(nth=3)     # armed; strikes once
    …
    lost.wait(20)                       # it has struck: AssertionError otherwise
    proxy.close()

Owned by the tests that use it. Called from any thread; works in one of its own.
"""

from tests.faults.proxy.faults import Fired, Then, Trigger, Where
from tests.faults.proxy.kafka import KafkaProxy, ProxiedKafka
from tests.faults.proxy.postgres import PostgresProxy
from tests.faults.proxy.proxy import Proxy

__all__ = [
    "Fired",
    "KafkaProxy",
    "PostgresProxy",
    "ProxiedKafka",
    "Proxy",
    "Then",
    "Trigger",
    "Where",
]
