"""What a judge run is about: which battles, and what judging them takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from palestra.models.pricing import expected_cost
from palestra.run.estimate import CHARACTERS_PER_TOKEN, TOKENS_PER_REPLY
from palestra.server.judging.bench import content_of
from palestra.store.arena_battle_filter import Search, Selection
from palestra.store.arena_judge_runs import battles_numbered, judgeable, newest_seq

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from palestra.records.battle import Text
    from palestra.server.judging.bench import Bench
    from palestra.store.arena_judge_runs import StoredBattle
    from palestra.store.database import Database

_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Docket:
    """Which battles are to be judged. Those that come later are not among them."""

    where: Mapping[str, Any] = field(default_factory=dict)
    """Filters of the list of battles, by name."""
    limit: int | None = None
    """The newest so many."""
    max_cost: float | None = None
    """USD that the run may spend in all, however often it is gone on with."""
    last: int = 0
    """The number of the newest battle that there was."""

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Docket:
        """As it is kept."""
        return cls(data.get("where") or {}, data.get("limit"), data.get("max_cost"), data.get("last", 0))

    def data(self) -> dict[str, Any]:
        """To be kept."""
        kept = {"where": dict(self.where), "limit": self.limit, "max_cost": self.max_cost, "last": self.last}
        return {name: value for name, value in kept.items() if value is not None}

    def search(self) -> Search:
        """As conditions on battles."""
        where = dict(self.where)
        rest = {name: where.pop(name) for name in ("model", "opponent", "flag") if name in where}
        return Search(Selection(**({"source": "people"} | where)), **rest)

    def battles(self, database: Database) -> Iterator[StoredBattle]:
        """The battles, the newest first; of those that show a judge the same the newest. Best in a thread.

        Raises:
            StoreError: the database cannot be read.
        """
        with database.reading() as connection:
            numbers = judgeable(connection, self.search(), self.last, self.limit)
        seen: set[str] = set()
        for start in range(0, len(numbers), _AT_ONCE):
            with database.reading() as connection:
                some = battles_numbered(connection, numbers[start : start + _AT_ONCE])
            for stored in some:
                content = content_of(stored.battle)
                if content not in seen:
                    seen.add(content)
                    yield stored


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a judge run would take."""

    battles: int
    total: int
    """Verdicts in all."""
    stored: int
    """Of those, there already."""
    free: bool
    """Whether judging calls no model server."""
    tokens_in: float
    """About so many, for the calls that are missing."""
    tokens_out: float
    cost_usd: float | None
    """About so much; None if no price is known."""

    @property
    def calls(self) -> int:
        """Verdicts to be asked for, if nothing fails."""
        return self.total - self.stored


def with_newest(docket: Docket, database: Database) -> Docket:
    """The docket with the battles that there are now."""
    with database.reading() as connection:
        last = newest_seq(connection)
    return Docket(docket.where, docket.limit, docket.max_cost, last)


def estimate(docket: Docket, bench: Bench, database: Database) -> Estimate:
    """Count what is to be asked. Best in a thread.

    Raises:
        StoreError: the database cannot be read.
    """
    n_battles = total = stored = 0
    characters = 0.0
    keys: list[str] = []
    template = len(bench.judge.template or "") + len(bench.config.system_prompt or "")

    def look_up() -> int:
        found = sum(verdict.ok for verdict in database.verdicts(keys).values())
        keys.clear()
        return found

    for held in docket.battles(database):
        n_battles += 1
        games = bench.games(held.battle)
        total += len(games)
        told = (held.battle.prompt, held.battle.response_a, held.battle.response_b)
        characters += len(games) * (template + sum(map(_length, told)))
        keys.extend({game.key for game in games})
        if len(keys) >= _AT_ONCE:
            stored += look_up()
    stored += look_up()
    missing = total - stored
    tokens_in = missing * characters / max(total, 1) / CHARACTERS_PER_TOKEN
    reply = min(TOKENS_PER_REPLY, float(bench.config.max_tokens or TOKENS_PER_REPLY))
    cost: float | None = 0.0
    if missing and not bench.judge.is_free:
        each = expected_cost(bench.config, tokens_in / missing, reply)
        cost = None if each is None else each * missing
    return Estimate(n_battles, total, stored, bench.judge.is_free, tokens_in, missing * reply, cost)


def _length(text: Text | None) -> int:
    if text is None or isinstance(text, str):
        return len(text or "")
    return sum(len(message.content) for message in text)
