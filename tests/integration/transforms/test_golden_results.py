"""The golden results are what Kafka's and Debezium's classes say today, on the machine's Java."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.unit.transforms.golden.forms import Json
from tests.unit.transforms.golden.results import DIGEST, digest, kept, made

pytestmark = pytest.mark.java


@pytest.mark.usefixtures("java_transforms")
def test_the_kept_results_are_those_that_java_makes(tmp_path: Path) -> None:
    assert _without_words(kept()) == _without_words({DIGEST: digest(), **made(tmp_path)})


def _without_words(results: Mapping[str, Json]) -> Mapping[str, Json]:
    """Of a refusal only that it is one: its words may differ between versions of Java."""
    return {
        name: each if isinstance(each, str) else {**each, "why": ""}
        for name, each in results.items()
    }
