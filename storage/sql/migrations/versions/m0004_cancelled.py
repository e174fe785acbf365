"""A run that a person stopped is ``cancelled``."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_NAME = "ck_runs_status"
_BEFORE = "status IN ('running', 'succeeded', 'degraded', 'failed')"
_NOW = "status IN ('running', 'succeeded', 'degraded', 'failed', 'cancelled')"
_COLUMNS = (
    "run_id VARCHAR NOT NULL, pipeline VARCHAR NOT NULL, as_of DATETIME NOT NULL, started_at DATETIME NOT NULL, "
    "finished_at DATETIME, status VARCHAR NOT NULL, training VARCHAR, version VARCHAR, message TEXT, "
    "prefect_flow_run_id VARCHAR"
)
"""Of SQLite's table, in the order of the first release."""


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
    op.execute(f"CREATE TABLE runs_anew ({_COLUMNS}, CONSTRAINT pk_runs PRIMARY KEY (run_id), {_check(statuses)})")
    op.execute("INSERT INTO runs_anew SELECT * FROM runs")
    op.drop_table("runs")
    op.rename_table("runs_anew", "runs")
    op.create_index("ix_runs_pipeline_as_of", "runs", ["pipeline", "as_of"])
    op.execute("INSERT INTO remarks SELECT * FROM remarks_aside")
    op.execute("DROP TABLE remarks_aside")


def _check(statuses: str) -> str:
    return f"CONSTRAINT {_NAME} CHECK ({statuses})"
