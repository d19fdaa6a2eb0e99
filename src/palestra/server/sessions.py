"""Who asks: a signed cookie holds a random voter id; only salted hashes of it are ever stored."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from itsdangerous import BadSignature, URLSafeTimedSerializer

if TYPE_CHECKING:
    from starlette.responses import Response

COOKIE = "palestra"
LIFETIME = 180 * 86_400
"""Seconds that a cookie is good for."""
ADMIN_SECONDS = 12 * 3600
"""How long an admin stays signed in."""


@dataclass(frozen=True, slots=True)
class Session:
    """One browser's session."""

    voter: str
    """Random; never stored nor shown."""
    nonce: str
    """New with each sign-in; what the CSRF token is bound to."""
    admin_since: int | None = None
    """When the admin signed in, in UTC epoch seconds; None: this is no admin."""

    @property
    def admin(self) -> bool:
        """Whether this is the admin's, who signed in not too long ago."""
        return self.admin_since is not None and time.time() - self.admin_since < ADMIN_SECONDS


class Sessions:
    """Reads and writes session cookies, and derives what is bound to them."""

    def __init__(self, secret: str, salt: str, admin_key: str) -> None:
        """`secret` signs; `salt` hides voters and addresses; whoever signed in with `admin_key` is admin."""
        self._secret = secret.encode()
        self._salt = salt.encode()
        self._serializer = URLSafeTimedSerializer(secret, salt="palestra.session")
        self._admin_key = admin_key.encode()
        self._admin_mark = self._bound("admin", admin_key)

    def read(self, cookie: str | None) -> Session | None:
        """The session of a cookie; None if there is none, it is too old, or it was not signed here."""
        if not cookie:
            return None
        try:
            data = self._serializer.loads(cookie, max_age=LIFETIME)
        except BadSignature:
            return None
        match data:
            case {"v": str(voter), "n": str(nonce), "a": str(mark), "t": int(since)}:
                admin = bool(self._admin_key) and hmac.compare_digest(mark, self._admin_mark)
                return Session(voter, nonce, since if admin else None)
            case {"v": str(voter), "n": str(nonce)}:
                return Session(voter, nonce)
        return None

    def new(self) -> Session:
        """A session of a voter not seen before."""
        return Session(secrets.token_urlsafe(18), secrets.token_urlsafe(12))

    def signed_in(self, session: Session, *, admin: bool) -> Session:
        """The same voter with or without the admin's rights; older CSRF tokens are good no more."""
        return replace(
            session, nonce=secrets.token_urlsafe(12), admin_since=int(time.time()) if admin else None
        )

    def write(self, response: Response, session: Session, *, secure: bool) -> None:
        """Set the cookie; `secure` if the visitor came by HTTPS."""
        data: dict[str, str | int] = {"v": session.voter, "n": session.nonce}
        if session.admin and session.admin_since is not None:
            data |= {"a": self._admin_mark, "t": session.admin_since}
        response.set_cookie(
            COOKIE,
            self._serializer.dumps(data),
            max_age=LIFETIME,
            path="/",
            secure=secure,
            httponly=True,
            samesite="lax",
        )

    def csrf(self, session: Session) -> str:
        """The token that unsafe requests of this session carry."""
        return self._bound("csrf", session.voter, session.nonce)

    def csrf_is_right(self, session: Session, token: str) -> bool:
        """Whether a token is that of this session; compared in constant time."""
        return hmac.compare_digest(self.csrf(session).encode(), token.encode())

    def admin_key_is_right(self, key: str) -> bool:
        """Whether this is the admin's key; compared in constant time."""
        given = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
        right = hmac.compare_digest(given, hashlib.sha256(self._admin_key).digest())
        return bool(self._admin_key) and right

    def voter_hash(self, session: Session) -> str:
        """What stands for the voter in the database: 32 hex digits."""
        return self._salted("voter", session.voter)

    def address_hash(self, address: str) -> str:
        """What stands for an address in the database: 32 hex digits."""
        return self._salted("address", address)

    def battle_token(self, matchup_id: str, session: Session) -> str:
        """Lets this session, and no other, vote on this matchup."""
        return self._bound("battle", matchup_id, session.voter)

    def battle_token_is_right(self, token: str, matchup_id: str, session: Session) -> bool:
        """Whether a token is that of this matchup and session; compared in constant time."""
        return hmac.compare_digest(self.battle_token(matchup_id, session).encode(), token.encode())

    def _bound(self, *parts: str) -> str:
        return hmac.new(self._secret, "\0".join(parts).encode(), hashlib.sha256).hexdigest()[:43]

    def _salted(self, *parts: str) -> str:
        return hmac.new(self._salt, "\0".join(parts).encode(), hashlib.sha256).hexdigest()[:32]
