"""Import what the steps import, while something else takes time anyway."""

import importlib

_MODULES = (
    "daycast.storage.intake.rules",
    "daycast.storage.sql.database",
    "daycast.storage.sql.evaluations",
    "daycast.storage.feeds.catalog",
    "daycast.storage.lake.observations",
    "daycast.storage.registry.store",
    "daycast.storage.reports.reading",
    "daycast.storage.lake.windows",
    "daycast.models.race.contest",
    "daycast.models.scores.live",
    "daycast.models.series.material",
    "daycast.models.pictures.panels",
    "daycast.models.pictures.plots",
    "alembic.command",
    "exchange_calendars",
    "matplotlib.backends.backend_svg",
    "matplotlib.figure",
    "pandera.pandas",
)


def preload() -> None:
    """Import them; each is imported where it is used as well, and this only does it sooner."""
    for name in _MODULES:
        importlib.import_module(name)
