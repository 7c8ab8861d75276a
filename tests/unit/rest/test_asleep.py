"""What answers is loaded when somebody asks for the first time."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from pathlib import Path

from tests.services.process import wait_until
from tests.services.worker import WorkerProcess


def test_nothing_is_loaded_before_somebody_asks() -> None:
    code = """
import sys, sinkworker.app, sinkworker.rest.server
print(sorted({"uvicorn", "starlette", "h11"} & sys.modules.keys()))
"""
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert said.stdout == "[]\n"


def test_the_first_who_asks_is_answered_and_a_worker_nobody_asked_stops(tmp_path: Path) -> None:
    config = tmp_path / "worker.properties"
    config.write_text(f"listeners=http://127.0.0.1:0\nsinkworker.state.dir={tmp_path}\n")
    process = WorkerProcess(log=tmp_path / "log").start("--worker-config", str(config))
    process.wait_for("REST on")
    assert not process.log_lines("Started server process")
    with urllib.request.urlopen(f"http://127.0.0.1:{process.rest_port()}/ping") as answer:
        assert answer.status == 200
    assert process.log_lines("Started server process")
    assert process.stop() == 0
    process.start("--worker-config", str(config))
    wait_until(lambda: len(process.log_lines("REST on")) == 2, 20, "the second start")
    assert process.stop() == 0
