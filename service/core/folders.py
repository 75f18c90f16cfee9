"""Folders for what is made piece by piece: each goes when it is done, and what a killed process left goes too."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir, mkdtemp

BEGINS, BEGUN = "amends-making-", "amends-begun-"
BEGUN_WITHIN = 60
"""Seconds from when a folder is made, in which its owner comes to hold it; nothing is in it before."""


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for its owner alone, which goes with all that is in it. It is held until then: a process that is killed
    lets go.
    """
    begun = Path(mkdtemp(prefix=BEGUN))
    made = begun.with_name(BEGINS + begun.name.removeprefix(BEGUN))
    try:
        with _held(begun):
            # It has this name only while it is held, so whichever has it and is not held is left over.
            begun.rename(made)
            yield made
    finally:
        for each in (begun, made):
            shutil.rmtree(each, ignore_errors=True)


def sweep() -> int:
    """Destroy the folders that nobody holds any more, since their process was killed; returns how many.

    They may hold what was destroyed everywhere else since.
    """
    there = Path(gettempdir())
    with folder() as newest:
        before = newest.stat().st_mtime - BEGUN_WITHIN
        left = [each for each in there.glob(f"{BEGINS}*") if _is_left(each)]
        left += [each for each in there.glob(f"{BEGUN}*") if _is_left(each, before)]
        for each in left:
            shutil.rmtree(each, ignore_errors=True)
    return len(left)


@contextmanager
def _held(there: Path) -> Iterator[None]:
    descriptor = os.open(there, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _is_left(there: Path, before: float | None = None) -> bool:
    try:
        about = there.lstat()
        if about.st_uid != os.getuid() or (before is not None and about.st_mtime >= before):
            return False
        with _held(there):
            return True
    except (BlockingIOError, FileNotFoundError):
        return False
