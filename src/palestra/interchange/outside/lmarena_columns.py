"""LMArena's Parquet files, column by column; what `lmarena.py` does row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from palestra.interchange.outside import columnar_sql as sql

if TYPE_CHECKING:
    from collections.abc import Mapping

HARD = 6
"""Of LMArena's seven criteria of a hard prompt so many make one."""
CRITERIA = (
    "complexity",
    "creativity",
    "domain_knowledge",
    "problem_solving",
    "real_world",
    "specificity",
    "technical_accuracy",
)
_TEXTS = ("model_a", "model_b", "winner")
_MISSING = "missing or empty"


def columns_140k(kinds: Mapping[str, str], plain: bool) -> Mapping[str, str] | None:
    """SQL for the 140k; None where the types are not the published ones."""
    time = sql.seconds("timestamp", kinds["timestamp"]) if "timestamp" in kinds else None
    vote = _vote("id", "lmarena-140k", kinds, plain)
    if vote is None or ("timestamp" in kinds and time is None):
        return None
    return vote | _known(tstamp=time, voter=_plain("evaluation_session_id", kinds))


def columns_100k(kinds: Mapping[str, str], plain: bool) -> Mapping[str, str] | None:
    """SQL for the 100k; None where the types are not the published ones."""
    time = sql.seconds("tstamp", kinds["tstamp"]) if "tstamp" in kinds else None
    vote = _vote("question_id", "lmarena-100k", kinds, plain)
    if vote is None or ("tstamp" in kinds and time is None) or kinds.get("anony", "BOOLEAN") != "BOOLEAN":
        return None
    anonymous = '"anony"' if "anony" in kinds else None
    return vote | _known(tstamp=time, voter=_plain("judge_hash", kinds), anonymous=anonymous)


def _vote(own: str, dataset: str, kinds: Mapping[str, str], plain: bool) -> dict[str, str] | None:
    """What both have in common."""
    if any(kinds.get(name) != "VARCHAR" for name in (own, *_TEXTS)):
        return None
    if not all(sql.is_talk(kinds.get(name, "")) for name in sql.TALKS):
        return None
    category, style = _category(kinds), _style(kinds)
    if category is None or style is None:
        return None
    fault = sql.faults(
        (sql.empty(own), f"{own}: {_MISSING}"),
        (sql.empty("model_a"), f"model_a: {_MISSING}"),
        (sql.empty("model_b"), f"model_b: {_MISSING}"),
        (sql.empty("winner"), f"winner: {_MISSING}"),
        (f"({sql.winner()}) IS NULL", "winner: unknown winner"),
        *sql.talk_faults(),
    )
    return {
        "battle_id": f'"{own}"',
        "question_id": f'"{own}"',
        "model_a": '"model_a"',
        "model_b": '"model_b"',
        "winner": sql.winner(),
        "source": "'human'",
        "dataset": sql.literal(dataset),
        "category": category,
        "order": "'ab'",
        "style": style,
        sql.FAULT: fault,
        sql.LEFT: sql.faults(sql.unanswered()),
        **_known(language=_plain("language", kinds)),
        **sql.talk_columns(kinds, plain),
    }


def _known(**columns: str | None) -> dict[str, str]:
    return {name: expression for name, expression in columns.items() if expression is not None}


def _plain(column: str, kinds: Mapping[str, str]) -> str | None:
    return sql.filled(column) if kinds.get(column) == "VARCHAR" else None


def _category(kinds: Mapping[str, str]) -> str | None:
    """See `lmarena.category`; None where the tags are of another type."""
    cases = []
    if "is_code" in kinds:
        if kinds["is_code"] != "BOOLEAN":
            return None
        cases.append("WHEN \"is_code\" THEN 'code'")
    if "category_tag" in kinds:
        tags = _struct(kinds["category_tag"])
        if tags is None:
            return None
        cases += [
            f'WHEN "category_tag"."{name}_v0.1"."{name}" THEN {sql.literal(name)}'
            for name in ("math", "creative_writing", "if")
            if (_struct(tags.get(f"{name}_v0.1", "")) or {}).get(name) == "BOOLEAN"
        ]
        criteria = _struct(tags.get("criteria_v0.1", "")) or {}
        counted = [name for name in CRITERIA if criteria.get(name) == "BOOLEAN"]
        if counted:
            held = " + ".join(
                f'coalesce("category_tag"."criteria_v0.1"."{name}", false)::INT' for name in counted
            )
            cases.append(f"WHEN {held} >= {HARD} THEN 'hard'")
    return f"CASE {' '.join(cases)} END" if cases else "NULL"


def _struct(kind: str) -> dict[str, str] | None:
    if not (kind.startswith("STRUCT(") and kind.endswith(")")):
        return None
    return sql.struct_fields(kind[len("STRUCT(") : -1])


def _style(kinds: Mapping[str, str]) -> str | None:
    """See `lmarena.style`; None where the counts are of another type."""
    if "conv_metadata" not in kinds:
        return "NULL"
    fields = _struct(kinds["conv_metadata"])
    if fields is None:
        return None
    counts: dict[str, str] = {}
    for side in "ab":
        if f"sum_assistant_{side}_tokens" in fields:
            counts[f"tokens_{side}"] = f'"conv_metadata"."sum_assistant_{side}_tokens"'
        for ours, theirs in (("headers", "header"), ("lists", "list"), ("bold", "bold")):
            name = f"{theirs}_count_{side}"
            if name not in fields:
                continue
            inner = _struct(fields[name])
            if inner is None:
                return None
            parts = " + ".join(f'coalesce("conv_metadata"."{name}"."{part}", 0)' for part in inner)
            counts[f"{ours}_{side}"] = f'CASE WHEN "conv_metadata"."{name}" IS NOT NULL THEN {parts} END'
    if not counts:
        return "NULL"
    known = ", ".join(f"'{name}': ({value})::BIGINT" for name, value in counts.items())
    there = " AND ".join(f"({value}) IS NOT NULL" for value in counts.values())
    return f"CASE WHEN {there} THEN {{{known}}} END"
