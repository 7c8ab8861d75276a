"""The command line: what each command prints, where, and with which exit code."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import trustme
from click.testing import CliRunner, Result

from sinkworker import __version__
from sinkworker.cli import main
from sinkworker.kafka import connection
from sinkworker.plugins import Catalog, Kind
from tests.services.process import free_port
from tests.unit.config_files import FILE_SINK, changed, write

OK, FAILED, USAGE, UNREACHABLE, INVALID = 0, 1, 2, 75, 78
CONNECTORS = [plugin.name for plugin in Catalog().list(Kind.CONNECTOR)]
# What a user fills in for keys without a default; anything will do for other keys.
FILLED_IN = {"connection.url": "postgresql://db/alerts", "s3.bucket.name": "archive"}


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(main, arguments, prog_name="sinkworker")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def good_file(name: str = "c.properties", changes: str = "") -> str:
    return str(write(name, changed(FILE_SINK, changes)))


def no_broker(monkeypatch: pytest.MonkeyPatch, changes: str = "") -> str:
    """A file whose broker refuses connections, and little patience with it. Returns the address."""
    monkeypatch.setattr(connection, "BOOTSTRAP_WITHIN_MS", 200)
    address = f"127.0.0.1:{free_port()}"
    good_file(changes=f"bootstrap.servers={address}\n{changes}".rstrip())
    return address


# usage


def test_help_names_every_command_and_exit_code() -> None:
    result = run("--help")
    assert result.exit_code == OK
    for word in ("start", "validate", "plugin", "config", "demo", "completion"):
        assert re.search(rf"^  {word}\b", result.stdout, re.MULTILINE), word
    for code in (OK, FAILED, USAGE, UNREACHABLE, INVALID):
        assert re.search(rf"\b{code}\s", result.stdout), code


@pytest.mark.parametrize(
    "command",
    [
        ("start",),
        ("validate",),
        ("plugin", "list"),
        ("plugin", "describe"),
        ("plugin", "new"),
        ("plugin", "test"),
        ("config", "new"),
        ("demo",),
        ("completion",),
    ],
    ids=" ".join,
)
def test_every_command_has_a_help_text_with_an_example(command: tuple[str, ...]) -> None:
    result = run(*command, "--help")
    assert result.exit_code == OK
    assert f"Example: sinkworker {' '.join(command)} " in f"{result.stdout} ".replace("\n", " ")


def test_the_version_is_told() -> None:
    assert run("--version").stdout == f"sinkworker, version {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Usage: sinkworker [OPTIONS] COMMAND [ARGS]..."),
        (
            ("strat",),
            "No such command 'strat'. (Did you mean one of: 'restart', 'start', 'status'?)",
        ),
        (("start",), "Missing argument 'CONFIG...'."),
        (("validate", "--no-enviroment", "x"), "No such option '--no-enviroment'."),
        (("validate", "."), "File '.' is a directory."),
        (("start", "--log-format", "xml", "x"), "'xml' is not one of 'text', 'json'."),
        (("start", "--stop-within", "-1", "x"), "-1.0 is not in the range x>=0."),
    ],
)
def test_wrong_usage_exits_with_2_and_says_why(arguments: tuple[str, ...], message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == USAGE
    assert message in result.stderr
    assert result.stdout == ""


# validate


def test_good_files_are_told_one_a_line() -> None:
    result = run(
        "validate", "--no-environment", good_file(), good_file("d.properties", "name=other")
    )
    assert (result.exit_code, result.stdout, result.stderr) == (OK, "good: ok\nother: ok\n", "")


@pytest.mark.parametrize(("folder", "count"), [("configs", 9), ("docker", 2)])
def test_the_files_that_are_shipped_are_accepted(
    folder: str, count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = sorted((Path(__file__).parents[2] / folder).glob("*.properties"))
    for name in re.findall(r"\$\{env:(\w+)\}", "".join(path.read_text() for path in paths)):
        monkeypatch.setenv(name, "x")
    trustme.CA().cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("KAFKA_CA", str(tmp_path / "ca.pem"))
    result = run("validate", "--no-environment", "--deny-warnings", *map(str, paths))
    assert result.exit_code == OK, result.stderr
    assert result.stdout.count(": ok\n") == len(paths) == count


def test_every_problem_of_every_file_is_told_on_stderr_and_exits_with_78() -> None:
    files = good_file(changes="tasks.max=0\ncolour=red"), "nope.properties"
    result = run("validate", "--no-environment", *files)
    assert result.exit_code == INVALID
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "The configuration is invalid and contains 3 error(s):",
        "c.properties:6: Invalid value 0 for configuration tasks.max: Value must be at least 1",
        "c.properties:7: Unknown configuration colour",
        "nope.properties: No such file or directory",
    ]


def test_warnings_are_told_on_stderr_and_exit_with_0() -> None:
    result = run("validate", "--no-environment", good_file(changes="producer.override.acks=all"))
    assert result.exit_code == OK
    assert result.stdout == "good: ok\n"
    assert result.stderr == (
        "warning: c.properties:6: producer.override.acks has no effect: "
        "without errors.deadletterqueue.topic.name nothing is produced\n"
    )


def test_warnings_are_errors_on_request() -> None:
    file = good_file(changes="producer.override.acks=all")
    result = run("validate", "--no-environment", "--deny-warnings", file)
    assert result.exit_code == INVALID
    assert result.stdout == ""
    assert result.stderr == (
        "warning: c.properties:6: producer.override.acks has no effect: "
        "without errors.deadletterqueue.topic.name nothing is produced\n"
        "1 warning(s), and warnings are denied\n"
    )
    assert run("validate", "--no-environment", "--deny-warnings", good_file()).exit_code == OK


@pytest.mark.parametrize("by_environment", [False, True], ids=["option", "environment"])
def test_a_workers_file_is_read(monkeypatch: pytest.MonkeyPatch, *, by_environment: bool) -> None:
    worker = str(write("w.properties", "bootstrap.servers=a:1\nplugin.path=/x\n"))
    option = [] if by_environment else ["--worker-config", worker]
    if by_environment:
        monkeypatch.setenv("SINKWORKER_WORKER_CONFIG", worker)
    result = run("validate", "--no-environment", *option, good_file(changes="-bootstrap.servers"))
    assert (result.exit_code, result.stdout) == (OK, "good: ok\n")
    assert result.stderr == (
        "warning: w.properties:2: plugin.path has no effect: "
        "plugins are installed with pip and found by their entry points\n"
    )


def test_validate_without_a_broker_exits_with_75(monkeypatch: pytest.MonkeyPatch) -> None:
    address = no_broker(monkeypatch)
    result = run("validate", "c.properties")
    assert result.exit_code == UNREACHABLE
    assert result.stdout == ""
    assert result.stderr == f"No Kafka broker answers at bootstrap.servers={address}\n"


def test_a_sink_that_is_wrong_is_told_although_no_broker_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    no_broker(monkeypatch, "file=/no/such/folder/out.txt")
    result = run("validate", "c.properties")
    assert result.exit_code == INVALID
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "The configuration is invalid and contains 1 error(s):",
        "c.properties:5: Invalid value /no/such/folder/out.txt for configuration file: "
        "no folder /no/such/folder",
    ]


def test_what_the_environment_contradicts_is_told_with_its_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    no_broker(monkeypatch, "file=/no/such/folder/out.txt")
    assert "c.properties:5: " in run("validate", "c.properties").stderr


# start


def test_start_reads_the_files_before_anything_else() -> None:
    result = run("start", good_file(changes="tasks.max=0"))
    assert result.exit_code == INVALID
    assert result.stderr.splitlines() == [
        "The configuration is invalid and contains 1 error(s):",
        "c.properties:6: Invalid value 0 for configuration tasks.max: Value must be at least 1",
    ]


def test_start_without_a_broker_exits_with_75_and_says_nothing_but_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address = no_broker(monkeypatch)
    code = (
        "from sinkworker.kafka import connection; connection.BOOTSTRAP_WITHIN_MS = 200\n"
        "from sinkworker.cli import main; main(prog_name='sinkworker')"
    )
    command = [sys.executable, "-c", code, "start", "c.properties"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == UNREACHABLE
    assert ended.stdout == ""
    assert ended.stderr == f"No Kafka broker answers at bootstrap.servers={address}\n"


def test_python_m_runs_the_same_command() -> None:
    command = [sys.executable, "-m", "sinkworker", "--help"]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ended.stdout.startswith("Usage: sinkworker [OPTIONS] COMMAND [ARGS]...\n")


# plugins


def test_plugins_are_listed_with_their_distribution_and_other_names() -> None:
    lines = run("plugin", "list").stdout.splitlines()
    place = lines.index(f"connector  FileStreamSink           sinkworker {__version__}")
    assert lines[place + 1] == (
        "             also org.apache.kafka.connect.file.FileStreamSinkConnector"
    )
    assert f"converter  JsonConverter            sinkworker {__version__}" in lines


def test_plugins_is_another_word_for_plugin() -> None:
    assert run("plugins", "list").stdout == run("plugin", "list").stdout
    assert "plugins" not in run("--help").stdout.split()


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("FileStreamSink", ["file (STRING, required)"]),
        ("org.apache.kafka.connect.file.FileStreamSinkConnector", ["file (STRING, required)"]),
        ("PostgresSink",
         ["connection.url (PASSWORD, required)", "connection.password (PASSWORD, default none)",
          "insert.mode (STRING, default insert, one of insert, upsert, ignore)"]),
        ("JsonConverter", ["schemas.enable (BOOLEAN, default true)"]),
    ],
)  # fmt: skip
def test_a_plugin_is_described_with_every_key(name: str, lines: list[str]) -> None:
    result = run("plugin", "describe", name)
    assert result.exit_code == OK
    assert [line for line in lines if line not in result.stdout.splitlines()] == []


@pytest.mark.parametrize("command", [("plugin", "describe"), ("config", "new")], ids=" ".join)
def test_an_unknown_plugin_is_wrong_usage(command: tuple[str, ...]) -> None:
    result = run(*command, "FileStreamSnk")
    assert result.exit_code == USAGE
    assert result.stdout == ""
    assert result.stderr == ("There is no connector FileStreamSnk; did you mean FileStreamSink?\n")


def test_an_unknown_plugin_is_answered_with_what_is_close_to_it_of_any_kind() -> None:
    assert run("plugin", "describe", "StringConvertr").stderr == (
        "There is no converter StringConvertr; did you mean StringConverter?\n"
    )


# config new


def new(connector: str) -> str:
    result = run("config", "new", connector)
    assert (result.exit_code, result.stderr) == (OK, "")
    return result.stdout


def filled_in(template: str) -> str:
    """The template with a value for every key that is there without one."""
    return re.sub(r"^([\w.]+)=$", lambda found: f"{found[0]}{FILLED_IN.get(found[1], 'x')}",
                  template, flags=re.MULTILINE)  # fmt: skip


def validated(text: str) -> Result:
    return run("validate", "--no-environment", "--deny-warnings", str(write("n.properties", text)))


@pytest.mark.parametrize("connector", CONNECTORS)
def test_a_new_configuration_is_good_once_the_required_values_are_filled_in(
    connector: str,
) -> None:
    result = validated(filled_in(new(connector)))
    assert (result.exit_code, result.output) == (OK, f"my-{connector.lower()}: ok\n")


@pytest.mark.parametrize("connector", CONNECTORS)
def test_what_is_commented_out_in_it_are_the_defaults_as_they_may_be_written(
    connector: str,
) -> None:
    template = filled_in(new(connector))
    uncommented = re.sub(r"^#(?=[\w.]+=)", "", template, flags=re.MULTILINE)
    assert uncommented != template
    result = validated(uncommented)
    assert (result.exit_code, result.output) == (OK, f"my-{connector.lower()}: ok\n")


@pytest.mark.parametrize("connector", CONNECTORS)
def test_every_line_of_it_is_a_comment_a_key_or_empty(connector: str) -> None:
    for line in new(connector).splitlines():
        assert re.fullmatch(r"|# .{1,98}|#?[a-z0-9.]+=\S*", line), line


@pytest.mark.parametrize(
    ("connector", "line"),
    [
        ("PostgresSink", "connection.url="),
        ("FileStreamSink", "file="),
    ],
)
def test_it_is_invalid_before_what_is_required_is_filled_in(connector: str, line: str) -> None:
    template = new(connector)
    place = f"n.properties:{template.splitlines().index(line) + 1}"
    result = validated(template)
    assert (result.exit_code, result.stdout) == (INVALID, "")
    (message,) = result.stderr.splitlines()[1:]
    assert message.startswith(f"{place}: Invalid value ")
    assert f" for configuration {line.removesuffix('=')}: Expected " in message


def test_it_is_made_for_connectors_only() -> None:
    result = run("config", "new", "JsonConverter")
    assert (result.exit_code, result.stdout) == (USAGE, "")
    assert result.stderr == (
        f"There is no connector JsonConverter; installed are {', '.join(CONNECTORS)}\n"
    )


# demo


@pytest.mark.parametrize("package", ["rich", "confluent_kafka"])
def test_the_demo_without_its_packages_says_how_to_get_them(
    monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    for name in [name for name in sys.modules if name.startswith("sinkworker.demo.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    result = run("demo")
    assert result.exit_code == FAILED
    assert result.stderr == (
        f"The demo needs the package {package}, which is not installed: "
        f"{sys.executable} -m pip install 'sinkworker[demo]'\n"
    )


def test_every_scenario_of_the_demo_can_be_chosen() -> None:
    from sinkworker.demo.run import SCENARIOS

    assert f"[{'|'.join(SCENARIOS)}]" in run("demo", "--help").stdout


@pytest.mark.parametrize("text", ["tasks.max", "=1"])
def test_a_change_without_key_and_value_is_wrong_usage(text: str) -> None:
    result = run("demo", "--set", text)
    assert result.exit_code == USAGE
    assert f"'{text}' is not KEY=VALUE" in result.stderr


def test_the_command_line_pays_nothing_for_the_demo() -> None:
    heavy = ("rich", "confluent_kafka", "psycopg", "sinkworker.demo.")
    command = (
        f"import sys, sinkworker.cli; print([n for n in sys.modules if n.startswith({heavy})])"
    )
    told = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, check=True
    )
    assert told.stdout == "[]\n"
