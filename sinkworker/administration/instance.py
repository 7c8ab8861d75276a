"""One connector of this worker: what was written, what it became, and what an operator wants of it.

Owns turning keys into a configured connector, or into the reason why that is impossible. Must not know
threads or HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from sinkworker.administration.masking import hidden, password_keys, secrets
from sinkworker.api import ConfigError
from sinkworker.configuration import ConfiguredConnector
from sinkworker.properties import ConfigFile, file_of
from sinkworker.providers import ANYWHERE, Providers
from sinkworker.rest.port import RefusedError, Target


class Configure(NamedTuple):
    """How connectors are made. providers: where `${…}` of those that REST creates may look."""

    connector: Callable[[ConfigFile], ConfiguredConnector]
    providers: Providers = ANYWHERE


INVALID = (
    "Connector configuration is invalid and contains the following {count} error(s):\n{errors}\n"
    "You can also find the above list of errors at the endpoint "
    "`/connector-plugins/{{connectorType}}/config/validate`"
)


@dataclass(frozen=True)
class Instance:
    """file: of the command line, which owns the configuration; None for one that REST created.

    configured: None when it could not be, and problem says why.
    """

    name: str
    written: Mapping[str, str] = field(repr=False)
    target: Target
    file: Path | None = None
    configured: ConfiguredConnector | None = field(default=None, repr=False)
    problem: str | None = None
    topics: frozenset[str] = frozenset()

    def hidden(self, text: str | None) -> str | None:
        """A text about this connector, without its secrets."""
        if text is None or self.configured is None:
            return text
        configured = self.configured
        return hidden(text, secrets(configured.file, password_keys(configured.connector)))

    def must_be_ours(self) -> None:
        """A connector of the command line would come back as its file says."""
        if self.file is not None:
            raise RefusedError(
                403, f"Connector {self.name} belongs to the file {self.file}: change that file and "
                "start the worker again"
            )  # fmt: skip


def of_command_line(configured: ConfiguredConnector, target: Target) -> Instance:
    name, file = configured.settings.name, configured.file
    written = {**file.written(), "name": name}
    return Instance(name, written, target, file.path, configured)


def of_rest(configure: Configure, name: str, config: Mapping[str, str], target: Target) -> Instance:
    """ConfigError with every problem; they name no place, since there is no file."""
    written = {**config, "name": name}
    place = Path(f"connector {name}")
    file = file_of(place, written, configure.providers)
    try:
        return Instance(name, written, target, None, configure.connector(file))
    except ConfigError as error:
        words = secrets(file, ())
        problems = [
            p._replace(message=hidden(p.message.removeprefix(f"{place}: "), words))
            for p in error.problems
        ]
        raise ConfigError(problems) from error


def of_folder(
    configure: Configure, name: str, config: Mapping[str, str], target: Target
) -> Instance:
    """What was good once may be so no longer: an instance that shows why."""
    try:
        return of_rest(configure, name, config, target)
    except ConfigError as error:
        return Instance(name, {**config, "name": name}, target, problem=invalid(error))


def invalid(error: ConfigError) -> str:
    errors = "\n".join(problem.message for problem in error.problems)
    return INVALID.format(count=len(error.problems), errors=errors)
