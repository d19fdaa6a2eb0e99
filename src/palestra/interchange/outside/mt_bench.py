"""MT-Bench's judgements (FastChat `llm_judge`, `data/mt_bench/model_judgment/`).

* `JUDGE_pair.jsonl`: `question_id, model_1, model_2, g1_winner, g2_winner, judge: [model, prompt],
  g1_user_prompt, g1_judgment, g2_user_prompt, g2_judgment, turn, tstamp`. Model_1 is shown first in game 1,
  and second in game 2; both winners (`model_1`, `model_2`, `tie`, `error`) are told of the models. Early
  files have one `winner`.
* `JUDGE_single.jsonl`: `question_id, model, judge: [model, prompt], user_prompt, judgment, score, turn,
  tstamp`, a score from 1 to 10, or -1 where the reply had none.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from palestra.interchange.outside.base import DamagedError, Format, Left, Rowwise
from palestra.interchange.outside.cells import moment, number, required, said, text
from palestra.interchange.outside.judged import Case, Game, pieces
from palestra.records.matchup import Order
from palestra.records.winner import Winner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from palestra.interchange.outside.base import Data, Options, Piece

TIE_DELTA = 0.1
"""Scores that differ by no more are a tie (FastChat's `llm_judge/common.py`)."""
NO_SCORE = "the judge's reply has no score"
ALONE = "no other model was graded on this question and turn by this judge"
_WINNERS = {"model_1": Winner.A, "model_2": Winner.B, "tie": Winner.TIE, "error": None}


def _fits_pair(data: Data) -> bool:
    return data.keys() >= {"question_id", "model_1", "model_2", "judge"} and (
        "g1_winner" in data or "winner" in data
    )


def _fits_single(data: Data) -> bool:
    return data.keys() >= {"question_id", "model", "judge", "score", "judgment"}


def _judge(data: Data) -> tuple[str, str | None]:
    """The judge and the name of its prompt."""
    value = data.get("judge")
    if isinstance(value, str) and value:
        return value, None
    if isinstance(value, list) and value and all(isinstance(part, str) for part in value):
        return value[0], value[1] if len(value) > 1 else None
    raise DamagedError("expected the judge's name, or it and its prompt's", key="judge", seen=value)


def _pairs(options: Options) -> Rowwise:
    def convert(data: Data) -> Iterator[Piece]:
        judge, protocol = _judge(data)
        turn = text(data, "turn")
        case = Case(
            question_id=required(data, "question_id"),
            model_a=required(data, "model_1"),
            model_b=required(data, "model_2"),
            judge=judge,
            protocol=protocol,
            tstamp=moment(data, "tstamp"),
            facts={"dataset": "mt-bench"} | ({"subset": f"turn-{turn}"} if turn else {}),
        )
        yield from pieces(case, list(_games(data)), options)

    return Rowwise(convert, "a question's two turns are battles of their own (subset turn-1, turn-2)")


def _games(data: Data) -> Iterator[Game]:
    if "m1_score" in data:  # each was graded alone, so there was no order
        yield Game(
            order=None,
            winner=_winner(data, "g1_winner"),
            score_a=number(data, "m1_score"),
            score_b=number(data, "m2_score"),
        )
    elif "g1_winner" in data:
        yield Game(Order.AB, _winner(data, "g1_winner"), raw=said(data, "g1_judgment"))
        if "g2_winner" in data:
            yield Game(Order.BA, _winner(data, "g2_winner"), raw=said(data, "g2_judgment"))
    else:
        yield Game(None, _winner(data, "winner"))


def _winner(data: Data, key: str) -> Winner | None:
    word = required(data, key)
    if word not in _WINNERS:
        raise DamagedError("unknown winner", key=key, seen=word)
    return _WINNERS[word]


class _Grades:
    """Scores of single answers, compared between all models on the same question and turn."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._scores: dict[tuple[str, str, str, str | None], dict[str, tuple[float, float | None]]] = {}

    def start(self, name: str) -> None:
        pass

    def notes(self) -> list[str]:
        return [
            "each answer was graded alone; a battle is between every two models on a question and turn, and "
            f"scores that differ by no more than {TIE_DELTA} are a tie",
            "a question's two turns are battles of their own (subset turn-1, turn-2)",
        ]

    def convert(self, data: Data) -> Iterator[Piece]:
        judge, protocol = _judge(data)
        score = number(data, "score")
        if score is None or score < 0:
            yield Left(NO_SCORE)
            return
        place = (required(data, "question_id"), text(data, "turn") or "1", judge, protocol)
        graded = self._scores.setdefault(place, {})
        model = required(data, "model")
        if model in graded and graded[model][0] != score:
            raise DamagedError(
                "another score of the same answer than before",
                key="score",
                seen=score,
            )
        graded[model] = (score, moment(data, "tstamp"))

    def end(self) -> Iterator[Piece]:
        for (question, turn, judge, protocol), graded in self._scores.items():
            if len(graded) < 2:
                yield Left(ALONE)
            for a, b in combinations(sorted(graded), 2):
                times = [time for _, time in (graded[a], graded[b]) if time is not None]
                case = Case(
                    question_id=question,
                    model_a=a,
                    model_b=b,
                    judge=judge,
                    protocol=protocol,
                    tstamp=max(times, default=None),
                    facts={"dataset": "mt-bench", "subset": f"turn-{turn}"},
                )
                yield from pieces(case, [_compared(graded[a][0], graded[b][0])], self._options)


def _compared(a: float, b: float) -> Game:
    winner = Winner.TIE if abs(a - b) <= TIE_DELTA else Winner.A if a > b else Winner.B
    return Game(None, winner, score_a=a, score_b=b)


FORMATS = (
    Format(
        name="mt-bench-pair",
        title="MT-Bench pairwise judgements",
        shape="question_id, model_1, model_2, judge, g1_winner or winner",
        fits=_fits_pair,
        make=_pairs,
        gives=frozenset({"battles", "verdicts"}),
    ),
    Format(
        name="mt-bench-single",
        title="MT-Bench single-answer grades",
        shape="question_id, model, judge, score, judgment",
        fits=_fits_single,
        make=_Grades,
        gives=frozenset({"battles", "verdicts"}),
    ),
)
