"""A large worker: what the browser says of the time that the page takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from sinkworker.api import TopicPartition
from tests.browser.conftest import Opening, visit
from tests.browser.stage import Made, ledger

CONNECTORS, PARTITIONS, STEPS = 200, 16, 100_000

WATCH = """() => { window.longest = 0; window.many = 0; new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) {
    window.many += 1;
    window.longest = Math.max(window.longest, duration);
  }
}).observe({ type: 'longtask', buffered: true }); }"""


def big() -> list[Made]:
    places = [TopicPartition("alerts", number) for number in range(PARTITIONS)]
    config = {"connector.class": "PostgresSink", "topics": "alerts"}
    commits = STEPS // PARTITIONS
    steps = [step for place in places for step in ledger(place, commits, takeover=commits // 2)]
    steps.sort(key=lambda step: step.at_ms)
    made = [
        Made(f"connector-{number:03d}", config, partitions=PARTITIONS)
        for number in range(CONNECTORS)
    ]
    made[0].ledger, made[0].stored, made[0].end = steps, commits * 10, commits * 10 + 500
    return made


def looked(page: Any, more: int) -> None:
    page.wait_for_function(f"() => Number(document.getElementById('main').dataset.looks) >= {more}")


def figures(page: Any, what: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = page.evaluate("() => ({ longest: window.longest, many: window.many })")
    heap = page.evaluate("() => performance.memory.usedJSHeapSize / 1e6")
    with capsys.disabled():
        print(
            f"\n{what}: longest task {found['longest']:.0f} ms of {found['many']}, heap {heap:.0f} MB"
        )
    page.evaluate("() => { window.longest = 0; window.many = 0; }")


def test_200_connectors_of_16_partitions_and_100_000_steps_are_shown(
    serving: Callable[..., str], opening: Opening, capsys: pytest.CaptureFixture[str]
) -> None:
    url, page = serving(*big()), opening()
    page.add_init_script(f"({WATCH})()")
    visit(page, url)
    assert page.locator("tbody tr").count() == CONNECTORS
    figures(page, f"{CONNECTORS} connectors opened", capsys)
    looked(page, 2)
    figures(page, "refreshed", capsys)

    visit(page, url, "connectors/connector-000")
    page.wait_for_selector("rect.run")
    figures(page, "newest 10,000 steps opened", capsys)
    page.click("text=Read all steps that are kept")
    page.wait_for_selector("text=Read all steps that are kept", state="hidden")
    words = page.inner_text("figure >> nth=0 >> .words")
    assert words == f"{PARTITIONS} partition(s), no gap, no overlap, 0 rewind(s)."
    assert f"{STEPS // PARTITIONS * PARTITIONS} commits" in page.inner_text(
        "figure >> nth=2 >> .words"
    )
    figures(page, f"all {STEPS} steps opened", capsys)
    looked(page, int(page.get_attribute("#main", "data-looks")) + 1)
    figures(page, "refreshed", capsys)
    assert page.locator("svg *").count() < 2000
