"""A proxy before a plain socket."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.proxy import Proxy
from tests.unit.faults_proxy.server import Ends


@pytest.fixture
def ends() -> Iterator[Ends]:
    ends = Ends()
    yield ends
    ends.close()


@pytest.fixture
def proxy(ends: Ends) -> Iterator[Proxy]:
    proxy = Proxy(ends.port).start()
    yield proxy
    proxy.close()
