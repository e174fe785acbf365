"""The first tables and views.

A migration spells out what it makes, and never changes once released: the tables of its day, not of today.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)

_LATEST_FORECASTS = """
CREATE VIEW latest_forecasts AS
SELECT f.series_id, f.origin, f.valid_at, f.lead, f.issued_at, f.as_of, f.mean, f.lower_80, f.upper_80, f.lower_95,
    f.upper_95, f.forecaster, f.pipeline, f.version, f.quality, f.run_id
FROM series s
JOIN forecasts f ON f.series_id = s.series_id
    AND f.origin = (SELECT MAX(newest.origin) FROM forecasts newest WHERE newest.series_id = s.series_id)
"""

_FORECAST_ACCURACY = """
CREATE VIEW forecast_accuracy AS
SELECT f.series_id, f.origin, f.valid_at, f.lead, f.issued_at, f.as_of, f.mean, f.lower_80, f.upper_80, f.lower_95,
    f.upper_95, f.forecaster, f.pipeline, f.version, f.quality, f.run_id,
    a.value AS actual,
    a.available_at AS actual_available_at,
    a.value - f.mean AS error,
    ABS(a.value - f.mean) AS absolute_error,
    a.value - o.value AS naive_error,
    ABS(a.value - o.value) AS naive_absolute_error,
    CASE WHEN f.lower_80 IS NULL OR f.upper_80 IS NULL THEN NULL
        WHEN a.value BETWEEN f.lower_80 AND f.upper_80 THEN 1 ELSE 0 END AS inside_80,
    CASE WHEN f.lower_95 IS NULL OR f.upper_95 IS NULL THEN NULL
        WHEN a.value BETWEEN f.lower_95 AND f.upper_95 THEN 1 ELSE 0 END AS inside_95
FROM forecasts f
JOIN actuals a ON a.series_id = f.series_id AND a.valid_at = f.valid_at
LEFT JOIN actuals o ON o.series_id = f.series_id AND o.valid_at = f.origin
"""

_CHAMPIONS = """
CREATE VIEW champions AS
SELECT pipeline, version, stage, created_at, as_of, training, parent_version, cell, parameters, data_hash, uri, sha256,
    promoted_at
FROM model_versions
WHERE stage = 'champion'
"""

FIRST_VIEWS = {
    "latest_forecasts": _LATEST_FORECASTS,
    "forecast_accuracy": _FORECAST_ACCURACY,
    "champions": _CHAMPIONS,
}


def upgrade() -> None:
    """Make the tables, their indexes and the views."""
    _series_and_actuals()
    _runs()
    _forecasts()
    _model_versions()
    _evaluations()
    for statement in FIRST_VIEWS.values():
        op.execute(statement)


def downgrade() -> None:
    """Remove everything that :func:`upgrade` made."""
    for view in FIRST_VIEWS:
        op.execute(f"DROP VIEW {view}")
    for table in ("evaluations", "model_versions", "forecasts", "actuals", "runs", "series"):
        op.drop_table(table)


def _series_and_actuals() -> None:
    op.create_table(
        "series",
        sa.Column("series_id", sa.String(), nullable=False),
        sa.Column("pipeline", sa.String(), nullable=False),
        sa.Column("feed", sa.String(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("calendar", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("series_id", name="pk_series"),
    )
    op.create_index("ix_series_pipeline", "series", ["pipeline"])
    op.create_table(
        "actuals",
        sa.Column("series_id", sa.String(), nullable=False),
        sa.Column("valid_at", _TIME, nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("available_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("series_id", "valid_at", name="pk_actuals"),
        sa.ForeignKeyConstraint(["series_id"], ["series.series_id"], name="fk_actuals_series_id"),
    )


def _runs() -> None:
    op.create_table(
        "runs",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("pipeline", sa.String(), nullable=False),
        sa.Column("as_of", _TIME, nullable=False),
        sa.Column("started_at", _TIME, nullable=False),
        sa.Column("finished_at", _TIME),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("training", sa.String()),
        sa.Column("version", sa.String()),
        sa.Column("message", sa.Text()),
        sa.Column("prefect_flow_run_id", sa.String()),
        sa.PrimaryKeyConstraint("run_id", name="pk_runs"),
        sa.CheckConstraint("status IN ('running', 'succeeded', 'degraded', 'failed')", name=op.f("ck_runs_status")),
    )
    op.create_index("ix_runs_pipeline_as_of", "runs", ["pipeline", "as_of"])


def _forecasts() -> None:
    op.create_table(
        "forecasts",
        sa.Column("series_id", sa.String(), nullable=False),
        sa.Column("origin", _TIME, nullable=False),
        sa.Column("valid_at", _TIME, nullable=False),
        sa.Column("lead", sa.Integer(), nullable=False),
        sa.Column("issued_at", _TIME, nullable=False),
        sa.Column("as_of", _TIME, nullable=False),
        sa.Column("mean", sa.Double(), nullable=False),
        sa.Column("lower_80", sa.Double()),
        sa.Column("upper_80", sa.Double()),
        sa.Column("lower_95", sa.Double()),
        sa.Column("upper_95", sa.Double()),
        sa.Column("forecaster", sa.String(), nullable=False),
        sa.Column("pipeline", sa.String(), nullable=False),
        sa.Column("version", sa.String()),
        sa.Column("quality", sa.String(), nullable=False),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("series_id", "origin", "valid_at", name="pk_forecasts"),
        sa.ForeignKeyConstraint(["series_id"], ["series.series_id"], name="fk_forecasts_series_id"),
        sa.CheckConstraint("lead >= 1", name=op.f("ck_forecasts_lead")),
        sa.CheckConstraint("valid_at > origin", name=op.f("ck_forecasts_valid_at")),
        sa.CheckConstraint("quality IN ('ok', 'baseline', 'stale')", name=op.f("ck_forecasts_quality")),
    )
    op.create_index("ix_forecasts_series_id_valid_at", "forecasts", ["series_id", "valid_at"])


def _model_versions() -> None:
    op.create_table(
        "model_versions",
        sa.Column("pipeline", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False, server_default="challenger"),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("as_of", _TIME, nullable=False),
        sa.Column("training", sa.String(), nullable=False),
        sa.Column("parent_version", sa.String()),
        sa.Column("cell", sa.String(), nullable=False),
        sa.Column("parameters", sa.BigInteger(), nullable=False),
        sa.Column("data_hash", sa.String(), nullable=False),
        sa.Column("uri", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("promoted_at", _TIME),
        sa.PrimaryKeyConstraint("pipeline", "version", name="pk_model_versions"),
        sa.CheckConstraint(
            "stage IN ('champion', 'challenger', 'retired', 'rejected')", name=op.f("ck_model_versions_stage")
        ),
    )
    one_champion = sa.text("stage = 'champion'")
    op.create_index(
        "uq_model_versions_champion",
        "model_versions",
        ["pipeline"],
        unique=True,
        sqlite_where=one_champion,
        postgresql_where=one_champion,
    )


def _evaluations() -> None:
    op.create_table(
        "evaluations",
        sa.Column("pipeline", sa.String(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("forecaster", sa.String(), nullable=False),
        sa.Column("series_id", sa.String(), nullable=False),
        sa.Column("split", sa.String(), nullable=False),
        sa.Column("lead", sa.Integer(), nullable=False),
        sa.Column("metric", sa.String(), nullable=False),
        sa.Column("value", sa.Double()),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("evaluated_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint(
            "pipeline", "version", "forecaster", "series_id", "split", "lead", "metric", name="pk_evaluations"
        ),
    )
