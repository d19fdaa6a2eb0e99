"""The tables of the web arena: matchups that wait for a vote, votes, and the battles they became.

Times are UTC epoch seconds. Texts of several turns are kept as in battle files: a list of messages, as JSON.
"""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Float, Index, Integer, String, Table, Text

from palestra.store.schema import metadata

settings = Table(
    "settings",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", Text, nullable=False),
)
"""What all processes that share the database must agree on, such as the secret that signs sessions."""

matchups = Table(
    "matchups",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("voter", String(64), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("models", JSON, nullable=False),
    Column("system", Text),
    Column("state", String(12), nullable=False),
    Column("question_id", Text, nullable=False),
    Column("dataset", Text),
    Column("category", Text),
    Column("language", Text),
    Column("propensity", Float),
    Column("share_id", String(32), unique=True),
    Column("replaced_by", String(32)),
    Column("reason", Text),
    Column("created", Float, nullable=False),
    Column("decided", Float),
    Column("leaks", JSON),
    Index("ix_matchups_voter", "voter", "created"),
)
"""`kind`: blind, named or admin. `state`: open, voted, replaced or abandoned. `models`: labels by slot.
`leaks`: slots that told who they are in answers that were generated again, and so are there no more."""

turns = Table(
    "turns",
    metadata,
    Column("matchup_id", String(32), primary_key=True),
    Column("turn", Integer, primary_key=True),
    Column("prompt", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
)
"""`attempt` counts how often the turn was generated again, from 0."""

answers = Table(
    "answers",
    metadata,
    Column("matchup_id", String(32), primary_key=True),
    Column("turn", Integer, primary_key=True),
    Column("slot", Integer, primary_key=True),
    Column("attempt", Integer, nullable=False),
    Column("text", Text),
    Column("thinking", Text),
    Column("stopped", Boolean, nullable=False),
    Column("failure_kind", String),
    Column("failure_message", Text),
    Column("failure_status", Integer),
    Column("finish_reason", String),
    Column("latency_ms", Float),
    Column("first_token_ms", Float),
    Column("tokens_in", Integer),
    Column("tokens_out", Integer),
    Column("cost_usd", Float),
    Column("tstamp", Float, nullable=False),
)
"""Answers that ended, the newest attempt of each."""

votes = Table(
    "votes",
    metadata,
    Column("matchup_id", String(32), primary_key=True),
    Column("voter", String(64), nullable=False),
    Column("winner", String(16), nullable=False),
    Column("ranking", JSON),
    Column("address", String(64)),
    Column("flags", JSON, nullable=False),
    Column("reveal", JSON),
    Column("tstamp", Float, nullable=False),
    Index("ix_votes_voter", "voter"),
)
"""At most one for each matchup. `winner`: a slot's letter, `tie` or `both_bad`. `address`: a salted hash.
`reveal`: what the voter was told of the models' standings."""

battles = Table(
    "battles",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("battle_id", String(64), nullable=False, unique=True),
    Column("matchup_id", String(32), index=True),
    Column("question_id", Text),
    Column("model_a", Text, nullable=False),
    Column("model_b", Text, nullable=False),
    Column("winner", String(16), nullable=False),
    Column("source", String(12)),
    Column("judge_model", Text),
    Column("dataset", Text),
    Column("subset", Text),
    Column("category", Text),
    Column("language", Text),
    Column("tstamp", Float, index=True),
    Column("run_id", Text),
    Column("order", String(4)),
    Column("repeat", Integer),
    Column("weight", Float, nullable=False),
    Column("soft", Boolean, nullable=False),
    Column("pref", Float),
    Column("score_a", Float),
    Column("score_b", Float),
    Column("flags", JSON, nullable=False),
    Column("voter", String(64), index=True),
    Column("anonymous", Boolean),
    Column("prompt", Text),
    Column("response_a", Text),
    Column("response_b", Text),
    Column("style", JSON),
    sqlite_autoincrement=True,
)
"""One row for each decided pair; `seq` only grows, so that what came since can be read by itself."""

model_states = Table(
    "model_states",
    metadata,
    Column("label", Text, primary_key=True),
    Column("enabled", Boolean, nullable=False),
    Column("weight", Float, nullable=False),
    Column("retired", Boolean, nullable=False),
)
"""What an admin set; a model without a row is enabled, of weight 1 and not retired."""

judge_runs = Table(
    "judge_runs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("judge", Text, nullable=False),
    Column("filter", JSON, nullable=False),
    Column("state", String(12), nullable=False),
    Column("total", Integer, nullable=False),
    Column("done", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("error", Text),
    Column("created", Float, nullable=False),
    Column("finished", Float),
    Column("reused", Integer),
    Column("cost_usd", Float),
    Column("failures", JSON),
    Column("beat", Float),
)
"""`state`: running, stopped, done or failed. `total` counts verdicts, `done` those that decided, `failed` the
others; `reused` of both were in the store. `failures` counts by kind. `beat`: when whoever runs it was last
alive; None: nobody does."""
