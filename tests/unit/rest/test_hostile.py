"""Requests of nobody's friend: each gets its code in Kafka Connect's form, and one clean log line.

They go to worker processes, one of which asks for a token.
"""

from __future__ import annotations

import http.client
import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.rest.hostile import REQUESTS, TOKEN, Hostile, get
from tests.services.process import wait_until
from tests.services.worker import WorkerProcess

END = "/the-end-of-a-case"
LINE = re.compile(r"\[[\d :,-]+\] INFO .+ \(sinkworker\.rest\.\w+:\d+\)")


class Target(NamedTuple):
    """A worker that anybody may send anything to."""

    process: WorkerProcess
    port: int

    def send(self, case: Hostile) -> tuple[int, Any]:
        """Code and body of the answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            try:
                for part in case.parts:
                    connection.sendall(part)
            except ConnectionError:
                pass  # who refuses need not read on
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            return answer.status, json.loads(answer.read())

    def end_case(self) -> list[str]:
        """What the log says since this was called last."""
        ends = self.process.log().count(END)
        self.send(Hostile("", [get(END)], 404))
        wait_until(lambda: self.process.log().count(END) > ends, 20, "the end of a case")
        said = self.process.log().split("\n")
        marks = [number for number, line in enumerate(said) if END in line]
        return said[marks[-2] + 1 if ends else 0 : marks[-1]]


def started(home: Path, name: str, more: str = "") -> Target:
    config = home / f"{name}.properties"
    config.write_text(f"listeners=http://127.0.0.1:0\nsinkworker.state.dir={home / name}\n{more}")
    process = WorkerProcess(log=home / f"{name}.log").start("--worker-config", str(config))
    process.wait_for("REST on")
    return Target(process, process.rest_port())


@pytest.fixture(scope="module")
def targets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[bool, Target]]:
    home = tmp_path_factory.mktemp("hostile")
    (home / "token").write_text(TOKEN)
    asks = f"rest.auth.token.file={home / 'token'}\n"
    made = {False: started(home, "open"), True: started(home, "locked", asks)}
    yield made
    for target in made.values():
        target.process.kill()


def test_there_are_many_of_them_and_none_is_there_twice() -> None:
    assert len(REQUESTS) >= 60
    assert len({case.name for case in REQUESTS}) == len(REQUESTS)


@pytest.mark.parametrize("case", REQUESTS, ids=str)
def test_it_gets_its_code_and_one_clean_line(targets: dict[bool, Target], case: Hostile) -> None:
    target = targets[case.locked]
    target.end_case()
    status, content = target.send(case)
    assert (status, content.keys()) == (case.status, {"error_code", "message"})
    assert content["error_code"] == status
    assert content["message"]
    [line] = target.end_case()
    assert line.isprintable()
    assert LINE.fullmatch(line), line
    assert f": {status} " in line
    assert TOKEN not in line
