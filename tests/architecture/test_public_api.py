"""What plugins may rely on changes only on purpose."""

from __future__ import annotations

from tests.architecture.public_api import PROMISED, text


def test_public_names_and_signatures_are_those_that_were_promised() -> None:
    promised, there = PROMISED.read_text().splitlines(), text().splitlines()
    gone = [line for line in promised if line not in there]
    new = [line for line in there if line not in promised]
    assert (gone, new) == ([], []), (
        "The public API has changed. If it must: python -m tests.architecture.public_api, "
        "and a line in CHANGELOG.md"
    )
