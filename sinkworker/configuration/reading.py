"""One connector's file being read: what is given, what is known, and what was found.

Owns finding a key's value, plugin or model, with a finding where there is none. Must not know which
keys there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sinkworker.api import ConfigModel
from sinkworker.plugins import Catalog, Kind, PluginError
from sinkworker.validation import Findings, aliases, checked


@dataclass
class Reading:
    """One connector being read: what is given, what is known, and what was found."""

    findings: Findings
    catalog: Catalog
    known: set[str] = field(default_factory=set)
    not_honoured: dict[str, str] = field(default_factory=dict)
    skipped_prefixes: list[str] = field(default_factory=list)
    context: Mapping[str, Any] = field(default_factory=dict)
    """What the worker's file says to plugins."""

    def value(self, key: str, default: str = "") -> str:
        given = self.findings.given.get(key)
        return given.value if given is not None else default

    def has(self, key: str) -> bool:
        return key in self.findings.given

    def stand_in(self, key: str, other: str) -> None:
        """Take another key's value for this one, unless this one is given."""
        if other in self.findings.given:
            self.findings.given.setdefault(key, self.findings.given[other])

    def plugin(self, kind: Kind, key: str, name: str, prefix: str) -> Any:
        """The class a key names; None, with a finding, when there is none.

        prefix: of the plugin's own keys. Of a plugin that is not there, none counts as unknown.
        """
        try:
            return self.catalog.load(kind, name)
        except PluginError as error:
            self.findings.invalid(key, str(error))
            self.skipped_prefixes.append(prefix)
            return None

    def model(self, model: type[ConfigModel], prefix: str = "") -> Any:
        self.known.update(prefix + alias for alias in aliases(model))
        self.not_honoured |= {prefix + key: why for key, why in model.not_honoured.items()}
        return checked(model, self.findings, prefix, self.context)
