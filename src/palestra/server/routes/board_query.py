"""What the board routes are asked, read from the address."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import Depends, Query, Request
from starlette.responses import Response

from palestra.server.boards.query import BoardQuery
from palestra.server.boards.service import Boards, Reply
from palestra.server.context import InContext
from palestra.store.arena_battle_filter import By, Selection

Name = Annotated[str | None, Query(max_length=300)]

WHO = "`people`, `judge` (models and metrics) or `all`; of a run, or of the sample arena: all, else people"
NAMES = "`(none)` for battles that name none"


def selection(
    context: InContext,
    source: Annotated[By | None, Query(description=WHO)] = None,
    category: Annotated[str | None, Query(max_length=300, description=NAMES)] = None,
    dataset: Name = None,
    language: Name = None,
    since: Annotated[float | None, Query(allow_inf_nan=False, description="UTC epoch seconds")] = None,
    until: Annotated[float | None, Query(allow_inf_nan=False, description="likewise; not included")] = None,
    run: Annotated[str | None, Query(max_length=300, description="a result folder or a judge's run")] = None,
) -> Selection:
    """The battles that are meant. Times count by the minute: the board of each is computed and kept."""
    usual: By = context.boards.shown_first.source if run is None else "all"
    return Selection(source or usual, dataset, category, language, run, _minute(since), _minute(until))


def board_query(
    context: InContext,
    chosen: Annotated[Selection, Depends(selection)],
    retired: Annotated[bool, Query(description="whether retired models are shown")] = False,
) -> BoardQuery:
    """The board that is meant."""
    folder, chosen = in_folder(context.boards, chosen)
    return BoardQuery(chosen, folder, retired)


def _minute(time: float | None) -> float | None:
    """The minute that a time is in; what is beyond all minutes stays as it is."""
    return None if time is None else time // 60 * 60


def in_folder(boards: Boards, chosen: Selection) -> tuple[str | None, Selection]:
    """The result folder that `run` names, and the battles that are meant in it; else None and what it was."""
    if chosen.run is None or chosen.run not in boards.runs:
        return None, chosen
    return chosen.run, replace(chosen, run=None)


def replied(request: Request, reply: Reply, media_type: str = "application/json") -> Response:
    """The reply, or 304 if the visitor has it already."""
    headers = {"ETag": reply.etag, "Cache-Control": "no-cache"}
    known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    if reply.etag in known or known == ["*"]:
        return Response(status_code=304, headers=headers)
    return Response(reply.body, media_type=media_type, headers=headers)
