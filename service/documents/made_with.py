"""What papers are made with, as one number: it belongs to the key under which a paper is kept."""

import hashlib
from importlib.metadata import version
from pathlib import Path

from service.core.templating import ROOT

DRAWN_BY = ("weasyprint", "pypdfium2", "pikepdf")


def made_with(root: Path) -> str:
    """SHA-256 over all code that ships, the templates of papers, and the versions of what lays out, draws and binds."""
    shapes = sorted([*root.glob("service/**/*.py"), *root.glob("templates/documents/*")])
    told = [version(name) for name in DRAWN_BY] + [hashlib.sha256(each.read_bytes()).hexdigest() for each in shapes]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


MADE_WITH = made_with(ROOT)
"""Of the code that runs: some milliseconds at the start, as files can be replaced under a process."""
