"""The page's files: how they are given out, and what they must never contain."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sinkworker.rest.guard import Guard
from sinkworker.rest.page import POLICY, files
from tests.unit.rest.scene import Scene

UI = Path(__file__).parents[3] / "sinkworker" / "ui"
SCRIPTS = sorted(UI.rglob("*.js"))


def test_the_page_and_every_file_of_it_are_given_out_with_their_kinds(scene: Scene) -> None:
    index = scene.ask("GET", "/ui/")
    assert index.headers["content-type"] == "text/html; charset=utf-8"
    assert {path: scene.ask("GET", f"/ui/{path}").headers["content-type"] for path in files()} == {
        path: file.kind for path, file in files().items()
    }
    assert {"app.js", "style.css", "icon.svg", "pictures/tab.js"} <= files().keys()


def test_the_address_without_its_slash_leads_to_the_page(scene: Scene) -> None:
    reply = scene.ask("GET", "/ui")
    assert (reply.status, reply.headers["location"]) == (307, "ui/")


@pytest.mark.parametrize(
    "path",
    ["/ui/none.js", "/ui/__init__.py", "/ui/pictures", "/ui/../rest/page.py", "/ui/..%2Fapp.py",
     "/ui/pictures/..%2F..%2Frest%2Fpage.py", "/ui//etc/passwd", "/ui/%2e%2e/connectors"],
)  # fmt: skip
def test_nothing_else_is_given_out(scene: Scene, path: str) -> None:
    assert scene.ask("GET", path).status == 404


def test_a_browser_is_told_to_run_nothing_but_the_files(scene: Scene) -> None:
    headers = scene.ask("GET", "/ui/").headers
    assert headers["content-security-policy"] == POLICY
    assert "unsafe" not in POLICY
    assert "*" not in POLICY
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"


def test_the_files_need_no_token_and_what_they_ask_for_does(tmp_path: Path) -> None:
    locked = Scene(tmp_path, gate=Guard(None, "a-token-of-some-length"))
    try:
        assert locked.ask("GET", "/ui/").status == 200
        assert locked.ask("GET", "/ui/app.js").status == 200
        for path in (
            "/connectors",
            "/metrics",
            "/uix",
            "/sinkworker/v1/cluster",
        ):
            assert locked.ask("GET", path).status == 401, path
    finally:
        locked.close()


def test_the_page_is_given_out_under_the_worker_s_names_only(scene: Scene) -> None:
    assert scene.ask("GET", "/ui/", headers={"Host": "evil.example"}).status == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_other_sites_may_link_to_the_page_and_do_nothing_else(scene: Scene, site: str) -> None:
    link = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}
    assert scene.ask("GET", "/ui/", headers=link).status == 200
    for method, path in (("PUT", "/connectors/x/pause"), ("POST", "/connectors/x/restart"),
                         ("DELETE", "/connectors/x")):  # fmt: skip
        for mode in ("navigate", "cors", "no-cors"):
            headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode}
            assert scene.ask(method, path, headers=headers).status == 403, (method, mode)


def test_the_page_s_own_requests_pass(scene: Scene) -> None:
    own = {"Sec-Fetch-Site": "same-origin", "Origin": f"http://127.0.0.1:{scene.port}"}
    assert scene.ask("GET", "/connectors", headers=own).status == 200


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(UI)))
def test_no_script_makes_markup_or_code_of_a_text(path: Path) -> None:
    text = path.read_text()
    for word in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "Function(",
                 "srcdoc", "DOMParser", "createContextualFragment", "style="):  # fmt: skip
        assert word not in text, word


def test_the_page_has_nothing_inline_and_nothing_from_elsewhere() -> None:
    html = (UI / "index.html").read_text()
    assert re.findall(r"<script[^>]*>([^<]*)</script>", html) == [""]
    assert not re.search(r"<style|\son\w+=|\sstyle=|javascript:", html)
    for path in (path for path in UI.rglob("*.*") if path.suffix not in (".py", ".pyc")):
        addresses = set(re.findall(r"https?://[^\s\"')]+", path.read_text()))
        assert addresses <= {"http://www.w3.org/2000/svg"}, path


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(UI)))
def test_a_script_imports_files_that_are_there_and_says_what_it_is(path: Path) -> None:
    text = path.read_text()
    assert text.startswith("// ")
    for name in re.findall(r'from "([^"]+)"', text):
        assert (path.parent / name).is_file(), name


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(UI)))
def test_a_script_imports_only_what_it_uses(path: Path) -> None:
    text = path.read_text()
    for names in re.findall(r"^import (?:\{([^}]*)\}|\* as \w+) from", text, re.MULTILINE):
        for name in filter(None, map(str.strip, names.split(","))):
            used = name.split(" as ")[-1]
            assert len(re.findall(rf"\b{used}\b", text)) > 1, used
