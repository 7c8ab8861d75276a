"""The image brings what the bundled sinks need."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def extras() -> dict[str, list[str]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return dict(project["optional-dependencies"])


def test_the_image_has_every_extra_that_a_worker_may_need() -> None:
    (names,) = re.findall(r"/src\[(.*)\]", (ROOT / "docker" / "Dockerfile").read_text())
    installed = set(names.split(","))
    for name in names.split(","):
        installed |= set(re.findall(r"sinkworker\[(\w+)\]", " ".join(extras()[name])))
    assert installed == extras().keys() - {"bench", "demo", "fuzz", "test"}


def test_every_file_that_is_shipped_for_the_image_is_run_by_the_compose_file() -> None:
    compose = (ROOT / "docker" / "compose.yml").read_text()
    files = [path.name for path in (ROOT / "docker").glob("*.properties")]
    assert files
    for name in files:
        assert f"- ./{name}:/etc/sinkworker/{name}:ro" in compose
        assert f'"/etc/sinkworker/{name}"' in compose
