"""Workers that read from a broker which does not let everybody in.

Owns connector files with settings of security, and every case in which a broker refuses, with what is
said of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.services.certificates import Authority
from tests.services.process import wait_until
from tests.services.secure_kafka import (
    PASSWORD,
    PLAIN_LOGIN,
    SCRAM_LOGIN,
    USER,
    SecureKafka,
    property_of,
    quoted,
)
from tests.services.worker import WorkerProcess

RECORDS = 50
KEY_PASSWORD = "key-password"
REFUSED_CERTIFICATE = (
    "refuses our certificate: it has expired, or its authority is not in the broker's trust store"
)
SECRETS = ("secret", "hunter2", KEY_PASSWORD, "PRIVATE KEY")

UNTRUSTED = (
    "has a certificate that cannot be trusted: its authority's must be in ssl.truststore.location, its "
    "time must not be over, and it must hold the name by which we connect"
)


class Folder:
    """Where a test's connectors and what they read and write are."""

    def __init__(self, home: Path, server: SecureKafka, topic: str, client: str) -> None:
        self.home, self._server, self._topic, self.client = home, server, topic, client
        self._workers: dict[str, WorkerProcess] = {}

    def store(self, name: str, pem: str) -> str:
        (self.home / name).write_text(pem)
        return str(self.home / name)

    def trust(self) -> dict[str, str]:
        location = self.store("ca.pem", self._server.authority.pem)
        return {"ssl.truststore.type": "PEM", "ssl.truststore.location": location}

    def connector(
        self, name: str, listener: str, keys: Mapping[str, str], before: str = "", host: str = ""
    ) -> Path:
        """A file sink that writes to a file of its name."""
        all_keys = {
            "name": name,
            "connector.class": "FileStreamSink",
            "topics": self._topic,
            "file": str(self.home / f"{name}.txt"),
            "bootstrap.servers": self._server.address(listener, host or "127.0.0.1"),
            "consumer.override.heartbeat.interval.ms": "500",
            "kafka.client": self.client,
            **keys,
        }
        path = self.home / f"{name}.properties"
        lines = "".join(f"{key}={property_of(value)}\n" for key, value in all_keys.items())
        path.write_text(before + lines)
        return path

    def start(self, config: Path, **env: str) -> WorkerProcess:
        worker = WorkerProcess(config, env=env, log=config.with_suffix(".log"))
        self._workers[config.stem] = worker.start()
        return worker

    def lines(self, name: str) -> int:
        written = self.home / f"{name}.txt"
        return len(written.read_text().splitlines()) if written.exists() else 0

    def close(self) -> None:
        for worker in self._workers.values():
            worker.kill()


def login(
    protocol: str, mechanism: str, password: str = PASSWORD, user: str = USER
) -> dict[str, str]:
    module = PLAIN_LOGIN if mechanism == "PLAIN" else SCRAM_LOGIN
    return {
        "security.protocol": protocol,
        "sasl.mechanism": mechanism,
        "sasl.jaas.config": f"{module} required username={quoted(user)} password={quoted(password)};",
    }


def assert_reads(folder: Folder, config: Path, **env: str) -> WorkerProcess:
    """Everything is read; then the worker still runs."""
    worker = folder.start(config, **env)
    wait_until(
        lambda: folder.lines(config.stem) == RECORDS or not worker.is_running(), 30, "the records"
    )
    assert folder.lines(config.stem) == RECORDS, worker.log()
    return worker


def assert_stops_quietly(worker: WorkerProcess) -> None:
    assert worker.stop() == 0
    for word in ("Traceback", "WARN", "ERROR", *SECRETS):
        assert word not in worker.log(), worker.log()


class Case:
    """A connector that is not let in, and what is said of it behind the broker's address."""

    def __init__(
        self, listener: str, keys: Mapping[str, str], sentence: str, host: str = "127.0.0.1"
    ) -> None:
        self.listener, self.keys, self.sentence, self.host = listener, keys, sentence, host


def cases(folder: Folder, server: SecureKafka) -> dict[str, Case]:
    tls = {"security.protocol": "SSL"} | folder.trust()
    strangers = {"ssl.truststore.certificates": Authority().pem, "security.protocol": "SSL"}
    expired = server.authority.issue("worker@example.org", expired=True)
    unknown = Authority().issue("worker@example.org")
    refused_password = (
        "refuses the user or the password (Authentication failed{}): check sasl.jaas.config"
    )
    return {
        "other-mechanism": Case(
            "LOGINTLS", login("SASL_SSL", "SCRAM-SHA-256") | folder.trust(),
            "does not offer SCRAM-SHA-256 on this port: check sasl.mechanism",
        ),
        "wrong-password-plain": Case(
            "LOGINTLS", login("SASL_SSL", "PLAIN", "hunter2") | folder.trust(),
            refused_password.format(": Invalid username or password"),
        ),
        "wrong-password-scram": Case(
            "LOGIN", login("SASL_PLAINTEXT", "SCRAM-SHA-512", "hunter2"),
            refused_password.format(
                " during authentication due to invalid credentials with SASL mechanism SCRAM-SHA-512"
            ),
        ),
        "expired": Case(
            "EXPIRED", tls,
            "has a certificate that has expired: renew it, or an expired one that has signed it",
        ),
        "unknown-authority": Case(
            "TLS", strangers,
            "has a certificate of an unknown authority: add that authority's to "
            "ssl.truststore.location",
        ),
        "wrong-host": Case(
            "TLS", tls,
            "has a certificate for other hosts: connect by a name that it holds, or set "
            "ssl.endpoint.identification.algorithm= to accept any",
            host="localhost",
        ),
        "plain-text-to-tls": Case(
            "TLS", {}, "speaks TLS on this port: set security.protocol=SSL, or use another port"
        ),
        "tls-to-plain-text": Case(
            "LOGIN", tls,
            "hung up when TLS began: it is starting or stopping, or the port has no TLS "
            "(security.protocol=PLAINTEXT)",
        ),
        "no-certificate": Case(
            "MUTUAL", tls, "asks for a certificate of ours (mutual TLS): set ssl.keystore.*"
        ),
        "unknown-certificate": Case(
            "MUTUAL", tls | {"ssl.keystore.location": folder.store("unknown.pem", unknown.pem)},
            REFUSED_CERTIFICATE,
        ),
        "expired-certificate": Case(
            "MUTUAL", tls | {"ssl.keystore.location": folder.store("expired.pem", expired.pem)},
            REFUSED_CERTIFICATE,
        ),
        "no-login": Case(
            "LOGINTLS", tls,
            "hung up at the first request: it is stopping, or the port asks for a login "
            "(security.protocol=SASL_SSL)",
        ),
        "login-too-many": Case(
            "TLS", login("SASL_SSL", "PLAIN") | folder.trust(),
            "asks for no login on this port: set security.protocol=SSL, or use another port",
        ),
    }  # fmt: skip


class Refused:
    """Workers that are not let in, all started at once."""

    def __init__(self, folder: Folder, server: SecureKafka) -> None:
        self._server, self.client = server, folder.client
        self._cases = cases(folder, server)
        self._workers = {
            name: folder.start(folder.connector(name, case.listener, case.keys, host=case.host))
            for name, case in self._cases.items()
        }

    def names(self) -> set[str]:
        return set(self._cases)

    def worker(self, name: str) -> WorkerProcess:
        return self._workers[name]

    def sentence(self, name: str) -> str:
        """librdkafka tells less: not what is wrong with a certificate, nor why a broker hung up."""
        case = self._cases[name]
        is_told = self.client == "kafka-python"
        if not is_told and name in ("plain-text-to-tls", "no-login"):
            address = self._server.address(case.listener, case.host)
            return f"No Kafka broker answers at bootstrap.servers={address}\n"
        if not is_told and name in ("expired", "unknown-authority", "wrong-host"):
            case = Case(case.listener, case.keys, UNTRUSTED, case.host)
        address = self._server.address(case.listener, case.host)
        return f"Kafka broker {address} {case.sentence}\n"
