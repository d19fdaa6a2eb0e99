"""The tables. A row per call: its content key, and what came back.

A verdict is kept as it was shown: its model A is the model that was shown first.
"""

from __future__ import annotations

from sqlalchemy import Column, Float, Integer, MetaData, String, Table, Text

REVISION = "0003"
"""The newest migration; a database of a later one is refused."""

metadata = MetaData()


def _call_columns() -> list[Column[object]]:
    return [
        Column("failure_kind", String),
        Column("failure_message", Text),
        Column("failure_status", Integer),
        Column("tokens_in", Integer),
        Column("tokens_out", Integer),
        Column("cost_usd", Float),
        Column("tstamp", Float),
    ]


responses = Table(
    "responses",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("question_id", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("repeat", Integer, nullable=False),
    Column("text", Text),
    Column("thinking", Text),
    Column("finish_reason", String),
    Column("latency_ms", Float),
    Column("first_token_ms", Float),
    *_call_columns(),
)

verdicts = Table(
    "verdicts",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("question_id", Text, nullable=False),
    Column("model_a", Text, nullable=False),
    Column("model_b", Text, nullable=False),
    Column("order", String(4), nullable=False),
    Column("repeat", Integer, nullable=False),
    Column("judge_model", Text, nullable=False),
    Column("protocol", String),
    Column("winner", String),
    Column("label", String),
    Column("score_a", Float),
    Column("score_b", Float),
    Column("pref", Float),
    Column("explanation", Text),
    Column("raw", Text),
    *_call_columns(),
)
