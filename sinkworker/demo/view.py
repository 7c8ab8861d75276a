"""What the demo shows: a line for each step, and how far the worker is.

Owns the difference between a terminal, which gets a live table, and a log, which gets plain lines.
Must not know where the figures come from.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import NamedTuple, Self

from rich import box
from rich.console import Console
from rich.live import Live
from rich.table import Table

from sinkworker.demo.topics import Place

IN_A_TERMINAL_EVERY, IN_A_LOG_EVERY = 0.2, 2.0
WIDTH_OF_A_LOG = 100


class Standing(NamedTuple):
    """How far the worker is. rows: by topic."""

    ends: Mapping[Place, int]
    stored: Mapping[Place, int]
    rows: Mapping[str, int]

    @property
    def topics(self) -> list[str]:
        return list(dict.fromkeys(topic for topic, _ in self.ends))

    def line(self, topic: str | None) -> tuple[int, int, int]:
        """Log end, stored offset and rows of one topic, or of all."""
        end, stored = (
            sum(offset for (name, _), offset in offsets.items() if topic in (None, name))
            for offsets in (self.ends, self.stored)
        )
        return end, stored, sum(n for name, n in self.rows.items() if topic in (None, name))


class View:
    """Use it as a context: a live table is taken away at its end."""

    def __init__(self, console: Console | None = None) -> None:
        """console: for tests; by default standard output."""
        self._console = console or Console(highlight=False, markup=False)
        self._is_live = self._console.is_terminal and not self._console.is_dumb_terminal
        if not self._is_live:
            self._console.width = WIDTH_OF_A_LOG
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._shown_at, self._told = 0.0, ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.end_live()

    def step(self, word: str, text: str = "") -> None:
        self._console.print(f"{word:<10} {text}".rstrip(), soft_wrap=True)

    def show(self, standing: Callable[[], Standing]) -> None:
        """Call it as often as you like: figures are asked for when it is time to show them."""
        every = IN_A_TERMINAL_EVERY if self._is_live else IN_A_LOG_EVERY
        if time.monotonic() - self._shown_at < every:
            return
        self._shown_at = time.monotonic()
        if self._is_live:
            self._live.start()
            self._live.update(_progress(standing()), refresh=True)
        else:
            self._tell(standing())

    def _tell(self, standing: Standing) -> None:
        end, _, rows = standing.line(None)
        text = f"{rows} of {end} rows"
        if text != self._told:  # a log that says nothing new is read by nobody
            self.step("", text)
        self._told = text

    def end_live(self) -> None:
        self._live.stop()

    def offsets(self, standing: Standing) -> None:
        """The table of stored offsets beside the log ends, partition by partition."""
        self.end_live()
        table = _table("topic", "stored offsets", "log ends", "rows")
        for topic in standing.topics:
            places = [place for place in standing.ends if place[0] == topic]
            table.add_row(
                topic,
                _joined(standing.stored.get(place, 0) for place in places),
                _joined(standing.ends[place] for place in places),
                str(standing.rows.get(topic, 0)),
            )
        self._console.print(table)


def _progress(standing: Standing) -> Table:
    table = _table("topic", "log end", "stored", "lag", "rows")
    for topic in (*standing.topics, None):
        end, stored, rows = standing.line(topic)
        table.add_row(topic or "all", *map(str, (end, stored, end - stored, rows)))
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(first)
    for each in others:
        table.add_column(each, justify="right")
    return table


def _joined(offsets: Iterable[int]) -> str:
    return " ".join(map(str, offsets))
