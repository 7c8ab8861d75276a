"""`/ui`: the page's files, as they are in `sinkworker.ui`.

Owns which files there are, and what a browser may do with them. They hold nothing of a worker: who asks
for them need not say who they are; what the page then asks for is asked as by anybody.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from typing import NamedTuple

from sinkworker.rest.message import Answer, Request, refused
from sinkworker.rest.port import Administration

KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
# Nothing inline, nothing from elsewhere, no frame around it, no text that becomes markup.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}


class File(NamedTuple):
    content: bytes
    kind: str


def index(worker: Administration, request: Request) -> Answer:
    """The files' addresses are relative: the page lives in a folder."""
    if request.path.endswith("/"):
        return file(worker, request, "index.html")
    return Answer(307, None, {"Location": "ui/"})


def file(worker: Administration, request: Request, name: str, folder: str = "") -> Answer:
    found = files().get(f"{folder}/{name}" if folder else name)
    if found is None:
        return refused(404, "HTTP 404 Not Found")
    return Answer(200, None, HEADERS, found.content, found.kind)


@functools.cache
def files() -> Mapping[str, File]:
    """By their paths."""
    return {
        path: File(each.read_bytes(), KINDS[suffix])
        for path, each in _below(resources.files("sinkworker.ui"), "")
        if (suffix := path[path.rfind(".") :]) in KINDS
    }


def _below(place: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for each in place.iterdir():
        if each.is_dir():
            yield from _below(each, f"{prefix}{each.name}/")
        else:
            yield f"{prefix}{each.name}", each
