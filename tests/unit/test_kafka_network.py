"""kafka-python's connections where a socket is closed while somebody is about to read it."""

from __future__ import annotations

import socket
from types import SimpleNamespace
from typing import Any

import pytest

from sinkworker.kafka.network import PlainTransport


async def _refused(_: Any, __: Any = None) -> None:
    raise ValueError("Invalid file descriptor: -1")


@pytest.mark.parametrize("is_closed", [True, False])
def test_reading_ends_with_the_socket_and_hides_nothing_else(is_closed: bool) -> None:
    ours, theirs = socket.socketpair()
    transport = PlainTransport(SimpleNamespace(wait_read=_refused), ours, host="broker")
    transport._read = True
    if is_closed:
        ours.close()
    with pytest.raises(StopIteration if is_closed else ValueError):
        transport._read_from_sock().send(None)
    ours.close()
    theirs.close()
