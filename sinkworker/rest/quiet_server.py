"""uvicorn's server, without its ten looks a second at whether it should end.

Owns that: an idle worker costs a fifth less. Must not know what is served.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import uvicorn

DATE_EVERY_SECONDS = 1.0


class QuietServer(uvicorn.Server):
    """`end` is for another thread than the one that serves."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended = asyncio.Event()

    def end(self) -> None:
        self.should_exit = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._ended.set)

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        while not await self.on_tick(0):  # which also sets the date of answers
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), DATE_EVERY_SECONDS)
