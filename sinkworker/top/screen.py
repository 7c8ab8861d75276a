"""A terminal's screen full of lines, and the keys that change what is on it.

Owns what a key does, and how much fits. Must not know where readings come from.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sinkworker.top.cells import NUMBERS, TITLES, cells
from sinkworker.top.rows import SORTS, Row, chosen

HELP = "q quit  s sort  / filter  p pause  j k scroll"
COLOURS = {"RUNNING": "green", "FAILED": "bold red", "PAUSED": "yellow", "STOPPED": "yellow"}
AROUND = 6  # lines that are no rows: titles, a rule, status, help, empty ones


@dataclass(frozen=True)
class Screen:
    """typing: the filter's text is being typed."""

    sort: str = "connector"
    text: str = ""
    first: int = 0
    typing: bool = False
    is_paused: bool = False
    is_done: bool = False

    def pressed(self, key: str) -> Screen:
        """What the screen is after a key."""
        if self.typing:
            return self._typed(key)
        if key == "s":
            return replace(self, sort=SORTS[(SORTS.index(self.sort) + 1) % len(SORTS)], first=0)
        if key in {"j", "k"}:
            return replace(self, first=max(0, self.first + (1 if key == "j" else -1)))
        change = {"q": {"is_done": True}, "\x03": {"is_done": True}, "/": {"typing": True},
                  "p": {"is_paused": not self.is_paused}}.get(key, {})  # fmt: skip
        return replace(self, **change)  # type: ignore[arg-type]

    def _typed(self, key: str) -> Screen:
        if key in {"\r", "\n"}:
            return replace(self, typing=False)
        if key == "\x1b":
            return replace(self, typing=False, text="", first=0)
        if key in {"\x7f", "\b"}:
            return replace(self, text=self.text[:-1], first=0)
        return replace(self, text=self.text + key, first=0) if key.isprintable() else self

    def shown(self, found: Sequence[Row], height: int, at: float, said: str = "") -> RenderableType:
        """said: what was wrong at the last reading."""
        left = chosen(found, self.text, self.sort)
        first = min(self.first, max(0, len(left) - 1))
        visible = left[first : first + max(1, height - AROUND)]
        return Group(
            _table(visible),
            Text(self._status(left, visible, first, at), style="dim"),
            Text(said, style="red") if said else Text(HELP, style="dim"),
        )

    def _status(self, left: Sequence[Row], visible: Sequence[Row], first: int, at: float) -> str:
        behind = sum(row.lag or 0 for row in left)
        words = [
            time.strftime("%H:%M:%S", time.localtime(at)),
            f"{first + 1}-{first + len(visible)} of {len(left)}",
            f"lag {behind}",
            f"sorted by {self.sort}",
        ]
        if self.text or self.typing:
            words.append(f"filter: {self.text}{'_' if self.typing else ''}")
        return "  ".join([*words, *(["paused"] if self.is_paused else [])])


def _table(visible: Sequence[Row]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=True)
    for title in TITLES:
        is_number = title in NUMBERS
        table.add_column(
            title, justify="right" if is_number else "left", no_wrap=True,
            overflow="ellipsis", ratio=None if is_number else 1,
        )  # fmt: skip
    for row in visible:
        texts = [Text(text) for text in cells(row)]
        texts[TITLES.index("STATE")].stylize(COLOURS.get(row.state or "", ""))
        table.add_row(*texts)
    return table
