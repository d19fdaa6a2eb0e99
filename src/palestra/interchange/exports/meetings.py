"""The battles of one prompt, put together: two answers meet as often as battles were fought over them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from palestra.interchange.exports.normal import normal_talk
from palestra.interchange.exports.turns import whole
from palestra.records.winner import Winner

if TYPE_CHECKING:
    from collections.abc import Iterable

    from palestra.interchange.exports.juries import Votes
    from palestra.interchange.exports.turns import Talk
    from palestra.records.battle import Battle


@dataclass(slots=True)
class Answer:
    """One answer to one prompt, whoever gave it."""

    key: str
    """Its conversation, normalised."""
    talk: Talk
    """The conversation from the first turn on. Of several that are the same when normalised, the one that
    comes first in the alphabet."""
    models: set[str] = field(default_factory=set)

    def add(self, talk: Talk, model: str) -> None:
        """It was given once more."""
        self.models.add(model)
        self.talk = min(self.talk, talk, key=_order)

    @property
    def model(self) -> str:
        """Who gave it; of several the first in the alphabet."""
        return min(self.models)


@dataclass(frozen=True, slots=True)
class Game:
    """One battle, told from the meeting's first answer."""

    share: float
    """Of the win, as ratings read it, in [0, 1]."""
    pref: float
    """The same as the judge said it, which may be finer."""
    weight: float
    judge: str
    """Who decided: a voter, a judge, or nobody known, who is somebody else in each battle."""
    scores: tuple[float, float] | None
    """The first answer's and the other's, in the judge's points."""
    bad: bool
    """Whether both were called bad."""
    votes: tuple[tuple[str, float], ...] = ()
    """Of a panel: each judge and the first answer's share by it."""


@dataclass(slots=True)
class Meeting:
    """Two answers, the one whose text comes first in the alphabet before the other."""

    one: Answer
    other: Answer
    games: list[Game] = field(default_factory=list)
    facts: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Column → what the battles say in it."""

    def close(self) -> None:
        """Put the games in the order in which they are added up, whatever order they came in."""
        self.games.sort(
            key=lambda game: (game.judge, game.share, game.pref, game.weight, game.scores or (), game.votes)
        )

    @property
    def judges(self) -> int:
        """How many people and judges decided."""
        return sum(self.votes())

    @property
    def share(self) -> float:
        """The first answer's mean share of the win, by weight; ½ if no battle has a weight."""
        return mean([(game.share, game.weight) for game in self.games], 0.5)

    @property
    def pref(self) -> float:
        """The same as the judges said it."""
        return mean([(game.pref, game.weight) for game in self.games], 0.5)

    @property
    def score(self) -> float | None:
        """By how much the first answer's score is higher; None unless every battle has scores."""
        scored = [(game.scores, game.weight) for game in self.games if game.scores is not None]
        if not scored or len(scored) < len(self.games):
            return None
        return mean([(one - other, weight) for (one, other), weight in scored], 0.0)

    @property
    def is_contradicted(self) -> bool:
        """Whether some battles say one and some the other."""
        return any(game.share > 0.5 for game in self.games) and any(game.share < 0.5 for game in self.games)

    def votes(self) -> tuple[int, int, int]:
        """How many of those who decided are for the first answer, for neither, and for the other."""
        shares: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
        for game in self.games:
            for judge, share in game.votes or ((game.judge, game.share),):
                shares[judge].append((share, game.weight))
        means = [mean(each, 0.5) for each in shares.values()]
        return (
            sum(mean > 0.5 for mean in means),
            sum(mean == 0.5 for mean in means),
            sum(mean < 0.5 for mean in means),
        )

    def agreeing(self) -> tuple[int, int]:
        """How many of those who decided are for what came out, and how many decided."""
        votes = self.votes()
        share = self.share
        return votes[0 if share > 0.5 else 1 if share == 0.5 else 2], sum(votes)


def meetings(battles: Iterable[tuple[Battle, Votes]]) -> list[Meeting]:
    """The meetings of battles that all have their texts, with the votes behind those of a panel; in an order
    that is theirs, not that of the battles.
    """
    found: dict[tuple[str, str], Meeting] = {}
    for battle, votes in sorted(battles, key=lambda judged: _same_order(judged[0])):
        a, b = (whole(battle.prompt or "", answer or "") for answer in (battle.response_a, battle.response_b))
        keys = (normal_talk(a), normal_talk(b))
        turned = keys[0] > keys[1]
        one, other = (
            ((b, battle.model_b), (a, battle.model_a))
            if turned
            else ((a, battle.model_a), (b, battle.model_b))
        )
        place = (min(keys), max(keys))
        held = found.get(place)
        if held is None:
            held = found[place] = Meeting(Answer(place[0], one[0]), Answer(place[1], other[0]))
        held.one.add(*one)
        held.other.add(*other)
        held.games.append(_game(battle, votes, turned, len(held.games)))
        for name in ("question_id", "source", "dataset", "category", "language"):
            value = getattr(battle, name)
            if value is not None:
                held.facts[name].add(str(value))
    for held in found.values():
        held.close()
    return [found[place] for place in sorted(found)]


def _game(battle: Battle, votes: Votes, turned: bool, number: int) -> Game:
    share = battle.share()
    pref = share if battle.pref is None else battle.pref
    scores = None
    if battle.score_a is not None and battle.score_b is not None:
        scores = (battle.score_b, battle.score_a) if turned else (battle.score_a, battle.score_b)
    return Game(
        share=_told(share, turned),
        pref=_told(pref, turned),
        weight=battle.weight,
        judge=battle.voter or battle.judge_model or f"\0{number:09}",
        scores=scores,
        bad=battle.winner is Winner.BOTH_BAD,
        votes=tuple(sorted((judge, _told(each, turned)) for judge, each in votes.items())),
    )


def _same_order(battle: Battle) -> str:
    """The same for a battle and for the same one told the other way round."""
    share = battle.share()
    pref = share if battle.pref is None else battle.pref
    sides = sorted(
        [
            [
                battle.model_a,
                _told(share, False),
                _told(pref, False),
                battle.score_a or 0.0,
                str(battle.response_a),
            ],
            [
                battle.model_b,
                _told(share, True),
                _told(pref, True),
                battle.score_b or 0.0,
                str(battle.response_b),
            ],
        ]
    )
    return f"{battle.voter} {battle.judge_model} {battle.weight} {battle.winner is Winner.BOTH_BAD} {sides}"


def _told(share: float, turned: bool) -> float:
    """Rounded, so that a share and the rest of a rest are the same."""
    return round(1.0 - share if turned else share, 12)


def _order(talk: Talk) -> list[str]:
    return [message.content for message in talk]


def mean(values: list[tuple[float, float]], nothing: float) -> float:
    """Of (value, weight), rounded so that what is even is exactly even; `nothing` if they have no weight."""
    weight = sum(each for _, each in values)
    return round(sum(value * each for value, each in values) / weight, 12) if weight > 0 else nothing
