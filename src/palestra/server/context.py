"""What the routes share. A route asks for it by annotation:

async def vote(context: InContext, session: InSession) -> …
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from palestra.server.problems import Problem
from palestra.server.sessions import Session, Sessions

if TYPE_CHECKING:
    from palestra.server.boards.service import Boards
    from palestra.server.event_stream import Streams
    from palestra.server.judging.service import JudgeRuns
    from palestra.server.limits import Limits
    from palestra.server.live.hub import Hub
    from palestra.server.live.votes import Votes
    from palestra.server.metrics import Metrics
    from palestra.server.prompt_book import PromptBook
    from palestra.server.roster import Roster
    from palestra.server.settings import ServerSettings
    from palestra.server.signal import Signal
    from palestra.server.voters import VoterBook
    from palestra.store.arena_writer import GroupWriter
    from palestra.store.database import Database


@dataclass(slots=True)
class Context:
    """Made when the server starts, closed when it stops."""

    settings: ServerSettings
    database: Database
    sessions: Sessions
    roster: Roster
    prompts: PromptBook
    hub: Hub
    votes: Votes
    streams: Streams
    limits: Limits
    writer: GroupWriter
    metrics: Metrics
    boards: Boards
    voters: VoterBook
    judge_runs: JudgeRuns
    voted: Signal
    """Sent when battles were added or taken away."""


# These are coroutines because FastAPI would call plain functions in a thread each.


async def _context(request: Request) -> Context:
    found = request.app.state.context
    assert isinstance(found, Context)
    return found


async def _session(request: Request) -> Session:
    """The session of a request that needs one."""
    found = await current_session(request)
    if found is None:
        raise Problem(403, "Your session has ended; load the page again.", code="session")
    return found


async def current_session(request: Request) -> Session | None:
    """The session that the guard found, if any."""
    found = request.scope.get("palestra.session")
    return found if isinstance(found, Session) else None


async def _admin(request: Request) -> None:
    session = await current_session(request)
    if request.scope.get("palestra.admin_key") or (session is not None and session.admin):
        return
    raise Problem(403, "The admin's key is needed: sign in, or send it as X-API-Key.", code="admin")


InContext = Annotated[Context, Depends(_context)]
"""The server's context."""
InSession = Annotated[Session, Depends(_session)]
"""The visitor's session; without one the reply is 403 with the code `session`."""
MaybeSession = Annotated[Session | None, Depends(current_session)]
"""The visitor's session, or None."""
AdminOnly = Depends(_admin)
"""For `dependencies=[AdminOnly]`: a signed-in admin or the header X-API-Key; else 403."""
