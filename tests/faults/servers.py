"""The real servers of fault rounds: some that rounds share, and some for one round at a time to break.

Owns starting them when first needed, and a template database with the tables of a round.
"""

from __future__ import annotations

import threading
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg

from connectors.postgres import PostgresSinkConnector
from tests.faults.cargo import TABLES
from tests.faults.proxy import KafkaProxy, ProxiedKafka
from tests.services.kafka import KafkaServer
from tests.services.postgres import PostgresServer
from tests.services.seaweed import SeaweedServer
from tests.services.store import Store

TEMPLATE = "round_template"
PROXIES = 4
"""As many rounds may break the network to the shared broker at a time."""

# What a broker does only now and then, it does within a round.
KAFKA_SETTINGS = {
    "log.cleaner.backoff.ms": "200",
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "500",
}

# A round's databases come and go: what a crash of the machine would leave is nobody's concern, and
# neither is what autovacuum does. fsync is off: the servers' processes die, the machine does not.
POSTGRES_SETTINGS = {"fsync": "off", "max_connections": "200", "log_min_messages": "fatal"}


class Servers:
    """Thread-safe: rounds that run side by side ask for what they need."""

    def __init__(self, home: Path) -> None:
        self._home, self._lock = home, threading.RLock()
        self._started: dict[str, Any] = {}
        self._free: list[KafkaProxy] | None = None

    def kafka(self) -> ProxiedKafka:
        """A broker that rounds share; nobody breaks it."""
        return self._started_once("kafka", _proxied)  # type: ignore[no-any-return]

    def lend_proxy(self) -> KafkaProxy:
        """To the shared broker, for one round, which gives it back."""
        with self._lock:
            server = self.kafka()
            if self._free is None:
                self._free = list(server.proxies)
            return self._free.pop()

    def take_back(self, proxy: KafkaProxy) -> None:
        proxy.disarm()
        proxy.heal()
        with self._lock:
            assert self._free is not None
            self._free.append(proxy)

    def postgres(self) -> PostgresServer:
        """A server that rounds share; nobody breaks it."""
        return self._started_once("postgres", _postgres)  # type: ignore[no-any-return]

    def own_kafka(self) -> KafkaServer:
        """A broker for one round at a time (the campaign sees to that). It runs, whatever the last
        round left."""
        server: KafkaServer = self._started_once("own-kafka", _often_cleaned)
        return server if server.is_running() else server.start()

    def own_postgres(self) -> PostgresServer:
        """A server for one round at a time."""
        return self._started_once("own-postgres", _postgres)  # type: ignore[no-any-return]

    def seaweed(self) -> SeaweedServer:
        """A store that rounds share, with one bucket; nobody breaks it."""
        return self._started_once("seaweed", SeaweedServer)  # type: ignore[no-any-return]

    bucket = "rounds"
    """One for all: a new one costs the store seconds."""

    def _started_once(self, name: str, make: Any) -> Any:
        with self._lock:
            if name not in self._started:
                self._started[name] = make(self._home / name).start()
                if isinstance(self._started[name], SeaweedServer):
                    _make_bucket(self._started[name], self.bucket)
                if isinstance(self._started[name], PostgresServer):
                    _make_template(self._started[name])
            return self._started[name]

    def stop(self) -> None:
        for server in self._started.values():
            if isinstance(server, ProxiedKafka):
                server.close_proxies()
            server.stop("immediate") if isinstance(server, PostgresServer) else server.kill()

    # databases

    def new_database(self, server: PostgresServer) -> str:
        """A database with a round's tables."""
        name = f"round_{uuid.uuid4().hex[:12]}"
        with self._lock, psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE {TEMPLATE}')  # type: ignore[call-overload]
        return name

    def drop_database(self, server: PostgresServer, name: str) -> None:
        with suppress(psycopg.Error), psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')  # type: ignore[call-overload]


def _proxied(home: Path) -> ProxiedKafka:
    return ProxiedKafka(home, PROXIES).start_proxies()


def _often_cleaned(home: Path) -> KafkaServer:
    return KafkaServer(home, KAFKA_SETTINGS)


def _postgres(home: Path) -> PostgresServer:
    return PostgresServer(home, POSTGRES_SETTINGS)


def _make_bucket(server: SeaweedServer, bucket: str) -> None:
    """With something in it: the first write takes a new store long."""
    store = Store(server.url, bucket)
    store.create()
    store.put("warm", b"")
    store.close()


def _make_template(server: PostgresServer) -> None:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {TEMPLATE}")  # type: ignore[call-overload]
    make_offset_table(server.url(TEMPLATE))
    with psycopg.connect(server.url(TEMPLATE), autocommit=True) as connection:
        connection.execute(TABLES)  # type: ignore[call-overload]


def make_offset_table(url: str) -> None:
    """By the sink itself, so that it is the table of this version."""
    config = PostgresSinkConnector.config_class.model_validate({"connection.url": url})
    store = PostgresSinkConnector("template", config).offset_store()  # type: ignore[arg-type]
    assert store is not None
    store.read()
    store.close()
