"""A run's report, put together from SQL and the registry."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from daycast.storage.lake.observations import Observations
from daycast.storage.registry.manifest import Manifest
from daycast.storage.registry.store import Registry
from daycast.storage.reports.any_report import Aside, Score
from daycast.storage.reports.report import RunReport
from daycast.storage.sql.changes import largest_changes
from daycast.storage.sql.database import Database
from daycast.storage.sql.drift import newest_drift
from daycast.storage.sql.evaluations import list_evaluations
from daycast.storage.sql.explanations import explanations_of
from daycast.storage.sql.forecasts import forecasts_from, latest_forecasts
from daycast.storage.sql.live import live_by_week
from daycast.storage.sql.runs import RunRow, list_remarks
from daycast.storage.sql.series import list_series
from daycast.storage.sql.versions import Version, list_versions
from daycast.storage.terms.errors import RegistryError
from daycast.storage.terms.words import (
    ALL_LEADS,
    ALL_SERIES,
    LEAD,
    NAIVE,
    NETWORK,
    OBSERVED_AT,
    REASON,
    REPORTED,
    SERIES_ID,
    SYMBOL,
)

_LEADS = 24
_EXTREMES = 10
_SHARES = (5, 25, 50, 75, 95)
_HISTORY = timedelta(weeks=26)
"""How far back live accuracy is told by week."""
_CHANGES = 10
_REMARKS = 50
"""Remarks that a page has room for; the table holds them all."""


def read_report(
    db: Database,
    run: RunRow,
    *,
    registry: Registry,
    observations: Observations,
    origins: Mapping[str, datetime] | None = None,
) -> RunReport:
    """Put a run's report together, without its pictures and its live accuracy.

    Args:
        db: the database.
        run: its row.
        registry: the versions' files.
        observations: the pipeline's.
        origins: the origin of each series' forecasts, by ``series_id``; by default the newest ones.
    """
    name = run.pipeline
    forecasts = forecasts_from(db, origins) if origins else latest_forecasts(db, pipeline=name)
    version = version_of(db, run, forecasts)
    manifest, trouble = manifest_of(registry, version)
    served = next((str(row["forecaster"]) for row in forecasts), NETWORK)
    rows = list_evaluations(db, name, version=version.version, split="test", by_series=served) if version else []
    return RunReport(
        run=run,
        series=tuple(list_series(db, name)),
        forecasts=tuple(forecasts),
        version=version,
        manifest=manifest,
        trouble=trouble,
        scores=scores_of(rows, served),
        leads=_leads(rows, served),
        by_series=_by_series(rows, served),
        weeks=tuple(live_by_week(db, name, since=run.as_of - _HISTORY, until=run.as_of)),
        changes=tuple(largest_changes(db, {row[SERIES_ID]: row["origin"] for row in forecasts}, most=_CHANGES)),
        reasons=tuple(_reasons(db, name, forecasts)),
        drift=tuple(newest_drift(db, name, until=run.as_of)),
        aside=_aside(observations, as_of=run.as_of),
        remarks=tuple(list_remarks(db, run.run_id)[:_REMARKS]),
    )


def version_of(db: Database, run: RunRow, forecasts: list[dict[str, Any]]) -> Version | None:
    """The run's version; where it came to none, the one that the forecasts are of."""
    wanted = run.version or next((row["version"] for row in forecasts), None)
    return next((row for row in list_versions(db, run.pipeline) if row.version == wanted), None)


def _reasons(db: Database, pipeline: str, forecasts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What moved the first series' forecasts, where a network made them."""
    origins = {row[SERIES_ID]: row["origin"] for row in forecasts}
    return explanations_of(db, pipeline, {name: origins[name] for name in sorted(origins)[:REPORTED]})


def manifest_of(registry: Registry, version: Version | None) -> tuple[Manifest | None, str]:
    """The version's manifest, or why there is none: a report tells of a lost file, and is there all the same."""
    if version is None:
        return None, ""
    try:
        return registry.manifest(version.pipeline, version.version, sha256=version.sha256), ""
    except RegistryError as error:
        return None, str(error)


def scores_of(rows: list[dict[str, Any]], served: str) -> tuple[Score, ...]:
    """What each forecaster is worth over everything, the network and the naive forecast first."""
    overall = [row for row in rows if row["series_id"] == ALL_SERIES and row[LEAD] == ALL_LEADS]
    names = sorted({row["forecaster"] for row in overall}, key=lambda name: (name != NETWORK, name != NAIVE, name))
    return tuple(
        Score(
            name=name,
            values={row["metric"]: row["value"] for row in overall if row["forecaster"] == name},
            served=name == served,
        )
        for name in names
    )


def _leads(rows: list[dict[str, Any]], served: str) -> tuple[Score, ...]:
    """The served one's errors by lead; of many leads, some."""
    mine = [row for row in rows if row["forecaster"] == served and row["series_id"] == ALL_SERIES]
    leads = sorted({row[LEAD] for row in mine if row[LEAD] != ALL_LEADS})
    step = -(-len(leads) // _LEADS) if leads else 1
    chosen = sorted({*leads[:1], *leads[step - 1 :: step], *leads[-1:]})
    return tuple(
        Score(name=str(lead), values={row["metric"]: row["value"] for row in mine if row[LEAD] == lead})
        for lead in chosen
    )


def _by_series(rows: list[dict[str, Any]], served: str) -> tuple[Score, ...]:
    """The served one's errors by series; of many series how they are spread, and the worst and the best ten."""
    found: dict[str, dict[str, float]] = {}
    for row in rows:
        if row["forecaster"] == served and row[LEAD] == ALL_LEADS and row["series_id"] != ALL_SERIES:
            found.setdefault(row["series_id"], {})[row["metric"]] = row["value"]
    scores = [Score(name=name, values=found[name]) for name in sorted(found)]
    if len(scores) <= _LEADS:
        return tuple(scores) if len(scores) > 1 else ()
    ranked = sorted(scores, key=lambda score: score.values.get("mase") or 0.0)
    worst = [replace(score, name=f"worst: {score.name}") for score in ranked[-_EXTREMES:][::-1]]
    best = [replace(score, name=f"best: {score.name}") for score in ranked[:_EXTREMES]]
    return (*_spread(scores), *worst, *best)


def _spread(scores: Sequence[Score]) -> list[Score]:
    """Each metric's quantiles over the series."""
    metrics = list(dict.fromkeys(metric for score in scores for metric in score.values))
    values = {
        metric: sorted(value for score in scores if (value := score.values.get(metric)) is not None)
        for metric in metrics
    }
    return [
        Score(
            name=f"{share} % of {len(scores)} series below",
            values={metric: of[(len(of) - 1) * share // 100] for metric, of in values.items() if of},
        )
        for share in _SHARES
    ]


def _aside(observations: Observations, *, as_of: datetime) -> tuple[Aside, ...]:
    """What was set aside of the time up to ``as_of``, the most frequent reason first."""
    rows = observations.read_set_aside()
    if rows.empty:
        return ()
    rows = rows[rows[OBSERVED_AT].isna() | (rows[OBSERVED_AT] <= as_of)]
    counts = Counter(zip(rows[SYMBOL], rows[REASON], strict=True))
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Aside(symbol=symbol, reason=reason, count=count) for (symbol, reason), count in ordered[:_LEADS])
