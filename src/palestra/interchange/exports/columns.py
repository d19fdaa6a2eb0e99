"""The columns of each kind of export: their types, and what they mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from palestra.interchange.exports.wishes import PAIRED

if TYPE_CHECKING:
    from palestra.interchange.exports.wishes import Wishes


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    name: str
    sql: str
    """Its type in DuckDB's words."""
    type: str
    """Its type as `datasets` names it."""
    meaning: str


_TYPES = {
    "text": ("VARCHAR", "string"),
    "messages": ("STRUCT(role VARCHAR, content VARCHAR)[]", "list of {role: string, content: string}"),
    "label": ("BOOLEAN", "bool"),
    "share": ("DOUBLE", "float64"),
    "count": ("BIGINT", "int64"),
}


def columns(wishes: Wishes) -> list[Column]:
    """The columns, in the order of the rows."""
    said = "text" if wishes.style == "plain" else "messages"
    found = [_column(name, said, meaning) for name, meaning in _told(wishes)]
    if wishes.kind == "kto":
        found.append(_column("label", "label", "whether the answer is wanted"))
    if wishes.kind == "ranked":
        found.append(_ranked(said))
    return found + ([_column(*each) for each in _details(wishes)] if wishes.details else [])


def _told(wishes: Wishes) -> list[tuple[str, str]]:
    prompt = ("prompt", "what was asked")
    if wishes.kind in PAIRED:
        begins = ", after the prompt" if wishes.prompted == "implicit" else ""
        pair = [("chosen", f"the better answer{begins}"), ("rejected", f"the worse answer{begins}")]
        return pair if begins else [prompt, *pair]
    if wishes.kind == "ranked":
        return [prompt]
    if wishes.prompted == "implicit":
        return [
            ("text" if wishes.style == "plain" else "messages", "what was asked, and the answer that won")
        ]
    return [prompt, ("completion", "the answer" if wishes.kind == "kto" else "the answer that won")]


def _ranked(said: str) -> Column:
    sql, name = _TYPES[said]
    return Column(
        "ranked_models",
        f"STRUCT(model_name VARCHAR, avg_score DOUBLE, response {sql})[]",
        f"list of {{model_name: string, avg_score: float64, response: {name}}}",
        "the answers, best first; the score is the mean of the judges', or the mean share of the win",
    )


def _details(wishes: Wishes) -> list[tuple[str, str, str]]:
    names: list[tuple[str, str, str]] = []
    if wishes.kind in PAIRED:
        names = [
            ("chosen_model", "text", "who wrote the better answer"),
            ("rejected_model", "text", "who wrote the worse answer"),
        ]
    elif wishes.kind != "ranked":
        names = [("model", "text", "who wrote the answer")]
    whose = "the better answer's" if wishes.kind in PAIRED else "the answer's"
    decided = (
        [] if wishes.kind == "ranked" else [("share", "share", f"{whose} mean share of the win, 0 to 1")]
    )
    judges = [] if wishes.kind == "ranked" else [("judges", "count", "how many people and judges decided")]
    return [
        *names,
        *decided,
        ("battles", "count", "how many battles it comes from"),
        *judges,
        ("question_id", "text", "the prompt's name in the battles"),
        ("source", "text", "who decided: human, llm-judge, metric"),
        ("dataset", "text", "where the prompt is from"),
        ("category", "text", "the prompt's category"),
        ("language", "text", "the prompt's language"),
    ]


def _column(name: str, type: str, meaning: str) -> Column:
    return Column(name, *_TYPES[type], meaning)
