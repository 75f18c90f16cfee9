"""The threads that handlers run in, and those that end their transactions."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from litestar.concurrency import set_asyncio_executor, sync_to_thread

Result = TypeVar("Result")

# Well below the number of connections (30 on PostgreSQL): a handler that holds one may ask for a second, and with more
# than half as many handlers as connections they could all wait for each other.
HANDLERS = 14
ENDINGS = 8

# For each event loop: a lock belongs to the loop that first waits for it.
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()
_handlers = ThreadPoolExecutor(HANDLERS, "amends-handler")
_endings = ThreadPoolExecutor(ENDINGS, "amends-ending")


def use_own_threads() -> None:
    """Have Litestar run handlers in our own threads; called once an application is made."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        set_asyncio_executor(_handlers)


async def in_thread(deed: Callable[..., Result], *arguments: Any) -> Result:
    """Do something that may wait for a connection or a lock, beside the handlers."""
    return await sync_to_thread(deed, *arguments)


async def end_in_thread(deed: Callable[[], Any]) -> None:
    """Commit or roll back. These threads wait for no lock, so they are there when every handler waits for one."""
    await asyncio.get_running_loop().run_in_executor(_endings, partial(deed))


def my_turn_to_write() -> asyncio.Lock:
    """On SQLite, which takes one writer at a time: wait in line for it.

    Left to themselves, writers sleep and try again, the unlucky ones for seconds, and each of them keeps a thread.
    """
    return _turns.setdefault(asyncio.get_running_loop(), asyncio.Lock())
