"""Responses and verdicts."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def call_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("failure_kind", sa.String),
        sa.Column("failure_message", sa.Text),
        sa.Column("failure_status", sa.Integer),
        sa.Column("tokens_in", sa.Integer),
        sa.Column("tokens_out", sa.Integer),
        sa.Column("cost_usd", sa.Float),
        sa.Column("tstamp", sa.Float),
    ]


def upgrade() -> None:
    op.create_table(
        "responses",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("question_id", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("repeat", sa.Integer, nullable=False),
        sa.Column("text", sa.Text),
        sa.Column("thinking", sa.Text),
        sa.Column("finish_reason", sa.String),
        sa.Column("latency_ms", sa.Float),
        sa.Column("first_token_ms", sa.Float),
        *call_columns(),
    )
    op.create_table(
        "verdicts",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("question_id", sa.Text, nullable=False),
        sa.Column("model_a", sa.Text, nullable=False),
        sa.Column("model_b", sa.Text, nullable=False),
        sa.Column("order", sa.String(4), nullable=False),
        sa.Column("repeat", sa.Integer, nullable=False),
        sa.Column("judge_model", sa.Text, nullable=False),
        sa.Column("protocol", sa.String),
        sa.Column("winner", sa.String),
        sa.Column("label", sa.String),
        sa.Column("score_a", sa.Float),
        sa.Column("score_b", sa.Float),
        sa.Column("pref", sa.Float),
        sa.Column("explanation", sa.Text),
        sa.Column("raw", sa.Text),
        *call_columns(),
    )
