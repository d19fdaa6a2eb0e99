"""The application: its parts, made when the server starts, and the way of a request through it."""

from __future__ import annotations

import secrets
from contextlib import asynccontextmanager, nullcontext
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware

from palestra._version import __version__
from palestra.models.registry import make_model
from palestra.server.assets import Assets, pages_router
from palestra.server.context import Context
from palestra.server.metrics import CountRequests, Metrics
from palestra.server.problems import handle_problems
from palestra.server.prompt_book import read_book
from palestra.server.roster import Contestant, Roster
from palestra.server.routes import all_routers
from palestra.server.security import Guard, SecurityHeaders, body_limit
from palestra.server.sessions import Sessions
from palestra.server.signal import Signal
from palestra.store.arena_settings import agreed_setting
from palestra.store.database import Database

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from palestra.server.settings import ServerSettings


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
    with Database(settings.database) as database:
        secret = settings.secret or agreed_setting(database, "session_secret", secrets.token_urlsafe(32))
        salt = agreed_setting(database, "voter_salt", secrets.token_urlsafe(32))
        roster = Roster(entries, database)
        prompts = read_book(settings.config, settings.base_dir)
        context = Context(
            settings=settings,
            database=database,
            sessions=Sessions(secret, salt, settings.admin_key),
            roster=roster,
            prompts=prompts,
            metrics=Metrics(),
            voted=Signal(),
        )
        try:
            yield context
        finally:
            await roster.aclose()


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
