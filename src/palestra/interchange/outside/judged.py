"""What a judge said of two answers in one order or both: verdicts, and the battles that come of them."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from palestra.interchange.outside.base import Left
from palestra.interchange.outside.cells import compact
from palestra.records.failure import Failure, FailureKind
from palestra.records.keys import digest
from palestra.records.matchup import Order
from palestra.records.verdict import Verdict
from palestra.records.winner import Winner

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from palestra.interchange.outside.base import BattleRow, Options, Piece

SHARES = {"A>>B": 1.0, "A>B": 0.75, "A=B": 0.5, "B>A": 0.25, "B>>A": 0.0}
"""A's share of the win for each label."""
TURNED = {"A>>B": "B>>A", "A>B": "B>A", "A=B": "A=B", "B>A": "A>B", "B>>A": "A>>B"}
"""The label told of the two answers the other way round."""
STRONG = ("A>>B", "B>>A")
UNREADABLE = "the judge's reply names no winner"
UNNAMED = "unnamed judge"
"""A verdict's judge where the file does not name it."""
ONE_ORDER = "one of the two orders failed, so they are not combined"
_LESS = {"A<<B": "B>>A", "A<B": "B>A", "B=A": "A=B", "B<A": "A>B", "B<<A": "A>>B"}


@dataclass(frozen=True, slots=True)
class Game:
    """One reply of the judge, told of the case's model_a and model_b whatever the order was."""

    order: Order | None
    """None where it is not known. A verdict then says `both`, which answers for either order."""
    winner: Winner | None
    """None if the judge did not decide."""
    share: float | None = None
    label: str | None = None
    raw: str | None = None
    score_a: float | None = None
    score_b: float | None = None
    soft: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """What was judged, and by whom."""

    question_id: str
    model_a: str
    model_b: str
    judge: str | None
    protocol: str | None = None
    tstamp: float | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    """Further columns of the battle: dataset, prompt, responses, …"""


def read_label(text: object) -> str | None:
    """One of the five labels, from a spelling of it (`A>B`, `[[B<A]]`); None where there is none."""
    if not isinstance(text, str):
        return None
    tight = re.sub(r"[\s\[\]]", "", html.unescape(text)).upper()
    label = _LESS.get(tight, tight)
    return label if label in SHARES else None


def label_winner(label: str) -> Winner:
    """Who wins by a label."""
    return share_winner(SHARES[label])


def share_winner(share: float) -> Winner:
    """Who wins by A's share."""
    return Winner.TIE if share == 0.5 else Winner.A if share > 0.5 else Winner.B


def labelled(order: Order, label: str | None, raw: str | None) -> Game:
    """A game by its label, which is told of the answers as they were shown."""
    if label is None:
        return Game(order, None, raw=raw)
    told = TURNED[label] if order is Order.BA else label
    return Game(order, label_winner(told), SHARES[told], told, raw)


def pieces(case: Case, games: Sequence[Game], options: Options) -> Iterator[Piece]:
    """A verdict for each game, then the battles: one for each order, or both in one."""
    for game in games:
        yield _verdict(case, game)
    if options.swap == "both-combine" and len(games) == 2:
        yield _combined(case, games[0], games[1])
        return
    for game in games:
        yield Left(UNREADABLE) if game.winner is None else _battle(case, game, options.strong_weight)


def _verdict(case: Case, game: Game) -> Verdict:
    failure = None
    if game.winner is None:
        failure = Failure(kind=FailureKind.UNREADABLE, message=UNREADABLE)
    return Verdict(
        key=_key("verdict", case, game),
        question_id=case.question_id,
        model_a=case.model_a,
        model_b=case.model_b,
        order=game.order or Order.BOTH,
        judge_model=case.judge or UNNAMED,
        protocol=case.protocol,
        winner=game.winner,
        label=game.label,
        score_a=game.score_a,
        score_b=game.score_b,
        pref=game.share,
        raw=game.raw,
        failure=failure,
        tstamp=case.tstamp,
    )


def _battle(case: Case, game: Game, strong_weight: float) -> BattleRow:
    assert game.winner is not None
    strong = game.label in STRONG and game.order is not Order.BOTH
    return compact(
        {
            "battle_id": _key("battle", case, game),
            "question_id": case.question_id,
            "model_a": case.model_a,
            "model_b": case.model_b,
            "winner": game.winner.value,
            "source": "llm-judge",
            "judge_model": case.judge,
            "tstamp": case.tstamp,
            "order": game.order.value if game.order else None,
            "weight": strong_weight if strong else None,
            "soft": True if game.soft else None,
            "pref": game.winner.share if game.share is None else game.share,
            "score_a": game.score_a,
            "score_b": game.score_b,
            **case.facts,
        }
    )


def _combined(case: Case, one: Game, two: Game) -> BattleRow | Left:
    """The mean of both games: above ½ A wins, below ½ B, at ½ it is a tie; different winners are flagged."""
    if one.winner is None or two.winner is None:
        return Left(ONE_ORDER)
    shares = [game.winner.share if game.share is None else game.share for game in (one, two) if game.winner]
    mean = sum(shares) / 2
    game = Game(
        Order.BOTH,
        share_winner(mean),
        mean,
        score_a=_mean(one.score_a, two.score_a),
        score_b=_mean(one.score_b, two.score_b),
        soft=one.soft or two.soft,
    )
    differ = one.winner.share != two.winner.share
    flags = [*case.facts.get("flags", ()), *(["order_disagreement"] if differ else [])]
    return _battle(case, game, 1.0) | ({"flags": flags} if flags else {})


def _mean(one: float | None, two: float | None) -> float | None:
    return None if one is None or two is None else (one + two) / 2


def _key(what: str, case: Case, game: Game) -> str:
    """An id that derives from what was judged and said."""
    said = [game.winner.value if game.winner else None, game.label, game.share, game.raw]
    order = game.order.value if game.order else None
    turns = case.facts.get("subset")
    pair = [case.model_a, case.model_b]
    return digest([what, "converted", case.question_id, turns, pair, case.judge, order, said, case.tstamp])
