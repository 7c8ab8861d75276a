"""The short run: every round exact, every fault provably there, and as many as promised."""

from __future__ import annotations

import pytest

from tests.faults import report
from tests.faults.campaign import Result
from tests.faults.catalogue import PROMISED

pytestmark = [pytest.mark.faults, pytest.mark.kafka, pytest.mark.postgres, pytest.mark.s3]


def test_round(result: Result) -> None:
    assert result.error is None, f"{result.error}\nReplay: {result.replay}"


def test_the_short_run_is_as_large_as_promised(all_results: list[Result]) -> None:
    sums = report.sums(all_results)
    assert {name: sums[name] for name, least in PROMISED.items() if sums[name] < least} == {}
