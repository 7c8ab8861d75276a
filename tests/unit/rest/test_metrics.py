"""The page that Prometheus reads: names, labels, and numbers that follow what happens."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

from sinkworker.runtime import metric_names as names
from sinkworker.runtime.metrics import AGES, Ages, Measures, Pace
from tests.services.process import wait_until
from tests.unit.rest.scene import Scene


def page(scene: Scene) -> Mapping[tuple[str, Mapping[str, str]], float]:
    text = scene.ask("GET", "/metrics").content
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def of_task(scene: Scene, metric: names.Metric) -> float | None:
    return page(scene).get((metric.name, (("connector", "to-file"), ("task", "0"))))


def of_partition(scene: Scene, metric: names.Metric, partition: int) -> float | None:
    labels = (("connector", "to-file"), ("partition", str(partition)), ("topic", "alerts"))
    return page(scene).get((metric.name, labels))


def test_what_was_written_is_counted(scene: Scene) -> None:
    scene.produce("a", "b", "c")
    scene.create()
    scene.wait_for_lines(3)
    wait_until(lambda: of_task(scene, names.SENT) == 3, 10, "three records counted")
    assert of_task(scene, names.READ) == 3
    assert (of_task(scene, names.COMMITS) or 0) >= 1
    assert of_task(scene, names.PARTITIONS) == 2
    assert of_partition(scene, names.STORED, 0) == 3
    assert of_partition(scene, names.LOG_END, 0) == 3
    assert of_partition(scene, names.LAG, 0) == 0
    assert page(scene)["kafka_connect_connector_task_status", (
        ("connector", "to-file"), ("status", "running"), ("task", "0"))] == 1  # fmt: skip


def test_lag_is_what_is_not_stored_yet(scene: Scene) -> None:
    scene.create()
    scene.wait_for_states("RUNNING")
    scene.ask("PUT", "/connectors/to-file/pause")
    scene.wait_for_states("PAUSED")
    scene.produce(*"abcd", partition=1)
    wait_until(lambda: of_partition(scene, names.LAG, 1) == 4, 10, "a lag of four")
    assert page(scene)["kafka_connect_connector_status", (
        ("connector", "to-file"), ("status", "paused"))] == 1  # fmt: skip


def test_a_busy_worker_shows_every_metric_and_no_other(scene: Scene) -> None:
    scene.produce("a")
    scene.create()
    wait_until(lambda: of_task(scene, names.SENT) == 1, 10, "a record counted")
    text = scene.ask("GET", "/metrics").content
    shown = {family.name for family in text_string_to_metric_families(text)}
    assert shown == {metric.name.removesuffix("_total") for metric in names.ALL}


def test_every_metric_has_a_help_and_a_name_of_its_own() -> None:
    assert len({metric.name for metric in names.ALL}) == len(names.ALL)
    for metric in names.ALL:
        assert metric.help.endswith(".")
        assert (metric.kind is names.Kind.COUNTER) == metric.name.endswith("_total")


def test_a_worker_without_connectors_has_a_page(scene: Scene) -> None:
    assert page(scene)[names.CONNECTORS.name, ()] == 0


def test_ages_are_counted_in_the_bucket_that_ends_with_them() -> None:
    ages = Ages().with_one(AGES[0]).with_one(AGES[0] + 0.01).with_one(1e9)
    assert ages.counts == (1, 1, *[0] * (len(AGES) - 2), 1)


def test_rates_are_those_of_the_last_half_minute() -> None:
    pace, measures = Pace(), Measures()
    for second in range(61):
        measures.read = 100 * min(second, 40)
        pace.look(measures, second * 1000, measures.read, paused=second > 40)
    assert measures.read_rate == 1000 / 30
    assert (measures.running_ms, measures.paused_ms) == (40_000, 20_000)
