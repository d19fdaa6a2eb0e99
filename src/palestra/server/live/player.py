"""Playing a matchup: every answer that is missing is asked for, turn by turn, all slots at once."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from palestra.records.failure import Failure, FailureKind
from palestra.server.live.generation import generate
from palestra.server.live.pacing import keep_step
from palestra.server.live.stream import stopped_row
from palestra.store.arena_matchups import AnswerRow, put_answers

if TYPE_CHECKING:
    from palestra.server.live.matchup import LiveMatchup
    from palestra.server.live.stream import Stream
    from palestra.server.metrics import Metrics
    from palestra.server.roster import Roster
    from palestra.store.arena_writer import GroupWriter

_LOG = logging.getLogger("palestra.server")
STOPPED = Failure(kind=FailureKind.EMPTY, message="it was stopped before it said anything")


class ModelFailedError(Exception):
    """A model of a blind matchup could not answer, so the matchup is void."""


class Player:
    """Plays matchups, one task for each."""

    def __init__(self, roster: Roster, writer: GroupWriter, metrics: Metrics, pad: float) -> None:
        """`pad`: seconds before which no answer of a paced matchup begins."""
        self._roster = roster
        self._writer = writer
        self._metrics = metrics
        self._pad = pad

    async def play(self, live: LiveMatchup) -> None:
        """Ask for every answer that is missing.

        Raises:
            ModelFailedError: a model of a blind matchup failed; its failure is stored.
            StoreError: an answer cannot be stored.
        """
        for turn in list(live.turns):
            missing = [stream for stream in live.streams(turn.turn) if not stream.done]
            if missing:
                await self._play_turn(live, missing)

    async def _play_turn(self, live: LiveMatchup, missing: list[Stream]) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for stream in missing:
                    if stream.answer is None:
                        group.create_task(self._answer(live, stream))
                if live.paced:
                    pace = keep_step(missing, self._pad, live.signal, live.signal.send)
                    group.create_task(pace)
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        if live.paced:
            for stream in missing:
                if stream.answer is not None and stream.answer.failure is None:
                    self._count(live, stream.answer)

    async def _answer(self, live: LiveMatchup, stream: Stream) -> None:
        contestant = self._roster.get(live.row.models[stream.slot])
        try:
            answer = await generate(live, stream, contestant)
        except Exception as error:  # noqa: BLE001 - a fault of one answer is not one of the battle
            _LOG.exception("an answer of matchup %s broke off", live.id)
            failure = Failure(kind=FailureKind.OTHER, message=f"a fault in the arena: {type(error).__name__}")
            answer = AnswerRow(stream.turn, stream.slot, stream.attempt, failure=failure, tstamp=time.time())
        await self._keep(live, [answer])
        if not live.paced or answer.failure is not None:
            self._count(live, answer)  # else when all are shown: its moment is hidden until then
        if answer.failure is not None and live.is_blind:
            raise ModelFailedError
        stream.answer = answer
        live.changed()

    async def stop(self, live: LiveMatchup) -> None:
        """Stop what is being said, and keep what is shown of it."""
        await cancel(live)
        rows = []
        for stream in live.all_streams():
            if stream.done:
                continue
            stream.drop_held()
            row = stopped_row(stream, _facts(stream))
            rows.append((stream, row if row.ok else _nothing_said(row)))
        await self._keep(live, [row for _, row in rows])
        for stream, row in rows:
            stream.answer = row
            self._count(live, row)
        live.changed()

    async def _keep(self, live: LiveMatchup, rows: list[AnswerRow]) -> None:
        matchup_id = live.id
        if rows:
            await self._writer.write(lambda connection: put_answers(connection, matchup_id, rows))

    def _count(self, live: LiveMatchup, answer: AnswerRow) -> None:
        """Count an answer; of a paced matchup, which hides how fast models are, without its seconds."""
        outcome = "stopped" if answer.stopped else "failed" if answer.failure else "answered"
        self._metrics.answers.labels(outcome).inc()
        if live.paced:
            return
        if answer.first_token_ms is not None:
            self._metrics.first_token_seconds.observe(answer.first_token_ms / 1000)
        if answer.latency_ms is not None and answer.ok:
            self._metrics.answer_seconds.observe(answer.latency_ms / 1000)


async def cancel(live: LiveMatchup) -> None:
    """End the task that plays a matchup, if there is one."""
    task = live.playing
    if task is None or task.done() or task is asyncio.current_task():
        return
    task.cancel()
    await asyncio.wait([task])


def _facts(stream: Stream) -> AnswerRow:
    """The row of a stream that is stopped now; one that had ended keeps what it cost."""
    if stream.answer is not None:
        return stream.answer
    return AnswerRow(stream.turn, stream.slot, stream.attempt, stopped=True, tstamp=time.time())


def _nothing_said(row: AnswerRow) -> AnswerRow:
    return AnswerRow(
        row.turn,
        row.slot,
        row.attempt,
        thinking=row.thinking,
        failure=STOPPED,
        stopped=True,
        tstamp=row.tstamp,
    )
