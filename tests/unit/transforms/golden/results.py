"""The results that Kafka's own classes have: where they are kept, and how they are made.

`python -m tests.unit.transforms.golden.results` makes them anew, with Java and Maven.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.services import java_transforms
from tests.unit.transforms.golden.cases import CASES
from tests.unit.transforms.golden.forms import Case, Json

FILE = Path(__file__).with_name("results.json")
DIGEST = "sha256 of the cases"


def digest(cases: Sequence[Case] = CASES) -> str:
    return hashlib.sha256(json.dumps(cases).encode()).hexdigest()


def made(folder: Path) -> dict[str, Json]:
    """By the machine's Java, just now."""
    names = [case["name"] for case in CASES]
    return dict(zip(names, java_transforms.results(CASES, folder), strict=True))


def kept() -> dict[str, Json]:
    """As they were when the file was written, and under DIGEST of which cases."""
    read: dict[str, Json] = json.loads(FILE.read_text())
    return read


def keep(results: dict[str, Json]) -> None:
    """One line each, so that what changes can be seen."""
    lines = [f"{json.dumps(name)}: {json.dumps(each)}" for name, each in results.items()]
    FILE.write_text("{\n" + ",\n".join([f'"{DIGEST}": "{digest()}"', *lines]) + "\n}\n")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        keep(made(Path(home)))
