"""The built pages: `index.html` for the app's routes, hashed assets, the page of the API's documentation."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from starlette.responses import Response

from palestra.server.problems import problem
from palestra.server.security import CSP

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from importlib.resources.abc import Traversable

PAGES = (
    "/",
    "/side-by-side",
    "/leaderboard",
    "/models/{label:path}",
    "/charts",
    "/battles",
    "/battles/{battle_id}",
    "/shared/{share_id}",
    "/admin",
    "/admin/arena",
    "/about",
)
"""The app's routes, each also with a slash at its end."""

DOCS_CSP = CSP.replace("img-src 'self'", "img-src 'self' data:")
"""The documentation's style sheet draws its arrows from data addresses."""

_FOREVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"
_COMPRESSED = ("text/", "application/javascript", "application/json", "image/svg", "application/manifest")
_WORTH_IT = 600
"""Bytes from which on a file is compressed."""
_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".woff2": "font/woff2"}
_TYPES |= {".webmanifest": "application/manifest+json", ".svg": "image/svg+xml", ".ico": "image/x-icon"}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file held in memory, as it is and compressed."""

    body: bytes
    packed: bytes | None
    kind: str
    tag: str
    cache: str

    def response(self, request: Request, status: int = 200) -> Response:
        """The file, compressed where the browser takes that, or 304 if the browser has it."""
        headers = {"ETag": self.tag, "Cache-Control": self.cache}
        if self.packed is not None:
            headers["Vary"] = "Accept-Encoding"
        if status == 200 and request.headers.get("if-none-match") == self.tag:
            return Response(status_code=304, headers=headers)
        body = self.body
        if self.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            body = self.packed
        return Response(body, status_code=status, headers=headers, media_type=self.kind)


class Assets:
    """The built bundle. What files there are is looked up once; each is read when it is first asked for."""

    def __init__(self, folder: Traversable | None = None) -> None:
        """`folder` is that of the built bundle; the package's own by default."""
        package = files("palestra.server")
        self._places = dict(_listed(package / "static" if folder is None else folder, ""))
        self._own = dict(_listed(package / "pages", ""))
        self._held: dict[Traversable, Asset] = {}

    def page(self, request: Request, status: int = 200) -> Response:
        """`index.html`, or a page that says that the bundle is not there."""
        index = self._asset(self._places, "index.html")
        if index is not None:
            return index.response(request, status)
        unbuilt = self._asset(self._own, "unbuilt.html")
        assert unbuilt is not None
        return unbuilt.response(request, 503)

    def file(self, request: Request, name: str) -> Response | None:
        """A file of the bundle, or None."""
        found = self._asset(self._places, name)
        return None if found is None else found.response(request)

    def docs(self, request: Request, name: str) -> Response | None:
        """The page of the documentation, or a file that it needs, or None."""
        if not name:
            page = self._asset(self._own, "docs.html")
            assert page is not None
            reply = page.response(request)
            reply.headers["Content-Security-Policy"] = DOCS_CSP
            return reply
        own = name in ("docs.js", "docs.css")
        found = self._asset(self._own, name) if own else self._asset(self._places, f"docs/{name}")
        return None if found is None else found.response(request)

    def _asset(self, places: Mapping[str, Traversable], name: str) -> Asset | None:
        place = places.get(name)
        if place is None:
            return None
        if place not in self._held:
            try:
                body = place.read_bytes()
            except OSError:  # gone since: the bundle was built anew
                return None
            self._held[place] = _made(name, body)
        return self._held[place]


def pages_router(assets: Assets) -> APIRouter:
    """The routes of pages and files; to be added last, since it answers every path that is left."""
    router = APIRouter(include_in_schema=False)

    async def page(request: Request) -> Response:
        return assets.page(request)

    for path in PAGES:
        for route in {path, path.rstrip("/") + "/"}:
            router.add_api_route(route, page, methods=["GET", "HEAD"])

    async def docs(request: Request, name: str = "") -> Response:
        return assets.docs(request, name) or problem(404, "There is nothing here.")

    for path in ("/docs", "/docs/", "/docs/{name}"):
        router.add_api_route(path, docs, methods=["GET", "HEAD"])

    @router.api_route("/{path:path}", methods=["GET", "HEAD"])
    async def anything_else(request: Request, path: str) -> Response:
        found = assets.file(request, path)
        if found is not None:
            return found
        wants_page = "text/html" in request.headers.get("accept", "")
        if wants_page and not path.startswith(("api/", "assets/")):
            return assets.page(request, 404)
        return problem(404, "There is nothing here.")

    return router


def _listed(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    """All files of a folder, by their path in it."""
    if not folder.is_dir():
        return
    for entry in folder.iterdir():
        name = f"{prefix}{entry.name}"
        if entry.is_dir():
            yield from _listed(entry, f"{name}/")
        else:
            yield name, entry


def _made(name: str, body: bytes) -> Asset:
    ending = f".{name.rpartition('.')[2]}"
    kind = _TYPES.get(ending) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    packed = (
        gzip.compress(body, 9, mtime=0) if kind.startswith(_COMPRESSED) and len(body) > _WORTH_IT else None
    )
    tag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    return Asset(body, packed, kind, tag, _FOREVER if name.startswith("assets/") else _ASK_AGAIN)
