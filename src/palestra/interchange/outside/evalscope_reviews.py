"""Reviews of EvalScope's arena mode (modelscope/evalscope, `reviews/general_arena/…jsonl` of an output
folder): `index, input, target, sample_score: {score: {prediction, metadata: {battle_result: {score, games:
[{model_a, model_b, judgment}, …]}}}}`. The prediction is the candidate's answer, the target the baseline's;
the second game shows them the other way round.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from palestra.interchange.outside.base import DamagedError, Format, Left
from palestra.interchange.outside.cells import compact, question_of
from palestra.interchange.outside.judged import Case, labelled, pieces, read_label
from palestra.interchange.outside.talks import conversation, prompt_of
from palestra.records.matchup import Order

if TYPE_CHECKING:
    from collections.abc import Iterator

    from palestra.interchange.outside.base import Data, Options, Piece

NO_BATTLE = "a review without a battle_result: the judge's verdict was unusable, or it is of one model alone"
_NAME = re.compile(r"(?:general_arena_)?(?P<dataset>.+?)&(?P<subset>.+)@.+&.+\.jsonl(?:\.gz)?")
_ORDERS = (Order.AB, Order.BA)


def _fits(data: Data) -> bool:
    return "sample_score" in data and "index" in data


class _Reviews:
    """Dataset and subset stand in the file's name."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._facts: dict[str, str] = {}

    def start(self, name: str) -> None:
        found = _NAME.fullmatch(name)
        self._facts = found.groupdict() if found else {}

    def end(self) -> tuple[()]:
        return ()

    def notes(self) -> list[str]:
        return ["EvalScope's reviews do not name the judge"]

    def convert(self, data: Data) -> Iterator[Piece]:
        score = _inside(_inside(data, "sample_score"), "score")
        battle = (score.get("metadata") or {}).get("battle_result")
        if battle is None:
            yield Left(NO_BATTLE)
            return
        games = battle.get("games") if isinstance(battle, dict) else None
        if not isinstance(games, list) or not 1 <= len(games) <= 2:
            raise DamagedError("expected one or two games", key="battle_result", seen=games)
        first = _pair(games[0])
        if len(games) == 2 and _pair(games[1]) != first[::-1]:
            raise DamagedError("expected both models turned in game 2", key="battle_result", seen=games[1])
        prompt = _prompt(data)
        question = question_of(prompt) if isinstance(prompt, str) else str(data.get("index"))
        case = Case(
            question_id=question,
            model_a=first[0],
            model_b=first[1],
            judge=None,
            protocol="evalscope",
            facts=compact(
                {
                    **self._facts,
                    "prompt": prompt,
                    "response_a": _said(score.get("prediction")),
                    "response_b": _said(data.get("target")),
                }
            ),
        )
        told = [labelled(order, _label(game), None) for order, game in zip(_ORDERS, games, strict=False)]
        yield from pieces(case, told, self._options)


def _inside(data: Data, key: str) -> dict[str, Any]:
    value = data.get(key)
    if not isinstance(value, dict):
        raise DamagedError("expected an object", key=key, seen=value)
    return value


def _pair(game: Any) -> tuple[str, str]:
    models = (game.get("model_a"), game.get("model_b")) if isinstance(game, dict) else (None, None)
    if not all(isinstance(model, str) and model for model in models):
        raise DamagedError("expected games with model_a and model_b", key="battle_result", seen=game)
    return models[0], models[1]  # type: ignore[return-value]


def _label(game: dict[str, Any]) -> str:
    label = read_label(game.get("judgment"))
    if label is None:
        raise DamagedError("expected a judgment such as A>B", key="battle_result", seen=game.get("judgment"))
    return label


def _prompt(data: Data) -> Any:
    value = data.get("input")
    return prompt_of(conversation(value, "input")) if isinstance(value, list) else _said(value)


def _said(value: Any) -> str | None:
    return value if isinstance(value, str) else None


FORMATS = (
    Format(
        name="evalscope",
        title="EvalScope arena reviews",
        shape="index, input, target, sample_score",
        fits=_fits,
        make=_Reviews,
        gives=frozenset({"battles", "verdicts"}),
    ),
)
