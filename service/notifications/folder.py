"""Mail as files, where nothing else carries it: `file://FOLDER`, one message a file."""

import os
import secrets
from email import policy
from email.message import EmailMessage
from pathlib import Path

from service.notifications.letters import Letter, as_mail
from service.notifications.refusing import Away, no_texts


class Folder:
    """Where messages are kept. Nobody but the service's own user reads them: they say who was told, and when."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)

    def mail(self, letter: Letter) -> None:
        """Keep it as a file. Raises Refused for an address that none can have, Away when nothing can be kept."""
        mail = as_mail(letter)
        try:
            self.put(letter.name, mail)
        except OSError as wrong:
            raise Away(f"The folder for mail cannot be written to ({type(wrong).__name__})") from wrong

    def text(self, letter: Letter) -> None:
        """Raises Refused."""
        raise no_texts()

    def close(self) -> None:
        """Nothing is open."""

    def cut(self) -> None:
        """Nothing is open."""

    def put(self, name: str, mail: EmailMessage) -> Path:
        """Keep a message as `NAME.eml`, whole or not at all, and durably; the same name again takes its place."""
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        kept = self.path / f"{name}.eml"
        unfinished = self.path / f".{name}.{secrets.token_hex(8)}"
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(mail.as_bytes(policy=policy.SMTP))
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(kept)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        folder = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return kept
