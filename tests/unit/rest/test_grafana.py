"""The dashboard and the alert rules ask for what `/metrics` shows, and for nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import promql_parser as promql
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.services.process import wait_until
from tests.unit.rest.scene import Scene

GRAFANA = Path(__file__).parents[3] / "docker" / "grafana"
DASHBOARD = json.loads((GRAFANA / "dashboard.json").read_text())
RULES = yaml.safe_load((GRAFANA / "alerts.yml").read_text())["groups"][0]["rules"]


def queries() -> Iterator[tuple[str, str]]:
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            yield f"{panel['title']} {target['refId']}", target["expr"]
    for note in DASHBOARD["annotations"]["list"]:
        yield note["name"], note["expr"]
    for rule in RULES:
        yield rule["alert"], rule["expr"]


QUERIES = [pytest.param(expr, id=name) for name, expr in queries()]


def selectors(node: Any) -> Iterator[promql.VectorSelector]:
    """All that a query reads, wherever it stands in it."""
    if isinstance(node, promql.VectorSelector):
        yield node
    children = (getattr(node, name, None) for name in ("lhs", "rhs", "expr", "vector_selector"))
    for child in (*children, *(getattr(node, "args", None) or ())):
        if child is not None:
            yield from selectors(child)


def grouped(expr: str) -> set[str]:
    found = re.findall(r"\bby \(([^)]*)\)", expr)
    return {label.strip() for labels in found for label in labels.split(",")}


@pytest.fixture
def shown(scene: Scene) -> Mapping[str, set[str]]:
    """Every series of a worker at work, with its labels."""
    scene.produce("a", "b")
    scene.create()
    scene.wait_for_lines(2)
    wait_until(lambda: "last_commit" in scene.ask("GET", "/metrics").content, 10, "a commit")
    found: dict[str, set[str]] = {}
    text = scene.ask("GET", "/metrics").content
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def test_every_query_asks_for_series_and_labels_that_are_there(
    shown: Mapping[str, set[str]],
) -> None:
    asked = 0
    for name, expr in queries():
        for selector in selectors(promql.parse(expr)):
            asked += 1
            assert selector.name in shown, f"{name}: no series {selector.name}"
            labels = {matcher.name for matcher in selector.matchers.matchers} | grouped(expr)
            assert labels <= shown[selector.name], f"{name}: {labels - shown[selector.name]}"
    assert asked >= len(QUERIES)


@pytest.mark.parametrize("expr", QUERIES)
def test_a_query_reads_at_least_one_series(expr: str) -> None:
    assert list(selectors(promql.parse(expr)))


def test_the_connectors_to_choose_from_are_those_of_a_series_that_is_there(
    shown: Mapping[str, set[str]],
) -> None:
    [query] = [v["query"]["query"] for v in DASHBOARD["templating"]["list"] if v["type"] == "query"]
    [(series, label)] = re.findall(r"label_values\((\w+), (\w+)\)", query)
    assert label in shown[series]


def test_there_is_an_alert_for_failures_lag_old_commits_and_dead_letters() -> None:
    assert [rule["alert"] for rule in RULES] == [
        "SinkworkerTaskFailed", "SinkworkerLagGrowing", "SinkworkerNoCommit", "SinkworkerDeadLetters",
    ]  # fmt: skip
    for rule in RULES:
        assert rule["annotations"].keys() == {"summary", "description"}
        used = set(re.findall(r"\$labels\.(\w+)", json.dumps(rule["annotations"])))
        assert used <= grouped(rule["expr"]), rule["alert"]


def test_a_dashboard_s_panels_do_not_lie_on_each_other() -> None:
    squares = [
        (x, y)
        for place in (panel["gridPos"] for panel in DASHBOARD["panels"])
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(squares) == len(set(squares))
    assert max(x for x, _ in squares) < 24
