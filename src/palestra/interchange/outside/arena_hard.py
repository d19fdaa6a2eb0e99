"""Arena-Hard's judgements (lmarena/arena-hard-auto, `data/…/model_judgment/JUDGE/MODEL.jsonl`).

v0.1: `question_id, model, judge, games: [{user_prompt, judgment, score}, …]`; v2.0: `uid, category, judge,
model, baseline, games: [{score, judgment: {answer}, prompt}, …]`. In the first game the baseline is assistant
A, in the second the model is. A game that failed is null or has no score.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from palestra.interchange.outside.base import DamagedError, Format
from palestra.interchange.outside.cells import compact, moment, required, text
from palestra.interchange.outside.judged import Case, Game, labelled, pieces, read_label
from palestra.records.matchup import Order

if TYPE_CHECKING:
    from collections.abc import Iterator

    from palestra.interchange.outside.base import Data, Options, Piece

BASELINE = "gpt-4-0314"
"""Arena-Hard v0.1's, whose judgements do not name it."""
_ORDERS = (Order.AB, Order.BA)
_SHOWN = re.compile(
    r"<\|User Prompt\|>\n(?P<prompt>.*)\n\n<\|The Start of Assistant A's Answer\|>\n(?P<a>.*)\n"
    r"<\|The End of Assistant A's Answer\|>\n\n<\|The Start of Assistant B's Answer\|>\n(?P<b>.*)\n"
    r"<\|The End of Assistant B's Answer\|>\s*",
    re.DOTALL,
)
_MARKS = 4
"""Lines of the template that begin with `<|The `."""


def _fits(data: Data) -> bool:
    return "games" in data and "model" in data and ("question_id" in data or "uid" in data)


class _Judgements:
    """Both games of each row, told of the baseline as model_a."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._assumed = False

    def start(self, name: str) -> None:
        pass

    def end(self) -> tuple[()]:
        return ()

    def notes(self) -> list[str]:
        if not self._assumed:
            return []
        named = self._options.baseline
        source = "as --baseline says" if named else "Arena-Hard v0.1's; --baseline names another"
        return [f"the judgements do not name the baseline; it is {named or BASELINE} ({source})"]

    def convert(self, data: Data) -> Iterator[Piece]:
        games = data.get("games")
        if not isinstance(games, list) or not 1 <= len(games) <= 2:
            raise DamagedError("expected one or two games", key="games", seen=games)
        baseline = text(data, "baseline")
        if baseline is None:
            self._assumed = True
            baseline = self._options.baseline or BASELINE
        later = "uid" in data
        case = Case(
            question_id=required(data, "uid" if later else "question_id"),
            model_a=baseline,
            model_b=required(data, "model"),
            judge=text(data, "judge"),
            protocol="arena-hard",
            tstamp=moment(data, "tstamp"),
            facts=compact(
                {
                    "dataset": "arena-hard-v2.0" if later else "arena-hard-v0.1",
                    "category": text(data, "category"),
                    **_texts(games[0]),
                }
            ),
        )
        yield from pieces(case, [_game(*pair) for pair in zip(_ORDERS, games, strict=False)], self._options)


def _game(order: Order, game: Any) -> Game:
    if game is None:
        return Game(order, None)
    if not isinstance(game, dict):
        raise DamagedError("expected games as objects", key="games", seen=game)
    judgment = game.get("judgment")
    raw = judgment.get("answer") if isinstance(judgment, dict) else judgment
    score = game.get("score")
    label = read_label(score)
    if label is None and score:
        raise DamagedError("expected a score such as A>B", key="games", seen=score)
    return labelled(order, label, raw if isinstance(raw, str) else None)


def _texts(game: Any) -> dict[str, str]:
    """Prompt and answers out of what the judge was shown, where its template stands in it just once."""
    shown = game.get("user_prompt", game.get("prompt")) if isinstance(game, dict) else None
    if isinstance(shown, list) and shown and isinstance(shown[-1], dict):
        shown = shown[-1].get("content")
    if not isinstance(shown, str) or shown.count("<|The ") != _MARKS:
        return {}
    found = _SHOWN.fullmatch(shown)
    return {"prompt": found["prompt"], "response_a": found["a"], "response_b": found["b"]} if found else {}


FORMATS = (
    Format(
        name="arena-hard",
        title="Arena-Hard judgements",
        shape="question_id or uid, model, games",
        fits=_fits,
        make=_Judgements,
        gives=frozenset({"battles", "verdicts"}),
    ),
)
