"""How far something has come, in plain text."""

from time import monotonic
from typing import TextIO

WIDTH = 30
LINES = 10
"""Where it is not a terminal that reads along: so many lines in all."""


class Bar:
    """A bar that goes along on a terminal; in a log, a line for every tenth."""

    def __init__(self, what: str, of: int, out: TextIO) -> None:
        self.what, self.of, self.out = what, of, out
        self.begun = monotonic()
        self.lines = 0

    def show(self, done: int) -> None:
        """Say that so many are done."""
        passed = monotonic() - self.begun
        each_second = done / passed if passed else 0.0
        left = (self.of - done) / each_second if each_second else 0.0
        words = f"{done:,} of {self.of:,} {self.what}, {each_second:,.0f} a second, {left:,.0f} seconds left"
        if self.out.isatty():
            full = WIDTH * done // self.of
            self.out.write(f"\r[{'#' * full}{'.' * (WIDTH - full)}] {words}   ")
        elif LINES * done // self.of > self.lines:
            self.lines = LINES * done // self.of
            self.out.write(f"{words}\n")
        self.out.flush()

    def end(self) -> None:
        """Leave the bar as it stands."""
        if self.out.isatty():
            self.out.write("\n")
