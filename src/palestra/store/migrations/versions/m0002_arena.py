"""The web arena: settings, matchups with their turns and answers, votes, battles, models, judge runs."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "settings",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.create_table(
        "matchups",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("voter", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("models", sa.JSON, nullable=False),
        sa.Column("system", sa.Text),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("question_id", sa.Text, nullable=False),
        sa.Column("dataset", sa.Text),
        sa.Column("category", sa.Text),
        sa.Column("language", sa.Text),
        sa.Column("propensity", sa.Float),
        sa.Column("share_id", sa.String(32), unique=True),
        sa.Column("replaced_by", sa.String(32)),
        sa.Column("reason", sa.Text),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("decided", sa.Float),
    )
    op.create_table(
        "turns",
        sa.Column("matchup_id", sa.String(32), primary_key=True),
        sa.Column("turn", sa.Integer, primary_key=True),
        sa.Column("prompt", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
    )
    op.create_table(
        "answers",
        sa.Column("matchup_id", sa.String(32), primary_key=True),
        sa.Column("turn", sa.Integer, primary_key=True),
        sa.Column("slot", sa.Integer, primary_key=True),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("text", sa.Text),
        sa.Column("thinking", sa.Text),
        sa.Column("stopped", sa.Boolean, nullable=False),
        sa.Column("failure_kind", sa.String),
        sa.Column("failure_message", sa.Text),
        sa.Column("failure_status", sa.Integer),
        sa.Column("finish_reason", sa.String),
        sa.Column("latency_ms", sa.Float),
        sa.Column("first_token_ms", sa.Float),
        sa.Column("tokens_in", sa.Integer),
        sa.Column("tokens_out", sa.Integer),
        sa.Column("cost_usd", sa.Float),
        sa.Column("tstamp", sa.Float, nullable=False),
    )
    op.create_table(
        "votes",
        sa.Column("matchup_id", sa.String(32), primary_key=True),
        sa.Column("voter", sa.String(64), nullable=False),
        sa.Column("winner", sa.String(16), nullable=False),
        sa.Column("ranking", sa.JSON),
        sa.Column("address", sa.String(64)),
        sa.Column("flags", sa.JSON, nullable=False),
        sa.Column("reveal", sa.JSON),
        sa.Column("tstamp", sa.Float, nullable=False),
    )
    op.create_table(
        "battles",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("battle_id", sa.String(64), nullable=False, unique=True),
        sa.Column("matchup_id", sa.String(32)),
        sa.Column("question_id", sa.Text),
        sa.Column("model_a", sa.Text, nullable=False),
        sa.Column("model_b", sa.Text, nullable=False),
        sa.Column("winner", sa.String(16), nullable=False),
        sa.Column("source", sa.String(12)),
        sa.Column("judge_model", sa.Text),
        sa.Column("dataset", sa.Text),
        sa.Column("subset", sa.Text),
        sa.Column("category", sa.Text),
        sa.Column("language", sa.Text),
        sa.Column("tstamp", sa.Float),
        sa.Column("run_id", sa.Text),
        sa.Column("order", sa.String(4)),
        sa.Column("repeat", sa.Integer),
        sa.Column("weight", sa.Float, nullable=False),
        sa.Column("soft", sa.Boolean, nullable=False),
        sa.Column("pref", sa.Float),
        sa.Column("score_a", sa.Float),
        sa.Column("score_b", sa.Float),
        sa.Column("flags", sa.JSON, nullable=False),
        sa.Column("voter", sa.String(64)),
        sa.Column("anonymous", sa.Boolean),
        sa.Column("prompt", sa.Text),
        sa.Column("response_a", sa.Text),
        sa.Column("response_b", sa.Text),
        sa.Column("style", sa.JSON),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "model_states",
        sa.Column("label", sa.Text, primary_key=True),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sa.Column("weight", sa.Float, nullable=False),
        sa.Column("retired", sa.Boolean, nullable=False),
    )
    op.create_table(
        "judge_runs",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("judge", sa.Text, nullable=False),
        sa.Column("filter", sa.JSON, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("failed", sa.Integer, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("finished", sa.Float),
    )
    op.create_index("ix_matchups_voter", "matchups", ["voter", "created"])
    op.create_index("ix_votes_voter", "votes", ["voter"])
    op.create_index("ix_battles_matchup_id", "battles", ["matchup_id"])
    op.create_index("ix_battles_tstamp", "battles", ["tstamp"])
    op.create_index("ix_battles_voter", "battles", ["voter"])
