"""Whether the server is well, and what it counted."""

from __future__ import annotations

import sqlalchemy as sa
from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from palestra._version import __version__
from palestra.server.context import Context, InContext
from palestra.server.metrics import CONTENT_TYPE

router = APIRouter(tags=["status"])


@router.get("/healthz")
async def healthz(context: InContext) -> dict[str, str]:
    """Whether the server and its database answer; 503 if the database does not."""
    await run_in_threadpool(_ask_database, context)
    return {"status": "ok", "version": __version__}


@router.get("/metrics", response_class=Response)
async def metrics(context: InContext) -> Response:
    """What the server counted, for Prometheus."""
    return Response(context.metrics.text(), media_type=CONTENT_TYPE)


def _ask_database(context: Context) -> None:
    with context.database.reading() as connection:
        connection.execute(sa.text("SELECT 1"))
