"""The life of one task on its own thread: make it, run its loop, let it go.

Owns what happens before the first poll and after the last, and that a failure is told. Must not
know what a loop does.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from dataclasses import replace

from sinkworker.api import ConnectError, RetriableError
from sinkworker.runtime.backoff import Backoff
from sinkworker.runtime.mailbox import Mailbox
from sinkworker.runtime.ports import ClientStalledError, Clock
from sinkworker.runtime.restarts import RestartPolicy
from sinkworker.runtime.sink_task import COMMAND_LATENCY_MS, Parts, SinkTaskLoop
from sinkworker.runtime.status import Board, TaskState, TaskStatus
from sinkworker.runtime.tolerance import reason

log = logging.getLogger(__name__)


class TaskRunner:
    """Runs one task until it is told to stop or has failed. Never raises."""

    def __init__(
        self,
        make_parts: Callable[[], Parts],
        backoff: Backoff,
        clock: Clock,
        mailbox: Mailbox,
        restarts: RestartPolicy | None = None,
    ) -> None:
        """make_parts: connects to Kafka; called on the task's thread, again for a new client."""
        self._make_parts, self._backoff, self._clock = make_parts, backoff, clock
        self._mailbox, self._policy, self._restarts = mailbox, restarts or RestartPolicy(), 0
        self.board = Board()

    def run(self) -> None:
        while True:
            try:
                while (parts := self._connect()) is not None:
                    self._run_loop(parts)
                self.board.status = replace(self.board.status, state=TaskState.UNASSIGNED)
                return
            except BaseException as error:
                self._fail(error)
                if not isinstance(error, Exception) or not self._begins_anew():
                    return

    def _begins_anew(self) -> bool:
        """Wait, if it may. False when it stays as it is, or is told to stop meanwhile."""
        delay_ms = self._policy.delay_ms(self._restarts)
        if delay_ms is None:
            return False
        self._restarts += 1
        log.warning("Restarting the task in %d ms (restart %d, task.restart.max=%d)",
                    delay_ms, self._restarts, self._policy.most)  # fmt: skip
        until_ms = self._clock.now_ms() + delay_ms
        while (left_ms := until_ms - self._clock.now_ms()) > 0:
            if self._is_told_to_stop():
                return False
            self._clock.sleep_ms(min(left_ms, COMMAND_LATENCY_MS))
        self._backoff.succeeded()
        return True

    def _connect(self) -> Parts | None:
        """Parts with a live consumer, at the pace of the back-off. None when told to stop."""
        while not self._is_told_to_stop():
            wait_ms = self._backoff.wait_ms(self._clock.now_ms())
            if wait_ms:
                self._clock.sleep_ms(min(wait_ms, COMMAND_LATENCY_MS))
                continue
            began_ms = self._clock.now_ms()
            try:
                return self._make_parts()
            except (RetriableError, ClientStalledError) as error:
                self._wait(error, began_ms)
        return None

    def _is_told_to_stop(self) -> bool:
        for _ in self._mailbox.drain():
            pass
        return self._mailbox.is_stopping

    def _wait(self, error: Exception, began_ms: int) -> None:
        now_ms = self._clock.now_ms()
        self._backoff.failed(now_ms, began_ms)
        if self._backoff.gives_up(now_ms):
            raise ConnectError(f"Gave up (errors.retry.timeout): {reason(error)}") from error
        self.board.status = TaskStatus(TaskState.UNASSIGNED, reason(error))
        log.warning("%s; trying again in %d ms", reason(error), self._backoff.wait_ms(now_ms))

    def _run_loop(self, parts: Parts) -> None:
        """Until told to stop, or until the client no longer works."""
        began_ms, flushes = self._clock.now_ms(), parts.counters.flushes
        try:
            SinkTaskLoop(parts, self._mailbox, self.board).run()
        except ClientStalledError as error:
            parts.counters.client_rebuilds += 1
            self._wait(error, began_ms)
        finally:
            if parts.counters.flushes > flushes:
                self._restarts = 0
            self._let_go(parts)

    def _let_go(self, parts: Parts) -> None:
        """Leave the group, so that others take over, and close connections."""
        parts.consumer.close()
        parts.errants.close()
        for close in (parts.task.stop, parts.store.close if parts.store else _nothing):
            try:
                close()
            except Exception:
                log.exception("The task did not stop cleanly")

    def _fail(self, error: BaseException) -> None:
        if isinstance(error, ConnectError):
            log.error("The task failed. %s", reason(error))
        else:
            log.critical("The task failed", exc_info=error)
        trace = "".join(traceback.format_exception(error))
        self.board.status = replace(self.board.status, state=TaskState.FAILED, trace=trace)


def _nothing() -> None:
    """A sink that stores no offsets has no store to close."""
