"""Log lines as Kafka Connect writes them, or as JSON.

Owns their form, and which connector and task a line belongs to. Everything goes to stderr.
"""

from __future__ import annotations

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime

_context: ContextVar[tuple[str, int] | None] = ContextVar("connector", default=None)

# The first says with traces what `kafka.net.connection` says in a line. The second warns at every
# connection of what a configuration's warning said once.
QUIET = {"kafka.net.transport": logging.CRITICAL, "kafka.net.sasl": logging.ERROR}

TEXT = "[%(asctime)s] %(levelname)s %(context)s%(message)s (%(name)s:%(lineno)d)"


def belong_to(connector: str, task: int) -> None:
    """From now on, what this thread logs is said by this task."""
    _context.set((connector, task))


def set_up(level: str, log_format: str) -> None:
    """log_format: text or json. kafka-python's own lines are shown from WARNING on, unless they say
    nothing new."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_add_context)
    handler.setFormatter(JsonFormatter() if log_format == "json" else logging.Formatter(TEXT))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.getLogger("kafka").setLevel(max(logging.WARNING, logging.getLogger().level))
    for name, least in QUIET.items():
        logging.getLogger(name).setLevel(least)


def _add_context(record: logging.LogRecord) -> bool:
    context = _context.get()
    record.connector, record.task = context if context is not None else (None, None)
    record.context = f"[{context[0]}|task-{context[1]}] " if context is not None else ""
    return True


class JsonFormatter(logging.Formatter):
    """One object a line: ts, level, logger, connector, task, msg, and exc where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "connector": getattr(record, "connector", None),
            "task": getattr(record, "task", None),
            "msg": record.getMessage(),
        }
        if record.exc_info:
            line["exc"] = self.formatException(record.exc_info)
        return json.dumps({key: value for key, value in line.items() if value is not None})
