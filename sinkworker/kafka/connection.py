"""Making a consumer: one client for a task of a connector.

Owns the arguments that depend on the connector and the task, and that a failed attempt leaves
nothing behind. Must not know the port's methods.
"""

from __future__ import annotations

import gc
import socket
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.net.compat import KafkaNetClient
from kafka.net.selector import NetworkSelector

from sinkworker.api import RetriableError, TopicPartition
from sinkworker.kafka.consumer import KafkaPythonConsumer, Subscription
from sinkworker.kafka.dead_letters import KafkaDeadLetters, LetterTopic
from sinkworker.kafka.failures import translated
from sinkworker.kafka.network import Manager
from sinkworker.kafka.refusals import RefusedError
from sinkworker.kafka.settings import ClientSettings

BOOTSTRAP_WITHIN_MS = 10_000


@dataclass(frozen=True)
class Connection:
    """How the tasks of one connector reach Kafka.

    fetch_budget: bytes a task may hold at a time. poll_records: how many records a poll returns at
    most, unless the settings say otherwise. producer: kafka-python's arguments for that of dead letters.
    """

    bootstrap_servers: str
    connector: str
    settings: ClientSettings
    fetch_budget: int
    poll_records: int
    producer: Mapping[str, Any] = field(default_factory=dict)

    def consumer(self, subscription: Subscription, task: int) -> KafkaPythonConsumer:
        """A new client. RetriableError when no broker answers; ConnectError when it refuses."""
        arguments = self._arguments(task)
        client = self._made(KafkaConsumer, arguments)
        try:
            admin = self._made(KafkaAdminClient, self._for_admin(arguments))
        except Exception:
            client.close(autocommit=False, timeout_ms=0)
            raise
        return KafkaPythonConsumer(client, admin, subscription, self.settings.lookup_within_ms)

    def dead_letters(self, topic: LetterTopic, task: int) -> KafkaDeadLetters:
        """Connects when there is a letter."""
        arguments = self._for_producer(task)
        admin = {k: v for k, v in arguments.items() if k in KafkaAdminClient.DEFAULT_CONFIG}
        return KafkaDeadLetters(
            topic, self.connector, task,
            lambda: self._made(KafkaAdminClient, admin),
            lambda: self._made(KafkaProducer, arguments),
        )  # fmt: skip

    def _for_producer(self, task: int) -> dict[str, Any]:
        consumer = self.settings.consumer
        chosen = {"client_id": f"connector-dlq-producer-{self.connector}"} | dict(self.producer)
        version = {"api_version": consumer["api_version"]} if "api_version" in consumer else {}
        return version | _in_time(chosen, consumer.get("max_poll_interval_ms", 300_000)) | {
            "client_id": f"{chosen['client_id']}-{task}",
            **self._common(chosen),
        }  # fmt: skip

    def partitions(self) -> list[TopicPartition]:
        """Of all topics that exist and that we may see. None of them is created by asking."""
        admin = self._made(KafkaAdminClient, self._for_admin(self._arguments(0)))
        try:
            with translated("Asking Kafka for topics"):
                topics = admin.describe_topics()
        finally:
            admin.close()
        return sorted(
            TopicPartition(topic["name"], each["partition_index"])
            for topic in topics
            if not topic["is_internal"]
            for each in topic["partitions"]
        )

    def check(self) -> str | None:
        """Whether a broker answers and lets us in; the cluster's id, where it says one.

        RetriableError when not: nothing runs yet, and whoever starts workers may do so again.
        """
        try:
            admin = self._made(KafkaAdminClient, self._for_admin(self._arguments(0)))
        except RefusedError as error:
            raise RetriableError(str(error)) from error
        try:
            cluster_id: str | None = admin.describe_cluster().get("cluster_id")
        except Exception:  # it is nice to know, no more
            cluster_id = None
        admin.close()
        return cluster_id

    def _arguments(self, task: int) -> dict[str, Any]:
        defaults = {
            "client_id": f"connector-consumer-{self.connector}",
            "group_id": f"connect-{self.connector}",
            "fetch_max_bytes": min(52_428_800, self.fetch_budget),
            "max_poll_records": self.poll_records,
        }
        chosen = defaults | dict(self.settings.consumer)
        instance = chosen.get("group_instance_id")
        return chosen | {
            "client_id": f"{chosen['client_id']}-{task}",
            "group_instance_id": f"{instance}-{task}" if instance else None,
            "enable_auto_commit": False,
            "auto_offset_reset": "none",
            **self._common(chosen),
        }

    def _common(self, chosen: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "bootstrap_servers": self.bootstrap_servers.split(","),
            "bootstrap_timeout_ms": BOOTSTRAP_WITHIN_MS,
            "metrics_enabled": False,
            "socket_options": _socket_options(chosen),
            **self.settings.security.arguments(),
        }

    def _for_admin(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return {k: v for k, v in arguments.items() if k in KafkaAdminClient.DEFAULT_CONFIG}

    def _made(self, client_class: Any, arguments: dict[str, Any]) -> Any:
        """A client, or none: one whose constructor raises has already started an I/O thread."""
        begun: list[KafkaNetClient] = []
        # kafka-python 3.0.12 takes this setting and does not pass it on: every look at a topic that
        # was deleted would create it again.
        creates = self.settings.consumer.get("allow_auto_create_topics", False)

        def net_client(**configs: Any) -> KafkaNetClient:
            net = NetworkSelector(**configs)
            begun.append(KafkaNetClient(net, Manager(net, self.settings.security, **configs)))
            begun[-1].cluster.config["allow_auto_create_topics"] = creates
            return begun[-1]

        try:
            with translated(f"Connecting to Kafka at {self.bootstrap_servers}"):
                client = client_class(**arguments, kafka_client=net_client)
                # With api.version it has not asked for anything yet. The answer to its first request,
                # which names no topics, would pass for the answer to the one after `subscribe`.
                if client_class is not KafkaProducer:  # whose own thread has begun to do that
                    client._manager.bootstrap(BOOTSTRAP_WITHIN_MS, refresh=False)
                return client
        except Exception as error:
            for net in begun:
                net.close()
                net._net.stop()
            # Its sockets are in cycles and in the frames that failed, and a worker may try for days.
            traceback.clear_frames(error.__traceback__)
            gc.collect()
            refusal = next((net._manager.refusal() for net in begun), None)
            if refusal is not None:
                raise refusal.error() from error
            if isinstance(error, RetriableError):
                raise RetriableError(
                    f"No Kafka broker answers at bootstrap.servers={self.bootstrap_servers}"
                ) from error
            raise


def _in_time(producer: Mapping[str, Any], max_poll_interval_ms: int) -> dict[str, Any]:
    """While a task waits for letters it does not poll: it must not lose its place in the group."""
    within = max(2, max_poll_interval_ms // 4)
    limits = {
        "delivery_timeout_ms": within,
        "max_block_ms": within,
        "request_timeout_ms": within // 2,
    }
    return dict(producer) | {
        name: min(producer.get(name, limit), limit) for name, limit in limits.items()
    }


def _socket_options(settings: Mapping[str, Any]) -> list[tuple[int, int, int]]:
    """kafka-python takes the sizes of buffers and does nothing with them; sockets do."""
    sizes = {
        socket.SO_RCVBUF: settings.get("receive_buffer_bytes"),
        socket.SO_SNDBUF: settings.get("send_buffer_bytes"),
    }
    buffers = [(socket.SOL_SOCKET, option, size) for option, size in sizes.items() if size]
    return [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1), *buffers]
