"""The battles as files: as they are, and as training data."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from starlette.responses import StreamingResponse

from palestra.interchange.exports.writing import one_line
from palestra.interchange.training_rows import dpo_rows, kto_rows, ranked_rows
from palestra.server.context import AdminOnly, InContext
from palestra.server.routes.board_query import in_folder, selection
from palestra.store.arena_battle_filter import Selection
from palestra.store.arena_exports import Wanted, all_battles, battles_by_question
from palestra.store.database import Database

router = APIRouter(prefix="/api/admin/export", tags=["admin"], dependencies=[AdminOnly])

Kind = Literal["battles", "dpo", "kto", "ranked"]
Rows = Callable[..., Iterator[dict[str, Any]]]

_ROWS: dict[Kind, Rows] = {"dpo": dpo_rows, "kto": kto_rows, "ranked": ranked_rows}
_LINES = 200
"""In one piece of the reply."""
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/jsonl": {}}, "description": "JSONL, as a file"}
}


@router.get("/{kind}", response_class=StreamingResponse, responses=_FILE)
async def export(
    kind: Kind,
    context: InContext,
    chosen: Annotated[Selection, Depends(selection)],
    named: Annotated[bool, Query(description="also battles whose voter knew the names")] = False,
    leaks: Annotated[bool, Query(description="also battles in which an answer tells its model")] = False,
    labels: Annotated[bool, Query(description="whether training rows say which model wrote what")] = True,
) -> StreamingResponse:
    """Battles by the filters of the board, as a file of JSON lines.

    `battles`: with all columns, as `palestra rank` reads them; it makes the same board of them. `dpo`
    (prompt, chosen, rejected), `kto` (prompt, completion, label) and `ranked` (a prompt and its answers, best
    first) are in TRL's shapes: texts, or messages where there are several turns.
    """
    folder, chosen = in_folder(context.boards, chosen)
    database = context.boards.book(folder).table.database
    lines = _lines(kind, database, Wanted(chosen, named, leaks), labels=labels)
    headers = {"Content-Disposition": f'attachment; filename="palestra-{kind}.jsonl"'}
    return StreamingResponse(_pieces(lines), media_type="application/jsonl", headers=headers)


def _lines(kind: Kind, database: Database, wanted: Wanted, *, labels: bool) -> Iterator[str]:
    if kind == "battles":
        for battle in all_battles(database, wanted):
            yield battle.json_line()
        return
    for together in battles_by_question(database, wanted):
        for row in _ROWS[kind](together, labels=labels):
            yield json.dumps(row, ensure_ascii=False, allow_nan=False)


def _pieces(lines: Iterable[str]) -> Iterator[bytes]:
    """Many lines at once: each piece of a reply costs a turn of the event loop."""
    left = iter(lines)
    while some := list(islice(left, _LINES)):
        yield "".join(map(one_line, some)).encode()
