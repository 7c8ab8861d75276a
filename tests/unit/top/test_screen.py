"""What keys change on the screen of `top`, and what fits."""

from __future__ import annotations

import io

from rich.console import Console

from sinkworker.top.rows import Row
from sinkworker.top.screen import Screen

ROWS = [
    Row("to-pg", 0, "RUNNING", "alerts", number, "to-pg-0@here", 5, 5 + number, number)
    for number in range(30)
]


def after(*keys: str) -> Screen:
    screen = Screen()
    for key in keys:
        screen = screen.pressed(key)
    return screen


def lines(screen: Screen, rows: list[Row] = ROWS, height: int = 15, said: str = "") -> list[str]:
    output = io.StringIO()
    console = Console(file=output, width=150, height=height, no_color=True)
    console.print(screen.shown(rows, height, 0.0, said))
    return [line.rstrip() for line in output.getvalue().splitlines()]


def test_s_sorts_by_the_next_figure_and_in_the_end_by_name_again() -> None:
    assert [after(*"s" * times).sort for times in (1, 2, 6)] == ["lag", "rate", "connector"]


def test_a_filter_is_typed_corrected_and_given_up() -> None:
    assert after(*"/abd\x7f", "\r").text == "ab"
    assert not after(*"/ab", "\r").typing
    assert after(*"/ab", "\x1b") == Screen()
    assert after(*"/q").text == "q"


def test_q_ends_and_p_pauses() -> None:
    assert after("q").is_done
    assert after("p").is_paused
    assert not after("p", "p").is_paused


def test_only_lines_that_fit_are_shown_from_where_one_has_scrolled_to() -> None:
    shown = lines(after("j", "j", "j", "k"))
    assert len(shown) <= 15
    assert any("3-11 of 30  lag 435" in line for line in shown), shown


def test_scrolling_stops_at_the_last_line() -> None:
    assert any("30-30 of 30" in line for line in lines(after(*"j" * 99)))


def test_no_markup_of_a_name_is_obeyed() -> None:
    assert any("[red]x" in line for line in lines(Screen(), [Row("[red]x", 0, "RUNNING")]))


def test_what_a_store_refused_is_said() -> None:
    assert "to-pg: down" in lines(Screen(), said="to-pg: down")
