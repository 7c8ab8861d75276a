"""Commands that plugins bring: entry points of the group `sinkworker.commands`.

Owns finding them by name. Each is a click command or group; its context's object is a function that
takes the path of a configuration file and returns the configured connector. Must not know click.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

from sinkworker.plugins.catalog import PluginError

GROUP = "sinkworker.commands"


def command_names() -> list[str]:
    """Without importing any."""
    return sorted({point.name for point in entry_points(group=GROUP)})


def load_command(name: str) -> Any:
    """The command of that name, or None. PluginError when it cannot be imported."""
    for point in entry_points(group=GROUP, name=name):
        try:
            return point.load()
        except Exception as error:
            of = point.dist.name if point.dist is not None else "an unknown distribution"
            raise PluginError(
                f"The command {name} of {of} cannot be imported: {type(error).__name__}: {error}"
            ) from error
    return None
