"""The result folders that the server shows beside its own battles."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from palestra.server.context import InContext

router = APIRouter(prefix="/api/runs", tags=["boards"])


@router.get("")
async def runs(context: InContext) -> list[dict[str, Any]]:
    """The folders given by `--run`: name, state (`reading`, `ready` or `failed`), battles, failures."""
    return context.boards.runs.listing()
