"""One file for each group of routes; `all_routers` is the list of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from palestra.server.routes import (
    battles,
    charts,
    leaderboard,
    matchups,
    models,
    runs,
    session,
    shared,
    status,
)

if TYPE_CHECKING:
    from fastapi import APIRouter


def all_routers() -> tuple[APIRouter, ...]:
    """Every group of routes, in the order in which they are tried."""
    return (
        status.router,
        session.router,
        matchups.router,
        shared.router,
        leaderboard.router,
        charts.router,
        models.router,
        battles.router,
        runs.router,
    )
