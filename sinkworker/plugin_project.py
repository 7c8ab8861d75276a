"""A new plugin's project: the template, under the author's name.

Owns which names there may be, and what is written. The template in `templates/plugin` is a project like
any other, and works as it stands; its name is the only thing that is replaced in it.
"""

from __future__ import annotations

import keyword
import re
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from sinkworker.plugins import Catalog, Kind

TEMPLATE = Path(__file__).with_name("templates") / "plugin"


class Names(NamedTuple):
    """What one plugin is called: its distribution, its module, its connector."""

    distribution: str
    module: str
    connector: str


TEMPLATE_NAMES = Names("my-sink", "my_sink", "MySink")


class ProjectError(Exception):
    """The project cannot be written; the message says why."""


def names_of(plugin: str) -> Names:
    """ProjectError when this is no name, or one that is taken."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", plugin):
        raise ProjectError(
            f"{plugin} is no name of a plugin: words of a to z and 0 to 9 are joined by -, as in my-sink"
        )
    words = plugin.split("-")
    connector = "".join(map(str.capitalize, words)) + ("" if plugin.endswith("sink") else "Sink")
    names = Names(plugin, plugin.replace("-", "_"), connector)
    _refuse_taken(names)
    return names


def _refuse_taken(names: Names) -> None:
    if keyword.iskeyword(names.module):
        raise ProjectError(f"{names.module} is a word of Python: choose another name")
    spec = find_spec(names.module)
    if spec is not None and spec.origin is not None:
        raise ProjectError(f"There is a module {names.module} already: choose another name")
    for plugin in Catalog().list(Kind.CONNECTOR):
        if plugin.name == names.connector:
            raise ProjectError(
                f"There is a connector {plugin.name} already, of {plugin.distribution}: "
                "choose another name"
            )


def write_project(names: Names, folder: Path) -> list[Path]:
    """Write it into a new folder; returns its files. ProjectError when that cannot be made."""
    try:
        folder.mkdir()
    except FileExistsError:
        raise ProjectError(f"{folder} is there already: remove it, or choose a --folder") from None
    except OSError as error:
        raise ProjectError(f"{folder} cannot be made: {error.strerror}") from None
    return sorted(_write(file, names, folder) for file in _template_files())


def _template_files() -> list[Path]:
    files = (path.relative_to(TEMPLATE) for path in TEMPLATE.rglob("*") if path.is_file())
    return [file for file in files if "__pycache__" not in file.parts]


def _write(file: Path, names: Names, folder: Path) -> Path:
    target = folder / _renamed(str(file), names)
    target.parent.mkdir(exist_ok=True)
    target.write_text(_renamed((TEMPLATE / file).read_text("utf-8"), names), "utf-8")
    return target


def _renamed(text: str, names: Names) -> str:
    for old, new in zip(TEMPLATE_NAMES, names, strict=True):
        text = text.replace(old, new)
    return text
