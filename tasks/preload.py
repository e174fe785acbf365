"""Import what the steps import, while something else takes time anyway."""

import importlib

_MODULES = (
    "storage.checks",
    "storage.database",
    "storage.evaluations",
    "storage.feeds.catalog",
    "storage.observations",
    "storage.registry",
    "storage.reports",
    "storage.windows",
    "models.contest",
    "models.live",
    "models.material",
    "models.panels",
    "models.plots",
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
