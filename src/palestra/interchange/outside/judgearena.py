"""JudgeArena's results (OpenEuroLLM/JudgeArena).

* Its battles (`battles.parquet` or `battles.jsonl` of an Elo run): `model_a, model_b, winner, pref, source,
  question_id, judge_model`, later also `pref_hard, panel_id, lang, orientation`. A pref of 0 says that A won,
  1 that B did, which is the other way round than here.
* Its annotations (`…-annotations.csv`): `instruction, completion_A, completion_B, judge_completion,
  instruction_index, model_A, model_B, judge`; the judge gives scores from 0 to 10, of which it makes a share
  e^(T·a) / (e^(T·a) + e^(T·b)) with T = 0.3.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from palestra.interchange.outside.base import DamagedError, Format, Left, Rowwise
from palestra.interchange.outside.cells import compact, number, question_of, required, said, text, winner
from palestra.interchange.outside.judged import (
    UNREADABLE,
    Case,
    Game,
    labelled,
    pieces,
    read_label,
    share_winner,
)
from palestra.records.matchup import Order

if TYPE_CHECKING:
    from collections.abc import Iterator

    from palestra.interchange.outside.base import BattleRow, Data, Options, Piece

TEMPERATURE = 0.3
_COLUMNS = {
    "model_a",
    "model_b",
    "winner",
    "pref",
    "pref_hard",
    "source",
    "judge_model",
    "question_id",
    "panel_id",
    "lang",
    "orientation",
}
_OWN = {"pref_hard", "panel_id", "orientation"}
_ORDERS = {"direct": "ab", "single": "ab", "reversed": "ba"}
_SCORE = r"score[\s_*-]*{side}[\s\"'*_:=\])]*(?P<score>-?\d+(?:\.\d+)?)"
_LABEL = re.compile(r"\[\[([AB<>=]{3,4})\]\]")
_SCORES = tuple(re.compile(_SCORE.format(side=side), re.IGNORECASE) for side in "ab")


def _fits_battles(data: Data) -> bool:
    if not (data.keys() >= {"model_a", "model_b", "winner", "pref", "source"} and data.keys() <= _COLUMNS):
        return False
    return bool(data.keys() & _OWN) or told_turned(data) is not False


def told_turned(data: Data) -> bool | None:
    """Whether pref and winner only agree if 0 says that A won; None if the row does not tell."""
    try:
        share, who = number(data, "pref"), winner(data)
    except DamagedError:
        return None
    if share is None or share == 0.5 or who not in ("model_a", "model_b"):
        return None
    return (share < 0.5) == (who == "model_a")


def _fits_annotations(data: Data) -> bool:
    return data.keys() >= {"completion_A", "completion_B", "judge_completion", "model_A", "model_B"}


def _convert_battle(data: Data) -> Iterator[BattleRow | Left]:
    turned = number(data, "pref")
    if text(data, "winner") is None:
        yield Left(UNREADABLE)
        return
    if turned is not None and not 0 <= turned <= 1:
        raise DamagedError("expected a share from 0 to 1", key="pref", seen=turned)
    if told_turned(data) is False:
        raise DamagedError("contradicts the winner (0 says that A won)", key="pref", seen=turned)
    source = required(data, "source")
    if source not in ("human", "llm-judge"):
        raise DamagedError("expected human or llm-judge", key="source", seen=source)
    pref = None if turned is None else 1.0 - turned
    orientation = text(data, "orientation")
    if orientation is not None and orientation not in _ORDERS:
        raise DamagedError("expected direct, reversed or single", key="orientation", seen=orientation)
    soft = source == "llm-judge" and pref not in (None, 0.0, 0.5, 1.0)
    yield compact(
        {
            "question_id": text(data, "question_id"),
            "model_a": required(data, "model_a"),
            "model_b": required(data, "model_b"),
            "winner": winner(data),
            "source": source,
            "judge_model": text(data, "judge_model"),
            "dataset": "judgearena",
            "language": text(data, "lang"),
            "order": _ORDERS.get(orientation or ""),
            "soft": True if soft else None,
            "pref": pref,
        }
    )


def _annotations(options: Options) -> Rowwise:
    def convert(data: Data) -> Iterator[Piece]:
        asked, reply = said(data, "instruction"), said(data, "judge_completion")
        index = text(data, "instruction_index")
        case = Case(
            question_id=index or question_of(asked or ""),
            model_a=required(data, "model_A"),
            model_b=required(data, "model_B"),
            judge=text(data, "judge"),
            protocol="judgearena",
            facts=compact(
                {
                    "dataset": "judgearena",
                    "prompt": asked,
                    "response_a": said(data, "completion_A"),
                    "response_b": said(data, "completion_B"),
                }
            ),
        )
        yield from pieces(case, [_game(reply)], options)

    return Rowwise(
        convert,
        f"scores became shares with JudgeArena's temperature {TEMPERATURE}, and count as such (soft)",
        "a reversed order is a row of its own, told of the models as they were shown",
    )


def _game(reply: str | None) -> Game:
    """The last score of each side, else the last label."""
    found = [[float(match["score"]) for match in score.finditer(reply or "")] for score in _SCORES]
    if not all(found):
        labels = _LABEL.findall((reply or "").upper())
        return labelled(Order.AB, read_label(labels[-1]) if labels else None, reply)
    a, b = (scores[-1] for scores in found)
    share = 1.0 / (1.0 + math.exp(max(-700.0, min(700.0, TEMPERATURE * (b - a)))))
    return Game(Order.AB, share_winner(share), share, None, reply, a, b, soft=share != 0.5)


FORMATS = (
    Format(
        name="judgearena",
        title="JudgeArena battles",
        shape="model_a, model_b, winner, pref, source (pref 0: A won), pref_hard or orientation",
        fits=_fits_battles,
        make=lambda _: Rowwise(
            _convert_battle,
            "JudgeArena's pref is B's share; here it is A's",
            "judged rows with a share between 0 and 1 count as shares (soft)",
        ),
    ),
    Format(
        name="judgearena-annotations",
        title="JudgeArena annotations",
        shape="completion_A, completion_B, judge_completion, model_A, model_B",
        fits=_fits_annotations,
        make=_annotations,
        gives=frozenset({"battles", "verdicts"}),
    ),
)
