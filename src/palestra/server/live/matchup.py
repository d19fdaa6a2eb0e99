"""One matchup while it is played: its rows, its streams, and what may be done with it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from palestra.server.live.stream import Stream
from palestra.server.signal import Signal
from palestra.store.arena_matchups import BLIND, OPEN

if TYPE_CHECKING:
    from palestra.store.arena_matchups import MatchupRow, StoredMatchup, TurnRow
    from palestra.store.arena_votes import VoteRow


@dataclass(slots=True)
class LiveMatchup:
    """A matchup in memory. Everything that changes it happens in the event loop."""

    row: MatchupRow
    turns: list[TurnRow]
    paced: bool = False
    vote: VoteRow | None = None
    broken: bool = False
    """It could not be played on, for example because the database could not be written."""
    structure: int = 0
    """Counts turns added and generated again: a reader that sees it change begins anew."""
    signal: Signal = field(default_factory=Signal)
    """Sent at each change."""
    news: Signal = field(default_factory=Signal)
    """Sent at each change that readers are told of at once, which further words are not."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by whoever does something to it: one thing at a time."""
    playing: asyncio.Task[None] | None = None
    """What generates its answers."""
    _streams: dict[tuple[int, int], Stream] = field(default_factory=dict)

    @classmethod
    def of(cls, stored: StoredMatchup, *, paced: bool, vote: VoteRow | None = None) -> LiveMatchup:
        """A matchup as it is stored; answers that are missing have streams that wait. So has a failure in an
        open blind one, which was noted when the server ended: it is asked for again.
        """
        live = cls(stored.row, list(stored.turns), paced=paced, vote=vote)
        for turn in live.turns:
            live.prepare(turn)
        for answer in stored.answers:
            if live.is_open and live.is_blind and answer.failure is not None and not answer.stopped:
                continue
            stream = live.stream(answer.turn, answer.slot)
            stream.answer = answer
            stream.drop_held()
        return live

    @property
    def id(self) -> str:
        """The matchup's id."""
        return self.row.id

    @property
    def size(self) -> int:
        """How many models meet."""
        return len(self.row.models)

    @property
    def is_blind(self) -> bool:
        """Whether the visitor does not know who meets."""
        return self.row.kind == BLIND

    @property
    def is_open(self) -> bool:
        """Whether it waits for a vote."""
        return self.row.state == OPEN

    def changed(self) -> None:
        """Tell readers at once. Where the pace is kept only what is shown decides when they are told."""
        self.signal.send()
        if not self.paced or not self.is_open:
            self.news.send()

    def prepare(self, turn: TurnRow) -> None:
        """Make empty streams for a turn, or for a new attempt at it."""
        for slot in range(self.size):
            self._streams[turn.turn, slot] = Stream(turn.turn, slot, turn.attempt, paced=self.paced)

    def stream(self, turn: int, slot: int) -> Stream:
        """The stream of one slot in one turn."""
        return self._streams[turn, slot]

    def streams(self, turn: int) -> list[Stream]:
        """The streams of a turn, by slot."""
        return [self._streams[turn, slot] for slot in range(self.size)]

    def all_streams(self) -> list[Stream]:
        """The streams of all turns, in order."""
        return [stream for turn in self.turns for stream in self.streams(turn.turn)]

    def last(self) -> list[Stream]:
        """The streams of the last turn."""
        return self.streams(self.turns[-1].turn)

    @property
    def settled(self) -> bool:
        """Whether all answers ended and are shown whole."""
        return all(stream.done for stream in self.all_streams())

    def votable(self) -> list[int]:
        """The slots that answered every turn, as far as it goes: those that may win."""
        return [
            slot
            for slot in range(self.size)
            if all(_has_text(self.stream(turn.turn, slot)) for turn in self.turns)
        ]

    @property
    def can_vote(self) -> bool:
        """Whether a vote is taken and everything has been said."""
        return self.is_open and self.settled and self._enough()

    @property
    def vote_now(self) -> bool:
        """Whether a vote is taken though something is still being said: all have begun."""
        begun = all(stream.begun for stream in self.last())
        return self.is_open and not self.settled and begun and self._enough()

    def _enough(self) -> bool:
        votable = len(self.votable())
        return votable == self.size if self.is_blind else votable >= 2


def _has_text(stream: Stream) -> bool:
    if stream.answer is not None and stream.done:
        return stream.answer.ok
    return stream.begun
