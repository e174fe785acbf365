"""Show a run in the Prefect UI: what it came to, its forecasts as a picture and as a table."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from prefect import task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE

from storage.contracts import LEVELS, OBSERVED_AT, series_id
from storage.handover import Prepared, Summary, Trained
from storage.job import Job

if TYPE_CHECKING:
    import pandas as pd

    from models.plots import Fan

_PANELS = 6
_RECENT = 4
"""Recent values shown, in horizons, and no fewer than :data:`_LEAST`."""
_LEAST = 60


@task(name="publish", cache_policy=NO_CACHE)
def publish(job: Job, *, prepared: Prepared, summary: Summary, trained: Trained) -> None:
    """Write the run's artifacts: a markdown page with the forecasts' plot, and a table of the forecasts."""
    from models.plots import draw_fans

    rows = _rows(job, prepared)
    fans = [_fan(job, symbol, rows) for symbol in job.pipeline.symbols[:_PANELS]]
    picture = base64.b64encode(draw_fans(fans)).decode()
    key = job.pipeline.name.replace("_", "-")
    page = _page(job, summary, trained, picture=picture)
    create_markdown_artifact(page, key=f"{key}-report", description=summary.message)
    create_table_artifact(_table(rows), key=f"{key}-forecasts", description=f"Forecasts of {summary.run_id}")


def _rows(job: Job, prepared: Prepared) -> pd.DataFrame:
    import pandas as pd

    from storage.forecasts import forecasts_from

    origins = {series_id(job.pipeline.name, symbol): last for symbol, last in prepared.until.items()}
    with job.database() as database:
        return pd.DataFrame(forecasts_from(database, origins))


def _fan(job: Job, symbol: str, rows: pd.DataFrame) -> Fan:
    import numpy as np

    from models.plots import Fan

    spec = job.pipeline
    count = max(_LEAST, _RECENT * spec.horizon)
    past = job.observations().read(symbol, as_of=job.as_of).tail(count)
    ahead = rows[rows["series_id"] == series_id(spec.name, symbol)]
    bounds = {
        level: (ahead[f"lower_{level}"].to_numpy(dtype=float), ahead[f"upper_{level}"].to_numpy(dtype=float))
        for level in LEVELS
    }
    return Fan(
        title=f"{series_id(spec.name, symbol)}: {ahead['forecaster'].iloc[0]}",
        unit=spec.unit,
        past_times=past[OBSERVED_AT].dt.tz_localize(None).to_numpy().astype("datetime64[us]"),
        past=np.asarray(past[spec.target], dtype=float),
        times=ahead["valid_at"].dt.tz_localize(None).to_numpy().astype("datetime64[us]"),
        mean=ahead["mean"].to_numpy(dtype=float),
        bands=bounds,
    )


def _page(job: Job, summary: Summary, trained: Trained, *, picture: str) -> str:
    test = summary.test
    unit = f" {job.pipeline.unit}" if job.pipeline.unit else ""
    lines = [
        f"# {job.pipeline.name} as of {job.as_of:%Y-%m-%d %H:%M} UTC",
        "**Generated sample data, not real ones.**" if job.pipeline.sample else "",
        f"![forecast](data:image/png;base64,{picture})",
        "| | |",
        "|---|---|",
        f"| status | {summary.status} |",
        f"| served | {summary.forecaster}, quality {summary.quality} |",
        f"| version | {summary.version} |",
        f"| training | {summary.training}, {trained.epochs} epochs, {trained.seconds:.1f} s |",
        f"| test MAE of the network | {test['mae']:.4g}{unit} |",
        f"| test MAE of naive | {test['naive_mae']:.4g}{unit} |",
        f"| skill | {test['skill']:+.3f} |",
        f"| test coverage of what is served | 80 %: {test['coverage_80']:.1%}, 95 %: {test['coverage_95']:.1%} |",
        "",
        summary.message,
    ]
    return "\n".join(line for line in lines if line or line == "")


def _table(rows: pd.DataFrame) -> list[dict[str, Any]]:
    shown = rows[["series_id", "valid_at", "lead", "mean", "lower_80", "upper_80", "lower_95", "upper_95", "quality"]]
    shown = shown.assign(valid_at=shown["valid_at"].dt.strftime("%Y-%m-%d %H:%M"))
    return [dict(row) for row in shown.round(4).to_dict(orient="records")]
