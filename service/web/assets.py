"""The files of the look, under names that hold their own hash."""

import gzip
import mimetypes
from dataclasses import dataclass
from functools import cache

from litestar import get
from litestar.connection import Request
from litestar.params import FromPath
from litestar.response import Response

from service.core.errors import NotFound
from service.core.templating import STATIC
from service.web.sessions import PUBLIC

PACKED_WELL = ("text/", "application/json", "image/svg+xml")
FOR_EVER = "public, max-age=31536000, immutable"
A_WHILE = "public, max-age=300"


@dataclass(frozen=True)
class Asset:
    """One file of the look, in memory, as it is and packed."""

    content: bytes
    packed: bytes
    media_type: str
    lasting: bool


@cache
def assets() -> dict[str, Asset]:
    """Every file of the look by its name under /static; read once, since a hashed name never changes its content."""
    found = {}
    for path in sorted(STATIC.rglob("*")) if STATIC.is_dir() else []:
        if path.is_file() and path.name != "manifest.json":
            content = path.read_bytes()
            media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            packs = media_type.startswith(PACKED_WELL) or media_type.endswith("javascript")
            name = path.relative_to(STATIC).as_posix()
            packed = gzip.compress(content, mtime=0) if packs else b""
            found[name] = Asset(content, packed, media_type, _is_hashed(path.name))
    return found


def _is_hashed(name: str) -> bool:
    parts = name.split(".")
    return len(parts) > 2 and len(parts[-2]) == 10 and all(each in "0123456789abcdef" for each in parts[-2])


@get("/static/{name:path}", opt=PUBLIC, sync_to_thread=False)
def static(request: Request, name: FromPath[str]) -> Response:
    """A file of the look. Only names that were there at the start are known, so no path leads anywhere else."""
    asset = assets().get(str(name).lstrip("/"))
    if asset is None:
        raise NotFound
    headers = {"Cache-Control": FOR_EVER if asset.lasting else A_WHILE}
    if asset.packed:
        headers["Vary"] = "Accept-Encoding"
    if asset.packed and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(asset.packed, media_type=asset.media_type, headers=headers | {"Content-Encoding": "gzip"})
    return Response(asset.content, media_type=asset.media_type, headers=headers)


routes = [static]
