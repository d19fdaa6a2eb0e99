"""The session that a page begins with."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from palestra._version import __version__
from palestra.server.context import Context, InContext, MaybeSession
from palestra.server.security import is_secure
from palestra.store.arena_votes import count_votes

router = APIRouter(prefix="/api", tags=["session"])

PANEL_SIZES = (2, 3, 4)


class ArenaFacts(BaseModel):
    """The arena's own facts."""

    name: str


class VoterFacts(BaseModel):
    """What the visitor did so far."""

    votes: int


class Limits(BaseModel):
    """What the page should know before it asks."""

    prompt_chars: int
    turns: int
    min_votes: int


class SessionFacts(BaseModel):
    """What a page begins with."""

    csrf: str
    """To be sent as X-CSRF-Token with every request that changes something."""
    arena: ArenaFacts
    sample: bool
    """Whether this is the embedded sample arena."""
    voter: VoterFacts
    admin: bool
    limits: Limits
    panel_sizes: list[int]
    """How many hidden models may meet."""
    panel: int
    """How many meet unless the visitor chooses."""
    version: str


@router.get("/session")
async def session(
    request: Request, response: Response, context: InContext, found: MaybeSession
) -> SessionFacts:
    """The visitor's session; a new visitor gets one, and its cookie."""
    current = found or context.sessions.new()
    context.sessions.write(response, current, secure=is_secure(request))
    serve = context.settings.config.serve
    n_models = len(context.roster.playing())
    return SessionFacts(
        csrf=context.sessions.csrf(current),
        arena=ArenaFacts(name=context.settings.config.arena.name),
        sample=context.settings.sample,
        voter=VoterFacts(votes=0 if found is None else _votes(context, context.sessions.voter_hash(found))),
        admin=current.admin,
        limits=Limits(prompt_chars=serve.max_prompt_chars, turns=serve.max_turns, min_votes=serve.min_votes),
        panel_sizes=[size for size in PANEL_SIZES if size <= n_models],
        panel=min(serve.panel, max(n_models, 2)),
        version=__version__,
    )


def _votes(context: Context, voter: str) -> int:
    with context.database.reading() as connection:
        return count_votes(connection, voter)
