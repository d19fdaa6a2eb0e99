"""Votes: one for each matchup, whatever the concurrency, and what the voter is told."""

from __future__ import annotations

import logging
import time
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from palestra.analysis.voters import Suspicion, too_fast
from palestra.records.battle import Flag
from palestra.server.live.asking import new_id
from palestra.server.live.decision import BOTH_BAD, TIE, Decision, battles_of, leaking
from palestra.server.live.generation import SAMPLE_REPLY
from palestra.server.problems import Problem
from palestra.store.arena_matchups import VOTED
from palestra.store.arena_votes import VoteRow, record_vote

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import sqlalchemy as sa

    from palestra.records.battle import Battle
    from palestra.server.live.hub import Hub
    from palestra.server.live.matchup import LiveMatchup
    from palestra.server.live.pairing import Pairing
    from palestra.server.metrics import Metrics
    from palestra.server.roster import Roster
    from palestra.server.signal import Signal
    from palestra.server.standing import Standings
    from palestra.store.arena_battles import BattleTable
    from palestra.store.arena_writer import GroupWriter

_LOG = logging.getLogger("palestra.server")

NAMED_NOTE = "The names were known, so this vote is kept apart from the blind battles."
SAMPLE_NOTE = "These replies are no answers, so this vote moves no rating."


class Votes:
    """Takes votes."""

    def __init__(
        self,
        hub: Hub,
        writer: GroupWriter,
        table: BattleTable,
        roster: Roster,
        pairing: Pairing,
        standings: Standings,
        metrics: Metrics,
        voted: Signal,
    ) -> None:
        self._hub = hub
        self._writer = writer
        self._table = table
        self._roster = roster
        self._pairing = pairing
        self._metrics = metrics
        self._voted = voted
        self._standings = standings

    async def cast(self, live: LiveMatchup, decision: Decision, address: str) -> LiveMatchup:
        """Count a vote; returns the matchup, decided. The same vote again changes nothing.

        Raises:
            Problem: another vote was counted, it is too early, or it is no vote on this matchup.
            StoreError: it cannot be written.
        """
        if live.vote is None:
            async with live.lock:
                if live.vote is None:
                    live = await self._cast(live, decision, address)
        if live.vote is None or not live.vote.same(decision.winner, decision.ranking):
            raise Problem(409, "Another vote on this battle was counted.", code="voted")
        return live

    async def _cast(self, live: LiveMatchup, decision: Decision, address: str) -> LiveMatchup:
        if not live.is_open:
            raise Problem(409, "This battle was replaced, so it takes no vote.", code="replaced")
        if live.vote_now:
            decision.check(live)
            await self._hub.stop_playing(live)
        if not live.can_vote:
            raise Problem(409, "It is too early to vote: not all answers have begun.", code="early")
        decision.check(live)
        now = time.time()
        counted = not _is_sample(live)
        battles = battles_of(live, decision, self._roster, now) if counted else []
        reveal = await self._reveal(live, battles, counted)
        flags = tuple(_flags(live, self._roster, now))
        vote = VoteRow(
            live.id, live.row.voter, decision.winner, decision.ranking, flags, now, address, reveal
        )
        return await self._keep(live, vote, battles)

    async def _keep(self, live: LiveMatchup, vote: VoteRow, battles: Sequence[Battle]) -> LiveMatchup:
        share_id = new_id()

        def work(connection: sa.Connection) -> VoteRow:
            return record_vote(connection, self._table, vote, battles, share_id)

        kept = await self._writer.write(work)
        if kept is not vote:  # another process was first
            self._hub.forget(live.id)
            return self._hub.get(live.id)
        live.vote = vote
        live.row = replace(live.row, state=VOTED, share_id=share_id, decided=vote.tstamp)
        if live.is_blind:
            self._pairing.add(battles)
        outcome = vote.winner if vote.winner in (TIE, BOTH_BAD) else "won"
        self._metrics.votes.labels(live.row.kind, outcome).inc()
        live.changed()
        self._voted.send()
        return live

    async def _reveal(self, live: LiveMatchup, battles: Sequence[Battle], counted: bool) -> dict[str, Any]:
        note = None if live.is_blind else NAMED_NOTE
        told: dict[str, Any] = {"counted": counted, "note": note if counted else SAMPLE_NOTE, "standings": {}}
        if not battles or not live.is_blind:
            return told
        try:
            found = await self._standings.standings_before_after(battles)
        except Exception:  # noqa: BLE001 - whatever keeps the standings away is no reason to lose a vote
            _LOG.exception("no standings for a vote")
            return told
        told["standings"] = {
            label: [None if standing is None else asdict(standing) for standing in both]
            for label, both in found.items()
        }
        return told


def _flags(live: LiveMatchup, roster: Roster, now: float) -> Iterator[str]:
    """What whoever looks through the votes should know of this one."""
    if leaking(live, roster):
        yield Flag.IDENTITY_LEAK.value
    length = sum(len(stream.text()) for stream in live.all_streams())
    if too_fast(now - live.row.created, length):
        yield Suspicion.FAST.value


def _is_sample(live: LiveMatchup) -> bool:
    """Whether the sample arena replied that it has no answer."""
    answers = [stream.answer for stream in live.all_streams()]
    return any(answer is not None and answer.finish_reason == SAMPLE_REPLY for answer in answers)
