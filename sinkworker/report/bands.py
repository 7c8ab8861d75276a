"""The picture of offsets: a band for each partition, as its commits have covered it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sinkworker.report.coverage import Covered, Span, told
from sinkworker.report.drawing import TOP, WIDTH, Drawing, Scale, linear
from sinkworker.report.order import by_place

THICK, APART, HEAD, BETWEEN = 14, 4, 18, 8


def bands(covered: Mapping[str, Covered], ends: Mapping[str, int]) -> Drawing:
    parts = sorted((each for each in covered.values() if each.high is not None), key=by_place)
    height = TOP + sum(_height(each) for each in parts) + 6
    words = told(parts) if parts else "No commit yet, or a sink without a ledger."
    drawing, top = Drawing("Offsets covered", words, height), float(TOP)
    for each in parts:
        _Band(drawing, each, top, ends.get(each.place)).draw()
        top += _height(each)
    return drawing


def _height(of: Covered) -> int:
    return HEAD + len(of.passes) * (THICK + APART) + BETWEEN


class _Band:
    def __init__(self, drawing: Drawing, of: Covered, top: float, end: int | None) -> None:
        assert of.low is not None
        assert of.high is not None
        self._drawing, self._of, self._top, self._end = drawing, of, top, end
        self._low, self._high = of.low, of.high
        self._x: Scale = linear(of.low, max(of.high, end or 0), 1, WIDTH - 1)

    def draw(self) -> None:
        of = self._of
        self._drawing.text(
            1, self._top + 12, f"{of.place}  {self._low:,} to {self._high:,}", "name"
        )
        kind = "label" if of.is_exact else "wrong"
        self._drawing.text(WIDTH - 1, self._top + 12, _verdict(of), kind, "end")
        if of.next is not None and self._end is not None and self._end > of.next:
            self._span(Span(of.next, self._end, len(of.passes) - 1), "waiting", "not yet")
        for passed, runs in enumerate(of.passes):
            for run in runs:
                words = f"epoch {run.epoch}, {run.owner}"
                self._span(Span(run.old, run.new, passed), f"e{run.epoch % 2}", words)
        self._spans(of.skipped, "skipped", "skipped by an operator")
        self._spans(of.gaps, "gap", "MISSING")
        self._spans(of.overlaps, "overlap", "TWICE")

    def _spans(self, spans: Iterable[Span], kind: str, words: str) -> None:
        for span in spans:
            self._span(span, kind, words)

    def _span(self, span: Span, kind: str, words: str) -> None:
        x, y = self._x(span.old), self._top + HEAD + span.passed * (THICK + APART)
        title = f"{span.old:,} to {span.new:,} {words}"
        self._drawing.rect(x, y, self._x(span.new) - x, THICK, kind, title)


def _verdict(of: Covered) -> str:
    counts = ((len(of.gaps), "gap(s)"), (len(of.overlaps), "overlap(s)"))
    wrong = [f"{number} {word}" for number, word in counts if number]
    rewinds = [f"{of.rewinds} rewind(s)"] if of.rewinds else []
    return ", ".join([*(wrong or ["once each"]), *rewinds])
