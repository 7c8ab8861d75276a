"""One item of pytest a round; rounds are played side by side in the background.

`pytest -m faults` plays the short run, `--round R` one round of it, `--seed S` that seed's.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from tests.faults import report
from tests.faults.campaign import Campaign, Result
from tests.faults.catalogue import SHORT
from tests.faults.servers import Servers
from tests.services import kafka, postgres, seaweed

ended: list[Result] = []


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "round_number" in metafunc.fixturenames:
        chosen = metafunc.config.getoption("--round")
        numbers = range(len(SHORT)) if chosen is None else [chosen]
        names = [f"{n}-{SHORT[n % len(SHORT)].name.replace(' ', '-')}" for n in numbers]
        metafunc.parametrize("round_number", numbers, ids=names)


@pytest.fixture(scope="session")
def seed(request: pytest.FixtureRequest) -> int:
    chosen = request.config.getoption("--seed")
    return random.randrange(10**6) if chosen is None else int(chosen)


@pytest.fixture(scope="session")
def playing(
    request: pytest.FixtureRequest, services_home: Path, seed: int
) -> Iterator[dict[int, Future[Result]]]:
    """All selected rounds, under way."""
    reason = kafka.why_unavailable() or postgres.why_unavailable() or seaweed.why_unavailable()
    if reason:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    servers = Servers(services_home / "faults")
    client = request.config.getoption("--kafka-client")
    campaign = Campaign(SHORT, servers, services_home / "rounds", seed, client)
    numbers = [
        item.callspec.params["round_number"]
        for item in request.session.items
        if "round_number" in getattr(item, "fixturenames", ())
    ]
    yield {number: campaign.submit(number) for number in numbers}
    campaign.close()
    servers.stop()


@pytest.fixture
def result(playing: dict[int, Future[Result]], round_number: int) -> Result:
    """Of one round, when it has ended."""
    ended.append(playing[round_number].result())
    return ended[-1]


@pytest.fixture
def all_results(playing: dict[int, Future[Result]]) -> list[Result]:
    if len(playing) < len(SHORT):
        pytest.skip("not all rounds were asked for")
    return [future.result() for future in playing.values()]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if ended:
        terminalreporter.write_sep("-", f"faults, seed {ended[0].seed}")
        terminalreporter.write_line(report.table(ended))
