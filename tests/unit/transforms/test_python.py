"""A Python function as a transform: which packages the worker allows, and what the function may do."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sinkworker.api import DataError, SinkRecord
from sinkworker.configuration import ConfiguredConnector, configure, read_worker
from sinkworker.properties import ConfigFile, read_file
from tests.unit.config_files import FILE_SINK, changed, messages, write

MODULE = """
def shout(record):
    record.value = record.value.upper()
    return record

def drop(record):
    return None

def forget(record):
    return record.value

secret = "x"
"""
KEYS = "transforms=own\ntransforms.own.type=python\ntransforms.own.callable="
TOLD = "c.properties:8: Invalid value {0} for configuration transforms.own.callable: {1}"


@pytest.fixture(autouse=True)
def _package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package `ours` with a module `scrub`, and a broken module."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    Path("ours").mkdir()
    Path("ours/__init__.py").touch()
    Path("ours/scrub.py").write_text(MODULE)
    Path("ours/broken.py").write_text("import nothing_of_that_name")
    importlib.invalidate_caches()
    yield
    for name in [each for each in sys.modules if each.partition(".")[0] == "ours"]:
        del sys.modules[name]


def worker(packages: str | None) -> ConfigFile | None:
    if packages is None:
        return None
    return read_file(write("w.properties", f"python.callable.packages={packages}\n"))


def configured(function: str, packages: str | None = "ours") -> ConfiguredConnector:
    file = read_file(write("c.properties", changed(FILE_SINK, KEYS + function)))
    return configure(file, worker(packages))


def applied(function: str) -> SinkRecord | None:
    (step,) = configured(function).conversion().steps
    return step(SinkRecord("alerts", 0, 7, None, None, "pump"))


def test_the_function_returns_the_record_to_go_on_with() -> None:
    record = applied("ours.scrub:shout")
    assert record is not None
    assert record.value == "PUMP"


def test_the_function_drops_a_record_by_returning_none() -> None:
    assert applied("ours.scrub:drop") is None


def test_a_function_that_returns_no_record_is_told_so() -> None:
    with pytest.raises(DataError) as caught:
        applied("ours.scrub:forget")
    assert str(caught.value) == "ours.scrub:forget returned str; a SinkRecord was expected"


@pytest.mark.parametrize(
    ("function", "packages", "expected"),
    [
        ("ours.scrub:shout", None, "python.callable.packages in the worker's file allows none; add"
         " ours to it there"),
        ("ours.scrub:shout", "", "python.callable.packages in the worker's file allows none; add"
         " ours to it there"),
        ("os:system", "ours, theirs", "python.callable.packages in the worker's file allows ours,"
         " theirs only; add os to it there"),
        ("oursister:x", "ours", "python.callable.packages in the worker's file allows ours only;"
         " add oursister to it there"),
        ("ours.scrub", "ours", "Expected <package>.<module>:<function>"),
        ("ours.scrub:os.system", "ours", "Expected <package>.<module>:<function>"),
        (".ours:x", "ours", "Expected <package>.<module>:<function>"),
        ("ours.scrub:whisper", "ours", "cannot be imported: AttributeError: module 'ours.scrub' has"
         " no attribute 'whisper'"),
        ("ours.rub:shout", "ours", "cannot be imported: ModuleNotFoundError: No module named"
         " 'ours.rub'"),
        ("ours.broken:x", "ours", "cannot be imported: ModuleNotFoundError: No module named"
         " 'nothing_of_that_name'"),
        ("ours.scrub:secret", "ours", "secret of ours.scrub is no function"),
    ],
)  # fmt: skip
def test_a_function_that_cannot_be_called_is_refused_before_anything_starts(
    function: str, packages: str | None, expected: str
) -> None:
    told = messages(lambda: configured(function, packages))
    assert told == [TOLD.format(function, expected)]


def test_nothing_of_a_package_that_is_not_allowed_is_imported() -> None:
    messages(lambda: configured("ours.broken:x", None))
    assert "ours" not in sys.modules


def test_a_connector_cannot_allow_packages() -> None:
    keys = "python.callable.packages=ours"
    file = read_file(write("c.properties", changed(FILE_SINK, keys)))
    assert configure(file).warnings == (
        "c.properties:6: python.callable.packages has no effect: only the worker's file can allow"
        " packages",
    )


def test_the_worker_knows_the_key() -> None:
    given = worker("ours")
    assert given is not None
    assert read_worker(given)[1] == []
