"""What the bench says of its figures. The figures themselves are asserted nowhere."""

from __future__ import annotations

from tests.bench.cases import BESIDE_PLAIN, CLIENTS, MODES, cases
from tests.bench.measuring import Result
from tests.bench.performance_page import TEXT, table
from tests.bench.results import Pairs, as_json, checked_in, regressions


def result(rate: float, cpu_seconds: float = 5.0) -> Result:
    return Result(rate, cpu_seconds, rss=90.0, first=1.0)


def test_a_ratio_that_is_more_than_ten_percent_below_the_known_one_is_told() -> None:
    found = {"insert": 0.80, "upsert": 0.82, "new": 0.1}
    assert regressions(found, {"insert": 0.90, "upsert": 0.90}) == [
        "insert: 0.80, checked in as 0.90"
    ]


def test_the_ratio_is_the_median_of_the_pairs_and_not_of_each_side() -> None:
    pairs = Pairs(
        "insert", [result(50), result(90), result(100)], [result(100)] * 2 + [result(200)]
    )
    assert pairs.ratio == 0.5
    assert as_json(pairs)["ratios"] == [0.5, 0.9, 0.5]


def test_the_ratio_by_cpu_is_better_where_the_worker_uses_less() -> None:
    pairs = Pairs("insert", [result(1, cpu_seconds=4)], [result(1, cpu_seconds=5)])
    assert pairs.cpu_ratio == 1.25


def test_two_tasks_are_measured_where_their_number_is_what_is_asked() -> None:
    chosen = list(map(str, cases(["insert", "avro"], ["confluent"], [1, 2])))
    assert chosen == ["insert, confluent, 1 task", "insert, confluent, 2 tasks",
                      "avro, confluent, 1 task"]  # fmt: skip


def test_every_ratio_that_is_checked_in_is_of_a_case_that_is_measured() -> None:
    assert set(checked_in()) <= {BESIDE_PLAIN, *map(str, cases(MODES, CLIENTS, [1, 2]))}


def test_the_page_shows_a_line_for_each_case() -> None:
    pairs = Pairs("insert, confluent, 1 task", [result(90)], [result(100)])
    assert table({pairs.name: as_json(pairs)}).splitlines()[2] == (
        "| insert, confluent, 1 task | 90 | 100 | **0.90** (0.90 to 0.90) | 5.0 | 5.0 | 90 | 1.0 |"
    )
    assert TEXT.read_text().format(machine="", cases="", others="", curves="")
