"""Requests that nobody sends who means well, as bytes, and the code that each must get.

Owns the table. Most of them no HTTP client would send.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import NamedTuple

MIB = 1024 * 1024
TOKEN = "a-token-of-some-length"


class Hostile(NamedTuple):
    """parts: what is sent, one after the other. locked: to a worker that asks for a token."""

    name: str
    parts: Sequence[bytes]
    status: int
    locked: bool = False

    def __str__(self) -> str:
        return self.name


def request(line: str, *headers: str, body: bytes = b"", host: str = "localhost") -> bytes:
    of_body = [f"Content-Length: {len(body)}"] if body else []
    head = "\r\n".join([line, f"Host: {host}", *headers, *of_body, "", ""])
    return head.encode("latin-1") + body


def get(path: str, *headers: str, host: str = "localhost") -> bytes:
    return request(f"GET {path} HTTP/1.1", *headers, host=host)


def post(body: bytes, *headers: str, kind: str = "application/json", line: str = "") -> bytes:
    line = line or "POST /connectors HTTP/1.1"
    return request(line, f"Content-Type: {kind}", *headers, body=body)


CHUNK = b"%x\r\n%b\r\n" % (MIB, b" " * MIB)


def _authorization(name: str, value: str | None) -> Hostile:
    headers = [] if value is None else [f"Authorization: {value}"]
    return Hostile(f"authorization: {name}", [get("/connectors", *headers)], 401, locked=True)


def _basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


NOBODY = [
    _authorization("none", None),
    _authorization("empty", ""),
    _authorization("another token", "Bearer another-token-of-some-length"),
    _authorization("a token and more", f"Bearer {TOKEN}x"),
    _authorization("a token too short", f"Bearer {TOKEN[:-1]}"),
    _authorization("a token without a scheme", TOKEN),
    _authorization("a token as a password", _basic(f"admin:{TOKEN}")),
    _authorization("no base64", "Basic \xff\xfe"),
    _authorization("bytes beyond ASCII", "Bearer \xe9\xe9"),
    Hostile("the token in the query", [get(f"/connectors?token={TOKEN}")], 401, locked=True),
    Hostile(
        "two authorizations",
        [get("/connectors", "Authorization: x", f"Authorization: Bearer {TOKEN}")],
        401,
        locked=True,
    ),
    Hostile("a probe's path and more", [get("/ping/../connectors")], 401, locked=True),
    Hostile("a delete without a token", [request("DELETE /connectors/a HTTP/1.1")], 401, True),
    Hostile("a path that is not there", [get("/x")], 401, locked=True),
]

STRANGERS = [
    *(
        Hostile(f"host {host or 'empty'}", [get("/connectors", host=host)], 403)
        for host in (
            "evil.example", "evil.example:8083", "127.0.0.1.evil.example", "localhost@evil.example",
            "localhost.", "", "[::1", "localhost:80:80", "localhost/../",
            "127.0.0.1%00", "0177.0.0.1", "2130706433",
        )
    ),
    Hostile("a host with a control character", [get("/connectors", host="local\x1b[31mhost")], 403),
    Hostile("no host", [b"GET /connectors HTTP/1.1\r\n\r\n"], 400),
    Hostile("two hosts", [get("/connectors", "Host: evil.example")], 400),
    *(
        Hostile(f"origin {origin}", [get("/connectors", f"Origin: {origin}")], 403)
        for origin in ("http://evil.example", "null", "https://localhost.evil", "http://localhost:1")
    ),
    Hostile(
        "a preflight",
        [request("OPTIONS /connectors HTTP/1.1", "Origin: http://evil.example",
                 "Access-Control-Request-Method: POST")],
        403,
    ),
    Hostile("an absolute target", [get("http://evil.example/connectors")], 404),
    Hostile("a proxy's tunnel", [request("CONNECT evil.example:443 HTTP/1.1")], 404),
]  # fmt: skip

BODIES = [
    *(
        Hostile(f"a body of {kind or 'no kind'}", [post(b"name=a", kind=kind)], 415)
        for kind in (
            "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain",
            "application/xml", "", "application/jsonp",
        )
    ),
    Hostile("100 MiB", [post(b"", f"Content-Length: {100 * MIB}"), *[b" " * MIB] * 100], 413),
    Hostile(
        "100 MiB of unknown length", [post(b"", "Transfer-Encoding: chunked"), *[CHUNK] * 100], 413
    ),
    Hostile("a length and nothing", [post(b"", "Content-Length: 104857600")], 413),
    Hostile("a length of 30 digits", [post(b"", "Content-Length: " + "9" * 30)], 400),
    Hostile("a length below zero", [post(b"", "Content-Length: -1")], 400),
    Hostile("a length that is none", [post(b"", "Content-Length: abc")], 400),
    Hostile("two lengths", [post(b"{}", "Content-Length: 3")], 400),
    Hostile("an unknown coding", [post(b"{}", "Transfer-Encoding: gzip")], 400),
    Hostile(
        "a smuggled request",
        [post(b"", "Content-Length: 4", "Transfer-Encoding: chunked, identity")],
        400,
    ),
    Hostile("chunks that are none", [post(b"", "Transfer-Encoding: chunked") + b"zz\r\n"], 400),
    Hostile("deep lists", [post(b"[" * 100_000)], 400),
    Hostile("deep objects", [post(b'{"a":' * 100_000)], 400),
    Hostile("a list", [post(b"[]")], 400),
    Hostile("a number of 10,000 digits", [post(b'{"name":' + b"9" * 10_000 + b"}")], 400),
    Hostile("no UTF-8", [post(b'{"name":"\xff"}')], 400),
    Hostile("half a character", [post(rb'{"name":"a","config":{"topics":"\ud800"}}')], 400),
    Hostile("a null character", [post(rb'{"name":"a","config":{"file":"/tmp/a\u0000"}}')], 400),
    Hostile("a name with ../", [post(b'{"name":"../../a","config":{}}')], 400),
    Hostile("a name with ANSI", [post(rb'{"name":"\u001b[31ma","config":{}}')], 400),
    Hostile("a name with CRLF", [post(rb'{"name":"a\r\nb","config":{}}')], 400),
    Hostile("a key with CRLF", [post(rb'{"name":"a","config":{"a\r\nERROR b":"c"}}')], 400),
    Hostile(
        "a plugin by path", [post(b'{"name":"a","config":{"connector.class":"os:system"}}')], 400
    ),
    Hostile(
        "a level with ANSI",
        [post(rb'{"level":"\u001b]0;x\u0007"}', line="PUT /admin/loggers/root HTTP/1.1")],
        404,
    ),
]  # fmt: skip

PATHS = [
    *(
        Hostile(f"path {path[:40]}", [get(path)], 404)
        for path in (
            "/connectors/../../etc/passwd", "/connectors/..%2f..%2fetc%2fpasswd", "/%2e%2e/%2e%2e",
            "/connectors/%00", "/connectors/%0d%0aSet-Cookie:%20a=b", "/connectors/%1b%5b31m",
            "/connectors/%ff%fe", "/connectors/%u0041", "/connectors//status", "//connectors",
            "/connectors/" + "x" * 12_000, "/connectors/a/tasks/-1/status",
            "/connectors/a/tasks/99999999999999999999/status", "/connectors;a=b", "/.git/config",
            "/static/../../etc/passwd", "/connectors/a%0a%0d%1b[2J/config", "/connectors/%e2%80%ae",
        )
    ),
    Hostile("a control character", [b"GET /\x1b[31m HTTP/1.1\r\nHost: localhost\r\n\r\n"], 400),
    Hostile("a bare line feed", [b"GET /a\nb HTTP/1.1\r\nHost: localhost\r\n\r\n"], 400),
    Hostile("no path", [b"GET HTTP/1.1\r\nHost: localhost\r\n\r\n"], 400),
    Hostile("bytes beyond ASCII", ["GET /é HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()], 400),
]  # fmt: skip

METHODS = [
    *(
        Hostile(f"method {method}", [request(f"{method} /connectors/a/status HTTP/1.1")], 405)
        for method in ("TRACE", "OPTIONS", "POST", "DELETE", "PROPFIND", "get", "X" * 500)
    ),
    Hostile("a method with ANSI", [b"\x1b[31mGET / HTTP/1.1\r\nHost: localhost\r\n\r\n"], 400),
    Hostile("HTTP/2 at once", [b"PRI * HTTP/2.0\r\n\r\n"], 403),
    Hostile("a TLS greeting", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"], 400),
    Hostile("HTTP of yesterday", [b"GET /\r\n\r\n"], 400),
]

HEADS = [
    Hostile("a header of 1 MiB", [get("/", "X: " + "x" * MIB)], 431),
    Hostile("100,000 headers", [get("/", *(f"X{n}: y" for n in range(100_000)))], 431),
    Hostile("a line without end", [b"GET /" + b"x" * MIB], 431),
    Hostile("a folded header", [get("/x", "X: a", " b: c")], 404),
    Hostile("a space before the colon", [get("/", "X : a")], 400),
    Hostile("a header with a null character", [get("/", "X: a\x00b")], 400),
    Hostile("a header with a bare CR", [get("/", "X: a\rSet-Cookie: b")], 400),
    Hostile("an upgrade", [get("/x", "Connection: Upgrade", "Upgrade: websocket")], 404),
    Hostile("an expectation", [post(b"", "Expect: 100-continue", "Content-Length: 2000000")], 413),
]

REQUESTS = [*NOBODY, *STRANGERS, *BODIES, *PATHS, *METHODS, *HEADS]
