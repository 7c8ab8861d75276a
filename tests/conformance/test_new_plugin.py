"""What `sinkworker plugin new` writes works as it stands: its tests pass, and its types are right."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sinkworker.plugin_project import names_of, write_project

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write_project(names_of("weather-station"), tmp_path / "project")
    return tmp_path / "project"


def output(project: Path, *command: str) -> str:
    """What Python says to it in the project's folder. AssertionError when it does not end well."""
    ended = subprocess.run(
        [sys.executable, "-m", *command], cwd=project, capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": str(project)},
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout[-4000:] + ended.stderr[-2000:]
    return ended.stdout


def test_the_tests_of_a_new_plugin_pass_and_none_is_skipped(project: Path) -> None:
    summary = output(project, "pytest", "-q").splitlines()[-1]
    assert "passed" in summary
    assert "skipped" not in summary


def test_the_types_of_a_new_plugin_are_right(project: Path) -> None:
    output(project, "mypy", "--strict", f"--cache-dir={ROOT}/.mypy_cache/new_plugin", ".")
