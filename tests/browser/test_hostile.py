"""Texts that would like to be markup, code or addresses are shown as what they are."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest

from sinkworker.api import DeadLetter, Stage, TopicPartition
from tests.browser.conftest import NARROW, Opening, visit
from tests.browser.stage import Made, ledger

HOSTILE = [
    "<script>window.hit=1</script>",
    "<img src=x onerror=window.hit=1>",
    "\"><svg onload=window.hit=1>",
    "'><iframe srcdoc='<script>parent.hit=1</script>'>",
    "javascript:window.hit=1",
    "</title><script>window.hit=1</script>",
    "</textarea><script>window.hit=1</script>",
    "<a href=javascript:window.hit=1>x</a>",
    "{{constructor.constructor('window.hit=1')()}}",
    "${window.hit=1}",
    "`${window.hit=1}`",
    "<style>*{display:none}</style>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<form action=//evil.example><button>x",
    "<math><mi//xlink:href=data:x,<script>window.hit=1</script>>",
    "<!--", "]]>", "<![CDATA[", "&lt;b&gt;", "&#x3c;script&#x3e;", "%3Cscript%3E",
    "\\u003cscript\\u003e",
    "__proto__", "constructor", "\u202egnp.exe", "a\u0000b", "e\u0301\u0302\u0303" * 20,
    "x" * 2000, "\u2028\u2029\r\n\t<b>", "🏭🔥 <b>alarm</b>", "' OR 1=1 --", "$(touch /tmp/hit)",
]  # fmt: skip
VIEWS = ("pictures", "tasks", "offsets", "config", "topics", "letters")


def made(number: int, text: str) -> Made:
    """A connector in which everything that can hold a text holds this one."""
    name = f"c{number}-{text}"[:200].replace("\u0000", "")
    topic = text[:150] or "t"
    config = {"connector.class": text, "topics": text, f"key.{text}": f"value {text}"}
    trace = f"Traceback\n  {text}\nError: {text}"
    place = TopicPartition(topic, 0)
    steps = [each._replace(owner=text, config=text) for each in ledger(place, 3)]
    data = text.encode()
    letter = DeadLetter(
        place, 5, Stage.TASK_PUT, text, text, text, None, data, data, [(text, data)]
    )
    return Made(name, config, topic, 1, "FAILED", trace, steps, [letter])


def test_there_are_30_at_least() -> None:
    assert len(set(HOSTILE)) >= 30


@pytest.mark.parametrize("width", [1400, NARROW])
def test_a_hostile_text_is_a_text_wherever_it_stands(
    serving: Callable[..., str], opening: Opening, width: int
) -> None:
    all_made = [made(number, text) for number, text in enumerate(HOSTILE)]
    url, page = serving(*all_made), opening(width)
    visit(page, url)
    page.wait_for_function(f"() => document.querySelectorAll('tbody tr').length === {len(HOSTILE)}")
    names = {cell.text_content() for cell in page.query_selector_all("tbody td:first-child")}
    assert names == {each.name for each in all_made}
    before = elements(page)
    for each in all_made:
        for view in VIEWS if width > NARROW else VIEWS[:1]:
            visit(page, url, f"connectors/{quote(each.name, safe='')}/{view}")
            assert page.text_content("h1") == each.name
            assert elements(page) <= before | KNOWN, (each.name, view)
    assert page.evaluate("window.hit") is None


# What the page itself is made of.
KNOWN = {
    "html", "head", "meta", "title", "link", "script", "body", "a", "header", "nav", "span", "label",
    "input", "p", "main", "h1", "h2", "div", "dl", "dt", "dd", "button", "section", "figure",
    "figcaption", "svg", "text", "rect", "line", "path", "defs", "pattern", "details", "summary",
    "table", "caption", "thead", "tbody", "tr", "th", "td", "ul", "li", "pre", "noscript",
}  # fmt: skip


def elements(page: object) -> set[str]:
    found: list[str] = page.evaluate(  # type: ignore[attr-defined]
        "[...document.querySelectorAll('*')].map((each) => each.localName)"
    )
    return set(found)


def test_a_hostile_trace_topic_and_value_are_shown_whole(
    serving: Callable[..., str], opening: Opening
) -> None:
    text = "<img src=x onerror=window.hit=1>"
    url, page = serving(made(0, text)), opening()
    at = f"connectors/{quote(made(0, text).name, safe='')}"
    visit(page, url, f"{at}/tasks")
    assert page.text_content("pre") == f"Traceback\n  {text}\nError: {text}"
    visit(page, url, f"{at}/topics")
    assert page.text_content("tbody td") == text
    visit(page, url, f"{at}/config")
    assert f"value {text}" in page.text_content("tbody")
    visit(page, url, at)
    page.wait_for_selector("svg .name")
    assert page.text_content("svg .name").startswith(f"{text}-0")


def test_an_answer_that_is_markup_is_told_as_text(
    serving: Callable[..., str], opening: Opening
) -> None:
    page = opening()
    visit(page, serving(), "connectors/<script>window.hit=1<%2Fscript>")
    page.wait_for_selector("#said.bad")
    assert "Connector <script>window.hit=1</script> not found" in page.text_content("#said")
