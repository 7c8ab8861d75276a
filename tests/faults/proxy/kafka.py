"""Faults at Kafka requests, and a broker whose clients stay on the proxy.

A client asks one address for the cluster and then goes where it is told. So each proxy stands before
a listener of its own, which the broker advertises under the proxy's port.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.faults.proxy.faults import Piece, Reader, Then, Trigger, Where
from tests.faults.proxy.kafka_wire import APIS, Frames, Request
from tests.faults.proxy.proxy import Proxy
from tests.services.kafka import KafkaServer
from tests.services.process import free_port


class KafkaProxy(Proxy):
    """Each fault strikes once, at the n-th match since it was armed, on any connection."""

    def readers(self) -> tuple[Reader, Reader]:
        return Frames(is_request=True), Frames(is_request=False)

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.port}"

    def at_request(
        self,
        api: str,
        nth: int = 1,
        where: Where = "request",
        then: Then = "cut",
        client: str | None = None,
    ) -> Trigger:
        """At a request before the broker sees it, or at its answer before the client does.

        It fires under the name of the api. client: only requests of this client.id count.
        """
        assert api in APIS, f"{api} is none of {', '.join(APIS)}"

        def matches(piece: Piece) -> bool:
            asked = piece.key
            is_it = isinstance(asked, Request) and asked.api == api
            return is_it and (client is None or getattr(asked, "client", None) == client)

        return self.arm(Trigger(api, then, matches, where, nth, _is_answer))


def _is_answer(request: Piece, piece: Piece) -> bool:
    assert isinstance(request.key, Request)
    return piece.kind == "answer" and piece.key == request.key.correlation


class ProxiedKafka(KafkaServer):
    """One broker. `bootstrap` leads straight to it; each of `proxies` keeps its clients."""

    def __init__(
        self, home: Path, proxies: int = 1, settings: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(home)
        self.proxies = [KafkaProxy(free_port()) for _ in range(proxies)]
        self._settings = listeners(self.port, self._controller_port, self.proxies) | dict(
            settings or {}
        )

    @property
    def proxy(self) -> KafkaProxy:
        return self.proxies[0]

    def start(self) -> ProxiedKafka:
        super().start()
        return self

    def start_proxies(self) -> ProxiedKafka:
        for proxy in self.proxies:
            proxy.start()
        return self

    def close_proxies(self) -> None:
        for proxy in self.proxies:
            proxy.close()


def listeners(direct: int, controller: int, proxies: Sequence[Proxy]) -> dict[str, str]:
    """A broker's settings: a direct listener, and one for each proxy, at the port it leads to."""
    here = {"PLAINTEXT": direct} | {
        f"FAULTY{number}": proxy.target for number, proxy in enumerate(proxies)
    }
    told = {"PLAINTEXT": direct} | {
        f"FAULTY{number}": proxy.port for number, proxy in enumerate(proxies)
    }
    return {
        "listeners": _addresses(here | {"CONTROLLER": controller}),
        "advertised.listeners": _addresses(told),
        "listener.security.protocol.map": ",".join(
            f"{name}:PLAINTEXT" for name in ("CONTROLLER", *here)
        ),
        "inter.broker.listener.name": "PLAINTEXT",
    }


def _addresses(ports: Mapping[str, object]) -> str:
    return ",".join(f"{name}://127.0.0.1:{port}" for name, port in ports.items())
