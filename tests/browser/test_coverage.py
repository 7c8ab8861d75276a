"""The page and the report judge a ledger by one rule."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from sinkworker.report.coverage import Covered, coverage, told
from sinkworker.report.steps import Step
from tests.browser.conftest import Opening, visit

HISTORIES = 300
IN_THE_PAGE = """async (histories) => {
  const { coverage, told } = await import(new URL("coverage.js", location.href));
  return histories.map((steps) => {
    const parts = [...coverage(steps).values()];
    return { parts, told: told(parts) };
  });
}"""


def history(seed: int) -> list[Step]:
    """Mostly end to end; now and then a hole, a repetition, a hand, or counts that are wrong."""
    choice, steps, offset, epoch = random.Random(seed), [], 0, 1
    for _ in range(choice.randrange(1, 25)):
        place = choice.choice(["a-0", "b-1"])
        kind = choice.choices(["commit", "claim", "alter", "seed", "replay"], [8, 2, 1, 1, 1])[0]
        old = max(0, offset + choice.choices([0, -3, 4], [9, 1, 1])[0])
        new: int | None = old + choice.randrange(1, 9) if kind == "commit" else old
        if kind == "alter":
            new = choice.choice([None, max(0, old - 5), old + 5])
        epoch += kind in ("claim", "alter")
        wrong = choice.random() < 0.05
        handled = (new or old) - old + wrong
        steps.append(Step(place, kind, epoch, old, new, handled, handled, "me", 0.0))
        offset = new if new is not None else 0
    return steps


def as_told(step: Step) -> dict[str, Any]:
    return {
        "place": step.place, "step": step.kind, "epoch": step.epoch, "from": step.old, "to": step.new,
        "records": step.records, "errant": 0, "filtered": 0, "gaps": 0, "owner": step.owner, "at": 0,
    }  # fmt: skip


def as_drawn(of: Covered) -> dict[str, Any]:
    def spans(found: Any) -> list[dict[str, int]]:
        return [{"from": span.old, "to": span.new, "pass": span.passed} for span in found]

    return {
        "place": of.place,
        "passes": [
            [{"from": r.old, "to": r.new, "epoch": r.epoch, "owner": r.owner} for r in runs]
            for runs in of.passes
        ],
        "gaps": spans(of.gaps), "overlaps": spans(of.overlaps), "skipped": spans(of.skipped),
        "rewinds": of.rewinds, "miscounted": of.miscounted, "epoch": of.epoch, "next": of.next,
    }  # fmt: skip


def test_random_histories_are_judged_alike(serving: Callable[..., str], opening: Opening) -> None:
    page, histories = opening(), [history(seed) for seed in range(HISTORIES)]
    visit(page, serving())
    found = page.evaluate(IN_THE_PAGE, [[as_told(step) for step in each] for each in histories])
    wrong = 0
    for steps, in_page in zip(histories, found, strict=True):
        parts = list(coverage(steps).values())
        wrong += not all(each.is_exact for each in parts)
        assert in_page["told"] == told(parts)
        for mine, theirs in zip(parts, in_page["parts"], strict=True):
            assert as_drawn(mine) == {key: theirs[key] for key in as_drawn(mine)}
    assert 50 < wrong < HISTORIES  # there was something to judge
