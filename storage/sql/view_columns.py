"""The views' columns, typed, for ``select``; :mod:`daycast.storage.sql.views` makes the views themselves."""

from typing import Any

from sqlalchemy import Column, Double, Integer, MetaData, String, Table

from daycast.storage.sql.instants import UtcDateTime
from daycast.storage.sql.tables import Base, Forecast, Label, ModelVersion, Run

VIEWS = MetaData()


def _view(name: str, of: type[Base], **more: Any) -> Table:
    columns = [Column(column.name, column.type) for column in of.__table__.columns]
    return Table(name, VIEWS, *columns, *(Column(column, kind) for column, kind in more.items()))


LATEST_FORECASTS = _view("latest_forecasts", Forecast)
"""Every lead of the newest origin of each series."""
CHAMPIONS = _view("champions", ModelVersion)
"""The version that serves, at most one a pipeline."""
FORECAST_ACCURACY = _view(
    "forecast_accuracy",
    Forecast,
    actual=Double(),
    actual_available_at=UtcDateTime(),
    error=Double(),
    absolute_error=Double(),
    naive_error=Double(),
    naive_absolute_error=Double(),
    inside_80=Integer(),
    inside_95=Integer(),
)
"""Each forecast whose actual has come, beside it: ``error`` is the actual minus the mean, ``naive_error`` the actual
minus the actual at the origin (null where that is not known), ``inside_80`` and ``inside_95`` are 1 or 0."""
FORECAST_CHANGES = Table(
    "forecast_changes",
    VIEWS,
    *(Column(name, String()) for name in ("series_id", "pipeline", "forecaster", "version")),
    *(Column(name, UtcDateTime()) for name in ("valid_at", "origin", "previous_origin")),
    Column("lead", Integer()),
    *(Column(name, Double()) for name in ("mean", "previous_mean", "change")),
    *(Column(name, String()) for name in ("previous_forecaster", "previous_version")),
)
"""Each forecast of the newest origin beside that of the origin before it for the same instant; ``change`` is by how
much the mean moved, null where nothing was said of the instant before."""
COVERAGE_BY_SERIES = Table(
    "coverage_by_series",
    VIEWS,
    *(Column(name, String()) for name in ("series_id", "pipeline")),
    Column("n", Integer()),
    *(Column(name, UtcDateTime()) for name in ("first_valid_at", "last_valid_at")),
    *(Column(name, Double()) for name in ("coverage_80", "coverage_95", "mae")),
)
"""How often the actual values of the last 30 days of each series lay inside the intervals."""
RUNS_LAST_NIGHT = _view("runs_last_night", Run, seconds=Double())
"""The runs that began in the last 24 hours, and how many seconds they took."""


def _accuracy(name: str, by: Column[Any]) -> Table:
    figures = ("mae", "naive_mae", "skill", "coverage_80", "coverage_95")
    return Table(
        name,
        VIEWS,
        Column("pipeline", String()),
        by,
        Column("forecaster", String()),
        Column("n", Integer()),
        *(Column(figure, Double()) for figure in figures),
        Column("evaluated_at", UtcDateTime()),
    )


ACCURACY_BY_SERIES = _accuracy("accuracy_by_series", Column("series_id", String()))
"""What the forecasts that were served of each series turned out to be worth, over all leads and versions, as the runs
scored them: of a million forecasts at once, where ``forecast_accuracy`` goes through them."""
ACCURACY_BY_LEAD = _accuracy("accuracy_by_lead", Column("lead", Integer()))
"""Likewise by lead, over all series."""
LABEL_ACCURACY = _view("label_accuracy", Label, actual=String(), actual_available_at=UtcDateTime(), correct=Integer())
"""Each label whose actual one has come, beside it; ``correct`` is 1 or 0."""
