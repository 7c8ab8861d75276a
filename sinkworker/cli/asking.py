"""Asking a worker: by HTTP, or the stores themselves, by the file of a connector.

Owns the options that say which, and what becomes of refusals. Both are asked in the words of REST.
"""

from __future__ import annotations

import json
import os
import ssl
import sys
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, Protocol
from urllib.error import HTTPError, URLError
from urllib.parse import parse_qs
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener

import click

from sinkworker.cli import exit_codes
from sinkworker.cli.files import FILE, exiting_on_errors, load_or_exit

DEFAULT_URL = "http://127.0.0.1:8083"
WITHIN_SECONDS = 30.0


class Asked(Protocol):
    """Whoever answers."""

    def ask(self, method: str, path: str, content: Any = None) -> Any:
        """What the answer says. Exits with a message when it is a refusal."""
        ...


class Online:
    """A worker that runs."""

    def __init__(self, url: str, authorization: str | None, ca: Path | None) -> None:
        self._url, self._authorization = url.rstrip("/"), authorization
        context = ssl.create_default_context(cafile=ca) if url.startswith("https:") else None
        # Without proxies of the environment: a token is for the worker only.
        self._opener = build_opener(ProxyHandler({}), HTTPSHandler(context=context))

    def ask(self, method: str, path: str, content: Any = None) -> Any:
        body = json.dumps(content).encode() if content is not None else None
        request = Request(self._url + path, body, self._headers(body), method=method)  # noqa: S310
        try:
            with self._opener.open(request, timeout=WITHIN_SECONDS) as response:
                return _content(response.read())
        except HTTPError as error:
            with error:
                _refused(error.code, _content(error.read()))
        except (URLError, OSError) as error:
            why = getattr(error, "reason", error)
            click.echo(f"No worker answers at {self._url}: {why}", err=True)
            sys.exit(exit_codes.UNREACHABLE)

    def _headers(self, body: bytes | None) -> dict[str, str]:
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if self._authorization:
            headers["Authorization"] = self._authorization
        return headers


class Offline:
    """The connectors of files, of which nothing runs here."""

    def __init__(self, configs: tuple[Path, ...], worker_config: Path | None) -> None:
        from sinkworker.app import standing_still

        self._administration = standing_still(load_or_exit(configs, worker_config))

    def ask(self, method: str, path: str, content: Any = None) -> Any:
        from sinkworker.rest import routes
        from sinkworker.rest.message import Request as AskedRequest

        body = json.dumps(content).encode() if content is not None else b""
        plain, _, query = path.partition("?")
        with exiting_on_errors():
            answer = routes.answer(
                self._administration, AskedRequest(method, plain, parse_qs(query), body)
            )
        if answer.status >= 400:
            _refused(answer.status, answer.content)
        return answer.content


def _content(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body.decode(errors="replace")


def _refused(status: int, content: Any) -> NoReturn:
    message = content.get("message", content) if isinstance(content, dict) else content
    click.echo(f"{message or status}", err=True)
    sys.exit(exit_codes.FAILED)


def worker_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """--url, --token-file, --user and --ca, as one argument `worker`."""

    def with_worker(
        url: str, token_file: Path | None, user: str | None, ca: Path | None, **others: Any
    ) -> Any:
        return command(worker=Online(url, _authorization(token_file, user), ca), **others)

    with_worker.__doc__, with_worker.__name__ = command.__doc__, command.__name__
    return _options(with_worker, command)


def offline_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The same, and --config, which needs no worker."""

    def with_worker(
        config: tuple[Path, ...], worker_config: Path | None,
        url: str, token_file: Path | None, user: str | None, ca: Path | None, **others: Any,
    ) -> Any:  # fmt: skip
        if config:
            return command(worker=Offline(config, worker_config), **others)
        return command(worker=Online(url, _authorization(token_file, user), ca), **others)

    with_worker.__doc__, with_worker.__name__ = command.__doc__, command.__name__
    for option in (
        click.option("--worker-config", type=FILE, help="With --config: the worker's file."),
        click.option("--config", type=FILE, multiple=True,
                     help="Ask the sink's store itself, by the connector's file; no worker need run."),
    ):  # fmt: skip
        with_worker = option(with_worker)
    return _options(with_worker, command)


def _options(made: Callable[..., Any], command: Callable[..., Any]) -> Callable[..., Any]:
    made.__click_params__ = [  # type: ignore[attr-defined]
        *getattr(command, "__click_params__", []), *getattr(made, "__click_params__", []),
    ]  # fmt: skip
    for option in (
        click.option("--ca", type=FILE, envvar="SINKWORKER_CA", help="For https: whom to trust."),
        click.option("--user", envvar="SINKWORKER_USER",
                     help="Who asks; the password is asked for, or in SINKWORKER_PASSWORD."),
        click.option("--token-file", type=FILE, envvar="SINKWORKER_TOKEN_FILE",
                     help="A file with the token that the worker wants."),
        click.option("--url", default=DEFAULT_URL, show_default=True, envvar="SINKWORKER_URL",
                     help="Where the worker's REST listens."),
    ):  # fmt: skip
        made = option(made)
    return made


def _authorization(token_file: Path | None, user: str | None) -> str | None:
    """A password is no argument: others would see it in the list of processes."""
    if token_file is not None and user is not None:
        raise click.UsageError("Either --token-file or --user")
    if token_file is not None:
        return f"Bearer {_token(token_file)}"
    if user is None:
        return None
    if ":" in user:
        raise click.UsageError(
            "--user is a name; the password is asked for, or in SINKWORKER_PASSWORD"
        )
    password = os.environ.get("SINKWORKER_PASSWORD")
    if password is None:
        password = click.prompt(f"Password of {user}", hide_input=True, err=True)
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


def _token(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"--token-file {file}: {error}") from None
