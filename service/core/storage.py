"""Where files are kept: one folder, an S3 bucket, or memory in tests, through one small store.

Keys are given once and never overwritten. A key that `keep` has returned from survives a power cut: obstore's local
store never calls fsync, so on a folder the bytes go to `staging/` first, are flushed, and only then appear under
their key by a hard link; the folders above are flushed last. A torn file can therefore never stand under a key.
S3 keeps that promise itself before it answers.
"""

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeAlias
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, MemoryStore, S3Store

from service.core.errors import NotFound, Unavailable

STAGING = "staging"
CHUNK = 256 * 1024
MOST_KEY_CHARACTERS = 500
NOT_STORED = "The file could not be stored just now. Nothing was saved; try again in a minute"
NOT_READ = "The file cannot be read just now. Try again in a minute"
NOT_DESTROYED = "The file could not be destroyed just now. Try again in a minute"

# No segment may begin with a full stop, so a key never leaves the store's folder, and `#` is obstore's own.
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*")

Backend: TypeAlias = LocalStore | MemoryStore | S3Store


@dataclass(frozen=True)
class Kept:
    """One key of a store: its size in bytes, and when it was put there (aware)."""

    key: str
    size: int
    modified: datetime


@dataclass(frozen=True)
class Store:
    """Bytes under keys. `folder` is set where the bytes are files of this machine.

    Every call may raise Unavailable when the store cannot be reached or is full, and ValueError for a key that no
    store takes.
    """

    backend: Backend
    folder: Path | None = None

    def keep(self, key: str, content: bytes | Path) -> bool:
        """Keep bytes, or a file's bytes, under a new key, durably before it returns.

        False when the key is taken: what it holds stays, and is durable too. The first writer wins.
        """
        if _checked(key).startswith(f"{STAGING}/"):
            raise ValueError("The staging keys belong to the store")
        if self.folder is not None:
            return self._keep_flushed(self.folder, key, content)
        with self._reached(NOT_STORED):
            return self._created(key, content)

    def read(self, key: str) -> bytes:
        """All bytes under a key. Raises NotFound when there are none."""
        with self._reached(NOT_READ), _found():
            return bytes(obstore.get(self.backend, _checked(key)).bytes())

    def stream(self, key: str) -> Iterator[bytes]:
        """The bytes under a key, in pieces. NotFound and Unavailable are raised here, before the first piece."""
        with self._reached(NOT_READ), _found():
            pieces = iter(obstore.get(self.backend, _checked(key)).stream(min_chunk_size=CHUNK))
        return self._pieces(pieces)

    def exists(self, key: str) -> bool:
        """Whether something is kept under a key."""
        try:
            self.size(key)
        except NotFound:
            return False
        return True

    def size(self, key: str) -> int:
        """How many bytes are kept under a key. Raises NotFound when there is nothing."""
        with self._reached(NOT_READ), _found():
            return int(obstore.head(self.backend, _checked(key))["size"])

    def destroy(self, key: str) -> None:
        """Remove a key, durably: a power cut does not bring it back. One that is gone already is no fault."""
        with self._reached(NOT_DESTROYED):
            with suppress(FileNotFoundError):
                obstore.delete(self.backend, _checked(key))
            if self.folder is not None:
                _flush_upwards((self.folder / key).parent, self.folder)

    def list(self, prefix: str = "") -> Iterator[Kept]:
        """Everything kept under a prefix, which is whole segments: `pdf` finds `pdf/one` and not `pdfs/one`."""
        with self._reached(NOT_READ):
            for some in obstore.list(self.backend, _checked(prefix) if prefix else None, chunk_size=1000):
                for found in some:
                    yield Kept(found["path"], found["size"], found["last_modified"])

    def _created(self, key: str, content: bytes | Path) -> bool:
        try:
            # In one piece: a multipart upload cannot be made conditional, and leaves parts behind when it is cut.
            obstore.put(self.backend, key, content, mode="create", use_multipart=False)
        except AlreadyExistsError:
            return False
        return True

    def _keep_flushed(self, folder: Path, key: str, content: bytes | Path) -> bool:
        staged = f"{STAGING}/{secrets.token_hex(16)}"
        with self._reached(NOT_STORED):
            try:
                self._created(staged, content)
                _flush(folder / staged)
                try:
                    obstore.copy(self.backend, staged, key, overwrite=False)
                    new = True
                except AlreadyExistsError:
                    new = False
                # Also when the key was taken: whoever took it may not have flushed its folder yet.
                _flush_upwards((folder / key).parent, folder)
            finally:
                # What a crash leaves here is listed like any other key, and found as an orphan.
                with suppress(BaseError, OSError):
                    obstore.delete(self.backend, staged)
        return new

    def _pieces(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        with self._reached(NOT_READ):
            for piece in pieces:
                yield bytes(piece)

    @contextmanager
    def _reached(self, sentence: str) -> Iterator[None]:
        # A folder that has gone (a disk that is not mounted) must not look like an empty store, nor be made anew.
        if self.folder is not None and not self.folder.is_dir():
            raise Unavailable(sentence)
        try:
            yield
        except (BaseError, OSError) as fault:
            raise Unavailable(sentence) from fault


def open_store(url: str) -> Store:
    """Open `file://FOLDER` (relative to the working directory unless it begins with `/`), `s3://BUCKET/PREFIX` or
    `memory://`.

    A folder is made when it is absent, for its owner alone. S3 takes its key, region and endpoint from the `AWS_*`
    variables. Raises ValueError for an address of another form, Unavailable when the folder cannot be made.
    """
    if url == "memory://":
        return Store(MemoryStore())
    if url.startswith("file://") and (named := unquote(url.removeprefix("file://"))):
        # Absolute from here on: a later change of the working directory must not move the store.
        return _open_folder(Path(named).absolute())
    parts = urlsplit(url)
    if parts.scheme == "s3" and parts.netloc and not parts.query:
        return Store(_bucket(parts.netloc, parts.path.strip("/")))
    raise ValueError("The evidence store must be file://FOLDER, s3://BUCKET/PREFIX or memory://")


def _open_folder(folder: Path) -> Store:
    try:
        if not folder.is_dir():
            folder.parent.mkdir(parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, exist_ok=True)
            _flush(folder.parent)
        return Store(LocalStore(folder), folder)
    except (BaseError, OSError) as fault:
        raise Unavailable(NOT_STORED) from fault


def _bucket(name: str, prefix: str) -> S3Store:
    return S3Store(
        name,
        prefix=prefix or None,
        client_options={
            # Options given here hide this one of the `AWS_*` variables.
            "allow_http": os.environ.get("AWS_ALLOW_HTTP", "").lower() == "true",
            "connect_timeout": timedelta(seconds=5),
            "timeout": timedelta(seconds=60),
        },
        # A person waits for the answer: obstore would otherwise try ten times, for three minutes.
        retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=20)},
    )


@contextmanager
def _found() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as missing:
        raise NotFound("This file is not there any more.") from missing


def _checked(key: str) -> str:
    if len(key) > MOST_KEY_CHARACTERS or not _KEY.fullmatch(key):
        raise ValueError(f"Not a key of a store: {key[:80]!r}")
    return key


def _flush(path: Path) -> None:
    """Wait until a file's bytes, or a folder's entries, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _flush_upwards(folder: Path, top: Path) -> None:
    """Flush every folder from this one up to the store's own: each of them may be new."""
    while True:
        with suppress(FileNotFoundError):
            _flush(folder)
        if folder == top:
            return
        folder = folder.parent
