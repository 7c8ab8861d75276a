"""Which keys of the Kafka client a connector that REST creates may set.

Owns Kafka Connect's three policies, `connector.client.config.override.policy`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum

from sinkworker.api import ConfigProblem

PREFIXES = ("consumer.override.", "producer.override.", "admin.override.")
# Here these may stand without a prefix.
BARE = ("security.", "sasl.", "ssl.", "bootstrap.servers")
PRINCIPAL = ("security.protocol", "sasl.jaas.config", "sasl.mechanism")


class OverridePolicy(Enum):
    """What connectors may say about the client."""

    NONE = "None"
    PRINCIPAL = "Principal"
    ALL = "All"

    def problems(self, config: Mapping[str, str]) -> list[ConfigProblem]:
        return [
            ConfigProblem(
                key,
                f"The '{self.value}' policy does not allow '{name}' to be overridden in the "
                "connector configuration.",
            )
            for key, name in _client_keys(config)
            if not self._allows(name)
        ]

    def _allows(self, name: str) -> bool:
        if self is OverridePolicy.PRINCIPAL:
            return name in PRINCIPAL
        return self is OverridePolicy.ALL


def _client_keys(config: Iterable[str]) -> list[tuple[str, str]]:
    """(as it is written, what it is for the client)."""
    found = [(key, key) for key in config if key.startswith(BARE)]
    for prefix in PREFIXES:
        found += [(key, key.removeprefix(prefix)) for key in config if key.startswith(prefix)]
    return found
