"""docs/postgres.md says of every key of the sink what its model says."""

from __future__ import annotations

from pathlib import Path

from connectors.postgres.config import PostgresSinkConfig
from sinkworker.documentation import table

PAGE = Path(__file__).parents[3] / "docs" / "postgres.md"


def test_the_page_has_the_table_of_keys_as_the_model_makes_it() -> None:
    section = PAGE.read_text().partition("## Keys")[2].partition("\n## ")[0]
    listed = "".join(line + "\n" for line in section.splitlines() if line.startswith("|"))
    assert listed == table(PostgresSinkConfig)
