"""The battles: a list to look through, and each of them whole."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from palestra.records.winner import Winner
from palestra.server.boards.battle_view import battle_page, battle_row
from palestra.server.context import InContext
from palestra.server.problems import Problem
from palestra.server.routes.board_query import NAMES, in_folder, selection
from palestra.server.routes.board_shapes import BattleListShape, BattleShape, SubsetsShape
from palestra.store.arena_battle_filter import By, Search, Selection
from palestra.store.arena_battle_pages import find, page, subsets, total, verdicts_of
from palestra.store.arena_battles import BattleTable

router = APIRouter(prefix="/api/battles", tags=["boards"])

Name = Annotated[str | None, Query(max_length=300)]
Share = Annotated[float | None, Query(ge=0, le=1)]
SCORE = "share of the win of `model`, or of A if none is named: the mean of both orders of a sample"
_WINNERS = {"a": Winner.A, "b": Winner.B}


def search(
    chosen: Annotated[Selection, Depends(selection)],
    source: By | None = None,
    model: Name = None,
    opponent: Name = None,
    judge: Name = None,
    winner: Annotated[str | None, Query(description="model_a, model_b, tie or both_bad")] = None,
    q: Annotated[str | None, Query(max_length=300, description="text of the prompt or an answer")] = None,
    score_min: Annotated[float | None, Query(ge=0, le=1, description=SCORE)] = None,
    score_max: Share = None,
    flag: Annotated[str | None, Query(max_length=60)] = None,
    subset: Annotated[str | None, Query(max_length=300, description=NAMES)] = None,
) -> Search:
    """What is looked for; without `source`, battles that anybody decided."""
    everybody = replace(chosen, source=source or "all")
    return Search(
        everybody,
        model,
        opponent,
        judge,
        _winner(winner),
        q or None,
        score_min,
        score_max,
        flag or None,
        subset or None,
    )


@router.get("", responses={200: {"model": BattleListShape}})
async def battles(
    context: InContext,
    wanted: Annotated[Search, Depends(search)],
    cursor: Annotated[str | None, Query(max_length=60)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> JSONResponse:
    """Battles, the newest first. `next` is the cursor of the next page, or null."""
    boards = context.boards
    folder, chosen = in_folder(boards, wanted.selection)
    table = boards.book(folder).table
    wanted = replace(wanted, selection=chosen)
    if wanted.text:
        return JSONResponse(await boards.search(partial(_listing, table, wanted, cursor, limit)))
    return JSONResponse(await run_in_threadpool(_listing, table, wanted, cursor, limit))


@router.get("/subsets", responses={200: {"model": SubsetsShape}})
async def battle_subsets(
    context: InContext, chosen: Annotated[Selection, Depends(selection)], source: By | None = None
) -> JSONResponse:
    """The subsets of the battles that are meant, with how many there are of each."""
    folder, chosen = in_folder(context.boards, replace(chosen, source=source or "all"))
    found = await run_in_threadpool(subsets, context.boards.book(folder).table, chosen)
    return JSONResponse({"subsets": [{"name": name, "n": n} for name, n in found]})


@router.get("/{battle_id:path}", responses={200: {"model": BattleShape}})
async def battle(battle_id: str, context: InContext, run: Name = None) -> JSONResponse:
    """One battle with its texts, style and verdicts, of the arena or of a result folder (`run`: of which)."""
    boards = context.boards
    if run is not None and run in boards.runs:
        tables = [boards.book(run).table]
    else:
        tables = [boards.table, *(book.table for book in boards.runs.books())]
    found = await run_in_threadpool(_whole, tables, battle_id)
    if found is None:
        raise Problem(404, "There is no such battle here.")
    return JSONResponse(found)


def _listing(table: BattleTable, wanted: Search, cursor: str | None, limit: int) -> dict[str, Any]:
    before, n = (None, None) if cursor is None else _read_cursor(cursor)
    rows = page(table, wanted, limit=limit + 1, before=before)
    more = len(rows) > limit
    if n is None:
        n = total(table, wanted) if more else len(rows)
    rows = rows[:limit]
    return {
        "items": [battle_row(row) for row in rows],
        "next": f"{rows[-1].seq}.{n}" if more else None,
        "total": n,
    }


def _read_cursor(cursor: str) -> tuple[int, int]:
    """The number below which the page begins, and how many battles were found at the first page."""
    parts = cursor.split(".")
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
        raise Problem(422, "cursor: this is none that was given out here")
    return int(parts[0]), int(parts[1])


def _whole(tables: list[BattleTable], battle_id: str) -> dict[str, Any] | None:
    for table in tables:
        found = find(table, battle_id)
        if found is not None:
            row = battle_row(found.listed)
            return battle_page(found, row, verdicts_of(table, found.battle))
    return None


def _winner(text: str | None) -> Winner | None:
    if not text:
        return None
    try:
        return _WINNERS.get(text) or Winner.parse(text)
    except ValueError as error:
        raise Problem(422, f"winner: {error}") from None
