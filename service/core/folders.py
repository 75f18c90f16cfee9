"""Folders for what is made piece by piece: each goes when it is done, and what a killed process left goes later."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

BEGINS = "amends-making-"
LEFT_ALONE = 24 * 60 * 60
"""Seconds: nothing takes so long to make."""


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for its owner alone, which goes with all that is in it."""
    with TemporaryDirectory(prefix=BEGINS) as made:
        yield Path(made)


def sweep() -> int:
    """Destroy the folders of processes that were killed a day ago or longer; returns how many.

    They may hold what was destroyed everywhere else since.
    """
    with folder() as newest:
        before = newest.stat().st_mtime - LEFT_ALONE
        mine = [each for each in Path(gettempdir()).glob(f"{BEGINS}*") if _is_left(each, before)]
        for each in mine:
            shutil.rmtree(each, ignore_errors=True)
    return len(mine)


def _is_left(there: Path, before: float) -> bool:
    try:
        about = there.lstat()
    except FileNotFoundError:
        return False
    return about.st_mtime < before and about.st_uid == os.getuid()
