"""Nights on which a pipeline should have run and did not, with the command that makes them up: plain functions."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from daycast.storage.terms.any_pipeline import AnyPipeline
from daycast.storage.terms.schedule import Schedule

if TYPE_CHECKING:
    from daycast.storage.sql.database import Database

_BACK = timedelta(days=30)
"""How far back nights are looked for: what is older counts for no rule any more."""

_GRACE = timedelta(hours=2)
"""How long a run may take."""


def missed_nights(database: Database, spec: AnyPipeline | None, *, at: datetime) -> Iterator[str]:
    """What to say of the days since the first good run for which there is none; nothing where there are no such days.

    Args:
        database: where the runs are.
        spec: the pipeline; none where the pipeline file has it no more.
        at: the present.
    """
    from daycast.storage.sql.runs import list_runs

    if spec is None or spec.schedule is None:
        return
    began = datetime(1, 1, 1, tzinfo=UTC)
    runs = list_runs(database, spec.name, since=began, until=at, statuses=("succeeded", "degraded"))
    days = missed_days(spec.schedule, done=[run.as_of for run in runs], at=at)
    if days:
        many = "1 scheduled day has" if len(days) == 1 else f"{len(days)} scheduled days have"
        yield (
            f"{many} no good run ({days[0]} to {days[-1]}). Make them up with: "
            f"daycast backfill {spec.name} --from {days[0]} --to {days[-1]}"
        )


def missed_days(schedule: Schedule, *, done: Sequence[datetime], at: datetime) -> list[date]:
    """The days in UTC that are over, on which a schedule fired, and which no run stands for.

    A run stands for a day where its ``as_of`` lies from the first time on that the schedule fired on it, to the first
    time on which it fired on a later day: a run that came late, or a backfill as of the day's end.

    Args:
        schedule: the pipeline's.
        done: ``as_of`` of the good runs, ascending, aware.
        at: the present; nothing is looked for before the first good run, or more than thirty days back.

    >>> nights = Schedule(cron="30 22 * * *")
    >>> first, present = (datetime.fromisoformat(f"2026-11-{day}T23:00Z") for day in ("18", "22"))
    >>> [f"{day}" for day in missed_days(nights, done=[first], at=present)]
    ['2026-11-19', '2026-11-20', '2026-11-21']
    """
    from cronsim import CronSim

    if not done:
        return []
    since = max(done[0], at - _BACK)
    first: dict[date, datetime] = {}
    for fires in CronSim(schedule.cron, since.astimezone(ZoneInfo(schedule.timezone))):
        instant = fires.astimezone(UTC)
        if instant + _GRACE > at:
            break
        first.setdefault(instant.date(), instant)
    starts = [*first.values(), at]
    over = [(day, start, end) for day, start, end in zip(first, starts, starts[1:], strict=False) if day < at.date()]
    return [day for day, start, end in over if bisect_left(done, start) == bisect_left(done, end)]
