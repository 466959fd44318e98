"""When the loop has time for what can wait a moment."""

import asyncio
from typing import Final

MAX_DELAY_SECONDS: Final = 0.003
"""What waits for slack waits no longer: nobody sees a difference of so little."""


class Slack:
    """Somebody gives it, somebody waits for it; one wait uses it up.

    A large batch is stored, its sender answered, and the next one read and handed to another
    process; while that works, rings and states take in the batch before. Without this they
    would do so while the sender waits.
    """

    def __init__(self) -> None:
        self._given = asyncio.Event()

    def give(self) -> None:
        self._given.set()

    async def wait(self) -> None:
        """Returns when slack is given, or the delay is over."""
        self._given.clear()
        try:
            async with asyncio.timeout(MAX_DELAY_SECONDS):
                await self._given.wait()
        except TimeoutError:
            pass
