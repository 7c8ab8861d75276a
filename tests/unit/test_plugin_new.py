"""`sinkworker plugin new`: what is written, under which names, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sinkworker.cli import main
from sinkworker.plugin_project import Names, names_of

OK, USAGE = 0, 2


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def new(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["plugin", "new", *arguments], prog_name="sinkworker")


def files() -> list[str]:
    return sorted(str(path) for path in Path().rglob("*") if path.is_file())


def test_what_was_written_and_what_to_do_next_is_told() -> None:
    result = new("weather-station")
    assert (result.exit_code, result.stderr) == (OK, "")
    assert result.stdout == (
        "Wrote\n"
        "  weather-station/README.md\n"
        "  weather-station/pyproject.toml\n"
        "  weather-station/records.jsonl\n"
        "  weather-station/tests/test_weather_station.py\n"
        "  weather-station/weather-station.properties\n"
        "  weather-station/weather_station/__init__.py\n"
        "\n"
        "Next:\n"
        "  cd weather-station\n"
        "  pip install -e '.[test]'\n"
        "  pytest\n"
        "  sinkworker plugin test weather-station.properties --records records.jsonl "
        "--crash-after 5\n"
        "  sinkworker start weather-station.properties\n"
    )
    assert [f"  {file}" for file in files()] == result.stdout.splitlines()[1:7]


def test_nothing_in_it_bears_the_template_s_name() -> None:
    new("weather-station")
    for file in files():
        text = file + Path(file).read_text()
        assert not [name for name in ("my-sink", "my_sink", "MySink") if name in text], file


def test_the_folder_may_be_chosen() -> None:
    result = new("weather", "--folder", "the new one")
    assert result.exit_code == OK
    assert "  cd 'the new one'\n" in result.stdout
    assert {file.split("/")[0] for file in files()} == {"the new one"}


@pytest.mark.parametrize(
    ("plugin", "names"),
    [
        ("my-sink", Names("my-sink", "my_sink", "MySink")),
        ("weather", Names("weather", "weather", "WeatherSink")),
        ("weathersink", Names("weathersink", "weathersink", "Weathersink")),
        ("sink-of-2", Names("sink-of-2", "sink_of_2", "SinkOf2Sink")),
    ],
)
def test_the_connector_is_named_like_the_plugin_and_called_a_sink(
    plugin: str, names: Names
) -> None:
    assert names_of(plugin) == names


NO_NAME = "{} is no name of a plugin: words of a to z and 0 to 9 are joined by -, as in my-sink"
TAKEN = "There is a module {} already: choose another name"


@pytest.mark.parametrize(
    ("plugin", "message"),
    [
        ("MySink", NO_NAME), ("my_sink", NO_NAME), ("my--sink", NO_NAME), ("my-sink-", NO_NAME),
        ("2sinks", NO_NAME), ("sänk", NO_NAME), ("../sink", NO_NAME), ("my sink", NO_NAME),
        ("", NO_NAME), ("sinkworker", TAKEN), ("json", TAKEN), ("click", TAKEN), ("sys", TAKEN),
        ("class", "{} is a word of Python: choose another name"),
        ("postgres", "There is a connector PostgresSink already, of sinkworker: choose another name"),
        ("file-stream",
         "There is a connector FileStreamSink already, of sinkworker: choose another name"),
    ],
)  # fmt: skip
def test_a_name_that_cannot_be_is_refused_with_the_reason(plugin: str, message: str) -> None:
    result = new(plugin)
    assert (result.exit_code, result.stdout) == (USAGE, "")
    assert result.stderr == message.format(plugin) + "\n"
    assert files() == []


def test_a_folder_that_is_there_is_left_alone() -> None:
    Path("my-sink").mkdir()
    result = new("my-sink")
    assert (result.exit_code, result.stdout) == (USAGE, "")
    assert result.stderr == "my-sink is there already: remove it, or choose a --folder\n"
    assert files() == []


def test_a_folder_that_cannot_be_made_is_told() -> None:
    result = new("my-sink", "--folder", "no/such")
    assert (result.exit_code, result.stdout) == (USAGE, "")
    assert result.stderr == "no/such cannot be made: No such file or directory\n"
