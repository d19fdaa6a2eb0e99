"""A board as the leaderboard shows it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from palestra.server.boards.standings import shown

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from palestra.records.rating import Rating
    from palestra.server.boards.board import Board
    from palestra.server.boards.facets import Facets
    from palestra.server.boards.facts import ModelFacts
    from palestra.store.arena_battle_filter import Selection


def leaderboard(
    board: Board, facts: ModelFacts, *, arena: str, selection: Selection, min_votes: int, retired: bool
) -> dict[str, Any]:
    """The whole reply. Retired models are left out unless `retired`; they keep their part in the ratings."""
    table = board.table
    hidden = frozenset() if retired else facts.retired()
    return {
        "arena": arena,
        "filter": {**asdict(selection), "retired": retired},
        "n_battles": table.n_battles,
        "n_voters": board.n_voters,
        "left_out": asdict(board.key.left_out),
        "updated": board.updated,
        "min_votes": min_votes,
        "method": {
            "name": table.method,
            "scale": table.scale,
            "base": table.base,
            "anchor": table.anchor,
            "interval": asdict(table.interval),
        },
        "warnings": [*table.warnings, *_notes(board)],
        "facets": facet_lists(board.facets),
        "rows": rows(board, facts, hidden=hidden, min_votes=min_votes),
        "unrated": _unrated(board, facts),
    }


def rows(board: Board, facts: ModelFacts, *, hidden: Collection[str], min_votes: int) -> list[dict[str, Any]]:
    """One for each model that is not hidden, best first."""
    return [row_of(board, row, facts.of(row.model), min_votes) for row in shown(board.table, hidden)]


def row_of(board: Board, rating: Rating, facts: Mapping[str, Any], min_votes: int) -> dict[str, Any]:
    """One model: its ratings, its record, its facts."""
    return {
        "rank": rating.rank,
        "rank_low": rating.rank_low,
        "rank_high": rating.rank_high,
        "model": rating.model,
        "rating": rating.rating,
        "ci_low": rating.ci_low,
        "ci_high": rating.ci_high,
        "elo": board.elo[rating.model],
        "gladiator": board.gladiator[rating.model],
        "size_elo": board.size_elo.get(rating.model),
        "win_rate": rating.win_rate,
        "win_rate_low": rating.win_rate_low,
        "win_rate_high": rating.win_rate_high,
        "n_battles": rating.n_battles,
        "wins": rating.wins,
        "losses": rating.losses,
        "ties": rating.ties,
        "both_bad": board.both_bad[rating.model],
        **facts,
        "enough": rating.n_battles >= min_votes,
        "flags": list(rating.flags),
        "component": rating.component,
    }


def facet_lists(facets: Facets) -> dict[str, list[dict[str, Any]]]:
    """The choices of each filter, the most frequent first."""
    lists = {
        "categories": facets.values["category"],
        "datasets": facets.values["dataset"],
        "languages": facets.values["language"],
        "sources": facets.sources,
    }
    return {name: [{"name": value, "n": n} for value, n in found.items()] for name, found in lists.items()}


def _notes(board: Board) -> list[str]:
    n = board.key.left_out.identity_leak
    if not n:
        return []
    were = "1 battle was" if n == 1 else f"{n} battles were"
    return [f"{were} left out because an answer told which model wrote it"]


def _unrated(board: Board, facts: ModelFacts) -> list[dict[str, Any]]:
    """Models of the roster that had no battle here and could have."""
    rated = set(board.counts.models)
    return [
        {"model": entry.label, **facts.of(entry.label)}
        for entry in facts.roster.playing()
        if entry.label not in rated
    ]
