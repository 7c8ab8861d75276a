"""The terminal that `top` runs in: keys one by one, and a screen that is drawn over.

Owns the terminal's modes, which it leaves as it found them.
"""

from __future__ import annotations

import os
import select
import sys
import termios
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from rich.console import Console
from rich.live import Live

from sinkworker.top.reading import Reading
from sinkworker.top.rows import Row, rows
from sinkworker.top.screen import Screen


def watch(read: Callable[[], Reading], every: float, screen: Screen) -> None:
    """Until q. What a reading raises ends it, with the terminal as it was."""
    console = Console(highlight=False, markup=False)
    with _single_keys(), Live(console=console, screen=True, auto_refresh=False) as live:
        found: list[Row] = []
        before: Reading | None = None
        due = 0.0
        while not screen.is_done:
            if time.monotonic() >= due and not screen.is_paused:
                now = read()
                found, before, due = rows(now, before), now, time.monotonic() + every
            at, said = (before.at, "; ".join(before.problems)) if before else (time.time(), "")
            live.update(screen.shown(found, console.height, at, said), refresh=True)
            for key in _keys(max(0.05, min(every, due - time.monotonic()))):
                screen = screen.pressed(key)


def _keys(seconds: float) -> str:
    """Those pressed, as soon as there are some. An escape sequence (arrows) is its last letter."""
    if not select.select([sys.stdin], [], [], seconds)[0]:
        return ""
    typed = os.read(sys.stdin.fileno(), 64).decode(errors="ignore")
    arrows = {"\x1b[A": "k", "\x1b[B": "j"}
    return arrows.get(typed, typed)


@contextmanager
def _single_keys() -> Iterator[None]:
    kept = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, kept)


def starting(sort: str, text: str) -> Screen:
    return replace(Screen(), sort=sort, text=text)
