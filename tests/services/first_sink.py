"""The sink of docs/first-sink.md, made by following the text: written, built and installed.

Owns what of the text is code, and a folder where pip has installed it. Knows nothing of Kafka.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

TUTORIAL = Path(__file__).parents[2] / "docs" / "first-sink.md"


def blocks(language: str) -> list[str]:
    """The text's blocks of code in one language; "" for what commands print."""
    found = re.findall(
        r"^```(\w*)\n(.*?)\n```$", TUTORIAL.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    return [block for each, block in found if each == language]


def module() -> str:
    """The module of the sink, as the text says it from the first line to the last."""
    return "\n\n\n".join(blocks("python")) + "\n"


class FirstSink:
    """project: what `plugin new` wrote, its module typed from the text. site: where it is installed."""

    def __init__(self, folder: Path, change: Callable[[str], str] = str) -> None:
        """change: what somebody does to the module afterwards."""
        self.project, self.site = folder / "my-sink", folder / "site"
        self.run("sinkworker", "plugin", "new", "my-sink", "--folder", str(self.project))
        (self.project / "my_sink/__init__.py").write_text(change(module()), "utf-8")
        self.run(
            "pip", "install", "--quiet", "--disable-pip-version-check", "--root-user-action=ignore",
            "--no-deps", "--no-build-isolation", "--target", str(self.site), str(self.project),
        )  # fmt: skip

    @property
    def env(self) -> Mapping[str, str]:
        return {"PYTHONPATH": str(self.site)}

    def run(self, module: str, *arguments: str) -> str:
        """What `python -m module` prints. AssertionError when it fails."""
        return self.python("-m", module, *arguments)

    def python(self, *arguments: str) -> str:
        """In the project's folder, but what is imported is the installed sink."""
        command = [sys.executable, "-P", *arguments]
        ended = subprocess.run(
            command, cwd=self.project if self.project.exists() else None,
            env=os.environ | self.env, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ended.returncode == 0, f"{arguments}: {ended.stdout[-4000:]}{ended.stderr[-2000:]}"
        return ended.stdout
