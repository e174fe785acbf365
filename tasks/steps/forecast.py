"""Forecast the next instants of every series, and close the run with them in one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from prefect import task
from prefect.cache_policies import NO_CACHE

from daycast.storage.terms.errors import DataError
from daycast.storage.terms.words import NETWORK, ForecasterName, Quality, series_id
from daycast.tasks.apart.spreading import IN_TURN, Spread
from daycast.tasks.handover.ending import end_run, shared_remarks
from daycast.tasks.handover.job import Job
from daycast.tasks.handover.material import material
from daycast.tasks.handover.results import Course, Evaluated, Prepared, Summary
from daycast.tasks.handover.staleness import stale
from daycast.tasks.handover.telling import absent, chosen, damaged
from daycast.tasks.handover.told import told

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from daycast.models.race.serving import Remark, Service
    from daycast.models.scores.intervals import Band
    from daycast.models.series.material import Material


@task(name="forecast", cache_policy=NO_CACHE)
def forecast(job: Job, course: Course[Prepared], *, at: datetime, spread: Spread = IN_TURN) -> Summary:
    """Write the forecasts and what moved them, a remark for each series that did not get what it should, and the end.

    Args:
        job: the run.
        course: what the steps before came to.
        at: when the forecasts are issued.
        spread: how the shards are gone over.
    """
    import pandas as pd

    served = spread.over(_served, list(course.prepared.shards), job, course, at)
    rows = pd.concat([rows for rows, _ in served])
    remarks = [
        *damaged(course.ingested),
        *shared_remarks(job, course),
        *absent(job, course.ingested, course.prepared),
        *(each for _, told in served for each in told),
    ]
    return end_run(
        job,
        course,
        at=at,
        remarks=remarks,
        quality=_most(rows),
        short=_short_of(job, rows),
        chosen=_chosen(job, course),
        forecasts=rows,
    )


def _chosen(job: Job, course: Course[Prepared]) -> str:
    """Which network of several this run has trained."""
    return chosen(job, course.trained.version) if course.plan.training == "retrain" else ""


def _served(shard: str, job: Job, course: Course[Prepared], at: datetime) -> tuple[pd.DataFrame, tuple[Remark, ...]]:
    """The rows of one shard, and what is to be said of its series."""
    held = material(job, course.prepared, shard)
    service = _serve(job, course, shard, held)
    return _rows(job, course.evaluated, shard, held, service, at=at), service.remarks


def _serve(job: Job, course: Course[Prepared], shard: str, held: Material) -> Service:
    """Who forecasts each series of a shard, and what is to be said of it."""
    import pandas as pd

    from daycast.models.race.serving import Asked, serve

    plan, evaluated, latest = course.plan, course.evaluated, held.latest
    origins = pd.DatetimeIndex(latest.windows.origin).tz_localize("UTC")
    refused = evaluated.version is not None and bool(plan.refused) and evaluated.version == plan.champion
    failures = {series_id(job.pipeline.name, symbol): why for symbol, why in course.ingested.failures.items()}
    asked = Asked(
        known=job.known_series([evaluated.version] if evaluated.version else []),
        network=evaluated.forecaster,
        newcomers=evaluated.newcomers,
        baseline=evaluated.baseline,
        refused=refused,
        failures=failures,
        stale=stale(job.pipeline, origins, as_of=job.as_of),
        readable=_readable(job, evaluated, shard, held),
    )
    return serve(latest, asked=asked, spec=job.pipeline)


def _readable(job: Job, evaluated: Evaluated, shard: str, held: Material) -> np.ndarray:
    """Which latest windows the serving version has predicted."""
    import numpy as np

    if evaluated.version is None:
        return np.zeros(len(held.latest.windows), dtype=bool)
    said = told(job, evaluated.version, shard, held.latest.windows)
    return np.asarray(np.isfinite(said.get(evaluated.forecaster, said[NETWORK])).all(axis=1))


def _short_of(job: Job, rows: pd.DataFrame) -> str:
    """What the calendar's end has cut off; nothing where there is a row for each lead.

    Raises:
        DataError: nothing is left.
    """
    spec, reached = job.pipeline, int(rows["lead"].max()) if len(rows) else 0
    if reached >= spec.horizon:
        return ""
    known = f"the calendar {spec.calendar} is known to {job.calendar().ends:%Y-%m-%d}"
    if not reached:
        raise DataError(
            f"A session after the last observation is required. Received: {known}. Upgrade exchange_calendars, or "
            "choose the frequency B."
        )
    return f"{known[0].upper()}{known[1:]}: forecasts end there, at lead {reached} of {spec.horizon}. "


def _rows(
    job: Job, evaluated: Evaluated, shard: str, held: Material, service: Service, *, at: datetime
) -> pd.DataFrame:
    """The rows of ``forecasts`` of one shard, one a series and lead."""
    import numpy as np
    import pandas as pd

    windows = held.latest.windows
    mean = np.full((len(windows), windows.horizon), np.nan)
    bounds = np.full((4, *mean.shape), np.nan)
    for name in np.unique(service.forecaster):
        chosen = np.asarray(np.equal(service.forecaster, name))
        mean[chosen], band = _forecast(job, evaluated, shard, held, name, chosen)
        if band is not None:
            bounds[:, chosen] = [band.lower_80, band.upper_80, band.lower_95, band.upper_95]
    row, lead, step, valid_at = _instants(job, pd.DatetimeIndex(windows.origin).tz_localize("UTC"), service)
    inside = lead <= windows.horizon  # beyond it nothing is known of how far off a forecast is
    frame = pd.DataFrame(
        {
            "series_id": windows.series[row],
            "origin": pd.DatetimeIndex(windows.origin[row]).tz_localize("UTC"),
            "valid_at": valid_at,
            "lead": lead,
            "issued_at": at,
            "as_of": job.as_of,
            "mean": mean[row, step],
            **{
                name: np.where(inside, values[row, step], np.nan)
                for name, values in zip(("lower_80", "upper_80", "lower_95", "upper_95"), bounds, strict=True)
            },
            "forecaster": service.forecaster[row],
            "pipeline": job.pipeline.name,
            "version": evaluated.version,
            "quality": service.quality[row],
            "run_id": job.run_id,
        }
    )
    return frame.astype({"issued_at": "datetime64[us, UTC]", "as_of": "datetime64[us, UTC]"})


def _instants(
    job: Job, origins: pd.DatetimeIndex, service: Service
) -> tuple[np.ndarray, np.ndarray, np.ndarray, pd.DatetimeIndex]:
    """For each row that is written: which window it is of, its lead, the step of the forecast, and its instant.

    A series that is stale is forecast for instants after ``as_of`` alone: with the steps of its forecast that reach so
    far, or with the last of them over again.
    """
    import numpy as np
    import pandas as pd

    calendar, horizon = job.calendar(), job.pipeline.horizon
    now = pd.Timestamp(job.as_of)
    parts = []
    for origin in origins.unique():
        of_origin = np.flatnonzero(origins == origin)
        for late in (False, True):
            rows = of_origin[service.late[of_origin] == late]
            if not len(rows):
                continue
            ahead = calendar.following(origin.to_pydatetime(), horizon)  # fewer where the calendar ends
            leads = np.arange(1, len(ahead) + 1)
            if late:
                passed = len(calendar.instants(origin, max(now, origin))) - 1
                beyond = calendar.following(max(now, origin).to_pydatetime(), horizon)
                if calendar.step is not None:
                    beyond = origin + calendar.step * np.arange(passed + 1, passed + 1 + horizon)
                kept = passed < horizon
                leads = np.arange(passed + 1, horizon + 1) if kept else np.arange(passed + 1, passed + 1 + horizon)
                leads = leads[: len(beyond)]
                ahead = beyond[: len(leads)]
            size = len(leads)
            parts.append(
                (
                    np.repeat(rows, size),
                    np.tile(leads, len(rows)),
                    np.tile(np.minimum(leads, horizon) - 1, len(rows)),
                    np.tile(pd.DatetimeIndex(ahead).tz_localize(None).to_numpy().astype("M8[us]"), len(rows)),
                )
            )
    row, lead, step, valid_at = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((lead, row))
    return row[order], lead[order], step[order], pd.DatetimeIndex(valid_at[order]).tz_localize("UTC")


def _forecast(
    job: Job, evaluated: Evaluated, shard: str, held: Material, name: ForecasterName, chosen: np.ndarray
) -> tuple[np.ndarray, Band | None]:
    """One forecaster's levels for some of the latest windows, and the bounds around them."""
    import numpy as np

    from daycast.models.race.baselines import BASELINES
    from daycast.models.scores.intervals import REQUIRED, Intervals

    windows = held.latest.windows.where(chosen)
    baseline = next((each for each in BASELINES if each.name == name), None)
    if baseline is not None:
        mean, past = baseline.predict(windows), baseline.predict(held.realised)
    else:
        mean, past = (told(job, str(evaluated.version), shard, each)[name] for each in (windows, held.realised))
    there = np.asarray(np.isfinite(past).all(axis=1))
    if there.sum() < REQUIRED:
        return mean, None
    kind = job.pipeline.difference_of(job.pipeline.target)
    return mean, Intervals.newest(held.realised.where(there), past[there], kind=kind).apply(mean, windows)


def _most(rows: pd.DataFrame) -> Quality:
    """The quality of most rows."""
    return str(rows["quality"].mode().iloc[0])  # type: ignore[return-value]
