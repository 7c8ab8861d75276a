"""Which plugins are installed, and loading the one that a configuration names.

Owns the lookup by name. Names come from entry-point metadata, read without importing anything, so a
broken plugin stops nobody but its own users; and nothing that is not an entry point of the right
group is ever imported, whatever a configuration says.
"""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from importlib.metadata import EntryPoint, entry_points
from typing import Any, NamedTuple

from sinkworker.api import Converter, Predicate, SinkConnector, Transform


class Kind(Enum):
    """The entry-point groups."""

    CONNECTOR = "sinkworker.connectors"
    CONVERTER = "sinkworker.converters"
    TRANSFORM = "sinkworker.transforms"
    PREDICATE = "sinkworker.predicates"

    @property
    def noun(self) -> str:
        return self.name.lower()

    @property
    def base(self) -> type:
        """What every plugin of this kind is a subclass of."""
        return {
            Kind.CONNECTOR: SinkConnector,
            Kind.CONVERTER: Converter,
            Kind.TRANSFORM: Transform,
            Kind.PREDICATE: Predicate,
        }[self]


class PluginError(Exception):
    """A plugin cannot be used; the message says why and names what could be."""


class UnknownPluginError(PluginError):
    """There is none of that name. is_near: there is one of nearly that name."""

    def __init__(self, message: str, *, is_near: bool) -> None:
        super().__init__(message)
        self.is_near = is_near


class Plugin(NamedTuple):
    """One installed plugin. other_names: the Java class names that it also answers to."""

    kind: Kind
    name: str
    other_names: tuple[str, ...]
    value: str
    distribution: str
    version: str


class Catalog:
    """The plugins of one environment."""

    def __init__(self, points: Iterable[EntryPoint] | None = None) -> None:
        """points: for tests; by default those that are installed."""
        found = list(points) if points is not None else _installed()
        self._points: Mapping[Kind, list[EntryPoint]] = {
            kind: [point for point in found if point.group == kind.value] for kind in Kind
        }
        self._listed: dict[Kind, Sequence[Plugin]] = {}

    def list(self, kind: Kind) -> list[Plugin]:
        """Every plugin of a kind, without importing any. Read once: every status asks for it."""
        if kind not in self._listed:
            self._listed[kind] = self._read(kind)
        return [*self._listed[kind]]

    def _read(self, kind: Kind) -> Sequence[Plugin]:
        by_value: dict[tuple[str, str], list[EntryPoint]] = {}
        for point in self._points[kind]:
            by_value.setdefault((point.value, _distribution(point)), []).append(point)
        return sorted(_plugin(kind, points) for points in by_value.values())

    def load(self, kind: Kind, name: str) -> Any:
        """The class of that name. PluginError when there is none, several, or it cannot be imported."""
        point = self._find(kind, name)
        try:
            plugin = point.load()
        except Exception as error:
            raise PluginError(
                f"The {kind.noun} {name} of {_distribution(point)} cannot be imported: "
                f"{type(error).__name__}: {error}"
            ) from error
        if not (isinstance(plugin, type) and issubclass(plugin, kind.base)):
            raise PluginError(
                f"The {kind.noun} {name} of {_distribution(point)} is none: {point.value} is no "
                f"subclass of {kind.base.__name__}"
            )
        if inspect.isabstract(plugin) or not hasattr(plugin, "config_class"):
            raise PluginError(f"The {kind.noun} {name} of {_distribution(point)} is abstract")
        return plugin

    def _find(self, kind: Kind, name: str) -> EntryPoint:
        for answers in (_names, _aliases):
            points = [point for point in self._points[kind] if name in answers(point.name)]
            offers = sorted({_distribution(point) for point in points})
            if len(offers) > 1:
                raise PluginError(
                    f"The {kind.noun} {name} is offered by {' and '.join(offers)}: uninstall one"
                )
            values = sorted({point.value for point in points})
            if len(values) > 1:
                raise PluginError(
                    f"The {kind.noun} {name} may be {' or '.join(values)}: use a full name"
                )
            if points:
                return points[0]
        raise self._unknown(kind, name)

    def _unknown(self, kind: Kind, name: str) -> UnknownPluginError:
        names = [plugin.name for plugin in self.list(kind)]
        near = _halves(name, names) or _nearest(name, names)
        hint = f"; did you mean {near}?" if near else ""
        known = f"; installed are {', '.join(names)}" if names else "; none is installed"
        message = f"There is no {kind.noun} {name}{hint or known}"
        return UnknownPluginError(message, is_near=near is not None)


def _installed() -> list[EntryPoint]:
    return [point for kind in Kind for point in entry_points(group=kind.value)]


def _names(entry: str) -> set[str]:
    return {entry}


def _aliases(entry: str) -> set[str]:
    """As Kafka Connect finds classes: the simple name, also without its suffix."""
    simple = entry.rpartition(".")[2]
    suffixes = ("Connector", "SinkConnector", "Converter")
    shorter = {simple.removesuffix(suffix) for suffix in suffixes if simple.endswith(suffix)}
    return {simple, simple + "Connector", *shorter}


def _nearest(name: str, names: Iterable[str]) -> str | None:
    cores = {_core(each): each for each in names}
    close = difflib.get_close_matches(_core(name), cores, 1, 0.8)
    return cores[close[0]] if close else None


def _halves(name: str, names: Iterable[str]) -> str:
    """Both of the transforms that change keys or values, where neither was chosen."""
    return " or ".join(each for each in names if each.startswith(f"{name.rpartition('.')[2]}$"))


def _core(name: str) -> str:
    """What distinguishes one name from another: `StringConverter` is not nearly `IntegerConverter`."""
    simple = name.rpartition(".")[2].lower()
    return re.sub(r"(sink)?(conn\w*|conv\w*|trans\w*|pred\w*)?$", "", simple)


def _distribution(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else "an unknown distribution"


def _plugin(kind: Kind, points: Iterable[EntryPoint]) -> Plugin:
    """The short name first; what is left are other systems' names for it."""
    ordered = sorted(points, key=lambda point: ("." in point.name, point.name))
    first, others = ordered[0], ordered[1:]
    version = first.dist.version if first.dist is not None else "?"
    names = tuple(point.name for point in others)
    return Plugin(kind, first.name, names, first.value, _distribution(first), version)
