"""Failpoints: what a plan lets happen, and that nothing does without one."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
from pathlib import Path

import pytest

from sinkworker.api import RetriableError
from sinkworker.failpoints import VARIABLE, Failpoint, arm
from tests.faults.places import (
    GROWTH_PLACES,
    LETTER_PLACES,
    PLACES,
    S3_PLACES,
    Place,
    of_client,
)

HERE = __name__


class Machine:
    """What the failpoints of these tests strike."""

    def __init__(self) -> None:
        self.works = 0

    def work(self) -> int:
        self.works += 1
        return self.works


@pytest.fixture(autouse=True)
def _untouched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Machine, "work", Machine.work)


def armed(tmp_path: Path, *failpoints: Failpoint) -> Path:
    journal = tmp_path / "journal"
    plan = {"journal": str(journal), "failpoints": [vars(each) for each in failpoints]}
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(plan))
    assert arm({VARIABLE: str(file)}) == len(failpoints)
    return journal


WORK = f"{HERE}:Machine.work"


def test_a_failpoint_strikes_at_its_hit_and_only_then(tmp_path: Path) -> None:
    armed(tmp_path, Failpoint(WORK, "before", "raise", hit=2))
    machine = Machine()
    assert machine.work() == 1
    with pytest.raises(RetriableError, match=r"failpoint .*Machine\.work"):
        machine.work()
    assert machine.work() == 2


def test_a_failpoint_after_a_function_strikes_when_it_has_done_its_work(tmp_path: Path) -> None:
    armed(tmp_path, Failpoint(WORK, "after", "raise"))
    machine = Machine()
    with pytest.raises(RetriableError):
        machine.work()
    assert machine.works == 1


def test_a_failpoint_writes_down_that_it_struck(tmp_path: Path) -> None:
    journal = armed(tmp_path, Failpoint(WORK, "before", "sleep", hit=0, argument=0))
    machine = Machine()
    machine.work()
    machine.work()
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    assert [(line["at"], line["do"], line["pid"]) for line in lines] == [
        (WORK, "sleep", os.getpid())
    ] * 2


@pytest.mark.parametrize(
    ("do", "number"), [("kill", signal.SIGKILL), ("stop", signal.SIGSTOP)], ids=str
)
def test_a_process_ends_or_stops_itself(tmp_path: Path, do: str, number: int) -> None:
    child = os.fork()
    if child == 0:
        armed(tmp_path, Failpoint(WORK, "before", do))  # type: ignore[arg-type]
        Machine().work()
        os._exit(0)
    _, status = os.waitpid(child, os.WUNTRACED)
    if do == "stop":
        assert os.WSTOPSIG(status) == number
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    else:
        assert os.WTERMSIG(status) == number


def test_a_stopped_thread_goes_no_further_although_the_main_thread_sleeps(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        armed(tmp_path, Failpoint(WORK, "before", "stop"))

        def work() -> None:
            Machine().work()
            os.write(writer, b"went on")

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        os._exit(0)
    os.waitpid(child, os.WUNTRACED)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(writer)
    assert os.read(reader, 10) == b""
    os.close(reader)


def test_connections_to_a_port_are_ended_and_others_are_not(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as two,
    ):
        broken = socket.create_connection(one.getsockname())
        whole = socket.create_connection(two.getsockname())
        pair = socket.socketpair()
        port = one.getsockname()[1]
        armed(tmp_path, Failpoint(WORK, "before", "abort", argument=port))
        Machine().work()
        assert broken.recv(1) == b""
        whole.sendall(b"x")
        accepted, _ = two.accept()
        assert accepted.recv(1) == b"x"
        pair[0].sendall(b"x")
        assert pair[1].recv(1) == b"x"
        for each in (broken, whole, accepted, *pair):
            each.close()


def test_a_plan_that_names_no_function_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AttributeError):
        armed(tmp_path, Failpoint(f"{HERE}:Machine.rest", "before", "kill"))


def test_without_the_variable_there_is_no_plan() -> None:
    with pytest.raises(KeyError):
        arm({})


def test_no_module_of_a_running_worker_knows_of_failpoints() -> None:
    """Inert: the command line imports it when its hidden option is given, and nobody else ever."""
    package = Path(sys.modules["sinkworker"].__file__ or "").parent
    who = [p.name for p in package.rglob("*.py") if "failpoints" in p.read_text()]
    assert sorted(who) == ["failpoints.py", "start.py"]


@pytest.mark.parametrize("client", ["kafka-python", "confluent"])
@pytest.mark.parametrize(
    "place",
    [*PLACES.values(), *LETTER_PLACES.values(), *GROWTH_PLACES.values(), *S3_PLACES.values()],
    ids=[*PLACES, *LETTER_PLACES, *GROWTH_PLACES, *(f"s3 {each}" for each in S3_PLACES)],
)
def test_every_place_of_the_fault_suite_is_a_function_of_the_worker(
    place: Place, client: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sinkworker.failpoints import _found

    owner, name = _found(of_client(place.failpoint("exit"), client).at)
    assert callable(getattr(owner, name))
