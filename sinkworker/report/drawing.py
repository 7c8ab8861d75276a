"""SVG: elements, scales, axes and colours, light and dark in one file.

Owns how a drawing is written. Must not know what is drawn.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from xml.etree import ElementTree as ET

WIDTH, LEFT, RIGHT, TOP, BELOW = 960, 56, 14, 44, 24
SVG = "http://www.w3.org/2000/svg"
STYLE = """
svg { background: #fff; font: 12px system-ui, "DejaVu Sans", sans-serif; }
text { fill: #1b2130; } .title { font-size: 15px; font-weight: 700; } .label { fill: #545c6d; }
.name { font-weight: 600; } .wrong { fill: #b42318; font-weight: 600; } .grid { stroke: #d5d9e0; }
.claim { stroke: #545c6d; stroke-dasharray: 3 3; } .alter { stroke: #b54708; stroke-dasharray: 6 3; }
.area, .e0 { fill: #3f7ae0; } .e1 { fill: #1d3f8f; } .line { fill: none; stroke-width: 1.6; }
.waiting { fill: none; stroke: #7a8291; stroke-dasharray: 3 3; } .skipped, .altered { fill: #aab1bf; }
.gap { fill: #d92d20; } .overlap { fill: #e5700a; } .tick { stroke: #fff; opacity: 0.55; }
.c0 { fill: #1652c4; } .c1 { fill: #b54708; } .c2 { fill: #067647; } .c3 { fill: #9e1f9e; }
.c4 { fill: #0e7090; } .c5 { fill: #a15c07; } .c6 { fill: #5925dc; } .c7 { fill: #c11574; }
.line.c0 { stroke: #1652c4; } .line.c1 { stroke: #b54708; } .line.c2 { stroke: #067647; }
.line.c3 { stroke: #9e1f9e; } .line.c4 { stroke: #0e7090; } .line.c5 { stroke: #a15c07; }
.line.c6 { stroke: #5925dc; } .line.c7 { stroke: #c11574; } path.line { fill: none; }
@media (prefers-color-scheme: dark) {
svg { background: #12161f; } text { fill: #e8ebf2; } .label { fill: #a5aec0; } .grid { stroke: #364052; }
.c0 { fill: #7eaaff; } .c1 { fill: #ff9d5c; } .c2 { fill: #5bd39a; } .c3 { fill: #ee8ff0; }
.c4 { fill: #5cc8e8; } .c5 { fill: #f0b44c; } .c6 { fill: #b29bff; } .c7 { fill: #ff85c0; }
.line.c0 { stroke: #7eaaff; } .line.c1 { stroke: #ff9d5c; } .line.c2 { stroke: #5bd39a; }
.line.c3 { stroke: #ee8ff0; } .line.c4 { stroke: #5cc8e8; } .line.c5 { stroke: #f0b44c; }
.line.c6 { stroke: #b29bff; } .line.c7 { stroke: #ff85c0; }
.wrong { fill: #ff9b92; } .claim { stroke: #a5aec0; } .e1 { fill: #a8c5ff; } .tick { stroke: #12161f; }
}
"""
SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)

Scale = Callable[[float], float]


class Drawing:
    """One picture, so many pixels high; its title, and what it says in words."""

    def __init__(self, title: str, words: str, height: float) -> None:
        self.height = height
        self._root = ET.Element("svg", {
            "xmlns": SVG, "viewBox": f"0 0 {WIDTH} {height:g}", "width": str(WIDTH),
            "height": f"{height:g}", "role": "img", "aria-label": f"{title}. {words}",
        })  # fmt: skip
        ET.SubElement(self._root, "style").text = STYLE
        self.text(1, 16, title, "title")
        self.text(1, 34, words, "label")

    def text(self, x: float, y: float, words: str, kind: str, anchor: str = "start") -> None:
        self._add("text", kind, x=x, y=y, text_anchor=anchor).text = _clean(words)

    def rect(
        self, x: float, y: float, width: float, height: float, kind: str, title: str = ""
    ) -> None:
        made = self._add("rect", kind, x=x, y=y, width=max(width, 1.5), height=height)
        if title:
            ET.SubElement(made, "title").text = _clean(title)

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str) -> None:
        self._add("line", kind, x1=x1, y1=y1, x2=x2, y2=y2)

    def path(self, d: str, kind: str) -> None:
        self._add("path", kind, d=d)

    def _add(self, name: str, kind: str, **attributes: float | str) -> ET.Element:
        values = {
            key.replace("_", "-"): f"{value:.1f}" if isinstance(value, float) else str(value)
            for key, value in attributes.items()
        }
        return ET.SubElement(self._root, name, {"class": kind, **values})

    def time_axis(self, x: Scale, begin: float, end: float) -> None:
        for at in times(begin, end, 9):
            words = time.strftime("%H:%M:%S", time.gmtime(at))
            self.text(x(at), self.height - 6, words, "label", "middle")

    def value_axis(self, y: Scale, top: float) -> None:
        for value in ticks(0, top, 4):
            self.line(LEFT, y(value), WIDTH - RIGHT, y(value), "grid")
            self.text(LEFT - 6, y(value) + 4, f"{value:,.0f}", "label", "end")

    def written(self) -> str:
        return ET.tostring(self._root, encoding="unicode")


def _clean(words: str) -> str:
    """XML has no way to write control characters."""
    return "".join(char if char.isprintable() else " " for char in words)


def linear(low: float, high: float, begin: float, end: float) -> Scale:
    span = (high - low) or 1
    return lambda value: begin + (value - low) / span * (end - begin)


def ticks(low: float, high: float, count: int) -> list[float]:
    rough = ((high - low) or 1) / count
    power = 10 ** math.floor(math.log10(rough))
    step = next(each * power for each in (1, 2, 5, 10) if each * power >= rough)
    first = math.ceil(low / step)
    return [number * step for number in range(first, math.floor(high / step) + 1)]


def times(begin: float, end: float, count: int) -> list[float]:
    rough = (end - begin) / count
    step = next((each for each in SECONDS if each >= rough), 86400 * math.ceil(rough / 86400))
    return [at * step for at in range(math.ceil(begin / step), math.floor(end / step) + 1)]


class Colours:
    """The same colour for the same name, as long as there are few."""

    def __init__(self) -> None:
        self._known: dict[str | None, int] = {}

    def of(self, name: str | None) -> str:
        return f"c{self._known.setdefault(name, len(self._known) % 8)}"
