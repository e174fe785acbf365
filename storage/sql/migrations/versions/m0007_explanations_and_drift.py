"""What moved the forecasts, and how far what comes lies from what networks were trained on."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "explanations",
        sa.Column("pipeline", sa.String(), nullable=False),
        sa.Column("series_id", sa.String(), nullable=False),
        sa.Column("origin", _TIME, nullable=False),
        sa.Column("feature", sa.String(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("step_to", sa.Integer(), nullable=False),
        sa.Column("effect", sa.Double(), nullable=False),
        sa.Column("as_of", _TIME, nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("pipeline", "series_id", "origin", "feature", "step", name="pk_explanations"),
    )
    op.create_table(
        "drift",
        sa.Column("pipeline", sa.String(), nullable=False),
        sa.Column("as_of", _TIME, nullable=False),
        sa.Column("feature", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("since", _TIME, nullable=False),
        sa.Column("psi", sa.Double(), nullable=False),
        sa.Column("distance", sa.Double(), nullable=False),
        sa.Column("p_value", sa.Double(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("training_n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("pipeline", "as_of", "feature", name="pk_drift"),
    )


def downgrade() -> None:
    """Remove them."""
    for table in ("drift", "explanations"):
        op.drop_table(table)
