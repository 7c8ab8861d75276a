"""Every view of the page: what it shows, how it looks to axe, and that it fits."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from sinkworker.api import DeadLetter, Stage, TopicPartition
from tests.browser.conftest import LOOKS, Held, Opening, look, visit
from tests.browser.stage import Made, ledger, step

PASSWORD = "hunter2-hunter2"
CONFIG = {
    "name": "alerts-to-pg", "connector.class": "PostgresSink", "topics": "alerts",
    "connection.url": f"postgresql://anna:{PASSWORD}@db/factory", "connection.password": PASSWORD,
    "value.converter": "JsonConverter", "sasl.jaas.config": PASSWORD, "other.password": "${env:PW}",
    "other.address": f"http://anna:{PASSWORD}@proxy/x?password={PASSWORD}",
}  # fmt: skip
REPLAYED = {"written": 1, "filtered": 0, "stayed": []}
P0, P1 = TopicPartition("alerts", 0), TopicPartition("alerts", 1)
VIEWS = {
    "overview": "", "pictures": "connectors/alerts-to-pg", "tasks": "connectors/broken/tasks",
    "offsets": "connectors/alerts-to-pg/offsets", "config": "connectors/alerts-to-pg/config",
    "letters": "connectors/broken/letters", "topics": "connectors/alerts-to-pg/topics",
    "plugins": "plugins", "plugin": "plugins/PostgresSink", "new": "new",
    "edit": "connectors/alerts-to-pg/edit",
}  # fmt: skip


def pieces() -> list[Made]:
    now = int(time.time() * 1000)
    steps = ledger(P0, 100, takeover=40) + ledger(P1, 100, takeover=40)
    steps.append(step(P1, "alter", 3, 1000, 600, None, now))
    steps.append(step(P1, "commit", 4, 600, 800, "c", now + 500, 200))
    trace = (
        "Traceback (most recent call last):\n  somewhere\nConnectError: " + "the disk is full " * 20
    )
    broken = Made(
        "broken", {"connector.class": "S3Sink"}, topic="audit", state="FAILED", trace=trace
    )
    header = ("schema", bytes(range(0, 255, 5)))
    broken.letters.append(
        DeadLetter(
            P0, 5, Stage.TASK_PUT, "DataError", "no number", "now", None, b"k", b"{", [header]
        )
    )
    steps.sort(key=lambda each: each.at_ms)
    return [Made("alerts-to-pg", CONFIG, ledger=steps), broken]


@pytest.fixture
def url(serving: Callable[..., str]) -> str:
    return serving(*pieces())


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_every_view_fits_and_has_nothing_that_axe_calls_serious(
    url: str, opening: Opening, width: int, scheme: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = opening(width, scheme)
    for name, view in VIEWS.items():
        visit(page, url, view)
        page.wait_for_timeout(200)
        for folded in page.query_selector_all("details:not([open]) > summary"):
            if folded.is_visible():
                folded.click()
        look(page, name)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert _serious(axe, page) == [], name


def _serious(axe: Any, page: Any) -> list[str]:
    # The page's own policy forbids scripts from elsewhere; what Playwright evaluates is exempt.
    found = axe.run(page).response["violations"]
    return [
        f"{each['id']}: {node['html'][:120]}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"][:2]
    ]


def test_the_dialog_too_has_nothing_that_axe_calls_serious(url: str, opening: Opening) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = opening()
    visit(page, url, "connectors/alerts-to-pg")
    page.click("text=Move offsets…")
    look(page, "moving")
    assert _serious(axe, page) == []


def test_the_overview_leads_to_each_connector_and_says_that_a_task_has_failed(
    url: str, opening: Opening
) -> None:
    page = opening()
    visit(page, url)
    rows = [row.inner_text().split("\t") for row in page.query_selector_all("tbody tr")]
    assert [row[:6] for row in rows] == [
        ["alerts-to-pg", "RUNNING", "PostgresSink", "alerts", "1 of 1", "400"],
        ["broken", "TASK_FAILED", "S3Sink", "", "0 of 1", "400"],
    ]
    page.fill("#filter", "s3s")
    assert page.inner_text("tbody").split("\t")[0] == "broken"
    page.click("tbody a")
    page.wait_for_selector("h1:text-is('broken')")


def test_a_trace_is_cut_and_shown_whole_when_asked(url: str, opening: Opening) -> None:
    page = opening()
    visit(page, url, "connectors/broken/tasks")
    summary = page.inner_text("summary")
    assert summary.startswith("ConnectError: the disk is full")
    assert len(summary) == 101
    page.click("summary")
    assert page.inner_text("pre").startswith("Traceback (most recent call last):\n  somewhere\n")


def test_a_dead_letter_has_its_cause_its_bytes_and_its_headers(url: str, opening: Opening) -> None:
    page = opening()
    visit(page, url, "connectors/broken/letters")
    assert page.inner_text("li h2") == "alerts-0 offset 5"
    page.click("li summary >> nth=0")
    assert page.inner_text("li summary >> nth=0") == "DataError: no number"
    shown = [part.text_content() for part in page.query_selector_all(".bytes > dd")]
    assert shown[:2] == ["1 byte(s)kHex6b", "1 byte(s){Hex7b"]
    assert shown[2].startswith("51 byte(s)Hex00 05 0a")
    assert page.inner_text(".bytes > dt >> nth=2") == "Header schema"


def test_what_a_replay_did_is_told_beside_the_letters_that_are_left(
    url: str, opening: Opening
) -> None:
    page = opening()
    visit(page, url, "connectors/broken/letters")
    page.uncheck("#live")
    page.route("**/letters/replay", lambda route: route.fulfill(json=REPLAYED))
    held = Held(page, "**/letters?limit=*")
    page.click("text=Replay all")
    left = held.wait_for(1)
    page.evaluate("new Promise((done) => setTimeout(done))")
    assert "1 written" not in page.content()
    left.fulfill(json={"letters": []})
    page.wait_for_selector("[role=status]:text('1 written')")
    assert page.query_selector("li h2") is None


def test_an_older_answer_does_not_bring_letters_back(url: str, opening: Opening) -> None:
    page = opening()
    visit(page, url, "connectors/broken/letters")
    page.route("**/letters/replay", lambda route: route.fulfill(json=REPLAYED))
    held = Held(page, "**/letters?limit=*")
    older = held.wait_for(1)  # the page looks again by itself
    page.click("text=Replay all")
    held.wait_for(2).fulfill(json={"letters": []})
    page.wait_for_selector("[role=status]:text('1 written')")
    looks = int(page.get_attribute("#main", "data-looks"))
    older.continue_()
    page.wait_for_function(f"() => document.getElementById('main').dataset.looks > {looks}")
    assert page.query_selector("li h2") is None


def test_secrets_are_nowhere_on_the_page_and_their_places_are(url: str, opening: Opening) -> None:
    page = opening()
    visit(page, url, "connectors/alerts-to-pg/config")
    shown = dict(row.inner_text().split("\t") for row in page.query_selector_all("tbody tr"))
    assert shown["connection.password"] == shown["sasl.jaas.config"] == "••••••••"
    assert shown["connection.url"] == "••••••••"
    assert shown["other.address"] == "http://anna:••••••••@proxy/x?password=••••••••"
    assert shown["other.password"] == "${env:PW}"
    assert PASSWORD not in page.content()


def test_what_a_form_would_change_keeps_the_secrets_that_it_does_not_show(
    url: str, opening: Opening
) -> None:
    page, sent = opening(), []
    page.on("request", lambda request: sent.append(request) if request.method == "PUT" else None)
    visit(page, url, "connectors/alerts-to-pg/edit")
    page.wait_for_selector("#verdict:not(:empty)")
    field = page.locator("[id='key-connection.password']")
    assert (field.input_value(), field.get_attribute("placeholder")) == ("", "unchanged")
    assert sent[-1].post_data_json["connection.password"] == PASSWORD
    assert sent[-1].post_data_json["sasl.jaas.config"] == PASSWORD


def test_a_form_says_what_is_wrong_as_one_types(url: str, opening: Opening) -> None:
    page = opening()
    visit(page, url, "new")
    page.select_option("#plugin", "FileStreamSink")
    page.fill("#key-name", "mine")
    page.fill("#key-topics", "alerts")
    page.fill("[id='key-tasks.max']", "many")
    page.wait_for_selector("[id='key-tasks.max'][aria-invalid=true]")
    assert "many" in page.inner_text("[id='key-tasks.max-errors']")
    assert page.is_disabled("#save")
    page.fill("[id='key-tasks.max']", "2")
    page.fill("#key-file", "/tmp/out.txt")
    page.wait_for_selector("#save:not([disabled])")
    assert page.inner_text("#verdict") == "Nothing is wrong with it"
    page.fill("#others", "offset.start=never")
    page.wait_for_selector("#save[disabled]")
    page.wait_for_selector("#verdict:text('to mend')")
    page.fill("#others", "offset.start")
    page.wait_for_selector("#others-errors:text('There is no = in offset.start')")
    assert page.inner_text("#verdict") == "1 thing(s) to mend"
    assert page.is_disabled("#save")


def test_the_keys_of_another_plugin_interrupt_no_typing(url: str, opening: Opening) -> None:
    page = opening()
    visit(page, url, "new")
    page.click("summary:text('Keys of every connector')")
    held = Held(page, "**/FileStreamSink/config")
    page.select_option("#plugin", "FileStreamSink")
    keys = held.wait_for(1)
    topic = "[id='key-errors.deadletterqueue.topic.name']"
    page.fill(topic, "mine")
    page.evaluate("document.activeElement.setSelectionRange(1, 3)")
    keys.continue_()
    page.wait_for_selector("#key-file", state="attached")
    page.keyboard.insert_text("achin")
    assert page.input_value(topic) == "machine"
    assert page.is_visible(topic)


def test_what_no_worker_answered_is_asked_again(url: str, opening: Opening) -> None:
    page = opening()
    visit(page, url, "new")
    page.route("**/config/validate", lambda route: route.abort())
    page.fill("#key-name", "mine")
    page.wait_for_selector("#verdict:text('The worker does not answer')")
    page.unroute("**/config/validate")
    page.wait_for_selector("#verdict:text('to mend')")


def test_the_page_works_with_keys_alone(url: str, opening: Opening) -> None:
    page = opening()
    visit(page, url)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.focus("th button")
    page.keyboard.press("Enter")
    assert page.get_attribute("th", "aria-sort") == "descending"
    page.focus("tbody a")
    page.keyboard.press("Enter")
    page.wait_for_selector("nav.tabs")
    page.wait_for_function("() => document.activeElement.tagName === 'H1'")
    page.focus("text=Move offsets…")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open]")
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog", state="detached")


def test_a_refresh_moves_nothing_and_takes_no_focus(url: str, opening: Opening) -> None:
    page = opening()
    visit(page, url, "connectors/alerts-to-pg")
    page.wait_for_timeout(300)
    page.evaluate(
        "() => { window.moved = 0; new PerformanceObserver((list) => list.getEntries()"
        ".forEach((each) => (window.moved += each.value))).observe({ type: 'layout-shift' }); }"
    )
    page.focus("text=Restart failed")
    looks = int(page.get_attribute("#main", "data-looks"))
    page.wait_for_function(f"() => document.getElementById('main').dataset.looks > {looks}")
    assert page.evaluate("window.moved") == 0
    assert page.evaluate("document.activeElement.textContent") == "Restart failed"


def test_pictures_say_in_words_and_figures_what_they_draw(url: str, opening: Opening) -> None:
    page = opening()
    visit(page, url, "connectors/alerts-to-pg")
    page.wait_for_selector("rect.run")
    words = page.inner_text("figure >> nth=0 >> .words")
    assert words == "2 partition(s), no gap, no overlap, 1 rewind(s)."
    label = page.get_attribute("figure >> nth=0 >> svg", "aria-label")
    assert label == f"Offsets covered. {words}"
    page.click("figure >> nth=0 >> summary")
    rows = page.query_selector_all("figure:first-child tbody tr")
    assert rows[1].inner_text().split("\t") == ["alerts-1", "0", "1,000", "4", "0", "0", "1"]


def test_a_token_is_asked_for_and_kept_for_the_tab(opening: Opening) -> None:
    from sinkworker.rest.guard import Guard
    from tests.browser.stage import Served, Stage

    served = Served(Stage(*pieces()), Guard(None, "a-token-of-some-length"))
    try:
        page = opening()
        page.goto(f"{served.url}/ui/")
        page.fill("#token", "a-token-of-some-length")
        page.keyboard.press("Enter")
        page.wait_for_selector("tbody tr")
        page.reload()
        page.wait_for_selector("tbody tr")
    finally:
        served.close()
