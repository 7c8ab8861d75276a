"""What the processes of a crash test leave behind: events in a file that outlives them.

Owns the file. Must not know what events mean.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Event = dict[str, Any]


class Journal:
    """Written by one process at a time. What was written before a SIGKILL is there after it."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def write(self, event: str, **details: Any) -> None:
        with self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"event": event, **details}) + "\n")

    def read(self, event: str | None = None) -> list[Event]:
        """All events, or those of one kind, in their order."""
        if not self.file.exists():
            return []
        events = [json.loads(line) for line in self.file.read_text("utf-8").splitlines()]
        return [each for each in events if event in (None, each["event"])]
