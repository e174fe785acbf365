"""Show a run to people: artifacts in the Prefect UI, and pages in the storage folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from daycast.storage.terms.live import LiveAccuracy
from daycast.storage.terms.words import LEAD, LEVELS, OBSERVED_AT, PART, REPORTED, SERIES_ID, SYMBOL, VALID_AT
from daycast.tasks.handover.job import Job
from daycast.tasks.handover.material import materials
from daycast.tasks.handover.pages import artifact_key, losses, show
from daycast.tasks.handover.results import Prepared
from daycast.tasks.handover.stores import Stores
from daycast.tasks.handover.vintages import resolved

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from daycast.storage.lake.observations import Observations
    from daycast.storage.lake.predictions import Predictions
    from daycast.storage.registry.store import Registry
    from daycast.storage.reports.any_report import Picture
    from daycast.storage.reports.report import RunReport
    from daycast.storage.sql.database import Database
    from daycast.storage.sql.runs import RunRow

    Levels = Mapping[str, pd.Series[float]]

_LIVE_DAYS = (7, 30)
_TRACED = 2
"""Series whose predictions are shown beside what came."""
_TABLE_ROWS = 1000


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """Where what a pipeline's report is made of lies."""

    registry: Registry
    observations: Observations
    predictions: Predictions


@task(name="publish", cache_policy=NO_CACHE)
def publish(job: Job, *, prepared: Prepared | None = None) -> str:
    """Write the run's pages and its artifacts: a markdown report, and a table of the forecasts.

    Args:
        job: the run's, whose row in SQL is closed.
        prepared: the state of the data; none where the run failed before it came to forecasts.

    Returns:
        Where the run's own page is.
    """
    origins = _origins(job, prepared) if prepared else None
    shelf = _shelf(job.stores, job.pipeline.name)
    report, page = show(job, lambda database, run: _report(database, shelf, run, origins=origins))
    if prepared is not None:
        table, key = _table(report), f"{artifact_key(job)}-forecasts"
        create_table_artifact(table, key=key, description=_described(report, shown=len(table)))
    return page


def report_of(database: Database, stores: Stores, run: RunRow) -> RunReport:
    """The report of a run, with the newest forecasts."""
    return _report(database, _shelf(stores, run.pipeline), run)


def _shelf(stores: Stores, pipeline: str) -> Shelf:
    return Shelf(
        registry=stores.registry(),
        observations=stores.observations(pipeline),
        predictions=stores.predictions(pipeline),
    )


def _origins(job: Job, prepared: Prepared) -> dict[str, datetime]:
    """From where each series was forecast."""
    import pandas as pd

    found: dict[str, datetime] = {}
    for held in materials(job, prepared):
        windows = held.latest.windows
        found |= dict(zip(windows.names, pd.DatetimeIndex(windows.origin, tz="UTC").to_pydatetime(), strict=True))
    return found


def _report(
    database: Database, shelf: Shelf, run: RunRow, *, origins: Mapping[str, datetime] | None = None
) -> RunReport:
    """A run's report; without the origins of its forecasts, that of the newest ones."""
    from daycast.storage.reports.reading import read_report

    report = read_report(database, run, registry=shelf.registry, observations=shelf.observations, origins=origins)
    report = replace(report, live=_live(database, shelf, report))
    levels = _levels(shelf, report)
    traces = _traces(shelf, report, levels)
    first = (*_fans(report, levels), *_reasons(report))
    return replace(report, pictures=(*first, *_history(report), *losses(report.manifest), *traces))


def _live(database: Database, shelf: Shelf, report: RunReport) -> dict[int, LiveAccuracy]:
    """How the forecasts of the last days turned out as known to the run, each on the basis on which it was made."""
    from daycast.models.scores.live import accuracy, within
    from daycast.storage.sql.evaluations import forecasts_made

    as_of = report.run.as_of
    since = {days: as_of - timedelta(days=days) for days in _LIVE_DAYS}
    made = within(
        forecasts_made(database, report.pipeline, before=as_of, since=min(since.values())), since=min(since.values())
    )
    names = set(made[SERIES_ID].unique())
    targets = {row[SYMBOL]: row["target"] for row in report.series if row[SERIES_ID] in names}
    came = resolved(shelf.observations, report.pipeline, made, targets=targets, as_of=as_of)
    return {days: LiveAccuracy(**accuracy(within(came, since=start))) for days, start in since.items()}


def _fans(report: RunReport, levels: Levels) -> Iterator[Picture]:
    from daycast.models.pictures.panels import fan, fan_in_words
    from daycast.models.pictures.plots import draw_fan
    from daycast.storage.reports.any_report import Picture

    for name in list(levels)[:REPORTED]:
        ahead = report.forecasts_of(name)
        if len(ahead):
            shown = fan(ahead, levels=levels[name], unit=report.unit)
            yield Picture(of="forecasts", alt=fan_in_words(shown), svg=draw_fan(shown))


def _reasons(report: RunReport) -> Iterator[Picture]:
    """What moved the forecasts of the first series."""
    from daycast.models.pictures.reasons import draw_reasons, reasons, reasons_in_words
    from daycast.storage.reports.any_report import Picture

    for name in sorted({row[SERIES_ID] for row in report.reasons}):
        shown = reasons([row for row in report.reasons if row[SERIES_ID] == name], unit=report.unit)
        yield Picture(of="reasons", alt=reasons_in_words(shown), svg=draw_reasons(shown))


def _history(report: RunReport) -> Iterator[Picture]:
    from daycast.models.pictures.panels import weeks, weeks_in_words
    from daycast.models.pictures.plots import draw_weeks
    from daycast.storage.reports.any_report import Picture

    if len(report.weeks) > 1:
        shown = weeks(report.weeks, title=f"{report.pipeline}: live, by week")
        yield Picture(of="history", alt=weeks_in_words(shown), svg=draw_weeks(shown))


def _traces(shelf: Shelf, report: RunReport, levels: Levels) -> Iterator[Picture]:
    """What the network predicts one step ahead on the end of the training part and of the test part."""
    from daycast.models.pictures.panels import trace, trace_in_words
    from daycast.models.pictures.plots import draw_trace
    from daycast.storage.calendars import Calendar
    from daycast.storage.reports.any_report import Picture

    if report.version is None:
        return
    shards = shelf.observations.shards()
    for name, known in list(levels.items())[:_TRACED]:
        shard = shards.places[name.split("/", 1)[1]]
        held = shelf.predictions.one_ahead(report.version.version, shard, series=[name])
        instants = Calendar(report.calendar).instants(known.index[0], known.index[-1])
        for part in ("training", "test"):
            rows = held[held[PART].isin({"test", "latest"} if part == "test" else {part})]
            title = f"{name}: network, {part} part"
            shown = trace(rows, levels=known, instants=instants, title=title, unit=report.unit)
            if len(shown.times):
                yield Picture(of="network", alt=trace_in_words(shown), svg=draw_trace(shown))


def _levels(shelf: Shelf, report: RunReport) -> Levels:
    """The target of the first series as it was known to the run, by instant."""
    found = {}
    for series in report.series[:REPORTED]:
        rows = shelf.observations.read(series[SYMBOL], as_of=report.run.as_of)
        if not rows.empty:
            found[series[SERIES_ID]] = rows.set_index(OBSERVED_AT)[series["target"]]
    return found


def _table(report: RunReport) -> list[dict[str, Any]]:
    """The forecasts as the Prefect UI takes a table, in figures that a person reads."""
    numbers = ("mean", *(f"{side}_{level}" for level in LEVELS for side in ("lower", "upper")))
    return [
        {
            SERIES_ID: row[SERIES_ID],
            VALID_AT: _minute(row[VALID_AT]),
            LEAD: row[LEAD],
            **{name: None if row[name] is None else round(row[name], 4) for name in numbers},
            "forecaster": row["forecaster"],
            "quality": row["quality"],
        }
        for row in report.forecasts[:_TABLE_ROWS]
    ]


def _described(report: RunReport, *, shown: int) -> str:
    rest = "" if shown == len(report.forecasts) else f": the first {shown} of {len(report.forecasts)}"
    return f"Forecasts of {report.run.run_id}{rest}"


def _minute(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M}"
