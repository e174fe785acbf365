"""How the pipelines stand, for ``daycast status``: plain functions, no Prefect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from daycast.storage.config.pipeline_file import load_pipelines
from daycast.storage.config.settings import Settings
from daycast.storage.terms.any_pipeline import AnyPipeline
from daycast.storage.terms.live import LiveAccuracy
from daycast.storage.terms.pipeline import Pipeline
from daycast.storage.terms.schedule import Schedule
from daycast.storage.terms.words import SAMPLE_PREFIX, SERIES_ID, Status
from daycast.tasks.answers.missed import missed_nights
from daycast.tasks.handover.staleness import STALE_STEPS, stale_symbols
from daycast.tasks.handover.stores import Stores

if TYPE_CHECKING:
    from daycast.storage.sql.database import Database
    from daycast.storage.sql.runs import RunRow
    from daycast.storage.sql.versions import Version

_WEEK, _MONTH = 7, 30
_NOTHING = LiveAccuracy()
_LONG_RUN = timedelta(hours=3)
"""Beyond the time budget of its training, no run takes as long."""
_GRACE = timedelta(hours=2)
"""How much later than its schedule a good run may be."""
_LINES = 5
"""Stale series that are told one by one."""
_GOOD: tuple[Status, ...] = ("succeeded", "degraded")


@dataclass(frozen=True, kw_only=True)
class PipelineStatus:
    """How a pipeline stands.

    Attributes:
        pipeline: its name.
        champion: the version that serves; none where there is none.
        last: the run with the newest ``as_of``; none before the first.
        good: the newest run that wrote forecasts; none where none did.
        next_at: when the schedule runs it next; none without a schedule.
        week: how the forecasts of the last 7 days turned out.
        month: likewise of 30 days.
        stale: for each series that is older than the pipeline allows, how old it is.
        troubles: what needs a person, in words.
    """

    pipeline: str
    champion: Version | None
    last: RunRow | None
    good: RunRow | None
    next_at: datetime | None
    week: LiveAccuracy
    month: LiveAccuracy
    stale: tuple[str, ...] = ()
    troubles: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class StatusReport:
    """How everything stands.

    Attributes:
        pipelines: those of the pipeline file in its order, then those that only the database knows.
        storage: where the storage folder is.
        bytes: what it holds, by part: ``lake``, ``models``, ``reports``, ``database`` (SQLite) and ``other``.
    """

    pipelines: tuple[PipelineStatus, ...]
    storage: str
    bytes: Mapping[str, int] = field(default_factory=dict)


def status_report(settings: Settings, *, at: datetime) -> StatusReport:
    """How each pipeline stands that is in the pipeline file or has ever run, and what the storage folder holds.

    Raises:
        ConfigError: the pipeline file is wrong.
        DatabaseUnavailable: the database is down.
    """
    specs = load_pipelines(settings.pipelines)
    stores = Stores(settings)
    with stores.look() as database:
        pipelines = tuple(_pipelines(database, specs, at=at))
    folder = stores.folder()
    return StatusReport(pipelines=pipelines, storage=folder.url, bytes=_sizes(folder.sizes()))


def next_run(schedule: Schedule | None, *, after: datetime) -> datetime | None:
    """When a schedule fires next, aware UTC; none without a schedule.

    >>> weekdays = Schedule(cron="30 18 * * 1-5", timezone="America/New_York")
    >>> next_run(weekdays, after=datetime.fromisoformat("2026-08-21T22:30:00Z")).isoformat()
    '2026-08-24T22:30:00+00:00'
    """
    if schedule is None:
        return None
    from cronsim import CronSim

    fires = CronSim(schedule.cron, after.astimezone(ZoneInfo(schedule.timezone)))
    return next(iter(fires)).astimezone(UTC)


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What the database knows, by pipeline, of the series by id, of what was live by pipeline and days."""

    champions: Mapping[str, Version]
    last: Mapping[str, RunRow]
    good: Mapping[str, RunRow]
    newest: Mapping[str, datetime]
    live: Mapping[tuple[str, int], LiveAccuracy]


def _known(database: Database, *, at: datetime) -> _Known:
    from daycast.storage.sql.live import newest_live
    from daycast.storage.sql.runs import latest_runs
    from daycast.storage.sql.series import newest_values
    from daycast.storage.sql.versions import list_versions

    return _Known(
        champions={row.pipeline: row for row in list_versions(database) if row.stage == "champion"},
        last={row.pipeline: row for row in latest_runs(database)},
        good={row.pipeline: row for row in latest_runs(database, statuses=_GOOD)},
        newest=newest_values(database),
        live=newest_live(database, at=at),
    )


def _pipelines(database: Database, specs: Mapping[str, AnyPipeline], *, at: datetime) -> Iterable[PipelineStatus]:
    from daycast.storage.sql.series import list_series

    known = _known(database, at=at)
    for name in dict.fromkeys([*specs, *sorted(known.champions.keys() | known.last.keys())]):
        spec = specs.get(name) or _sampled(name, specs)
        ids = {row["symbol"]: row[SERIES_ID] for row in list_series(database, name)}
        symbols = (
            (spec.symbols or tuple(ids)) if isinstance(spec, Pipeline) else ()
        )  # those that were taken out of the pipeline are nobody's trouble
        newest = {symbol: known.newest[ids[symbol]] for symbol in symbols if ids.get(symbol) in known.newest}
        good = known.good.get(name)
        stale = tuple(_stale(spec, newest, good, at=at)) if isinstance(spec, Pipeline) else ()
        missed = tuple(missed_nights(database, spec, at=at))
        last = known.last.get(name)
        gone = last is not None and last.status == "running" and not _is_alive(database, name)
        troubles = _troubles(spec, last, good, at=at, gone=gone)
        yield PipelineStatus(
            pipeline=name,
            champion=known.champions.get(name),
            last=last,
            good=good,
            next_at=next_run(spec.schedule, after=at) if spec else None,
            week=known.live.get((name, _WEEK), _NOTHING),
            month=known.live.get((name, _MONTH), _NOTHING),
            stale=stale,
            troubles=(*troubles, *missed, *_together(stale)),
        )


def _sampled(name: str, specs: Mapping[str, AnyPipeline]) -> AnyPipeline | None:
    spec = specs.get(name.removeprefix(SAMPLE_PREFIX))
    return spec.as_sample() if spec else None


def _is_alive(database: Database, pipeline: str) -> bool:
    """Whether a process holds the pipeline's lock: a run's does for as long as it lives."""
    from daycast.storage.sql.locks import run_lock

    with run_lock(database, pipeline) as free:
        return not free


def _troubles(
    spec: AnyPipeline | None, last: RunRow | None, good: RunRow | None, *, at: datetime, gone: bool
) -> Iterable[str]:
    """What of its runs needs a person."""
    if last is None:
        return
    if last.status == "running":
        budget = timedelta(seconds=spec.training.time_budget_seconds) if spec else timedelta()
        if gone:
            yield f"running since {_instant(last.started_at)}, and its process is gone: run it again"
        elif at - last.started_at > _LONG_RUN + budget:
            yield f"running since {_instant(last.started_at)}: longer than any run takes"
    elif last.status != "succeeded":
        yield f"{last.status}: {last.message}"
    since = good.as_of if good else last.as_of
    due = next_run(spec.schedule, after=since) if spec else None
    if due and due + _GRACE < at:
        yield f"no good run since {_instant(since)}: one was due at {_instant(due)}"


def _stale(spec: Pipeline, newest: Mapping[str, datetime], good: RunRow | None, *, at: datetime) -> Iterable[str]:
    """Which feeds had gone quiet, by the rule by which forecasts are ``stale``.

    Days that the pipeline allows are counted to the present. Steps of the calendar are counted to the last good run:
    many of an hourly one pass until the next night, and no feed is to blame for that.
    """
    days = spec.stale_after_days
    allowed = f"more than {STALE_STEPS} steps of {spec.calendar}" if days is None else f"stale_after_days = {days:g}"
    as_of = good.as_of if good and days is None else at
    for symbol in stale_symbols(spec, newest, as_of=as_of):
        age = (at - newest[symbol]) / timedelta(days=1)
        yield f"stale feed: {symbol} is {age:.1f} days old ({allowed})"


def _together(stale: tuple[str, ...]) -> tuple[str, ...]:
    """A line a series, or one for many."""
    if len(stale) <= _LINES:
        return stale
    return (
        *stale[: _LINES - 1],
        f"stale feed: {len(stale) - _LINES + 1} more series, likewise",
    )


def _sizes(found: Mapping[str, int]) -> dict[str, int]:
    parts = {name: found.get(name, 0) for name in ("lake", "models", "reports")}
    parts["database"] = sum(size for name, size in found.items() if ".sqlite" in name)
    return {**parts, "other": sum(found.values()) - sum(parts.values())}


def _instant(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M} UTC"
