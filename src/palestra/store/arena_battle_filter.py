"""Which battles are meant, as SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa

from palestra.interchange.battle_columns import NO_GROUP
from palestra.records.battle import Source
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


def has_flag(flag: str) -> sa.ColumnElement[bool]:
    """Whether a row has this flag."""
    return flag_text().contains(f'"{flag}"', autoescape=True)


def shown_share(rows: sa.FromClause = battles) -> sa.ColumnElement[Any]:
    """A's share of the win as people are shown it: what the judge said, else what the winner says."""
    by_winner = sa.case({w.value: w.share for w in Winner}, value=rows.c.winner)
    return sa.func.coalesce(rows.c.pref, by_winner)


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
    """Of the share of the win that goes to `model`, or to A where none is named. Two orders of one sample,
    each a battle of its own, count with their mean."""
    score_max: float | None = None
    flag: str | None = None
    subset: str | None = None
    """`(none)` for battles that name none."""

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
        if self.subset is not None:
            none = self.subset == NO_GROUP
            yield battles.c.subset.is_(None) if none else battles.c.subset == self.subset
        if self.score_min is not None or self.score_max is not None:
            yield self._scored()
        if self.text:
            texts = (battles.c.prompt, battles.c.response_a, battles.c.response_b)
            yield sa.or_(*(column.icontains(self.text, autoescape=True) for column in texts))

    def _scored(self) -> sa.ColumnElement[bool]:
        """Whether the sample's score is in the range."""
        single = battles.c.order.in_(_SINGLE)
        alone = sa.or_(battles.c.order.is_(None), sa.not_(single), battles.c.question_id.is_(None))
        one, means = battles.alias("one"), _sample_means()
        same = [one.c[name].is_not_distinct_from(means.c[name]) for name in _SAMPLE]
        of_pairs = (
            sa.select(one.c.seq)
            .join(means, sa.and_(*same))
            .where(one.c.order.in_(_SINGLE), self._in_range(one, means.c.mean))
        )
        own = sa.and_(alone, self._in_range(battles, shown_share()))
        return sa.or_(own, battles.c.seq.in_(of_pairs))

    def _in_range(self, rows: sa.FromClause, share: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        told = (
            share if self.model is None else sa.case((rows.c.model_a == self.model, share), else_=1 - share)
        )
        low = 0.0 if self.score_min is None else self.score_min
        high = 1.0 if self.score_max is None else self.score_max
        return told.between(low, high)


_SINGLE = ("ab", "ba")
"""Orders of battles that are one game of two."""
_SAMPLE = ("question_id", "model_a", "model_b", "judge_model", "repeat")
"""What the games of one sample share."""


def _sample_means() -> sa.Subquery:
    """A's mean share over the games of each sample that are battles of their own."""
    game = battles.alias("game")
    columns = [game.c[name] for name in _SAMPLE]
    query = sa.select(*columns, sa.func.avg(shown_share(game)).label("mean"))
    kept = query.where(game.c.order.in_(_SINGLE), game.c.question_id.is_not(None))
    return kept.group_by(*columns).subquery("means")
