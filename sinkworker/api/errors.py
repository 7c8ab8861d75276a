"""What may go wrong, told by what the worker then does.

    ConnectError              the task is FAILED and shows this message
    ├── ConfigError           nothing starts; every problem is listed; exit code 78
    ├── DataError             one record cannot be used: `errors.tolerance` decides
    │   └── RecordRejectedError   the same, saying which record; raised by `SinkTaskContext.report`
    ├── RetriableError        the outside is not ready: back off, then reopen
    └── FencedError           the claim moved, to another owner or by an operator: reopen

Any other exception from a plugin is a fault in it: the task is FAILED and shows the trace.
Messages never contain a record's value or a secret.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sinkworker.api.record import TopicPartition


class ConnectError(Exception):
    """Something is wrong that neither waiting nor skipping a record can mend."""


class ConfigProblem(NamedTuple):
    """One thing wrong with one key of a configuration."""

    key: str
    message: str


class ConfigError(ConnectError):
    """A configuration cannot be used. Carries every problem found, not the first."""

    def __init__(self, problems: Sequence[ConfigProblem]) -> None:
        super().__init__("\n".join(problem.message for problem in problems))
        self.problems = tuple(problems)


class DataError(ConnectError):
    """A record cannot be converted, transformed or written, whatever is tried and however often."""


class RecordRejectedError(DataError):
    """A named record cannot be written, and errors are not tolerated.

    Raised by `SinkTaskContext.report`; a task lets it through. The engine then commits everything
    before that record and quarantines its partition.
    """

    def __init__(self, source: TopicPartition, offset: int, cause: str) -> None:
        super().__init__(cause)
        self.source, self.offset, self.cause = source, offset, cause


class RetriableError(ConnectError):
    """The outside is unreachable, busy, or did not say how a commit ended.

    Nothing is known to be written. The engine drops its buffers, waits and reopens; what `open`
    then returns says where to go on.
    """


class FencedError(ConnectError):
    """A flush was refused, because the stored epoch or offset is not the expected one."""
