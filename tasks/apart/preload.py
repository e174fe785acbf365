"""Import what the steps import, while something else takes time anyway, and import it fast."""

import contextlib
import gc
import importlib
from collections.abc import Iterator

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


@contextlib.contextmanager
def importing() -> Iterator[None]:
    """Look for no garbage for the block: each module that is imported would have all those before it looked through.

    That is a sixth of what the imports of a run take.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def preload() -> None:
    """Import them; each is imported where it is used as well, and this only does it sooner."""
    for name in _MODULES:
        importlib.import_module(name)
