"""A limit for every test: one that stands still fails under its own name, and the run goes on.

What is set up, the test, and what is cleared away have the limit each. pytest-timeout has one alarm for all three: once
it had rung, nobody would hear of a test whose clearing away stands still too, as it does when a thread is to end first.

Where Python itself is held up and hears no alarm, pytest's `faulthandler_timeout` ends the process at last; the run
then names the test and begins a new process.
"""

import faulthandler
import signal
from collections.abc import Iterator
from types import FrameType

import pytest

SECONDS = 180
OF_SLOW_ONES = 600
"""Of those marked `slow` or `bench`."""
AGAIN = 30
"""Seconds until it rings again, where what it broke into goes on all the same."""


def limit(item: pytest.Item) -> float:
    """How many seconds each part of a test may take, on a machine that is busy."""
    if own := item.get_closest_marker("limit"):
        return own.args[0]
    return OF_SLOW_ONES if any(map(item.get_closest_marker, ("slow", "bench"))) else SECONDS


def _within_limit(item: pytest.Item) -> Iterator[None]:
    seconds = limit(item)

    def rings(_signal: int, _frame: FrameType | None) -> None:
        faulthandler.dump_traceback()
        pytest.fail(f"This takes longer than its limit of {seconds} seconds. Where every thread stood is said below.")

    before = signal.signal(signal.SIGALRM, rings)
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    try:
        return (yield)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


_limited = pytest.hookimpl(wrapper=True, tryfirst=True)(_within_limit)
pytest_runtest_setup = pytest_runtest_call = pytest_runtest_teardown = _limited
