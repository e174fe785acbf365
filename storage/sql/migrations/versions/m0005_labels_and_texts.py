"""Labels of documents, what they turned out to be, and texts."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    _labels()
    _texts()


def downgrade() -> None:
    """Remove them, and the view that looks at them."""
    op.execute("DROP VIEW IF EXISTS label_accuracy")
    for table in ("texts", "actual_labels", "labels"):
        op.drop_table(table)


def _labels() -> None:
    op.create_table(
        "labels",
        sa.Column("pipeline", sa.String(), nullable=False),
        sa.Column("document_id", sa.String(), nullable=False),
        sa.Column("as_of", _TIME, nullable=False),
        sa.Column("published_at", _TIME, nullable=False),
        sa.Column("issued_at", _TIME, nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("probability", sa.Double(), nullable=False),
        sa.Column("forecaster", sa.String(), nullable=False),
        sa.Column("version", sa.String()),
        sa.Column("quality", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("pipeline", "document_id", "as_of", name="pk_labels"),
        sa.CheckConstraint("probability BETWEEN 0 AND 1", name=op.f("ck_labels_probability")),
        sa.CheckConstraint("quality IN ('ok', 'baseline', 'stale')", name=op.f("ck_labels_quality")),
    )
    op.create_index("ix_labels_pipeline_as_of", "labels", ["pipeline", "as_of"])
    op.create_table(
        "actual_labels",
        sa.Column("pipeline", sa.String(), nullable=False),
        sa.Column("document_id", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("available_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("pipeline", "document_id", name="pk_actual_labels"),
    )


def _texts() -> None:
    op.create_table(
        "texts",
        sa.Column("pipeline", sa.String(), nullable=False),
        sa.Column("as_of", _TIME, nullable=False),
        sa.Column("sample", sa.Integer(), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("temperature", sa.Double(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("forecaster", sa.String(), nullable=False),
        sa.Column("version", sa.String()),
        sa.Column("bits_per_character", sa.Double()),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("pipeline", "as_of", "sample", name="pk_texts"),
    )
