"""The views that people read: made beside the tables, and made again where one is gone or was altered.

They are not the migrations' to make: a view keeps nothing, so that it can always be as this daycast says. Grants on a
view outlive its being altered (it is replaced), but not its being dropped; docs/sql.md says how new ones get them.
"""

import hashlib
from collections.abc import Mapping

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

_FORECAST = (
    "f.series_id, f.origin, f.valid_at, f.lead, f.issued_at, f.as_of, f.mean, f.lower_80, f.upper_80, f.lower_95, "
    "f.upper_95, f.forecaster, s.pipeline, f.version, f.quality, f.run_id"
)
"""The columns of ``forecasts``; the pipeline is that of ``series``, by whose index one pipeline's rows are found."""

_LATEST = f"""
SELECT {_FORECAST}
FROM series s
{{from_series}} forecasts f ON f.series_id = s.series_id
    AND f.origin = (SELECT MAX(n.origin) FROM forecasts n WHERE n.series_id = s.series_id)
"""  # noqa: S608 — the columns stand above

_ACCURACY = f"""
SELECT {_FORECAST},
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
FROM series s
{{from_series}} forecasts f ON f.series_id = s.series_id
JOIN actuals a ON a.series_id = f.series_id AND a.valid_at = f.valid_at
LEFT JOIN actuals o ON o.series_id = f.series_id AND o.valid_at = f.origin
"""  # noqa: S608

_CHAMPIONS = """
SELECT pipeline, version, stage, created_at, as_of, training, parent_version, cell, parameters, data_hash, uri, sha256,
    promoted_at
FROM model_versions
WHERE stage = 'champion'
"""

_CHANGES = """
SELECT l.series_id, l.pipeline, l.valid_at, l.lead, l.origin, l.mean, l.forecaster, l.version,
    p.origin AS previous_origin,
    p.mean AS previous_mean,
    l.mean - p.mean AS change,
    p.forecaster AS previous_forecaster,
    p.version AS previous_version
FROM latest_forecasts l
LEFT JOIN forecasts p ON p.series_id = l.series_id AND p.valid_at = l.valid_at
    AND p.origin = (SELECT MAX(n.origin) FROM forecasts n WHERE n.series_id = l.series_id AND n.origin < l.origin)
"""

_COVERAGE = """
SELECT f.series_id, s.pipeline,
    COUNT(*) AS n,
    MIN(f.valid_at) AS first_valid_at,
    MAX(f.valid_at) AS last_valid_at,
    AVG(CASE WHEN f.lower_80 IS NULL OR f.upper_80 IS NULL THEN NULL
        WHEN a.value BETWEEN f.lower_80 AND f.upper_80 THEN 1.0 ELSE 0.0 END) AS coverage_80,
    AVG(CASE WHEN f.lower_95 IS NULL OR f.upper_95 IS NULL THEN NULL
        WHEN a.value BETWEEN f.lower_95 AND f.upper_95 THEN 1.0 ELSE 0.0 END) AS coverage_95,
    AVG(ABS(a.value - f.mean)) AS mae
FROM series s
{of_month}
JOIN actuals a ON a.series_id = f.series_id AND a.valid_at = f.valid_at
GROUP BY f.series_id, s.pipeline
"""

_EVALUATED = """
SELECT m.pipeline, m.{by}, m.forecaster,
    SUM(m.n) AS n,
    SUM(m.value * m.n) / SUM(m.n) AS mae,
    SUM(CASE WHEN k.value < 1 THEN m.value / (1 - k.value) * m.n END) / SUM(CASE WHEN k.value < 1 THEN m.n END)
        AS naive_mae,
    1 - SUM(CASE WHEN k.value < 1 THEN m.value * m.n END)
        / NULLIF(SUM(CASE WHEN k.value < 1 THEN m.value / (1 - k.value) * m.n END), 0) AS skill,
    SUM(c.value * c.n) / SUM(c.n) AS coverage_80,
    SUM(d.value * d.n) / SUM(d.n) AS coverage_95,
    MAX(m.evaluated_at) AS evaluated_at
FROM evaluations m
{beside_k}
{beside_c}
{beside_d}
WHERE m.metric = 'mae' AND m.split = 'live' AND {of}
GROUP BY m.pipeline, m.{by}, m.forecaster
"""
_BESIDE = (
    "LEFT JOIN evaluations {0} ON {0}.pipeline = m.pipeline AND {0}.version = m.version "
    "AND {0}.forecaster = m.forecaster AND {0}.series_id = m.series_id AND {0}.split = m.split AND {0}.lead = m.lead "
    "AND {0}.metric = '{1}'"
)


def _evaluated(by: str, of: str) -> str:
    """Live scores by series or by lead, over the versions, each with the weight of its forecasts."""
    beside = {"k": "skill", "c": "coverage_80", "d": "coverage_95"}
    joins = {f"beside_{name}": _BESIDE.format(name, metric) for name, metric in beside.items()}
    return _EVALUATED.format(by=by, of=of, **joins)


_LAST_NIGHT = """
SELECT run_id, pipeline, as_of, started_at, finished_at, status, training, version, message, prefect_flow_run_id,
    {seconds} AS seconds
FROM runs
WHERE started_at > {day_ago}
"""

_LABEL_ACCURACY = """
SELECT l.pipeline, l.document_id, l.as_of, l.published_at, l.issued_at, l.label, l.probability, l.forecaster, l.version,
    l.quality, l.run_id,
    a.label AS actual,
    a.available_at AS actual_available_at,
    CASE WHEN a.label = l.label THEN 1 ELSE 0 END AS correct
FROM labels l
JOIN actual_labels a ON a.pipeline = l.pipeline AND a.document_id = l.document_id
"""

_WORDS = {
    "sqlite": {
        "from_series": "CROSS JOIN",  # so that it begins there, and looks up each series' newest origin once
        "of_month": (
            "CROSS JOIN forecasts f ON f.series_id = s.series_id AND f.valid_at > (SELECT "
            "strftime('%Y-%m-%d %H:%M:%S', MAX(n.valid_at), '-30 days') FROM actuals n WHERE n.series_id = s.series_id)"
        ),
        "day_ago": "strftime('%Y-%m-%d %H:%M:%S', 'now', '-24 hours')",
        "seconds": "(julianday(finished_at) - julianday(started_at)) * 86400.0",
    },
    "postgresql": {
        "from_series": "JOIN",
        "of_month": (  # LATERAL, so that the newest is looked up once a series and not once a forecast
            "CROSS JOIN LATERAL (SELECT MAX(n.valid_at) - INTERVAL '30 days' AS since FROM actuals n "
            "WHERE n.series_id = s.series_id) m JOIN forecasts f ON f.series_id = s.series_id AND f.valid_at > m.since"
        ),
        "day_ago": "now() - INTERVAL '24 hours'",
        "seconds": "CAST(EXTRACT(EPOCH FROM finished_at - started_at) AS DOUBLE PRECISION)",
    },
}
"""What the two databases say differently; times are text on SQLite."""

_SQL = {
    "latest_forecasts": _LATEST,
    "forecast_accuracy": _ACCURACY,
    "champions": _CHAMPIONS,
    "forecast_changes": _CHANGES,
    "coverage_by_series": _COVERAGE,
    "accuracy_by_series": _evaluated("series_id", of="m.lead = 0 AND m.series_id <> '*'"),
    "accuracy_by_lead": _evaluated("lead", of="m.lead > 0 AND m.series_id = '*'"),
    "runs_last_night": _LAST_NIGHT,
    "label_accuracy": _LABEL_ACCURACY,
}
"""In the order in which they are made: one stands on another."""


def amiss(connection: Connection) -> list[str]:
    """The views that are not there, or not as this daycast makes them, in the order in which they are made."""
    found = _found(connection)
    return [name for name, sql in _definitions(connection).items() if found.get(name) != sql]


def make_views(connection: Connection) -> list[str]:
    """Make again what is :func:`amiss`; gives its names.

    Args:
        connection: in a transaction.
    """
    missing = amiss(connection)
    for name in missing:
        _make(connection, name)
    return missing


def drop_views(connection: Connection) -> None:
    """Remove every view, so that the tables below can change."""
    for name in reversed(_SQL):
        connection.execute(text(f"DROP VIEW IF EXISTS {name}"))


def _definitions(connection: Connection) -> Mapping[str, str]:
    """What each view is to be known by: on SQLite its statement, on PostgreSQL a hash."""
    backend = connection.dialect.name
    statements = {
        name: f"CREATE VIEW {name} AS{sql.format_map(_WORDS[backend])}".rstrip() for name, sql in _SQL.items()
    }
    if backend == "sqlite":
        return statements
    return {name: _hash(statement) for name, statement in statements.items()}


def _found(connection: Connection) -> dict[str, str]:
    """The views there are, likewise; one that was altered is known by nothing of ours."""
    if connection.dialect.name == "sqlite":
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'view'"))
        return {str(name): str(sql) for name, sql in rows}
    rows = connection.execute(text(_LOOK))
    return {
        name: (noted or "").partition(" ")[0] for name, noted, definition in rows if _is_as_noted(noted, definition)
    }


_LOOK = """
SELECT c.relname, obj_description(c.oid, 'pg_class'), pg_get_viewdef(c.oid)
FROM pg_class c
WHERE c.relkind = 'v' AND c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
"""


def _is_as_noted(noted: str | None, definition: str) -> bool:
    """Whether PostgreSQL tells the view as it told it when it was made; its comment notes that."""
    return (noted or "").endswith(f" {_hash(definition)}")


def _make(connection: Connection, name: str) -> None:
    statement = f"VIEW {name} AS{_SQL[name].format_map(_WORDS[connection.dialect.name])}".rstrip()
    if connection.dialect.name == "sqlite":
        connection.execute(text(f"DROP VIEW IF EXISTS {name}"))
        connection.exec_driver_sql(f"CREATE {statement}")
        return
    _replace(connection, name, statement)
    told = connection.scalar(text(f"SELECT pg_get_viewdef('{name}'::regclass)"))
    note = f"{_hash(f'CREATE {statement}')} {_hash(str(told))}"
    connection.execute(text(f"COMMENT ON VIEW {name} IS '{note}'"))


def _replace(connection: Connection, name: str, statement: str) -> None:
    """Replace a view, so that grants and the views on it stay; one whose columns are others is dropped first."""
    try:
        with connection.begin_nested():
            connection.exec_driver_sql(f"CREATE OR REPLACE {statement}")
    except DBAPIError:
        readers = connection.scalars(text(_READERS), {"name": name}).all()
        connection.execute(text(f"DROP VIEW IF EXISTS {name}"))
        connection.exec_driver_sql(f"CREATE {statement}")
        quoted = connection.dialect.identifier_preparer.quote
        for reader in readers:
            connection.execute(text(f"GRANT SELECT ON {name} TO {quoted(reader)}"))


_READERS = """
SELECT DISTINCT grantee FROM information_schema.role_table_grants
WHERE table_schema = current_schema() AND table_name = :name AND privilege_type = 'SELECT' AND grantee <> current_user
"""


def _hash(words: str) -> str:
    return hashlib.sha256(" ".join(words.split()).encode()).hexdigest()[:16]
