"""How the forecasts of the last days had turned out at each run; the views are no longer the migrations' to make."""

import sqlalchemy as sa
from alembic import op

from daycast.storage.sql.migrations.versions.m0001_first_tables import FIRST_VIEWS

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "live_accuracy",
        sa.Column("pipeline", sa.String(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("mae", sa.Double()),
        sa.Column("naive_mae", sa.Double()),
        sa.Column("skill", sa.Double()),
        sa.Column("coverage_80", sa.Double()),
        sa.Column("coverage_95", sa.Double()),
        sa.PrimaryKeyConstraint("pipeline", "as_of", "days", name="pk_live_accuracy"),
    )


def downgrade() -> None:
    """Remove it, and make the views that the first release takes for given."""
    op.drop_table("live_accuracy")
    for view in ("forecast_changes", "coverage_by_series", "runs_last_night", *FIRST_VIEWS):
        op.execute(f"DROP VIEW IF EXISTS {view}")
    for statement in FIRST_VIEWS.values():
        op.execute(statement)
