"""The demo's pictures: drawn by the command that anybody would use, from the store.

Owns how that command is called. Must not know how pictures are drawn.
"""

from __future__ import annotations

import sys
from pathlib import Path

from sinkworker.demo.child import Child
from sinkworker.demo.patience import DemoError
from sinkworker.demo.worker import Worker


def draw(worker: Worker, folder: Path) -> tuple[list[str], bool]:
    """What the command says, and whether the ledger shows every offset once."""
    command = [
        sys.executable, "-m", "sinkworker", "report", worker.file.stem,
        "--config", str(worker.file), "--out", str(folder.absolute()),
    ]  # fmt: skip
    child = Child(command, worker.file.parent / "report.log")
    child.start()
    code = child.wait()
    lines = child.log().splitlines()
    if code not in {0, 1} or not lines:
        raise DemoError(f"sinkworker report ended with exit code {code}:\n{child.log()}")
    return lines, code == 0
