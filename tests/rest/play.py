"""Playing the table against a worker: each request in its order, each answer compared."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tests.rest.matching import differences
from tests.rest.shapes import Step
from tests.services.process import wait_until
from tests.unit.rest.scene import Client, Reply

PATIENCE_SECONDS = 60


def play(client: Client, steps: Sequence[Step], home: str, *, ours: bool) -> list[str]:
    """Every difference. home: the folder in which the sinks write."""
    found = []
    for number, step in enumerate(steps):
        where = f"{number}: {step.method} {step.path} {_short(step.body)}"
        if step.until is not None:
            found += _waited(client, step, home, where)
            continue
        reply = _ask(client, step, home)
        code = step.ours if ours and step.ours is not None else step.code
        shape = step.ours_shape if ours and step.ours_shape is not None else step.shape
        wrong = differences(reply.content, shape)
        if reply.status != code:
            wrong.insert(0, f"code {reply.status}, not {code}: {reply.content!r}")
        found += [f"{where}: {each}" for each in wrong]
    return found


def _waited(client: Client, step: Step, home: str, where: str) -> list[str]:
    last: list[Reply] = []

    def is_so() -> bool:
        last[:] = [_ask(client, step, home)]
        assert step.until is not None
        return last[0].status == step.code and bool(step.until(last[0].content))

    try:
        wait_until(is_so, PATIENCE_SECONDS, where)
    except AssertionError as error:
        return [f"{error}; the last answer: {last}"]
    return []


def _ask(client: Client, step: Step, home: str) -> Reply:
    body = step.body
    if body is not None and not isinstance(body, bytes):
        body = json.loads(json.dumps(body).replace("{home}", home))
    return client.ask(step.method, step.path, body, step.headers)


def _short(body: Any) -> str:
    text = "" if body is None else repr(body)
    return text if len(text) < 120 else text[:117] + "..."
