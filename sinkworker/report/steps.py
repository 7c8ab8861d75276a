"""The steps of a ledger, as REST tells them.

Owns asking for them, partition by partition. Must not know how they are drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

MOST = 10_000

Ask = Callable[[str, str], Any]


class Step(NamedTuple):
    """place: topic and partition. handled: records, errant, filtered and gaps. at: Unix time."""

    place: str
    kind: str
    epoch: int
    old: int | None
    new: int | None
    records: int
    handled: int
    owner: str | None
    at: float


class History(NamedTuple):
    """Steps in their order; the end of each partition's log, as far as it is known."""

    steps: Sequence[Step]
    ends: Mapping[str, int]


def read(ask: Ask, name: str) -> History:
    """All steps, or the newest 10,000 of each partition."""
    path = f"/sinkworker/v1/connectors/{quote(name, safe='')}"
    stored = ask("GET", f"{path}/offsets")["offsets"]
    steps = _steps(ask, path)
    if len(steps) == MOST:
        steps = [step for each in stored for step in _steps(ask, path, each["partition"])]
    ends = {place(each["partition"]): each["end"] for each in stored if each["end"] is not None}
    return History(sorted(steps, key=lambda step: step.at), ends)


def _steps(ask: Ask, path: str, partition: Mapping[str, Any] | None = None) -> list[Step]:
    which = {"limit": str(MOST)}
    if partition is not None:
        which["partition"] = f"{partition['kafka_topic']}:{partition['kafka_partition']}"
    return [_step(each) for each in ask("GET", f"{path}/ledger?{urlencode(which)}")["steps"]]


def place(partition: Mapping[str, Any]) -> str:
    return f"{partition['kafka_topic']}-{partition['kafka_partition']}"


def _step(told: Mapping[str, Any]) -> Step:
    handled = sum(told[key] for key in ("records", "errant", "filtered", "gaps"))
    at = datetime.fromisoformat(told["at"]).timestamp()
    return Step(
        place(told["partition"]), told["step"], told["epoch"], told["from"], told["to"],
        told["records"], handled, told["owner"], at,
    )  # fmt: skip
