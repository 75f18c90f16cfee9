"""Mail as files, where nothing else carries it: `file://FOLDER`, one message a file."""

import os
import secrets
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from service.notifications.letters import Letter, as_mail, sender_of
from service.notifications.refusing import Away, no_texts

AT_ONCE = 8
"""So many files wait for the disk together: it takes about as long as for one."""


class Folder:
    """Where messages are kept. Nobody but the service's own user reads them: they say who was told, and when.

    A message is a file `NAME.eml`, whole or not at all, and durably; the same name again takes its place.
    """

    gathers = True

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self.unfinished: list[tuple[BinaryIO, Path, Path]] = []

    def mail(self, letter: Letter) -> None:
        """Write it beside its place. Raises Refused for an address that none can have, Away when it cannot be kept."""
        mail = as_mail(letter, sender_of(letter, {}))
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            beside = self.path / f".{letter.name}.{secrets.token_hex(8)}"
            file = os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", buffering=0)
            self.unfinished.append((file, beside, self.path / f"{letter.name}.eml"))
            if file.write(mail) != len(mail):
                raise OSError("the disk is full")
        except OSError as wrong:
            raise _away(wrong) from wrong

    def text(self, letter: Letter) -> None:
        """Raises Refused."""
        raise no_texts()

    def flush(self) -> None:
        """Wait for the disk, then put them into their places. Raises Away."""
        if not self.unfinished:
            return
        try:
            with ThreadPoolExecutor(AT_ONCE) as several:
                # As a list, so that each is waited for and the first fault comes up.
                list(several.map(os.fsync, [file.fileno() for file, _, _ in self.unfinished]))
            for _, beside, kept in self.unfinished:
                beside.replace(kept)
            folder = os.open(self.path, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as wrong:
            raise _away(wrong) from wrong
        finally:
            self.close()

    def close(self) -> None:
        """Let go of what is unfinished."""
        for file, beside, _ in self.unfinished:
            file.close()
            with suppress(OSError):
                beside.unlink(missing_ok=True)
        self.unfinished.clear()

    def cut(self) -> None:
        """Nothing is open that could be held up."""


def _away(wrong: OSError) -> Away:
    return Away(f"The folder for mail cannot be written to ({type(wrong).__name__})")
