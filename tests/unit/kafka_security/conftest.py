"""An authority, a broker's and our own certificate, and a folder of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.services.certificates import Authority, Identity


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="session")
def server(authority: Authority) -> Identity:
    return authority.issue("kafka")


@pytest.fixture(scope="session")
def us(authority: Authority) -> Identity:
    return authority.issue("worker@example.org")


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
