"""Remarks of a run on single series; scores that are told once; an index for what is forecast of a time."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TOLD_ELSEWHERE = """
DELETE FROM evaluations
WHERE (series_id <> '*' AND lead <> 0)
    OR (split <> 'live' AND forecaster <> 'network')
    OR version NOT IN (SELECT v.version FROM model_versions v WHERE v.pipeline = evaluations.pipeline)
"""
"""Scores by series and lead at once, those of the baselines beside each version, those of versions that are gone."""


def upgrade() -> None:
    """Make the table and the index; take away scores that were kept too often."""
    op.create_table(
        "remarks",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("series_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "series_id", "kind", name="pk_remarks"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name="fk_remarks_run_id"),
    )
    op.create_index("ix_forecasts_pipeline_valid_at", "forecasts", ["pipeline", "valid_at"])
    op.execute(_TOLD_ELSEWHERE)


def downgrade() -> None:
    """Remove what :func:`upgrade` made."""
    op.drop_index("ix_forecasts_pipeline_valid_at", table_name="forecasts")
    op.drop_table("remarks")
