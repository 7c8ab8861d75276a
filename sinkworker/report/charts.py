"""Pictures over time: who committed when, rows a second, and how far behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sinkworker.report.drawing import (
    BELOW,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Colours,
    Drawing,
    Scale,
    linear,
)  # fmt: skip
from sinkworker.report.order import of_name
from sinkworker.report.steps import History, Step

ROW, BAR, HEIGHT, BINS = 34, 10, 240, 120


@dataclass
class Life:
    """One epoch of one partition, from its first step to its last."""

    epoch: int
    owner: str | None
    begin: float
    end: float
    is_altered: bool
    commits: list[float] = field(default_factory=list)


def epochs(history: History) -> Drawing:
    lives = _lives(history.steps)
    owners = {each.owner for all_of in lives.values() for each in all_of if not each.is_altered}
    count = sum(map(len, lives.values()))
    words = (
        f"{count} epochs of {len(owners)} owner(s), one colour each; a tick is a commit, "
        "a number an epoch that began."
    )
    drawing = Drawing("Commits and epochs", words, TOP + len(lives) * ROW + BELOW)
    if history.steps:
        begin, end = _bounds(history.steps)
        x, colours = linear(begin, end, 1, WIDTH - RIGHT), Colours()
        drawing.time_axis(x, begin, end)
        for number, place in enumerate(sorted(lives, key=of_name)):
            _row(drawing, place, lives[place], TOP + number * ROW, x, colours)
    return drawing


def _lives(steps: Sequence[Step]) -> dict[str, list[Life]]:
    found: dict[str, list[Life]] = {}
    for step in steps:
        if step.kind == "seed":
            continue
        lives = found.setdefault(step.place, [])
        if not lives or lives[-1].epoch != step.epoch:
            lives.append(Life(step.epoch, step.owner, step.at, step.at, step.kind == "alter"))
        lives[-1].end = step.at
        if step.kind == "commit":
            lives[-1].commits.append(step.at)
    return found


def _row(
    drawing: Drawing, place: str, lives: Sequence[Life], top: float, x: Scale, colours: Colours
) -> None:
    drawing.text(1, top + 11, place, "name")
    free = 7.0 * len(place) + 10
    for life in lives:
        kind = "altered" if life.is_altered else colours.of(life.owner)
        title = f"epoch {life.epoch}, {life.owner}, {len(life.commits)} commits"
        drawing.rect(x(life.begin), top + 16, x(life.end) - x(life.begin), BAR, kind, title)
        pixels = sorted({round(x(at)) for at in life.commits})
        drawing.path("".join(f"M{each} {top + 16:g}v{BAR}" for each in pixels), "tick")
        if x(life.begin) >= free:
            drawing.text(x(life.begin), top + 12, str(life.epoch), "label")
            free = x(life.begin) + 12 + 8 * len(str(life.epoch))


def rates(history: History) -> Drawing:
    """Rows a second, by the commits."""
    commits = [step for step in history.steps if step.kind == "commit"]
    if not commits:
        return Drawing("Rows a second", "No commit yet.", TOP + BELOW)
    begin, end = _bounds(history.steps)
    seconds = (end - begin) / BINS
    bins = [0.0] * BINS
    for step in commits:
        bins[min(BINS - 1, int((step.at - begin) / seconds))] += step.records / seconds
    total = sum(step.records for step in commits)
    words = f"{total:,} rows in {len(commits):,} commits; at most {max(bins):,.0f} rows a second."
    drawing, x, y = _plane("Rows a second", words, history.steps, max(bins))
    tops = (f"V{y(v):.1f}H{x(begin + (n + 1) * seconds):.1f}" for n, v in enumerate(bins))
    drawing.path(f"M{x(begin):.1f} {y(0):.1f}{''.join(tops)}V{y(0):.1f}Z", "area")
    _marks(drawing, history.steps, x)
    return drawing


def lag(history: History, high: Mapping[str, int]) -> Drawing:
    """high: how far each partition's commits have come, for partitions whose end is not known."""
    title = "Offsets still to go to the logs' ends of now"
    ends = {**high, **{place: max(end, high.get(place, 0)) for place, end in history.ends.items()}}
    lines: dict[str, list[tuple[float, int]]] = {}
    for step in history.steps:
        if step.new is not None and step.place in ends:
            lines.setdefault(step.place, []).append((step.at, max(0, ends[step.place] - step.new)))
    if not lines:
        return Drawing(title, "No commit yet.", TOP + BELOW)
    top = max(value for points in lines.values() for _, value in points)
    now = sum(points[-1][1] for points in lines.values())
    words = f"{now:,} now; a line for each partition, a dashed one where partitions were claimed."
    drawing, x, y = _plane(title, words, history.steps, top)
    colours = Colours()
    for place in sorted(lines, key=of_name):
        drawing.path(_steps(lines[place], x, y), f"line {colours.of(place)}")
    _marks(drawing, history.steps, x)
    return drawing


def _steps(points: Sequence[tuple[float, int]], x: Scale, y: Scale) -> str:
    first, *others = points
    rest = "".join(f"H{x(at):.1f}V{y(value):.1f}" for at, value in others)
    return f"M{x(first[0]):.1f} {y(first[1]):.1f}{rest}"


def _plane(
    title: str, words: str, steps: Sequence[Step], top: float
) -> tuple[Drawing, Scale, Scale]:
    drawing, (begin, end) = Drawing(title, words, HEIGHT), _bounds(steps)
    x = linear(begin, end, LEFT, WIDTH - RIGHT)
    y = linear(0, top or 1, HEIGHT - BELOW, TOP + 4)
    drawing.value_axis(y, top or 1)
    drawing.time_axis(x, begin, end)
    return drawing, x, y


def _bounds(steps: Sequence[Step]) -> tuple[float, float]:
    return steps[0].at, max(steps[-1].at, steps[0].at + 1)


def _marks(drawing: Drawing, steps: Sequence[Step], x: Scale) -> None:
    """Where partitions were claimed (a start, a takeover), or an operator moved an offset."""
    places = {
        (step.kind, round(x(step.at) / 3)) for step in steps if step.kind in {"claim", "alter"}
    }
    for kind, third in sorted(places):
        drawing.line(third * 3.0, TOP, third * 3.0, HEIGHT - BELOW, kind)
