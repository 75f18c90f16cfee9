"""Folders for what is made piece by piece: each goes when it is done, and what a killed process left goes too."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

BEGINS = "amends-making-"
BEGUN_WITHIN = 60
"""Seconds from when a folder is made, in which its owner comes to hold it."""


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for its owner alone, which goes with all that is in it. It is held until then: a process that is killed
    lets go.
    """
    with TemporaryDirectory(prefix=BEGINS) as made, _held(Path(made)):
        yield Path(made)


def sweep() -> int:
    """Destroy the folders that nobody holds any more, since their process was killed; returns how many.

    They may hold what was destroyed everywhere else since.
    """
    with folder() as newest:
        before = newest.stat().st_mtime - BEGUN_WITHIN
        left = [each for each in Path(gettempdir()).glob(f"{BEGINS}*") if _is_left(each, before)]
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


def _is_left(there: Path, before: float) -> bool:
    try:
        about = there.lstat()
        if about.st_mtime >= before or about.st_uid != os.getuid():
            return False
        with _held(there):
            return True
    except (BlockingIOError, FileNotFoundError):
        return False
