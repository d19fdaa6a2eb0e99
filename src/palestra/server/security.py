"""The guard before all routes: host names, sizes, sessions, forged requests; the headers of all replies."""

from __future__ import annotations

import ipaddress
import logging
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request

from palestra.server.problems import UNEXPECTED, Problem, problem
from palestra.server.sessions import COOKIE

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from palestra.server.context import Context

_LOG = logging.getLogger("palestra.server")

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_IPV6_NETWORK = 64
"""Bits of the part that a network has in common."""
_ROOM = 16_384
"""Bytes of a body beside the longest prompt."""


class SecurityHeaders:
    """Adds the headers to each reply, and makes an unexpected error a plain 500."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            await self._app(scope, receive, with_headers)
        except Exception:
            _LOG.exception("a request failed")
            if started:
                raise
            await problem(500, UNEXPECTED)(scope, receive, with_headers)


class Guard:
    """Refuses what should not reach a route; notes the session for those who ask."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the request and pass it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        context: Context = scope["app"].state.context
        try:
            await check(Request(scope), context)
        except Problem as refused:
            await refused.response()(scope, receive, send)
            return
        await self._app(scope, receive, send)


async def check(request: Request, context: Context) -> None:
    """See who asks, and whether the request may pass.

    Raises:
        Problem: it may not.
    """
    scope, headers = request.scope, request.headers
    if context.settings.config.serve.proxy:
        _believe_proxy(scope, headers)
    _check_host(headers, context)
    _check_length(headers, body_limit(context.settings.config.serve.max_prompt_chars))
    session = context.sessions.read(request.cookies.get(COOKIE))
    scope["palestra.session"] = session
    by_key = scope["palestra.admin_key"] = await _has_admin_key(request, context)
    if scope["method"] in SAFE or by_key:
        return
    _check_origin(scope, headers)
    if session is None:
        raise Problem(403, "Your session has ended; load the page again.", code="session")
    if not context.sessions.csrf_is_right(session, headers.get("x-csrf-token", "")):
        raise Problem(403, "The header X-CSRF-Token is missing or wrong; load the page again.", code="csrf")


async def _has_admin_key(request: Request, context: Context) -> bool:
    """Whether the admin's key is sent along. A wrong one is an attempt to sign in.

    Raises:
        Problem: there were too many wrong ones.
    """
    key = request.headers.get("x-api-key")
    if key is None:
        return False
    address = context.sessions.address_hash(address_of(request))
    await context.limits.may_try_keys(address)
    if context.sessions.admin_key_is_right(key):
        return True
    await context.limits.sign_in(address)
    return False


def body_limit(prompt_chars: int) -> int:
    """The most bytes of a body: a prompt and a system prompt of the longest kind, escaped as JSON."""
    return 2 * 6 * prompt_chars + _ROOM


def is_secure(request: Request) -> bool:
    """Whether the visitor came by HTTPS."""
    return request.url.scheme == "https"


def address_of(request: Request) -> str:
    """The visitor's address, as far as it is known; of IPv6 the network, as one visitor has all of it."""
    host = request.client.host if request.client else "unknown"
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((int(found), _IPV6_NETWORK), strict=False))


def _believe_proxy(scope: Scope, headers: Headers) -> None:
    """Take address and scheme from the nearest proxy: the last entry, as others may be made up."""
    nearest = _last(headers, "x-forwarded-for")
    if nearest:
        scope["client"] = (nearest, 0)
    scheme = _last(headers, "x-forwarded-proto").lower()
    if scheme in ("http", "https"):
        scope["scheme"] = scheme


def _last(headers: Headers, name: str) -> str:
    """The last entry of a header that may come several times, with several entries each."""
    return ",".join(headers.getlist(name)).rpartition(",")[2].strip()


def _check_host(headers: Headers, context: Context) -> None:
    allowed = context.settings.hosts
    if allowed is None or _name(headers.get("host", "")) in allowed:
        return
    raise Problem(
        421,
        "This server answers to this machine's names only.",
        hint="behind a reverse proxy, start it with --proxy; for others to reach it, with --host",
    )


def _check_length(headers: Headers, most: int) -> None:
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length) > most:
        raise Problem(413, "The request is too large.", hint=f"at most {most} bytes are taken")


def _check_origin(scope: Scope, headers: Headers) -> None:
    """Refuse an unsafe request that a browser says comes from another site's page."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    same = site in (None, "same-origin", "none")
    if origin is not None:
        host = headers.get("host", "")
        if scope["app"].state.context.settings.config.serve.proxy:
            host = headers.get("x-forwarded-host", host)
        same = same and _netloc(origin) == host.lower()
    if not same:
        raise Problem(403, "This request came from another site's page.", code="origin")


def _netloc(origin: str) -> str:
    """The host and port of an origin, in lower case."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _name(host: str) -> str:
    """The host name without its port."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
