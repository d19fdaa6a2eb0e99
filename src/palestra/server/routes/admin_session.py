"""Signing in and out as the admin."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from palestra.server.context import InContext, InSession
from palestra.server.problems import Problem
from palestra.server.security import address_of, is_secure

router = APIRouter(prefix="/api/admin", tags=["admin"])


class Key(BaseModel):
    """What to sign in with."""

    model_config = ConfigDict(extra="forbid")
    key: Annotated[str, Field(max_length=1000, repr=False)]


class Token(BaseModel):
    """The session's new token: with each sign-in or sign-out the one before is good no more."""

    csrf: str


@router.post("/login")
async def login(
    body: Key, request: Request, response: Response, context: InContext, session: InSession
) -> Token:
    """Sign in with the admin's key; 403 if it is another."""
    await context.limits.sign_in(context.sessions.address_hash(address_of(request)))
    if not context.sessions.admin_key_is_right(body.key):
        raise Problem(403, "This is not the admin's key.", code="admin")
    signed = context.sessions.signed_in(session, admin=True)
    context.sessions.write(response, signed, secure=is_secure(request))
    return Token(csrf=context.sessions.csrf(signed))


@router.post("/logout")
async def logout(request: Request, response: Response, context: InContext, session: InSession) -> Token:
    """Sign out; the visitor stays the same voter."""
    signed = context.sessions.signed_in(session, admin=False)
    context.sessions.write(response, signed, secure=is_secure(request))
    return Token(csrf=context.sessions.csrf(signed))
