"""What the user of the demo may choose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """changes: keys of the worker's file to add or replace. report: the folder for pictures."""

    scenario: str = "kill"
    sink: str = "postgres"
    records: int = 100_000
    seed: int = 1
    keep: bool = False
    changes: Mapping[str, str] = field(default_factory=dict)
    report: Path | None = None
