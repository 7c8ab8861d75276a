"""`/connector-plugins`: what is installed, its keys, and checking configurations.

Owns Kafka Connect's ConfigInfos.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sinkworker.rest.message import Answer, Request, string_map
from sinkworker.rest.port import Administration, CheckedKey, KeyInfo


def plugins(worker: Administration, request: Request) -> Answer:
    connectors_only = request.flag("connectorsOnly", default=True)
    return Answer(200, [
        {"class": each.name, "type": each.kind, "version": each.version}
        for each in worker.plugins(connectors_only=connectors_only)
    ])  # fmt: skip


def keys(worker: Administration, request: Request, plugin: str) -> Answer:
    return Answer(200, _definitions(worker.keys(plugin)))


def _definitions(infos: Sequence[KeyInfo]) -> list[dict[str, Any]]:
    """Numbered within Common, as Connect numbers them; a plugin's own keys have no order."""
    common = 0
    made = []
    for info in infos:
        common += info.group is not None
        made.append(_definition(info, common if info.group is not None else -1))
    return made


def _definition(info: KeyInfo, order: int) -> dict[str, Any]:
    return {
        "name": info.name,
        "type": info.type,
        "required": info.is_required,
        "default_value": info.default,
        "importance": info.importance,
        "documentation": info.documentation,
        "group": info.group,
        "width": "MEDIUM" if info.group is not None else "NONE",
        "display_name": info.name,
        "dependents": [],
        "order": order,
    }


def validate(worker: Administration, request: Request, plugin: str) -> Answer:
    config = string_map(request.json_object(), "The body")
    checked = worker.check(plugin, config)
    definitions = iter(_definitions([each.key for each in checked if each.key is not None]))
    return Answer(200, {
        "name": config.get("connector.class", plugin),
        "error_count": sum(len(each.errors) for each in checked),
        "groups": ["Common"],
        "configs": [
            {"definition": next(definitions) if each.key is not None else None, "value": _value(each)}
            for each in checked
        ],
    })  # fmt: skip


def _value(checked: CheckedKey) -> dict[str, Any]:
    return {
        "name": checked.name,
        "value": checked.value,
        "recommended_values": list(checked.key.choices) if checked.key is not None else [],
        "errors": list(checked.errors),
        "visible": True,
    }
