"""The data of charts."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from palestra.server.boards.charts import ChartName
from palestra.server.boards.query import BoardQuery
from palestra.server.context import InContext
from palestra.server.routes.board_query import board_query, replied

router = APIRouter(prefix="/api/charts", tags=["boards"])


@router.get("/{name}", responses={200: {"content": {"application/json": {}, "text/csv": {}}}})
async def chart(
    request: Request,
    name: ChartName,
    context: InContext,
    query: Annotated[BoardQuery, Depends(board_query)],
    format: Annotated[Literal["json", "csv"], Query()] = "json",
) -> Response:
    """A chart's data as columns, or with `format=csv` as a file to download. Models are in the order of the
    board.

    - `intervals`: models, rating, low, high
    - `matrix`: models, and by row and column observed (the row's share of the win, null if they never met),
      predicted (the same by the ratings), n
    - `history`: models, t (epoch seconds), rating by model and time (null while it is not determined)
    - `performance`: models by score, wins, losses, ties, score (the GPU-Poor score)
    - `counts`: models, n by row and column
    """
    reply = await context.boards.chart(name, query, csv=format == "csv")
    if format == "json":
        return replied(request, reply)
    response = replied(request, reply, "text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response
