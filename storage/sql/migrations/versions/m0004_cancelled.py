"""A run that a person stopped is ``cancelled``."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_NAME = "ck_runs_status"
_BEFORE = "status IN ('running', 'succeeded', 'degraded', 'failed')"
_NOW = "status IN ('running', 'succeeded', 'degraded', 'failed', 'cancelled')"


def upgrade() -> None:
    """Allow the status."""
    _allow(_NOW)


def downgrade() -> None:
    """Let what was cancelled have failed, as it did before; an earlier daycast makes its own views again."""
    for view in ("runs_last_night", "accuracy_by_series", "accuracy_by_lead"):
        op.execute(f"DROP VIEW IF EXISTS {view}")
    op.execute("UPDATE runs SET status = 'failed' WHERE status = 'cancelled'")
    _allow(_BEFORE)


def _allow(statuses: str) -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(op.f(_NAME), "runs", type_="check")
        op.create_check_constraint(op.f(_NAME), "runs", statuses)
        return
    # SQLite changes no constraint: the table is made anew, while the remarks, which refer to it, stand aside.
    op.execute("CREATE TEMPORARY TABLE remarks_aside AS SELECT * FROM remarks")
    op.execute("DELETE FROM remarks")
    with op.batch_alter_table("runs", recreate="always", table_args=(sa.CheckConstraint(statuses, name=op.f(_NAME)),)):
        pass
    op.execute("INSERT INTO remarks SELECT * FROM remarks_aside")
    op.execute("DROP TABLE remarks_aside")
