"""docs/transforms.md says of every transform which keys it has, as the models do.

`python -m tests.unit.transforms.test_documented` writes the tables anew.
"""

from __future__ import annotations

import re
from pathlib import Path

from sinkworker.documentation import table
from sinkworker.plugins import Catalog, Kind, PluginError
from tests.unit.transforms.golden.cases import CASES

PAGE = Path(__file__).parents[3] / "docs" / "transforms.md"
TABLE = re.compile(r"<!-- keys of (\S+) -->\n.*?<!-- end -->", re.DOTALL)


def with_tables(text: str) -> str:
    return TABLE.sub(
        lambda found: f"<!-- keys of {found[1]} -->\n{keys_of(found[1])}<!-- end -->", text
    )


def keys_of(name: str) -> str:
    try:
        plugin = Catalog().load(Kind.TRANSFORM, name)
    except PluginError:
        plugin = Catalog().load(Kind.PREDICATE, name)
    return table(plugin.config_class)


def test_the_tables_are_those_of_the_models() -> None:
    text = PAGE.read_text()
    assert text == with_tables(text)


def test_every_transform_and_predicate_has_its_section_and_its_keys() -> None:
    text = PAGE.read_text()
    tables = {name.removesuffix("$Value") for name in TABLE.findall(text)}
    for kind in (Kind.TRANSFORM, Kind.PREDICATE):
        for plugin in Catalog().list(kind):
            if plugin.distribution == "sinkworker":
                name = plugin.name.partition("$")[0]
                assert re.search(rf"^###? {name}$", text, re.MULTILINE), name
                assert name in tables or not keys_of(plugin.name), name


def test_it_says_how_many_cases_are_compared() -> None:
    assert f"{len(CASES):,} cases" in PAGE.read_text()


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text()))
