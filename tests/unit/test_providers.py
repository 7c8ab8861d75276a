"""Where `${…}` of connectors may look is said by the worker's file, for files and for REST."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from sinkworker.api import ConfigError
from sinkworker.app import load
from sinkworker.providers import DIR_PATHS, ENV_PATTERN, FILE_PATHS, Providers
from sinkworker.worker_settings import WorkerSettings
from tests.unit.rest.scene import Scene

SECRET = "hunter2-hunter2"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`open` may be read; `closed`, beside it, may not."""
    for name in ("open", "closed", "open-too"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "secrets.properties").write_text(f"password={SECRET}\n")
    (tmp_path / "open" / "link").symlink_to(tmp_path / "closed" / "secrets.properties")
    (tmp_path / "open" / "inner").symlink_to(tmp_path / "open" / "secrets.properties")
    monkeypatch.setenv("KAFKA_PASSWORD", SECRET)
    monkeypatch.setenv("OTHER_PASSWORD", SECRET)
    return tmp_path


@pytest.fixture
def limited(home: Path) -> Providers:
    return Providers((home / "open",), (home / "open",), "KAFKA_.*")


@pytest.mark.parametrize(
    "placeholder",
    [
        "${file:HOME/open/secrets.properties:password}",
        "${file:HOME/open/inner:password}",
        "${file:HOME/closed/../open/secrets.properties:password}",
        "${env:KAFKA_PASSWORD}",
    ],
)
def test_what_is_allowed_is_filled_in(home: Path, limited: Providers, placeholder: str) -> None:
    assert limited.filled_in(placeholder.replace("HOME", str(home))) == SECRET


def test_a_file_of_an_allowed_folder_is_filled_in(home: Path, limited: Providers) -> None:
    text = limited.filled_in(f"${{dir:{home}/open:secrets.properties}}")
    assert text == f"password={SECRET}\n"


@pytest.mark.parametrize(
    ("placeholder", "path", "key"),
    [
        ("${file:HOME/closed/secrets.properties:password}", "closed/secrets.properties", FILE_PATHS),
        ("${file:HOME/open/../closed/secrets.properties:password}",
         "open/../closed/secrets.properties", FILE_PATHS),
        ("${file:HOME/open-too/secrets.properties:password}", "open-too/secrets.properties",
         FILE_PATHS),
        ("${file:HOME/open/link:password}", "open/link", FILE_PATHS),
        ("${dir:HOME/closed:secrets.properties}", "closed", DIR_PATHS),
        ("${dir:HOME/open:link}", "open/link", DIR_PATHS),
        ("${file:HOME/closed/none:password}", "closed/none", FILE_PATHS),
    ],
)  # fmt: skip
def test_what_is_not_allowed_is_not_even_looked_at(
    home: Path, limited: Providers, placeholder: str, path: str, key: str
) -> None:
    with pytest.raises(LookupError) as raised:
        limited.filled_in(placeholder.replace("HOME", str(home)))
    assert raised.value.args[0] == (
        f"{home}/{path} may not be read: {key} is {home}/open in the worker's file"
    )


def test_a_variable_that_is_not_allowed_is_not_looked_at(limited: Providers) -> None:
    with pytest.raises(LookupError) as raised:
        limited.filled_in("${env:OTHER_PASSWORD}")
    assert raised.value.args[0] == (
        f"the environment variable OTHER_PASSWORD may not be read: {ENV_PATTERN} is KAFKA_.* "
        "in the worker's file"
    )


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        (FILE_PATHS, "secrets", "Path secrets is not absolute"),
        (ENV_PATTERN, "(", "Expected a regular expression: missing ), "
         "unterminated subpattern at position 0"),
    ],
)  # fmt: skip
def test_a_limit_that_is_none_is_told(key: str, value: str, message: str) -> None:
    with pytest.raises(ValidationError) as raised:
        WorkerSettings.model_validate({key: value})
    assert [each["msg"] for each in raised.value.errors()] == [f"Value error, {message}"]


def test_a_connector_s_file_may_look_where_the_worker_s_file_says(home: Path) -> None:
    worker, connector = home / "w.properties", home / "c.properties"
    worker.write_text(f"{FILE_PATHS}={home}/open\n")
    connector.write_text(
        "name=a\nconnector.class=FileStreamSink\ntopics=a\nbootstrap.servers=x:1\n"
        f"file=${{file:{home}/closed/secrets.properties:password}}\n"
    )
    with pytest.raises(ConfigError) as raised:
        load([connector], worker)
    assert str(raised.value) == (
        f"{connector}:5: file: {home}/closed/secrets.properties may not be read: {FILE_PATHS} is "
        f"{home}/open in the worker's file"
    )


@pytest.fixture
def scene(home: Path) -> Iterator[Scene]:
    keys = {"listeners": "http://127.0.0.1:0", FILE_PATHS: f"{home}/open"}
    made = Scene(home, settings=WorkerSettings.model_validate(keys))
    yield made
    made.close()


def test_a_connector_of_rest_may_look_where_the_worker_s_file_says(
    home: Path, scene: Scene
) -> None:
    def config(folder: str) -> dict[str, str]:
        place = f"${{file:{home}/{folder}/secrets.properties:password}}"
        return scene.config() | {"file": f"{home}/{place}"}

    refused = scene.ask("POST", "/connectors", {"name": "a", "config": config("closed")})
    assert refused.status == 400
    assert f"{home}/closed/secrets.properties may not be read: " in refused.content["message"]
    validate = "/connector-plugins/FileStreamSink/config/validate"
    checked = scene.ask("PUT", validate, config("closed") | {"name": "a"}).content
    assert "may not be read" in str(checked["configs"])
    assert scene.ask("POST", "/connectors", {"name": "a", "config": config("open")}).status == 201
