"""Compar:IA's Parquet file, column by column; what `comparia.py` does row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from palestra.interchange.outside import columnar_sql as sql

if TYPE_CHECKING:
    from collections.abc import Mapping

NO_VOTE = "no model was chosen and they are not said to be equal"


def columns(kinds: Mapping[str, str], plain: bool) -> Mapping[str, str] | None:
    """SQL for the votes; None where the types are not the published ones."""
    models = ("model_a_name", "model_b_name", "chosen_model_name")
    if any(kinds.get(name) != "VARCHAR" for name in models) or kinds.get("both_equal") != "BOOLEAN":
        return None
    if not all(sql.is_talk(kinds.get(name, "")) for name in sql.TALKS):
        return None
    time = sql.seconds("timestamp", kinds["timestamp"]) if "timestamp" in kinds else None
    if "timestamp" in kinds and time is None:
        return None
    a, b, chosen = (f'"{name}"' for name in models)
    equal = 'coalesce("both_equal", false)'
    none = f"NOT {equal} AND ({sql.empty('chosen_model_name')})"
    other = f"NOT {equal} AND NOT ({sql.empty('chosen_model_name')}) AND {chosen} NOT IN ({a}, {b})"
    found = {
        "model_a": a,
        "model_b": b,
        "winner": f"CASE WHEN {equal} THEN 'tie' WHEN {chosen} = {a} THEN 'model_a' ELSE 'model_b' END",
        "source": "'human'",
        "dataset": "'comparia'",
        "order": "'ab'",
        "anonymous": "true",
        sql.FAULT: sql.faults(
            (sql.empty("model_a_name"), "model_a_name: missing or empty"),
            (sql.empty("model_b_name"), "model_b_name: missing or empty"),
            (other, "chosen_model_name: expected one of the two models"),
            *(((f"NOT ({none}) AND ({condition})"), reason) for condition, reason in sql.talk_faults()),
        ),
        sql.LEFT: sql.faults((none, NO_VOTE), sql.unanswered()),
        **sql.talk_columns(kinds, plain),
    }
    if time is not None:
        found["tstamp"] = time
    ids = [sql.text(name, kinds) for name in ("conversation_pair_id", "id") if name in kinds]
    if None in ids:
        return None
    if ids:
        found["question_id"] = f"coalesce({', '.join(str(one) for one in ids)})"
    for ours, theirs in (("battle_id", "id"), ("category", "selected_category"), ("voter", "visitor_id")):
        if theirs in kinds:
            value = sql.text(theirs, kinds)
            if value is None:
                return None
            found[ours] = value
    return found
