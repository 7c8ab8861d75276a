"""Several requests at once: a commit of many files must not take as long as all of them in turn.

Owns the threads. Must not know what they do.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from threading import Event
from typing import TypeVar

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")

WIDTH = 8


class Lanes:
    """A few threads, started when first there is more than one thing to do."""

    def __init__(self, width: int = WIDTH) -> None:
        self._width = width
        self._pool: ThreadPoolExecutor | None = None

    def map(self, work: Callable[[ItemT], ResultT], items: Iterable[ItemT]) -> list[ResultT]:
        """The results in order. After a failure nothing more is begun; when all that was begun has
        ended, the first error is raised."""
        waiting = list(items)
        if len(waiting) < 2:
            return [work(item) for item in waiting]
        guarded = _until_one_fails(work)
        futures = [self._threads().submit(guarded, item) for item in waiting]
        wait(futures)
        for error in (future.exception() for future in futures):
            if error is not None and not isinstance(error, CancelledError):
                raise error
        return [future.result() for future in futures]

    def stream(self, work: Callable[[ItemT], ResultT], items: Iterable[ItemT]) -> Iterator[ResultT]:
        """The results in order, as they come. Of the items, no more are taken than are under way, and
        each lane has another one waiting."""
        begun: deque[Future[ResultT]] = deque()
        try:
            for item in items:
                begun.append(self._threads().submit(work, item))
                if len(begun) == 2 * self._width:
                    yield begun.popleft().result()
            while begun:
                yield begun.popleft().result()
        finally:
            for future in begun:
                future.cancel()

    def _threads(self) -> ThreadPoolExecutor:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._width, thread_name_prefix="s3")
        return self._pool

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown()
        self._pool = None


def _until_one_fails(work: Callable[[ItemT], ResultT]) -> Callable[[ItemT], ResultT]:
    """An item that was not begun because another one failed ends in a CancelledError."""
    has_failed = Event()

    def guarded(item: ItemT) -> ResultT:
        if has_failed.is_set():
            raise CancelledError
        try:
            return work(item)
        except BaseException:
            has_failed.set()
            raise

    return guarded
