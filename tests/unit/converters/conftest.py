"""Registries: one of its own for a test of what is asked, one for all tests of what schemas mean."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.services.registry import RegistryServer, running


@pytest.fixture
def registry() -> Iterator[RegistryServer]:
    with running() as server:
        yield server


@pytest.fixture(scope="session")
def schemas() -> Iterator[RegistryServer]:
    with running() as server:
        yield server
