"""docs/converters.md says of every converter which keys it has, as the models do.

`python -m tests.unit.converters.test_documented` writes the tables anew.
"""

from __future__ import annotations

import re
from pathlib import Path

from sinkworker.converters.registry import RegistryConfig
from sinkworker.documentation import table
from sinkworker.plugins import Catalog, Kind

PAGE = Path(__file__).parents[3] / "docs" / "converters.md"
TABLE = re.compile(r"<!-- keys of (\S+) -->\n.*?<!-- end -->", re.DOTALL)
SHARED = table(RegistryConfig)


def with_tables(text: str) -> str:
    return TABLE.sub(
        lambda found: f"<!-- keys of {found[1]} -->\n{keys_of(found[1])}<!-- end -->", text
    )


def keys_of(name: str) -> str:
    """Of a converter with a registry, those that it alone has."""
    if name == "RegistryConfig":
        return SHARED
    whole = table(Catalog().load(Kind.CONVERTER, name).config_class)
    head, rows = whole.splitlines(keepends=True)[:2], whole.splitlines(keepends=True)[2:]
    return "".join([*head, *(row for row in rows if row not in SHARED)]) if rows else ""


def test_the_tables_are_those_of_the_models() -> None:
    text = PAGE.read_text()
    assert text == with_tables(text)


def test_every_converter_is_named_and_its_keys_are_told() -> None:
    text = PAGE.read_text()
    for plugin in Catalog().list(Kind.CONVERTER):
        if plugin.distribution == "sinkworker":
            assert f"`{plugin.name}`" in text, plugin.name
            assert f"keys of {plugin.name} " in text or not keys_of(plugin.name), plugin.name


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text()))
