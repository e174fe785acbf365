"""Forecast the next instants of every series, and close the run with them in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from prefect import task
from prefect.cache_policies import NO_CACHE

from daycast.storage.terms.errors import DataError
from daycast.storage.terms.words import NETWORK, Quality, Status
from daycast.tasks.handover.job import Job
from daycast.tasks.handover.results import Evaluated, Ingested, Plan, Prepared, Summary, Trained

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from daycast.models.scores.intervals import Band
    from daycast.models.series.material import Material
    from daycast.models.series.windows import Windows


@dataclass(frozen=True, kw_only=True)
class Served:
    """What stands in every row of a run's forecasts.

    Attributes:
        evaluated: who serves.
        quality: of the forecasts.
        issued_at: when they are written, aware UTC.
    """

    evaluated: Evaluated
    quality: Quality
    issued_at: datetime


@task(name="forecast", cache_policy=NO_CACHE)
def forecast(
    job: Job,
    *,
    ingested: Ingested,
    prepared: Prepared,
    plan: Plan,
    trained: Trained,
    evaluated: Evaluated,
    at: datetime,
) -> Summary:
    """Write the forecasts of the one that serves, and the run's end, at the instant ``at``."""
    from daycast.storage.sql.runs import Outcome, finish_run

    stale = (*ingested.stale, *prepared.stale)
    quality = _quality(plan, evaluated, stale=bool(stale))
    status: Status = "degraded" if stale or plan.refused else "succeeded"
    rows = _forecasts(job, prepared, Served(evaluated=evaluated, quality=quality, issued_at=at))
    short = _short_of(job, rows)
    status = "degraded" if short else status
    message = f"{short}{_message(ingested, plan, evaluated, stale=stale)}"
    outcome = Outcome(status=status, finished_at=at, message=message, training=plan.training, version=evaluated.version)
    with job.database() as database:
        finish_run(database, run_id=job.run_id, outcome=outcome, forecasts=rows)
    return Summary(
        pipeline=job.pipeline.name,
        run_id=job.run_id,
        status=status,
        message=message,
        training=plan.training,
        version=evaluated.version,
        forecaster=evaluated.forecaster,
        quality=quality,
        rows=len(rows),
        test=evaluated.test,
        seconds=trained.seconds,
    )


def _quality(plan: Plan, evaluated: Evaluated, *, stale: bool) -> Quality:
    """Of the forecasts: stale too where a version serves that another one had replaced, as that one is refused."""
    network = evaluated.forecaster == NETWORK
    if stale or (network and plan.refused and evaluated.version == plan.champion):
        return "stale"
    return "ok" if network else "baseline"


def _forecasts(job: Job, prepared: Prepared, served: Served) -> pd.DataFrame:
    """The rows of ``forecasts``, one a series and lead."""
    import pandas as pd

    from daycast.models.scores.intervals import Intervals
    from daycast.models.series.material import assemble

    store, spec = job.windows(), job.pipeline
    material = assemble(
        store.read(prepared.until),
        store.read_latest(data_hash=prepared.data_hash),
        instants=job.instants(prepared),
        spec=spec,
    )
    means = _means(job, prepared, served.evaluated, material=material)
    intervals = Intervals.fit(material.validation, means["validation"], kind=spec.difference_of(spec.target))
    latest, mean = material.latest, means["latest"]
    band = intervals.apply(mean, latest)
    return pd.concat([_rows(job, latest, row, mean, band, served) for row in range(len(latest))], ignore_index=True)


def _means(job: Job, prepared: Prepared, evaluated: Evaluated, *, material: Material) -> dict[str, np.ndarray]:
    """The server's levels for the validation windows and the latest ones."""
    from daycast.models.race.baselines import BASELINES

    for baseline in BASELINES:
        if baseline.name == evaluated.forecaster:
            return {part: baseline.predict(getattr(material, part)) for part in ("validation", "latest")}
    return job.predictions().means(version=str(evaluated.version), data_hash=prepared.data_hash)


def _short_of(job: Job, rows: pd.DataFrame) -> str:
    """What the calendar's end has cut off; nothing where there is a row for each lead.

    Raises:
        DataError: nothing is left.
    """
    spec, reached = job.pipeline, int(rows["lead"].max()) if len(rows) else 0
    if reached == spec.horizon:
        return ""
    known = f"the calendar {spec.calendar} is known to {job.calendar().ends:%Y-%m-%d}"
    if not reached:
        raise DataError(
            f"A session after the last observation is required. Received: {known}. Upgrade exchange_calendars, or "
            "choose the frequency B."
        )
    return f"{known[0].upper()}{known[1:]}: forecasts end there, at lead {reached} of {spec.horizon}. "


def _rows(job: Job, latest: Windows, row: int, mean: np.ndarray, band: Band, served: Served) -> pd.DataFrame:
    import pandas as pd

    origin = pd.Timestamp(latest.origin[row], tz="UTC")
    instants = job.calendar().following(origin.to_pydatetime(), latest.horizon)
    leads = len(instants)  # fewer than the horizon where the calendar ends
    return pd.DataFrame(
        {
            "series_id": latest.series[row],
            "origin": origin,
            "valid_at": instants,
            "lead": range(1, leads + 1),
            "issued_at": served.issued_at,
            "as_of": job.as_of,
            "mean": mean[row, :leads],
            "lower_80": band.lower_80[row, :leads],
            "upper_80": band.upper_80[row, :leads],
            "lower_95": band.lower_95[row, :leads],
            "upper_95": band.upper_95[row, :leads],
            "forecaster": served.evaluated.forecaster,
            "pipeline": job.pipeline.name,
            "version": served.evaluated.version,
            "quality": served.quality,
            "run_id": job.run_id,
        }
    )


def _message(ingested: Ingested, plan: Plan, evaluated: Evaluated, *, stale: tuple[str, ...]) -> str:
    """What a reader of the run's row should know, the troubles first."""
    parts = [*(f"Refused: {reason}" for reason in plan.refused), *(f"Stale: {reason}." for reason in stale)]
    if ingested.set_aside:
        parts.append(f"{ingested.set_aside} rows set aside ({'; '.join(ingested.reasons)}).")
    parts.append(f"{plan.training}: {plan.reason}")
    parts.append(evaluated.reason)
    if ingested.findings:
        parts.append(f"Looked wrong and was left as it is: {'; '.join(ingested.findings)}.")
    return " ".join(part if part.endswith(".") else f"{part}." for part in parts)
