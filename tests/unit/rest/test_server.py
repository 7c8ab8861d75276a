"""HTTP itself: TLS, a plugin that hangs, an end in time."""

from __future__ import annotations

import http.client
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from sinkworker.api import ConfigError, SinkTaskContext
from sinkworker.rest.listening import keys
from sinkworker.worker_settings import WorkerSettings
from tests.services.process import wait_until
from tests.unit.rest.scene import Scene


def https(pem: Path) -> WorkerSettings:
    return WorkerSettings.model_validate(
        {
            "listeners": "https://127.0.0.1:0",
            "listeners.https.ssl.keystore.location": str(pem),
        }
    )


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def secure(tmp_path: Path, authority: trustme.CA) -> Iterator[Scene]:
    pem = tmp_path / "rest.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(pem)
    made = Scene(tmp_path, settings=https(pem))
    yield made
    made.close()


def test_https_answers_who_trusts_it(secure: Scene, authority: trustme.CA) -> None:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    connection = http.client.HTTPSConnection("127.0.0.1", secure.port, context=context, timeout=10)
    connection.request("GET", "/ping")
    assert connection.getresponse().status == 200
    connection.close()
    with pytest.raises(ssl.SSLCertVerificationError):
        http.client.HTTPSConnection(
            "127.0.0.1", secure.port, context=ssl.create_default_context(), timeout=10
        ).request("GET", "/ping")


def test_a_key_that_is_none_is_told_before_anything_starts(tmp_path: Path) -> None:
    pem = tmp_path / "rest.pem"
    pem.write_text("no key")
    with pytest.raises(ConfigError) as raised:
        keys(https(pem))
    assert str(raised.value).startswith(f"listeners.https.ssl.keystore.location: {pem}: ")


def test_rest_answers_while_a_plugin_hangs(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    from connectors.file import FileStreamSinkConnector

    go_on, create = threading.Event(), FileStreamSinkConnector.create_task

    def hang(connector: FileStreamSinkConnector, context: SinkTaskContext) -> object:
        assert go_on.wait(60)
        return create(connector, context)

    monkeypatch.setattr(FileStreamSinkConnector, "create_task", hang)
    scene.create()
    assert scene.states() == ["UNASSIGNED"]
    assert scene.ask("PUT", "/connectors/to-file/stop").status == 204
    assert scene.ask("PUT", "/connectors/to-file/resume").status == 202
    assert scene.ask("POST", "/connectors/to-file/restart?includeTasks=true").status == 202
    assert scene.ask("GET", "/metrics").status == 200
    go_on.set()
    scene.wait_for_states("RUNNING")


def test_a_task_that_hangs_is_told_by_ping(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.create()
    scene.wait_for_states("RUNNING")
    monkeypatch.setattr("sinkworker.rest.health.SILENT_SECONDS", -1.0)
    reply = scene.ask("GET", "/ping")
    assert (reply.status, reply.content["message"]) == (503, "Tasks that hang: to-file-0")
    assert scene.ask("GET", "/health").content["status"] == "unhealthy"


def test_readiness_says_what_is_waited_for(scene: Scene) -> None:
    scene.create()
    wait_until(lambda: scene.ask("GET", "/ready").status == 200, 20, "a ready worker")
    assert scene.ask("GET", "/ready").content == {"ready": True, "reasons": []}
