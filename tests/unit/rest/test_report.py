"""`sinkworker report` against a worker."""

from __future__ import annotations

from tests.browser.stage import Made, Served, Stage, ledger
from tests.unit.rest.scene import P0, Scene
from tests.unit.rest.test_client import FAILED, OK, run


def told(scene: Scene, made: Made) -> tuple[int, list[str]]:
    served = Served(Stage(made))
    try:
        result = run(
            scene, "report", made.name, "--out", str(scene.home / "out"), "--url", served.url
        )
        return result.exit_code, result.stdout.splitlines()
    finally:
        served.close()


def test_pictures_are_drawn_and_what_they_show_is_said(scene: Scene) -> None:
    made = Made("to-pg", {"connector.class": "PostgresSink"}, partitions=1, ledger=ledger(P0, 9))
    code, lines = told(scene, made)
    files = [
        str(scene.home / "out" / f"{name}.svg") for name in ("coverage", "epochs", "rates", "lag")
    ]
    assert (code, lines) == (OK, [*files, "1 partition(s), no gap, no overlap, 0 rewind(s)."])


def test_a_gap_is_an_exit_code_too(scene: Scene) -> None:
    steps = ledger(P0, 9)
    del steps[5]
    made = Made("to-pg", {"connector.class": "PostgresSink"}, partitions=1, ledger=steps)
    code, lines = told(scene, made)
    assert (code, lines[-1]) == (FAILED, "1 partition(s), 1 gap(s), no overlap, 0 rewind(s).")


def test_a_sink_without_a_ledger_is_told(scene: Scene) -> None:
    scene.produce("a")
    scene.create()
    scene.wait_for_lines(1)
    result = run(scene, "report", "to-file", "--out", str(scene.home / "out"))
    assert result.exit_code == OK
    assert result.stdout.splitlines()[-1] == "There are no steps, or this sink keeps no ledger."


def test_a_folder_that_cannot_be_made_is_told(scene: Scene) -> None:
    (scene.home / "file").write_text("")
    scene.create()
    scene.wait_for_states("RUNNING")
    result = run(scene, "report", "to-file", "--out", str(scene.home / "file" / "out"))
    assert result.exit_code == 2
    assert "Not a directory" in result.stderr
