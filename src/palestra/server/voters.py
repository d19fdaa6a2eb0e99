"""The voters: how each votes, how far that agrees with the board, and whose votes should be looked at."""

from __future__ import annotations

import statistics
import threading
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from starlette.concurrency import run_in_threadpool

from palestra.analysis.voters import Opinions, Suspicion, Votes, habits, suspicions
from palestra.ranking.scale import BASE, SCALE
from palestra.server.boards.query import BoardQuery
from palestra.server.boards.standings import MAIN
from palestra.server.live.decision import BOTH_BAD, TIE
from palestra.server.live.slots import letter
from palestra.store.arena_admin_votes import cast_battles, cast_votes, shared_addresses, votes_state
from palestra.store.arena_matchups import BLIND

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping, Sequence

    from palestra.analysis.voters import Habits
    from palestra.ranking.arrays import Ints
    from palestra.server.boards.board import Board
    from palestra.server.boards.service import Boards
    from palestra.store.arena_admin_votes import CastBattles, CastVote
    from palestra.store.database import Database


@dataclass(frozen=True, slots=True)
class Voter:
    """What is known of one voter."""

    voter: str
    """A salted hash."""
    votes: int
    first: float
    """UTC epoch seconds of the first vote."""
    last: float
    flagged: int
    """Votes with a flag of their own."""
    seconds: float
    """From the beginning of a battle to the vote, the median."""
    sides: Mapping[str, int]
    """Of the decisive blind votes: how many went to the answer shown first, and to the one shown last."""
    ties: int
    opinions: int
    """Decisive blind battles of models whose ratings can be compared."""
    agreement: float | None
    """Share of those that went to the model with the higher rating; None without any."""
    expected: float | None
    """What the ratings expect that share to be."""
    same_address: int
    """Voters who voted from the same address, this one among them."""
    flags: tuple[str, ...]
    reasons: tuple[str, ...]
    """The flags in words."""


class VoterBook:
    """All voters. Safe to use from several threads; worked out anew when votes came or went."""

    def __init__(self, database: Database, boards: Boards) -> None:
        self._database, self._boards = database, boards
        self._lock = threading.Lock()
        self._kept: tuple[Hashable, list[Voter]] | None = None

    async def all(self) -> list[Voter]:
        """All voters, those with most flags first, then those with most votes.

        Raises:
            StoreError: the database cannot be read.
        """
        board = await self._boards.board(BoardQuery(MAIN))
        return await run_in_threadpool(self._all, board)

    def _all(self, board: Board) -> list[Voter]:
        with self._lock, self._database.reading() as connection:
            state = (board.key, votes_state(connection))
            if self._kept is None or self._kept[0] != state:
                found = _reviewed(cast_votes(connection), cast_battles(connection), board)
                self._kept = (state, found)
            return self._kept[1]


def _reviewed(cast: Sequence[CastVote], decided: Sequence[CastBattles], board: Board) -> list[Voter]:
    voters = list(dict.fromkeys(vote.voter for vote in cast))
    place = {voter: number for number, voter in enumerate(voters)}
    found = habits(_votes(cast, place), _opinions(decided, place, board), len(voters))
    sharing = shared_addresses(cast)
    shared = np.array([sharing.get(voter, 1) for voter in voters], dtype=np.int64)
    whys = suspicions(found, shared)
    own: defaultdict[str, list[CastVote]] = defaultdict(list)
    for vote in cast:
        own[vote.voter].append(vote)
    told = [_told(voter, own[voter], found, n, shared, whys[n]) for n, voter in enumerate(voters)]
    return sorted(told, key=lambda voter: (-len(voter.flags), -voter.votes, voter.voter))


def _votes(cast: Sequence[CastVote], place: Mapping[str, int]) -> Votes:
    blind = [vote.kind == BLIND for vote in cast]
    first = [b and vote.winner == letter(0) for vote, b in zip(cast, blind, strict=True)]
    last = [b and vote.winner == letter(vote.size - 1) for vote, b in zip(cast, blind, strict=True)]
    return Votes(
        np.array([place[vote.voter] for vote in cast], dtype=np.int64),
        np.array(first, dtype=bool),
        np.array(last, dtype=bool),
        np.array([vote.winner in (TIE, BOTH_BAD) for vote in cast], dtype=bool),
        np.array([vote.fast for vote in cast], dtype=bool),
    )


def _opinions(decided: Sequence[CastBattles], place: Mapping[str, int], board: Board) -> Opinions:
    rated = {row.model: (row.component, row.rating) for row in board.table.ratings}
    rows: list[tuple[int, float, bool, int]] = []
    for voter, winner, loser, n in decided:
        one, two = rated.get(winner), rated.get(loser)
        if voter not in place or one is None or two is None or one[0] != two[0]:
            continue
        gap = one[1] - two[1]
        favoured = 1.0 / (1.0 + BASE ** (-abs(gap) / SCALE))
        rows.append((place[voter], favoured, gap >= 0, n))
    times = [n for *_, n in rows]
    return Opinions(
        np.repeat(np.array([row[0] for row in rows], dtype=np.int64), times),
        np.repeat(np.array([row[1] for row in rows], dtype=np.float64), times),
        np.repeat(np.array([row[2] for row in rows], dtype=bool), times),
    )


def _told(
    voter: str,
    own: Sequence[CastVote],
    found: Habits,
    place: int,
    sharing: Ints,
    whys: Sequence[Suspicion],
) -> Voter:
    numbers: dict[str, Any] = {
        name: getattr(found, name)[place].item()
        for name in ("votes", "first", "last", "tied", "fast", "opinions", "agreed", "expected")
    }
    opinions = numbers["opinions"]
    agreement = numbers["agreed"] / opinions if opinions else None
    expected = numbers["expected"] / opinions if opinions else None
    return Voter(
        voter=voter,
        votes=len(own),
        first=own[0].tstamp,
        last=own[-1].tstamp,
        flagged=sum(vote.flagged for vote in own),
        seconds=statistics.median(vote.seconds for vote in own),
        sides={"first": numbers["first"], "last": numbers["last"]},
        ties=numbers["tied"],
        opinions=opinions,
        agreement=agreement,
        expected=expected,
        same_address=int(sharing[place]),
        flags=tuple(why.value for why in whys),
        reasons=tuple(_reason(why, numbers, int(sharing[place])) for why in whys),
    )


def _reason(why: Suspicion, n: Mapping[str, Any], sharing: int) -> str:
    sides = n["first"] + n["last"]
    most = max(n["first"], n["last"])
    which = "first" if n["first"] == most else "last"
    told = max(n["opinions"], 1)
    return {
        Suspicion.SAME_SIDE: f"{most} of {sides} decisive blind votes went to the answer shown {which}",
        Suspicion.ALWAYS_TIE: f"{n['tied']} of {n['votes']} votes called neither better",
        Suspicion.FAST: f"{n['fast']} of {n['votes']} votes came faster than anybody reads",
        Suspicion.SHARED_ADDRESS: f"{sharing} voters voted from the same address",
        Suspicion.DISAGREES: (
            f"picked the model with the higher rating in {n['agreed'] / told:.0%} of {n['opinions']} "
            f"battles; the ratings expect {n['expected'] / told:.0%}"
        ),
    }[why]
