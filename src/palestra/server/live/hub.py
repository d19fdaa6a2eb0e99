"""All matchups that are played or were looked at lately. The database holds the truth; this is faster."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING

from palestra.server.live.asking import new_row, succeeding_row
from palestra.server.live.decision import leaking
from palestra.server.live.matchup import LiveMatchup
from palestra.server.live.player import ModelFailedError, Player, cancel
from palestra.server.problems import Problem
from palestra.store.arena_matchups import (
    ADMIN,
    BLIND,
    FAILED,
    FAILED_OFTEN,
    GIVEN_UP,
    NAMED,
    OPEN,
    REPLACED,
    TurnRow,
    close_matchup,
    current_id,
    failed_before,
    insert_matchup,
    insert_turn,
    read_matchup,
    recent_models,
    set_attempt,
    set_successor,
)
from palestra.store.arena_votes import read_vote

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import sqlalchemy as sa

    from palestra.server.live.asking import Asked
    from palestra.server.live.pairing import Drawn, Pairing
    from palestra.server.metrics import Metrics
    from palestra.server.roster import Roster
    from palestra.store.arena_matchups import MatchupRow
    from palestra.store.arena_writer import GroupWriter
    from palestra.store.database import Database

_LOG = logging.getLogger("palestra.server")
_KEPT = 2000
"""Matchups in memory, beside those that are being played."""
_REPLACEMENTS = 3
"""How often in a row a battle is replaced because a model failed."""
_RECENT = 3
"""How many of a voter's latest battles count as recent."""


class Hub:
    """Begins matchups, finds them again, and changes them as visitors wish."""

    def __init__(
        self,
        database: Database,
        writer: GroupWriter,
        roster: Roster,
        pairing: Pairing,
        metrics: Metrics,
        *,
        pad: float = 0.0,
    ) -> None:
        """`pad`: seconds before which no answer of a blind matchup begins; 0: they are shown as they come."""
        self._database = database
        self._writer = writer
        self._roster = roster
        self._pairing = pairing
        self._metrics = metrics
        self._pad = pad
        self._player = Player(roster, writer, metrics, pad)
        self._held: OrderedDict[str, LiveMatchup] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    async def begin_blind(self, voter: str, asked: Asked, size: int) -> LiveMatchup:
        """Begin a blind matchup of `size` models, or of as many as there are.

        Raises:
            Problem: fewer than two models can be asked.
        """
        drawn = await self._draw(voter, size, exclude=())
        return await self._begin(new_row(voter, BLIND, drawn.models, asked, drawn.propensity), asked.prompts)

    async def begin_named(self, voter: str, asked: Asked, labels: Sequence[str]) -> LiveMatchup:
        """Begin a matchup of models that the visitor chose.

        Raises:
            Problem: one of them is not there, or is named twice, or there are fewer than two.
        """
        if len(labels) < 2 or len(set(labels)) != len(labels):
            raise Problem(422, "models: name two different models or more.")
        playing = {entry.label for entry in self._roster.playing()}
        missing = [label for label in labels if label not in playing]
        if missing:
            raise Problem(404, f"There is no model {missing[0]!r} to ask.")
        return await self._begin(new_row(voter, NAMED, tuple(labels), asked), asked.prompts)

    async def ask_all(self, voter: str, asked: Asked) -> LiveMatchup:
        """Ask every model that can be asked; returns when all answers are there, failures among them.

        Raises:
            Problem: no model can be asked, or the answers cannot be kept.
        """
        labels = tuple(entry.label for entry in self._roster.playing())
        if not labels:
            raise Problem(503, "There is no model that can be asked right now.", code="models")
        live = await self._begin(new_row(voter, ADMIN, labels, asked), asked.prompts)
        if live.playing is not None:
            await asyncio.wait([live.playing])
        if not live.settled:
            raise Problem(503, "The models' answers could not be kept; try again in a moment.")
        return live

    async def drop(self, matchup_ids: Collection[str]) -> None:
        """Stop playing these matchups and forget them: they are about to be deleted."""
        for matchup_id in matchup_ids:
            live = self._held.pop(matchup_id, None)
            if live is not None:
                await cancel(live)
                live.broken = True
                live.changed()

    def get(self, matchup_id: str, voter: str | None = None) -> LiveMatchup:
        """A matchup, from memory or from the database. An open one that lacks answers is played on.

        Raises:
            Problem: there is none, or it is another voter's.
        """
        live = self._held.get(matchup_id)
        if live is None:
            live = self._load(matchup_id)
        if live is None or (voter is not None and live.row.voter != voter):
            raise Problem(404, "There is no such battle.")
        self._hold(live)
        return live

    def current(self, voter: str) -> LiveMatchup | None:
        """The voter's newest blind matchup, if it is open."""
        with self._database.reading() as connection:
            found = current_id(connection, voter)
        return None if found is None else self.get(found)

    async def add_turn(self, live: LiveMatchup, prompt: str, most: int) -> None:
        """Ask all models a further question; `most` is the longest conversation.

        Raises:
            Problem: it is not open, something is still being said, or it is too long.
        """
        async with live.lock:
            _require_open(live)
            if not live.can_vote:
                raise Problem(409, "Wait until all answers are there.", code="busy")
            if len(live.turns) >= most:
                raise Problem(409, f"A conversation has at most {most} turns.", code="turns")
            turn = TurnRow(live.turns[-1].turn + 1, prompt)
            if not await self._writer.write(lambda connection: insert_turn(connection, live.id, turn)):
                raise self._decided_elsewhere(live)
            live.turns.append(turn)
            live.prepare(turn)
            self._changed(live)

    async def regenerate(self, live: LiveMatchup) -> None:
        """Ask all models for another answer to the last turn.

        Raises:
            Problem: it is not open.
        """
        async with live.lock:
            _require_open(live)
            await cancel(live)
            turn = replace(live.turns[-1], attempt=live.turns[-1].attempt + 1)
            leaks = tuple(sorted(leaking(live, self._roster)))
            if not await self._writer.write(lambda connection: set_attempt(connection, live.id, turn, leaks)):
                raise self._decided_elsewhere(live)
            live.row = replace(live.row, leaks=leaks)
            live.turns[-1] = turn
            live.prepare(turn)
            self._changed(live)

    async def stop(self, live: LiveMatchup) -> None:
        """Stop what is being said, and keep what is there."""
        async with live.lock:
            if live.is_open and not live.settled:
                await self._player.stop(live)

    async def stop_playing(self, live: LiveMatchup) -> None:
        """The same, for whoever holds the matchup's lock."""
        await self._player.stop(live)

    async def replace(self, live: LiveMatchup) -> LiveMatchup:
        """Give a matchup up: the same prompt to new models. Asked twice, it gives the same.

        Raises:
            Problem: it was voted on, or is not blind, or fewer than two models can be asked.
        """
        async with live.lock:
            if not live.is_blind:
                raise Problem(409, "These models were chosen; choose others.", code="named")
            if live.row.state == REPLACED and live.row.replaced_by is not None:
                return self.get(live.row.replaced_by)
            if live.row.state not in (OPEN, REPLACED):
                raise Problem(409, "This battle is decided.", code="voted")
            await cancel(live)
            return await self._succeed(live, GIVEN_UP, exclude=())

    async def aclose(self) -> None:
        """End all tasks. What is missing is asked for again when it is wanted."""
        self._closing = True
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def forget(self, matchup_id: str) -> None:
        """Read a matchup from the database when it is asked for again."""
        self._held.pop(matchup_id, None)

    def _decided_elsewhere(self, live: LiveMatchup) -> Problem:
        """What to raise when another process closed a matchup that is open here; it is read anew."""
        self.forget(live.id)
        live.broken = True
        live.changed()
        return _not_open(self.get(live.id))

    async def _begin(self, row: MatchupRow, prompts: Sequence[str]) -> LiveMatchup:
        turns = [TurnRow(number, prompt) for number, prompt in enumerate(prompts)]
        await self._writer.write(lambda connection: insert_matchup(connection, row, turns))
        self._metrics.matchups.labels(row.kind).inc()
        live = LiveMatchup(row, turns, paced=self._is_paced(row))
        for turn in turns:
            live.prepare(turn)
        self._hold(live)
        self._play(live)
        return live

    async def _draw(self, voter: str, size: int, exclude: Collection[str]) -> Drawn:
        weights = {
            entry.label: entry.state.weight for entry in self._roster.playing() if entry.label not in exclude
        }
        if sum(weight > 0 for weight in weights.values()) < 2:
            raise Problem(503, "There are not two models that can be asked right now.", code="models")
        recent = await asyncio.to_thread(self._look_back, voter)
        return self._pairing.draw(weights, size, recent)

    def _look_back(self, voter: str) -> list[tuple[str, ...]]:
        self._pairing.count()
        with self._database.reading() as connection:
            return recent_models(connection, voter, _RECENT)

    def _load(self, matchup_id: str) -> LiveMatchup | None:
        with self._database.reading() as connection:
            stored = read_matchup(connection, matchup_id)
            vote = None if stored is None or stored.row.state == OPEN else read_vote(connection, matchup_id)
        if stored is None:
            return None
        live = LiveMatchup.of(stored, paced=self._is_paced(stored.row), vote=vote)
        if live.is_open and not live.settled:
            self._play(live)
        return live

    def _is_paced(self, row: MatchupRow) -> bool:
        return self._pad > 0 and row.kind == BLIND

    def _hold(self, live: LiveMatchup) -> None:
        self._held[live.id] = live
        self._held.move_to_end(live.id)
        while len(self._held) > _KEPT:
            oldest = next((key for key, held in self._held.items() if not _is_playing(held)), None)
            if oldest is None or oldest == live.id:
                break
            del self._held[oldest]

    def _changed(self, live: LiveMatchup) -> None:
        live.structure += 1
        live.changed()
        self._play(live)

    def _play(self, live: LiveMatchup) -> None:
        if self._closing:
            return
        task = asyncio.get_running_loop().create_task(self._played(live))
        live.playing = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _played(self, live: LiveMatchup) -> None:
        try:
            try:
                await self._player.play(live)
            except ModelFailedError:
                await self._replace_failed(live)
        except Exception:  # noqa: BLE001 - it is looked at again when it is asked for
            _LOG.exception("matchup %s cannot be played on", live.id)
            self.forget(live.id)
            live.broken = True
            live.changed()

    async def _replace_failed(self, live: LiveMatchup) -> None:
        """What becomes of a blind matchup in which a model failed."""
        async with live.lock:
            if not live.is_open:
                return
            failed = await asyncio.to_thread(self._failed_so_far, live)
            try:
                if len(failed) > _REPLACEMENTS:
                    raise Problem(503, "too many models failed")
                await self._succeed(live, FAILED, exclude=set().union(*failed))
            except Problem:
                await self._close(live, FAILED_OFTEN, None)

    def _failed_so_far(self, live: LiveMatchup) -> list[set[str]]:
        with self._database.reading() as connection:
            stored = read_matchup(connection, live.id)
            assert stored is not None
            now = {live.row.models[answer.slot] for answer in stored.answers if answer.failure is not None}
            return [now, *failed_before(connection, live.id, _REPLACEMENTS)]

    async def _succeed(self, live: LiveMatchup, reason: str, exclude: Collection[str]) -> LiveMatchup:
        """Replace a matchup by a new one on the same prompts."""
        row = succeeding_row(live.row, await self._draw(live.row.voter, live.size, exclude))
        successor = await self._begin(row, [turn.prompt for turn in live.turns])
        await self._close(live, reason, row.id)
        return successor

    async def _close(self, live: LiveMatchup, reason: str, successor: str | None) -> None:
        """Note that an open matchup is replaced, or what comes after one that nothing replaced."""
        now, was_open = time.time(), live.is_open

        def work(connection: sa.Connection) -> None:
            if was_open:
                close_matchup(connection, live.id, REPLACED, now, reason=reason, replaced_by=successor)
            elif successor is not None:
                set_successor(connection, live.id, successor)

        await self._writer.write(work)
        kept = reason if was_open else live.row.reason
        live.row = replace(live.row, state=REPLACED, reason=kept, replaced_by=successor, decided=now)
        live.changed()


def _require_open(live: LiveMatchup) -> None:
    if not live.is_open:
        raise _not_open(live)


def _not_open(live: LiveMatchup) -> Problem:
    if live.vote is not None:
        return Problem(409, "This battle is decided.", code="voted")
    return Problem(409, "This battle was replaced.", code="replaced")


def _is_playing(live: LiveMatchup) -> bool:
    return live.playing is not None and not live.playing.done()
