"""Judge runs: what was found in the store, what it cost, failures by kind, and a sign of life.
Matchups: which slots told who they are.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("judge_runs", sa.Column("reused", sa.Integer))
    op.add_column("judge_runs", sa.Column("cost_usd", sa.Float))
    op.add_column("judge_runs", sa.Column("failures", sa.JSON))
    op.add_column("judge_runs", sa.Column("beat", sa.Float))
    op.add_column("matchups", sa.Column("leaks", sa.JSON))
