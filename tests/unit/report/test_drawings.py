"""The pictures as files: well-formed, alone, with every text as text."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from sinkworker.report.drawing import SVG, linear, ticks, times
from sinkworker.report.files import drawings, verdict, write
from sinkworker.report.steps import History, Step, read

HOSTILE = "</svg><script>alert(1)</script>\x00\x1b"
NAMES = ["coverage", "epochs", "rates", "lag"]


def history(place: str = "alerts-0", commits: int = 50) -> History:
    steps = [Step(place, "claim", 1, 0, 0, 0, 0, "a", 0.0)]
    steps += [
        Step(place, "commit", 1 + (n >= 30), n * 10, n * 10 + 10, 10, 10, "ab"[n >= 30], n / 2)
        for n in range(commits)
    ]
    return History(steps, {place: commits * 10 + 40})


def shown(found: History) -> dict[str, ET.Element]:
    return {name: ET.fromstring(drawing.written()) for name, drawing in drawings(found)}


def kinds(root: ET.Element) -> list[str]:
    return [each.get("class", "") for each in root.iter() if each.get("class")]


def test_all_pictures_are_written_as_svg(tmp_path: Path) -> None:
    made = write(history(), tmp_path / "new" / "folder")
    assert [path.name for path in made] == [f"{name}.svg" for name in NAMES]
    for path in made:
        assert ET.parse(path).getroot().tag == f"{{{SVG}}}svg"


def test_a_gap_and_what_is_still_to_come_have_rectangles_of_their_own() -> None:
    found = history()
    del found.steps[20:23]  # type: ignore[attr-defined]
    drawn = kinds(shown(found)["coverage"])
    assert (drawn.count("gap"), drawn.count("waiting"), drawn.count("overlap")) == (1, 1, 0)
    assert verdict(found) == ("1 partition(s), 1 gap(s), no overlap, 0 rewind(s).", False)


def test_each_owner_has_a_colour_and_each_claim_a_dashed_line() -> None:
    found = shown(history())
    assert {"c0", "c1"} <= set(kinds(found["epochs"]))
    assert kinds(found["rates"]).count("claim") == 1
    assert kinds(found["lag"]).count("line c0") == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_name_is_a_text(name: str) -> None:
    root = shown(history(f"{HOSTILE}-0"))[name]
    assert not [each for each in root.iter() if each.tag.endswith("script")]
    assert root.get("role") == "img"
    assert root.get("aria-label")


def test_without_steps_the_pictures_say_so() -> None:
    nothing = History([], {})
    assert set(shown(nothing)) == set(NAMES)
    assert verdict(nothing) == ("There are no steps, or this sink keeps no ledger.", True)


@pytest.mark.parametrize(("kept", "questions"), [(1, 1), (10_000, 2)])
def test_each_partition_s_own_steps_are_asked_for_when_there_are_too_many(
    kept: int, questions: int
) -> None:
    asked = []

    def ask(method: str, path: str) -> dict[str, object]:
        partition = {"kafka_topic": "a b", "kafka_partition": 3}
        if "/ledger" not in path:
            return {"offsets": [{"partition": partition, "end": 9}]}
        asked.append(path)
        step = {
            "partition": partition, "step": "commit", "epoch": 1, "from": 0, "to": 5, "records": 3,
            "errant": 1, "filtered": 1, "gaps": 0, "owner": "me", "at": "2026-11-21T08:00:00.500Z",
        }  # fmt: skip
        return {"steps": [step] * kept}

    found = read(ask, "to/pg")
    path = "/sinkworker/v1/connectors/to%2Fpg/ledger?limit=10000"
    assert asked == [path, f"{path}&partition=a+b%3A3"][:questions]
    assert (found.ends, len(found.steps)) == ({"a b-3": 9}, kept)
    assert found.steps[0] == Step("a b-3", "commit", 1, 0, 5, 3, 5, "me", 1795248000.5)


def test_scales_and_ticks() -> None:
    assert [linear(0, 10, 100, 200)(value) for value in (0, 5, 10)] == [100, 150, 200]
    assert ticks(0, 23, 4) == [0, 10, 20]
    assert times(0, 100, 4) == [0, 30, 60, 90]
    assert linear(5, 5, 0, 10)(5) == 0
