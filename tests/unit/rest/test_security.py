"""Who is let in, what is let in, and what is never let out."""

from __future__ import annotations

import base64
import logging
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sinkworker.administration.overrides import OverridePolicy
from sinkworker.api import ConfigError
from sinkworker.rest.guard import MOST_BYTES, Guard, guard
from sinkworker.rest.listening import bind, refuse_open_doors
from sinkworker.worker_settings import WorkerSettings
from tests.services.process import free_port, wait_until
from tests.unit.rest.scene import Scene

TOKEN = "a-token-of-some-length"
SECRET = "hunter2-hunter2"


def settings(**keys: Any) -> WorkerSettings:
    return WorkerSettings.model_validate({k.replace("_", "."): v for k, v in keys.items()})


# who may ask


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8083", "[::1]:8083", "LOCALHOST"])
def test_a_worker_is_asked_by_its_own_names(scene: Scene, host: str) -> None:
    assert scene.ask("GET", "/", headers={"Host": host}).status == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost@evil.example",
        "",
        "a b",
        "[::1",
        "localhost.",
        "evil.example:8083",
        "127.0.0.1/evil",
        "[::1]]:80",
    ],
)
def test_a_name_that_is_not_the_worker_s_is_refused(scene: Scene, host: str) -> None:
    assert scene.ask("GET", "/connectors", headers={"Host": host}).status in (400, 403)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "", "https://localhost", "x"])
def test_a_page_of_another_origin_is_refused(scene: Scene, origin: str) -> None:
    reply = scene.ask("GET", "/connectors", headers={"Origin": origin})
    assert (reply.status, reply.content["message"]) == (
        403,
        "Requests from other origins are refused",
    )
    assert not [name for name in reply.headers if name.lower().startswith("access-control")]


def test_a_page_of_the_worker_itself_may_ask(scene: Scene) -> None:
    headers = {"Origin": f"http://127.0.0.1:{scene.port}"}
    assert scene.ask("GET", "/connectors", headers=headers).status == 200


@pytest.fixture
def locked(tmp_path: Path) -> Any:
    made = Scene(tmp_path, gate=Guard(None, TOKEN, {"admin": SECRET}))
    yield made
    made.close()


def basic(text: str) -> str:
    return f"Basic {base64.b64encode(text.encode()).decode()}"


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Basic {TOKEN}",
        TOKEN,
        "Basic !!",
        basic("admin:"),
        basic("admin"),
        basic("nobody:"),
        basic(f"nobody:{SECRET}"),
        basic(f"admin:{SECRET} "),
        f"Digest {TOKEN}",
        "Bearer \xff",
    ],
)
def test_who_does_not_say_the_right_word_is_not_let_in(
    locked: Scene, authorization: str | None
) -> None:
    headers = {"Authorization": authorization} if authorization is not None else {}
    reply = locked.ask("GET", "/connectors", headers=headers)
    assert (reply.status, reply.content["message"]) == (401, "Unauthorized")
    assert reply.headers["www-authenticate"] == 'Basic realm="sinkworker"'


@pytest.mark.parametrize(
    "authorization", [f"Bearer {TOKEN}", f"bearer {TOKEN}", basic(f"admin:{SECRET}")]
)
def test_who_says_the_right_word_is_let_in(locked: Scene, authorization: str) -> None:
    assert locked.ask("GET", "/connectors", headers={"Authorization": authorization}).status == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/ping", 200),
        ("/health", 200),
        ("/metrics", 401),
        ("/ready", 401),
        ("/ping/x", 401),
        ("//ping", 401),
    ],
)
def test_a_probe_needs_no_word_and_learns_nothing_else(
    locked: Scene, path: str, status: int
) -> None:
    assert locked.ask("GET", path).status == status


# what is let in


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "json",
        "",
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_only_json_is_taken(scene: Scene, method: str, kind: str) -> None:
    reply = scene.ask(method, "/connectors/x/config", b"{}", {"Content-Type": kind})
    assert reply.status == 415


def test_a_body_that_is_too_large_is_not_read(scene: Scene) -> None:
    headers = {"Content-Type": "application/json", "Content-Length": str(100 * MOST_BYTES)}
    assert scene.ask("POST", "/connectors", b"{}", headers).status == 413


def test_a_body_without_a_length_that_is_too_large_is_read_no_further(scene: Scene) -> None:
    head = (
        "POST /connectors HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", scene.port), timeout=10) as connection:
        connection.sendall(head.encode())
        chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
        for _ in range(17):
            connection.sendall(chunk)
        assert b" 413 " in connection.recv(1000)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"1",
        b'"x"',
        b"\xff\xfe",
        b"{" * 5000,
        b"[" * 100_000,
        b'{"a":' * 9999,
        b'{"name":1,"config":{}}',
        b'{"name":"a","config":{"a":[]}}',
        b'{"name":"a","config":{"a":{}}}',
    ],
    ids=lambda body: repr(body)[:40],
)
def test_a_body_that_says_nothing_is_refused_with_a_sentence(scene: Scene, body: bytes) -> None:
    reply = scene.ask("POST", "/connectors", body, {"Content-Type": "application/json"})
    assert reply.status == 400
    assert reply.content["error_code"] == 400
    assert "Traceback" not in reply.content["message"]


@pytest.mark.parametrize(
    "name", ["a b", "a/b", "../x", ".a\n", "a\x1b[31m", "ä", "x" * 129, "a;b", "a'b"]
)
def test_a_name_that_is_none_creates_nothing(scene: Scene, name: str) -> None:
    reply = scene.ask("POST", "/connectors", {"name": name, "config": scene.config()})
    assert reply.status == 400
    assert sorted(path.name for path in (scene.home / "state").iterdir()) == ["lock"]


@pytest.mark.parametrize(
    "path",
    [
        "/connectors/..%2f..%2fetc",
        "/connectors/%00",
        "/connectors/%0d%0aX:%20y/status",
        "/connectors/%ff",
        "/connectors/%1b%5b31m",
        "/..",
        "/connectors/../connectors",
        "/%2e%2e/%2e%2e",
        "/connectors//status",
        "/connectors/" + "x" * 10_000,
        "/connectors/a/tasks/-1/status",
        "/connectors/a/tasks/1e9/status",
    ],
)
def test_a_path_that_leads_nowhere_is_404(scene: Scene, path: str) -> None:
    assert scene.ask("GET", path).status == 404


@pytest.mark.parametrize(
    "method", ["TRACE", "OPTIONS", "CONNECT", "PROPFIND", "get", "DELETE", "POST"]
)
def test_a_method_that_a_path_does_not_have_is_refused(scene: Scene, method: str) -> None:
    assert scene.ask(method, "/connectors/x/status").status in (400, 405)


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n",
        b"GET /\r\n\r\n",
        b"\x16\x03\x01\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 300_000 + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
    ],
    ids=lambda raw: repr(raw)[:40],
)
def test_what_is_no_request_is_refused(scene: Scene, raw: bytes) -> None:
    with socket.create_connection(("127.0.0.1", scene.port), timeout=10) as connection:
        connection.sendall(raw)
        answer = connection.recv(1000)
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 403", b"HTTP/1.1 431"))


def test_a_refusal_is_one_clean_line_of_the_log(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="sinkworker.rest"):
        scene.ask("GET", "/connectors/%0d%0a%1b[31m/status")
    [line] = [record.getMessage() for record in caplog.records if "GET" in record.getMessage()]
    assert line.isprintable()
    assert line.startswith("GET /connectors/%0d%0a%1b[31m/status: 404 Connector ")


def test_slow_clients_hold_up_nobody(scene: Scene) -> None:
    slow = [socket.create_connection(("127.0.0.1", scene.port), timeout=10) for _ in range(100)]
    for connection in slow:
        connection.sendall(b"POST /connectors HTTP/1.1\r\nHost: localhost\r\nContent-Le")
    assert scene.ask("GET", "/ping").status == 200
    for connection in slow:
        connection.close()


# what is never let out


def with_secrets(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    monkeypatch.setenv("CANARY", f"{SECRET}-of-env")
    return {
        "connector.class": "PostgresSink",
        "topics": "alerts",
        "connection.url": "postgresql://127.0.0.1:1/${env:CANARY}",
        "connection.user": "sink",
        "connection.password": SECRET,
    }


def test_a_configuration_is_echoed_as_it_was_written(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = with_secrets(scene, monkeypatch)
    scene.ask("PUT", "/connectors/pg/config", config)
    assert scene.ask("GET", "/connectors/pg/config").content == {**config, "name": "pg"}


def test_secrets_are_in_no_other_answer_and_in_no_line_of_the_log(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    config = dict(with_secrets(scene, monkeypatch))
    with caplog.at_level(logging.DEBUG, logger="sinkworker"):
        scene.ask("PUT", "/connectors/pg/config", config)
        wait_until(
            lambda: "trace" in str(scene.ask("GET", "/connectors/pg/status").content), 20, "a trace"
        )
        bad = config | {
            "batch.size": SECRET,
            "connection.password": SECRET,
            "pk.mode": "${env:CANARY}",
        }
        answers = [
            scene.ask("GET", path).content
            for path in (
                "/connectors/pg/status",
                "/connectors?expand=status",
                "/metrics",
                "/ready",
                "/connectors/pg/offsets",
                "/sinkworker/v1/cluster",
                "/admin/loggers",
                "/connectors/pg/tasks/0/status",
            )
        ]
        validate = "/connector-plugins/PostgresSink/config/validate"
        answers.append(scene.ask("PUT", validate, bad | {"name": "x", "batch.size": "1"}).content)
        answers.append(scene.ask("POST", "/connectors", {"name": "bad", "config": bad}).content)
    assert SECRET not in caplog.text
    for answer in answers:
        assert SECRET not in str(answer), answer


def test_a_password_is_hidden_where_a_configuration_is_validated(scene: Scene) -> None:
    config = {
        "connector.class": "PostgresSink",
        "topics": "a",
        "name": "x",
        "connection.url": "postgresql://db/x",
        "connection.password": SECRET,
    }
    reply = scene.ask("PUT", "/connector-plugins/PostgresSink/config/validate", config)
    values = {e["value"]["name"]: e["value"]["value"] for e in reply.content["configs"]}
    assert values["connection.password"] == "[hidden]"
    assert SECRET not in str(reply.content)


# what connectors may say of the client


@pytest.mark.parametrize(
    ("policy", "key", "status"),
    [
        (OverridePolicy.ALL, "consumer.override.max.poll.records", 201),
        (OverridePolicy.NONE, "consumer.override.max.poll.records", 400),
        (OverridePolicy.NONE, "security.protocol", 400),
        (OverridePolicy.NONE, "bootstrap.servers", 400),
        (OverridePolicy.PRINCIPAL, "consumer.override.max.poll.records", 400),
        (OverridePolicy.PRINCIPAL, "consumer.override.security.protocol", 201),
    ],
)
def test_the_policy_says_which_client_settings_a_created_connector_may_have(
    tmp_path: Path, policy: OverridePolicy, key: str, status: int
) -> None:
    scene = Scene(tmp_path, policy)
    value = {"bootstrap.servers": "x:1", "security.protocol": "PLAINTEXT"}
    config = scene.config() | {key: value.get(key.removeprefix("consumer.override."), "5")}
    try:
        reply = scene.ask("POST", "/connectors", {"name": "one", "config": config})
    finally:
        scene.close()
    assert reply.status == status
    if status == 400:
        name = key.removeprefix("consumer.override.")
        assert (
            f"The '{policy.value}' policy does not allow '{name}' to be overridden in the connector "
            "configuration."
        ) in reply.content["message"]


# where it listens


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.1", "", "[::]", "worker.example"])
def test_an_address_that_others_reach_needs_a_word_and_tls(host: str) -> None:
    with pytest.raises(ConfigError) as raised:
        refuse_open_doors(settings(listeners=f"http://{host}:8083"), insecure=False)
    assert [problem.message.split(": ", 1)[1] for problem in raised.value.problems] == [
        f"http://{host}:8083 can be reached from other machines: set rest.auth.token.file or "
        "rest.auth.basic.file, or start with --insecure",
        f"http://{host}:8083 can be reached from other machines: use https, or start with --insecure",
    ]
    refuse_open_doors(settings(listeners=f"http://{host}:8083"), insecure=True)


def test_the_default_address_gives_way_and_a_chosen_one_does_not() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free_port()))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError) as raised:
            bind(settings(listeners=f"http://127.0.0.1:{port}"))
    assert str(raised.value) == (
        f"listeners: http://127.0.0.1:{port}: Address already in use; port 0 takes any free one"
    )
    first, second = bind(settings())[0], bind(settings())[0]
    assert first.port != second.port
    first.socket.close()
    second.socket.close()


@pytest.mark.parametrize(
    "listeners", ["8083", "ftp://127.0.0.1:1", "http://127.0.0.1", "http://a:99999"]
)
def test_an_address_that_is_none_is_told(listeners: str) -> None:
    with pytest.raises(ValueError, match="Expected http://<host>:<port>"):
        settings(listeners=listeners)


@pytest.mark.parametrize(
    ("key", "content", "message"),
    [
        ("rest.auth.token.file", "short", "a token has at least 16 characters"),
        ("rest.auth.basic.file", "admin", "expected lines <user>:<password>"),
        ("rest.auth.basic.file", "", "expected lines <user>:<password>"),
        ("rest.auth.token.file", None, "No such file or directory"),
    ],
)
def test_files_with_words_that_cannot_be_used_are_told(
    tmp_path: Path, key: str, content: str | None, message: str
) -> None:
    file = tmp_path / "word"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ConfigError) as raised:
        guard(WorkerSettings.model_validate({key: str(file)}))
    assert str(raised.value) == f"{key}: {file}: {message}"
