"""Commands that plugins bring: listed with our own, loaded when asked for, their errors told alike."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from sinkworker.api import ConfigError, ConfigProblem, ConnectError, RetriableError
from sinkworker.cli.main import main


@click.command()
@click.argument("config", type=click.Path(path_type=Path))
@click.pass_obj
def look(load: Any, config: Path) -> None:
    """Look at a connector."""
    click.echo(f"{type(load(config)).__name__} {load(config).name}")


ERROR: list[Exception] = []


@click.command()
def fail() -> None:
    raise ERROR[0]


not_a_command = "text"


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [
        EntryPoint(name, value, "sinkworker.commands")
        for name, value in {
            "look": f"{__name__}:look",
            "fail": f"{__name__}:fail",
            "none": f"{__name__}:not_a_command",
            "broken": "no_such_module:command",
            "start": f"{__name__}:fail",
        }.items()
    ]

    def found(group: str, name: str | None = None) -> list[EntryPoint]:
        return [point for point in points if group == point.group and name in (None, point.name)]

    monkeypatch.setattr("sinkworker.plugins.commands.entry_points", found)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_they_are_listed_after_our_own() -> None:
    lines = run("--help").stdout.splitlines()
    assert "  look        Look at a connector." in lines
    assert [line.split()[0] for line in lines if line.startswith("  ")].count("start") == 1


def test_they_are_given_a_way_to_read_a_configuration(tmp_path: Path) -> None:
    config = tmp_path / "lines.properties"
    config.write_text(f"name=lines\nconnector.class=FileStreamSink\ntopics=t\nfile={tmp_path}/f\n")
    result = run("look", str(config))
    assert (result.exit_code, result.output) == (0, "FileStreamSinkConnector lines\n")


def test_a_bad_configuration_is_told_as_everywhere() -> None:
    result = run("look", "none.properties")
    assert (result.exit_code, result.output) == (
        78,
        "The configuration is invalid and contains 1 error(s):\n"
        "none.properties: No such file or directory\n",
    )


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (RetriableError("not now"), 75),
        (ConnectError("not ever"), 1),
        (ConfigError([ConfigProblem("k", "not so")]), 78),
    ],
)
def test_their_errors_are_told_and_have_our_exit_codes(error: Exception, exit_code: int) -> None:
    ERROR[:] = [error]
    result = run("fail")
    assert result.exit_code == exit_code
    assert result.stderr.splitlines()[-1] == str(error)


def test_a_fault_in_one_is_no_error_of_ours() -> None:
    ERROR[:] = [ZeroDivisionError("fault")]
    assert isinstance(run("fail").exception, ZeroDivisionError)


def test_one_that_cannot_be_imported_says_why_and_stops_no_other() -> None:
    why = (
        "The command broken of an unknown distribution cannot be imported: ModuleNotFoundError: "
        "No module named 'no_such_module'"
    )
    result = run("broken")
    assert (result.exit_code, result.stderr) == (1, f"Error: {why}\n")
    assert run("--help").exit_code == 0


def test_one_that_is_no_command_says_so() -> None:
    assert run("none").stderr == "Error: The command none is none: it is no click.Command\n"
