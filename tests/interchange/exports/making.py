"""Battles for the tests, and what an export makes of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from palestra.interchange.exports import BattleSource, ExportReport, Wishes, exported
from palestra.records.battle import Battle

if TYPE_CHECKING:
    from collections.abc import Iterable

Row = dict[str, Any]


def battle(
    winner: str = "model_a", a: Any = "good", b: Any = "bad", prompt: Any = "p", **more: Any
) -> Battle:
    data = {"model_a": "A", "model_b": "B", "winner": winner, "prompt": prompt}
    return Battle.model_validate(data | {"response_a": a, "response_b": b} | more)


def turned(one: Battle) -> Battle:
    """The same battle told the other way round."""
    return one.model_copy(
        update={
            "model_a": one.model_b,
            "model_b": one.model_a,
            "winner": one.winner.swapped(),
            "pref": None if one.pref is None else 1.0 - one.pref,
            "score_a": one.score_b,
            "score_b": one.score_a,
            "response_a": one.response_b,
            "response_b": one.response_a,
        }
    )


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def model(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


def system(text: str) -> dict[str, str]:
    return {"role": "system", "content": text}


def made(
    battles: Iterable[Battle], kind: Any = "dpo", **wishes: Any
) -> tuple[dict[str, list[Row]], ExportReport]:
    """The rows of each split, and what was counted. Plain texts unless `wishes` say otherwise."""
    told = Wishes(kind=kind, **({"style": "plain"} | wishes))
    with exported([BattleSource("a test", list(battles))], told) as export:
        splits = {name: list(export.book.bodies(name == "test")) for name in export.report.splits}
    return {name: [json.loads(body) for body in bodies] for name, bodies in splits.items()}, export.report


def rows(battles: Iterable[Battle], kind: Any = "dpo", **wishes: Any) -> list[Row]:
    """The rows to train on, in the order of their texts."""
    return sorted(made(battles, kind, **wishes)[0]["train"], key=json.dumps)
