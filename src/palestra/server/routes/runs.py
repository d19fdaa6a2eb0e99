"""The result folders that the server shows beside its own battles."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import JSONResponse

from palestra.server.context import InContext
from palestra.server.routes.board_shapes import RunShape

router = APIRouter(prefix="/api/runs", tags=["boards"])


@router.get("", responses={200: {"model": list[RunShape]}})
async def runs(context: InContext) -> JSONResponse:
    """The folders given by `--run`: name, state (`reading`, `ready` or `failed`), battles, failures."""
    return JSONResponse(context.boards.runs.listing())
