"""What a voter decided, and the battles that come of it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from palestra.ranking.style import style_of
from palestra.records.battle import Battle, Flag, Source
from palestra.records.keys import digest
from palestra.records.winner import Winner
from palestra.server.live.generation import asked, conversation
from palestra.server.live.leaks import tells_its_name
from palestra.server.live.slots import letters
from palestra.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from palestra.records.battle import Text
    from palestra.server.live.matchup import LiveMatchup
    from palestra.server.roster import Roster

TIE, BOTH_BAD = "tie", "both_bad"
_TIES = {TIE: Winner.TIE, BOTH_BAD: Winner.BOTH_BAD}


@dataclass(frozen=True, slots=True)
class Decision:
    """A vote's content, in slot letters."""

    winner: str
    """A letter, `tie` or `both_bad`."""
    ranking: tuple[str, ...] | None = None
    """Letters, best first."""

    def check(self, live: LiveMatchup) -> None:
        """See whether it can be a vote on this matchup.

        Raises:
            Problem: it names a slot that is not there or did not answer.
        """
        known = letters(live.size)
        votable = {known[slot] for slot in live.votable()}
        if self.ranking is not None and (
            len(self.ranking) < 2 or len(set(self.ranking)) != len(self.ranking)
        ):
            raise Problem(422, "ranking: name two slots or more, each once.")
        for name in self.ranking or (self.winner,):
            if name in _TIES and self.ranking is None:
                continue
            if name not in known:
                choices = ", ".join([*known, *_TIES])
                raise Problem(422, f"{name[:20]!r} is not a choice; there are: {choices}.")
            if name not in votable:
                raise Problem(
                    409, f"{name.upper()} did not answer, so it cannot be voted for.", code="failed"
                )

    def games(self, live: LiveMatchup) -> Iterator[tuple[int, int, Winner]]:
        """(slot shown before, slot shown after, who of the two won) for each pair that it decides."""
        place = {name: slot for slot, name in enumerate(letters(live.size))}
        if self.ranking is not None:
            order = [place[name] for name in self.ranking]
            yield from map(_game, *zip(*itertools.combinations(order, 2), strict=True))
            return
        votable = live.votable()
        if self.winner in _TIES:
            for a, b in itertools.combinations(votable, 2):
                yield a, b, _TIES[self.winner]
            return
        best = place[self.winner]
        yield from (_game(best, other) for other in votable if other != best)


def _game(best: int, other: int) -> tuple[int, int, Winner]:
    return (best, other, Winner.A) if best < other else (other, best, Winner.B)


def battles_of(live: LiveMatchup, decision: Decision, roster: Roster, tstamp: float) -> list[Battle]:
    """The battles that a decision makes, told of the models in the order in which they were shown."""
    telling = leaking(live, roster)
    styles = [style_of(_answers(live, slot)) for slot in range(live.size)]  # once, as a slot has many games
    return [
        _battle(
            live,
            slots=(a, b),
            winner=winner,
            leak=bool({a, b} & telling),
            style=_style(styles[a], styles[b]),
            tstamp=tstamp,
        )
        for a, b, winner in decision.games(live)
    ]


def leaking(live: LiveMatchup, roster: Roster) -> set[int]:
    """The slots that told who they are, in an answer, in its thinking, or in one that was generated again."""
    return set(live.row.leaks) | {slot for slot in range(live.size) if _leaks(live, slot, roster)}


def _battle(
    live: LiveMatchup,
    *,
    slots: tuple[int, int],
    winner: Winner,
    leak: bool,
    style: dict[str, float],
    tstamp: float,
) -> Battle:
    row = live.row
    a, b = slots
    return Battle(
        battle_id=digest(["live", row.id, a, b])[:32],
        question_id=_question_id(live),
        model_a=row.models[a],
        model_b=row.models[b],
        winner=winner,
        source=Source.HUMAN,
        dataset=row.dataset,
        category=row.category,
        language=row.language,
        tstamp=tstamp,
        flags=(Flag.IDENTITY_LEAK.value,) if leak else (),
        voter=row.voter,
        anonymous=live.is_blind,
        prompt=_prompt(live),
        response_a=_response(live, a),
        response_b=_response(live, b),
        style=style,
    )


def _question_id(live: LiveMatchup) -> str:
    """The prompt's id; a conversation, or a system prompt, makes it another question."""
    if len(live.turns) == 1 and not live.row.system:
        return live.row.question_id
    return f"typed-{digest(['talk', *(m.content for m in asked(live))])[:20]}"


def _prompt(live: LiveMatchup) -> Text:
    messages = asked(live)
    return messages[0].content if len(messages) == 1 else messages


def _response(live: LiveMatchup, slot: int) -> Text:
    said = live.stream(live.turns[0].turn, slot).text()
    return said if len(live.turns) == 1 else conversation(live, slot)


def _answers(live: LiveMatchup, slot: int) -> str:
    return "\n\n".join(live.stream(turn.turn, slot).text() for turn in live.turns)


def _style(of_a: dict[str, int], of_b: dict[str, int]) -> dict[str, float]:
    both = {"a": of_a, "b": of_b}
    return {f"{name}_{side}": float(n) for side, style in both.items() for name, n in style.items()}


def _leaks(live: LiveMatchup, slot: int, roster: Roster) -> bool:
    found = roster.get(live.row.models[slot])
    if found is None:
        return False
    streams = [live.stream(turn.turn, slot) for turn in live.turns]
    said = (text for stream in streams for text in (stream.thinking(), stream.text()))
    return any(tells_its_name(text, found.config) for text in said)
