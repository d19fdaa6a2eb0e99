"""Which battles are meant, as SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa

from palestra.interchange.battle_columns import NO_GROUP
from palestra.records.battle import Flag, Source
from palestra.records.winner import Winner
from palestra.store.arena_battles import flag_text
from palestra.store.arena_schema import battles

if TYPE_CHECKING:
    from collections.abc import Iterator

By = Literal["people", "judge", "all"]
"""Who decided: people; models and metrics; anybody."""
SOURCES: dict[By, tuple[str, ...]] = {"people": (Source.HUMAN,), "judge": (Source.JUDGE, Source.METRIC)}
FACETS = ("dataset", "category", "language")


@dataclass(frozen=True, slots=True)
class Selection:
    """Battles that a board can be made of. None: any."""

    source: By = "all"
    dataset: str | None = None
    """`(none)` for battles that name none; so for category and language."""
    category: str | None = None
    language: str | None = None
    run: str | None = None
    """The id of the run they came from."""
    since: float | None = None
    """UTC epoch seconds; battles of this moment are in."""
    until: float | None = None
    """Battles of this moment are out."""

    def conditions(self) -> Iterator[sa.ColumnElement[bool]]:
        """What rows must fulfil."""
        if self.source != "all":
            yield battles.c.source.in_(SOURCES[self.source])
        for name in FACETS:
            value = getattr(self, name)
            if value is not None:
                column = battles.c[name]
                yield column.is_(None) if value == NO_GROUP else column == value
        if self.run is not None:
            yield battles.c.run_id == self.run
        if self.since is not None:
            yield battles.c.tstamp >= self.since
        if self.until is not None:
            yield battles.c.tstamp < self.until


def rated_conditions() -> Iterator[sa.ColumnElement[bool]]:
    """What battles must fulfil to count on a board: nobody knew the names, and no answer told one."""
    yield sa.or_(battles.c.anonymous.is_(None), battles.c.anonymous)
    yield sa.not_(has_flag(Flag.IDENTITY_LEAK))


def has_flag(flag: str) -> sa.ColumnElement[bool]:
    """Whether a row has this flag."""
    return flag_text().contains(f'"{flag}"', autoescape=True)


def shown_share() -> sa.ColumnElement[Any]:
    """A's share of the win as people are shown it: what the judge said, else what the winner says."""
    return sa.func.coalesce(
        battles.c.pref, sa.case({w.value: w.share for w in Winner}, value=battles.c.winner)
    )


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for in the list of battles. None: anything."""

    selection: Selection = Selection()
    model: str | None = None
    opponent: str | None = None
    """Who met `model`; by itself the same as `model`."""
    judge: str | None = None
    winner: Winner | None = None
    text: str | None = None
    """Somewhere in the prompt or in an answer, in capitals or not."""
    score_min: float | None = None
    """Of A's share of the win."""
    score_max: float | None = None
    flag: str | None = None

    def conditions(self) -> Iterator[sa.ColumnElement[bool]]:
        """What rows must fulfil."""
        yield from self.selection.conditions()
        for model in (self.model, self.opponent):
            if model is not None:
                yield sa.or_(battles.c.model_a == model, battles.c.model_b == model)
        if self.judge is not None:
            yield battles.c.judge_model == self.judge
        if self.winner is not None:
            yield battles.c.winner == self.winner.value
        if self.flag is not None:
            yield has_flag(self.flag)
        if self.score_min is not None:
            yield shown_share() >= self.score_min
        if self.score_max is not None:
            yield shown_share() <= self.score_max
        if self.text:
            texts = (battles.c.prompt, battles.c.response_a, battles.c.response_b)
            yield sa.or_(*(column.icontains(self.text, autoescape=True) for column in texts))
