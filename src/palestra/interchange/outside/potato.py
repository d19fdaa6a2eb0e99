"""Preferences of Potato's Model Arena (davidjurgens/potato).

What it records, `{prompt, winner, ranking, chosen, rejected: {model: answer}}`, or is told, `{prompt, winner,
ranking}`; and what `GET /admin/arena/api/export_dpo` gives, `{count, pairs: [{prompt, chosen, rejected,
winner, loser}]}`. A winner beats every other model that answered; a ranking gives every earlier-beats-later
pair.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

from palestra.interchange.outside.base import DamagedError, Format, Left, Rowwise
from palestra.interchange.outside.cells import compact, question_of, required, said, unsided

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from palestra.interchange.outside.base import BattleRow, Data, Piece

NO_ANSWER = "a model without an answer (it failed, so it is in no battle)"
_PAIR = {"prompt", "chosen", "rejected", "winner", "loser"}


def _fits(data: Data) -> bool:
    export = "pairs" in data and "count" in data
    return export or data.keys() >= _PAIR or data.keys() >= {"prompt", "winner", "ranking"}


def _convert(data: Data) -> Iterator[Piece]:
    pairs = data.get("pairs")
    if pairs is None:
        yield from _pair(data) if "loser" in data else _preference(data)
        return
    if not isinstance(pairs, list):
        raise DamagedError("expected a list", key="pairs", seen=pairs)
    for pair in pairs:
        try:
            if not isinstance(pair, dict):
                raise DamagedError("expected objects", key="pairs", seen=pair)
            yield from _pair(pair)
        except DamagedError as error:
            yield error


def _pair(data: Data) -> Iterator[BattleRow]:
    answers = {
        required(data, "winner"): said(data, "chosen"),
        required(data, "loser"): said(data, "rejected"),
    }
    yield from _battles(required(data, "prompt"), list(answers.items()), [tuple(answers)])


def _preference(data: Data) -> Iterator[Piece]:
    prompt, winner = required(data, "prompt"), required(data, "winner")
    rejected = data.get("rejected") or {}
    ranking = data.get("ranking") or []
    if not isinstance(rejected, dict):
        raise DamagedError("expected answers by model", key="rejected", seen=rejected)
    if not isinstance(ranking, list) or not all(isinstance(name, str) and name for name in ranking):
        raise DamagedError("expected a list of models", key="ranking", seen=ranking)
    if ranking and ranking[0] != winner:
        raise DamagedError("the winner is not the ranking's first", key="winner", seen=winner)
    if len(set(ranking)) != len(ranking):
        raise DamagedError("a model is named twice", key="ranking", seen=ranking)
    field = ranking or [winner, *(name for name in rejected if name != winner)]
    if len(field) < 2:
        raise DamagedError("neither a ranking nor rejected answers say whom the winner beat", key="winner")
    answers = {winner: said(data, "chosen")} | {name: said(rejected, name) for name in rejected}
    silent = set()
    if any(answers.values()):  # else the texts were not kept, which says nothing of who answered
        silent = {name for name in field if name in answers and not answers[name]}
    for _ in silent:
        yield Left(NO_ANSWER)
    there = [name for name in field if name not in silent]
    met = (
        combinations(there, 2)
        if ranking
        else ((winner, name) for name in there if winner in there and name != winner)
    )
    texts = [(name, answers.get(name) or None) for name in there]
    yield from _battles(prompt, texts, met)


def _battles(
    prompt: str, answers: list[tuple[str, str | None]], met: Iterable[tuple[Any, ...]]
) -> Iterator[BattleRow]:
    """A battle for each pair, which names its winner first."""
    said_by = dict(answers)
    for winner, loser in met:
        row = {
            "question_id": question_of(prompt),
            "model_a": winner,
            "model_b": loser,
            "winner": "model_a",
            "source": "human",
            "dataset": "potato",
            "prompt": prompt,
            "response_a": said_by.get(winner),
            "response_b": said_by.get(loser),
        }
        yield unsided(compact(row))


FORMATS = (
    Format(
        name="potato",
        title="Potato preferences",
        shape="prompt, winner, ranking; or count, pairs; or prompt, chosen, rejected, winner, loser",
        fits=_fits,
        make=lambda _: Rowwise(
            _convert, "which answer stood first is not known, so models are in alphabetical order"
        ),
    ),
)
