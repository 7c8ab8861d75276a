"""What the demo shows in a terminal and in a log."""

from __future__ import annotations

import io

from rich.console import Console

from sinkworker.demo.view import Standing, View

STANDING = Standing(
    ends={("alerts", 0): 40, ("alerts", 1): 60},
    stored={("alerts", 0): 10, ("alerts", 1): 15},
    rows={"alerts": 24},
)


def shown(*standings: Standing, terminal: bool) -> str:
    output = io.StringIO()
    with View(Console(file=output, force_terminal=terminal, width=80, no_color=True)) as view:
        for standing in standings:
            view._shown_at = float("-inf")  # however soon the next one comes
            view.show(lambda standing=standing: standing)
    return output.getvalue()


def test_a_log_gets_a_line_whenever_there_are_more_rows() -> None:
    later = STANDING._replace(rows={"alerts": 30})
    lines = shown(STANDING, STANDING, later, terminal=False).splitlines()
    assert [line.strip() for line in lines] == ["24 of 100 rows", "30 of 100 rows"]


def test_a_terminal_gets_a_table_with_the_lag_of_each_topic_and_of_all() -> None:
    text = shown(STANDING, terminal=True)
    cells = [line.split() for line in text.splitlines()]
    assert "lag" in text
    assert ["alerts", "100", "25", "75", "24"] in cells
    assert ["all", "100", "25", "75", "24"] in cells


def test_figures_are_not_asked_for_more_often_than_they_are_shown() -> None:
    asked: list[Standing] = []

    def standing() -> Standing:
        asked.append(STANDING)
        return STANDING

    view = View(Console(file=io.StringIO()))
    for _ in range(10):
        view.show(standing)
    assert len(asked) == 1


def test_stored_offsets_stand_beside_the_log_ends_partition_by_partition() -> None:
    output = io.StringIO()
    View(Console(file=output)).offsets(STANDING)
    assert ["alerts", "10", "15", "40", "60", "24"] in [
        line.split() for line in output.getvalue().splitlines()
    ]


def test_a_long_step_is_one_line_of_a_log() -> None:
    output = io.StringIO()
    View(Console(file=output)).step("word", "text " * 100)
    assert output.getvalue() == f"{'word':<10} {'text ' * 100}".rstrip() + "\n"
