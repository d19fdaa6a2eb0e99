"""One file for each group of routes; `all_routers` is the list of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from palestra.server.routes import (
    admin_models,
    admin_session,
    admin_votes,
    battles,
    charts,
    exports,
    judge_runs,
    leaderboard,
    matchups,
    models,
    potato,
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
        admin_session.router,
        admin_models.router,
        admin_votes.router,
        exports.router,
        judge_runs.router,
        potato.router,
    )
