"""The threads that handlers run in, and those that end their transactions."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from litestar.concurrency import set_asyncio_executor, sync_to_thread

Result = TypeVar("Result")

# Well below the number of connections (30 on PostgreSQL): a handler that holds one may ask for a second, and with more
# than half as many handlers as connections they could all wait for each other.
HANDLERS = 14
ENDINGS = 8


class Threads(ThreadPoolExecutor):
    """Threads in which a `next()` that finds nothing is a fault like any other.

    A future takes no StopIteration: whoever awaits it would never hear, and the request would hang.
    """

    def submit(self, deed: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        """Have a thread do this; raises RuntimeError there for a StopIteration."""
        return super().submit(partial(_to_an_end, deed), *given, **named)


def _to_an_end(deed: Callable[..., Result], *given: Any, **named: Any) -> Result:
    try:
        return deed(*given, **named)
    except StopIteration as wrong:
        # The log names the places of the one that leaves: let it be those of the one that came.
        raise RuntimeError("nothing was found where something has to be").with_traceback(wrong.__traceback__) from wrong


# For each event loop: a lock belongs to the loop that first waits for it.
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()
_handlers = Threads(HANDLERS, "amends-handler")
_endings = Threads(ENDINGS, "amends-ending")


def use_own_threads() -> None:
    """Have Litestar run handlers in our own threads; called once an application is made."""
    # A thread that holds the write lock gives way at each statement. It should not have to wait Python's usual 5 ms,
    # as long as a whole page takes, until a thread that only renders gives way to it.
    sys.setswitchinterval(0.0005)
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


@asynccontextmanager
async def my_turn_to_write() -> AsyncIterator[Callable[[], object]]:
    """On SQLite, which takes one writer at a time: wait in line for it. Gives a way to leave early, from any thread.

    Left to themselves, writers sleep and try again, the unlucky ones for seconds, and each of them keeps a thread.
    """
    loop = asyncio.get_running_loop()
    turn = _turns.setdefault(loop, asyncio.Lock())
    await turn.acquire()
    mine = True

    def leave() -> None:
        nonlocal mine
        if mine:
            mine = False
            turn.release()

    try:
        yield partial(loop.call_soon_threadsafe, leave)
    finally:
        leave()
