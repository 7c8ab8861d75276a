"""A real Chromium without a screen, and pages in it.

Skipped where there is none; a failure when `CI` is set.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.stage import Made, Served, Stage
from tests.conftest import _unavailable

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
WIDE, NARROW = 1400, 390
LOOKS = [(WIDE, "light"), (WIDE, "dark"), (NARROW, "light"), (NARROW, "dark")]

Opening = Callable[..., Any]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    if CHROMIUM is None:
        _unavailable("no chromium on PATH (Debian: apt-get install chromium)")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@pytest.fixture
def opening(chromium: Any) -> Iterator[Opening]:
    """A page in a fresh profile. At the end, nothing may have gone wrong on any of them."""
    contexts, complaints = [], []

    def made(width: int = WIDE, scheme: str = "light") -> Any:
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(f"dialog {dialog.message}"))
        page.on("console", lambda said: complaints.append(said.text) if _is_bad(said) else None)
        return page

    yield made
    for context in contexts:
        context.close()
    assert complaints == []


def _is_bad(said: Any) -> bool:
    """A refusal that the page tells its user is none of its mistakes."""
    return said.type == "error" and "Failed to load resource" not in said.text


def visit(page: Any, url: str, view: str = "") -> None:
    """Until the view has looked once."""
    page.goto(f"{url}/ui/#/{view}")
    page.wait_for_function("() => document.getElementById('main').dataset.shown === location.hash")


class Held:
    """Questions to the worker that get no answer until a test gives one."""

    def __init__(self, page: Any, pattern: str) -> None:
        self._page = page
        self._questions: list[Any] = []
        page.route(pattern, lambda route: self._questions.append(route))

    def wait_for(self, count: int) -> Any:
        """The last of so many questions, when it was asked."""
        for _ in range(3000):
            if len(self._questions) >= count:
                return self._questions[count - 1]
            self._page.wait_for_timeout(10)
        raise AssertionError(f"{len(self._questions)} of {count} questions after 30 s")


def look(page: Any, name: str) -> None:
    """A screenshot for people, where SINKWORKER_SCREENSHOTS says so."""
    folder = os.environ.get("SINKWORKER_SCREENSHOTS")
    if folder:
        width, scheme = (
            page.viewport_size["width"],
            page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'"),
        )
        page.screenshot(path=str(Path(folder) / f"{name}-{width}-{scheme}.png"), full_page=True)


@pytest.fixture
def serving() -> Iterator[Callable[..., str]]:
    """Made-up connectors behind the real REST server; the address."""
    running = []

    def serve(*made: Made) -> str:
        running.append(Served(Stage(*made)))
        return str(running[-1].url)

    yield serve
    for each in running:
        each.close()
