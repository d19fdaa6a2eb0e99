"""The application: its parts, made when the server starts, and the way of a request through it."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import asynccontextmanager, nullcontext
from typing import TYPE_CHECKING

import numpy as np
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware

from palestra._version import __version__
from palestra.models.registry import make_model
from palestra.server.assets import Assets, pages_router
from palestra.server.boards.service import Boards
from palestra.server.context import Context
from palestra.server.event_stream import Streams
from palestra.server.judging.service import JudgeRuns
from palestra.server.leaderboard_file import LeaderboardFile
from palestra.server.limits import Limits
from palestra.server.live.hub import Hub
from palestra.server.live.pairing import Pairing
from palestra.server.live.votes import Votes
from palestra.server.metrics import CountRequests, Metrics
from palestra.server.problems import handle_problems
from palestra.server.prompt_book import read_book
from palestra.server.roster import Contestant, Roster
from palestra.server.routes import all_routers
from palestra.server.security import Guard, SecurityHeaders, body_limit
from palestra.server.sessions import Sessions
from palestra.server.signal import Signal
from palestra.server.voters import VoterBook
from palestra.store.arena_battles import BattleTable
from palestra.store.arena_settings import agreed_setting
from palestra.store.arena_writer import GroupWriter
from palestra.store.database import Database

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from palestra.server.prompt_book import PromptBook
    from palestra.server.settings import ServerSettings

_ABOUT = """Whatever the pages do, they do by these calls.

## How to call

`GET /api/session` begins a session: its cookie says who votes. A call that changes something also carries its
`csrf` as the header `X-CSRF-Token`. Admin calls take the admin's key as the header `X-API-Key`, and then need
no session. What goes wrong is told as `{"error": …}`, often with a `hint` and a `code`.
"""


def create_app(
    settings: ServerSettings,
    *,
    contestants: Sequence[Contestant] | None = None,
    context: Context | None = None,
) -> FastAPI:
    """The application of an arena. Nothing is opened before the server starts.

    `contestants` takes the place of the config's models, which are made by default. With a `context`
    everything is open already, and stays so.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with nullcontext(context) if context else opened(settings, contestants) as shared:
            app.state.context = shared
            yield

    app = FastAPI(
        title="Palestra",
        version=__version__,
        summary="An arena for language models.",
        description=_ABOUT,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        default_response_class=JSONResponse,
        telemetry={"tracing": False, "metrics": False, "logs": False},
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(CountRequests),
            Middleware(Guard),
            Middleware(RequestBodyLimitMiddleware, max_body_size=_limit(settings)),
        ],
    )
    handle_problems(app)
    for router in all_routers():
        app.include_router(router)
    app.include_router(pages_router(Assets()))
    return app


@asynccontextmanager
async def opened(
    settings: ServerSettings, contestants: Sequence[Contestant] | None = None
) -> AsyncIterator[Context]:
    """Everything that the routes share, open as long as the block lasts.

    Raises:
        PalestraError: the database cannot be opened, or a model of the config cannot be made.
    """
    entries = make_contestants(settings) if contestants is None else contestants
    prompts = read_book(settings.config, settings.base_dir)
    with Database(settings.database) as database:
        roster = Roster(entries, database)
        writer = GroupWriter(database)
        context = _assembled(settings, database, roster, prompts, writer)
        file = _leaderboard_file(context)
        try:
            await context.boards.start()
            if file is not None:
                await file.start()
            context.judge_runs.start()
            yield context
        finally:
            await context.judge_runs.aclose()
            await context.hub.aclose()
            if file is not None:
                await file.aclose()
            await context.boards.aclose()
            await asyncio.to_thread(writer.close)
            await roster.aclose()


def _assembled(
    settings: ServerSettings, database: Database, roster: Roster, prompts: PromptBook, writer: GroupWriter
) -> Context:
    serve = settings.config.serve
    secret = settings.secret or agreed_setting(database, "session_secret", secrets.token_urlsafe(32))
    salt = agreed_setting(database, "voter_salt", secrets.token_urlsafe(32))
    metrics, voted = Metrics(), Signal()
    streams = Streams(limited=settings.config.serve.battles_per_minute > 0)
    metrics.streams.set_function(lambda: streams.open)
    pairing = Pairing(database, np.random.default_rng())
    boards = Boards(database, settings, roster)
    hub = Hub(database, writer, roster, pairing, metrics, pad=serve.pad_start)
    votes = Votes(hub, writer, BattleTable(database), roster, pairing, boards, metrics, voted)
    return Context(
        settings=settings,
        database=database,
        sessions=Sessions(secret, salt, settings.admin_key),
        roster=roster,
        prompts=prompts,
        hub=hub,
        votes=votes,
        streams=streams,
        limits=Limits(serve),
        writer=writer,
        metrics=metrics,
        boards=boards,
        voters=VoterBook(database, boards),
        judge_runs=JudgeRuns(settings, boards.table, writer, prompts, voted),
        voted=voted,
    )


def _leaderboard_file(context: Context) -> LeaderboardFile | None:
    path = context.settings.config.serve.leaderboard_json
    if path is None:
        return None
    place = context.settings.base_dir / path
    boards = context.boards
    return LeaderboardFile(place, boards.main.ledger, boards.shown_first, context.voted)


def make_contestants(settings: ServerSettings) -> list[Contestant]:
    """The config's models, ready to be asked.

    Raises:
        PalestraError: one of them cannot be made, for example because its key is missing.
    """
    return [
        Contestant(config, make_model(config, env=settings.env, base_dir=settings.base_dir))
        for config in settings.config.models
    ]


def _limit(settings: ServerSettings) -> int:
    return body_limit(settings.config.serve.max_prompt_chars)
