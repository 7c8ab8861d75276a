"""Completion in the shells that people use."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from sinkworker.cli.main import main


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_a_script_asks_the_command_itself(shell: str) -> None:
    script = CliRunner().invoke(main, ["completion", shell]).stdout
    assert "_SINKWORKER_COMPLETE" in script
    assert f"{shell}_complete" in script


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_completes_commands() -> None:
    script = (
        'eval "$(sinkworker completion bash)"; COMP_WORDS=(sinkworker va); COMP_CWORD=1; '
        '_sinkworker_completion sinkworker; echo "${COMPREPLY[@]}"'
    )
    run = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, check=True,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
    )  # fmt: skip
    assert run.stdout.split() == ["validate"]


def test_another_shell_is_refused_with_those_there_are() -> None:
    run = CliRunner().invoke(main, ["completion", "tcsh"])
    assert run.exit_code == 2
    assert "'tcsh' is not one of 'bash', 'zsh', 'fish'" in run.stderr
