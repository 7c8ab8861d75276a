"""All pictures of a connector, into a folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sinkworker.report.bands import bands
from sinkworker.report.charts import epochs, lag, rates
from sinkworker.report.coverage import coverage, told
from sinkworker.report.drawing import Drawing
from sinkworker.report.steps import History


def drawings(history: History) -> Iterator[tuple[str, Drawing]]:
    covered = coverage(history.steps)
    high = {place: each.high for place, each in covered.items() if each.high is not None}
    yield "coverage", bands(covered, history.ends)
    yield "epochs", epochs(history)
    yield "rates", rates(history)
    yield "lag", lag(history, high)


def write(history: History, folder: Path) -> list[Path]:
    """The files that were written."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for name, drawing in drawings(history):
        path = folder / f"{name}.svg"
        path.write_text(drawing.written(), encoding="utf-8")
        made.append(path)
    return made


def verdict(history: History) -> tuple[str, bool]:
    """What the ledger shows, and whether that is every offset once."""
    parts = coverage(history.steps).values()
    if not parts:
        return "There are no steps, or this sink keeps no ledger.", True
    return told(parts), all(each.is_exact for each in parts)
