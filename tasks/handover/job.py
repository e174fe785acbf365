"""What one run is of, and where its things are: the one argument that every task is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from daycast.storage.config.settings import Settings
from daycast.storage.terms import words
from daycast.storage.terms.any_pipeline import AnyPipeline
from daycast.storage.terms.keeping import Retention
from daycast.storage.terms.pipeline import Pipeline
from daycast.tasks.handover.shard_state import known_series
from daycast.tasks.handover.stores import Stores

if TYPE_CHECKING:
    import pandas as pd

    from daycast.storage.calendars import Calendar
    from daycast.storage.lake.ahead import Ahead
    from daycast.storage.lake.observations import Observations
    from daycast.storage.lake.predictions import Predictions
    from daycast.storage.lake.windows import WindowStore
    from daycast.storage.registry.store import Registry
    from daycast.storage.sql.database import Database
    from daycast.tasks.handover.results import Prepared


ON_TIME = timedelta(minutes=30)
"""How long after ``as_of`` a run may begin and still be the run of that instant, not a repetition of it."""


@dataclass(frozen=True, kw_only=True)
class AnyJob:
    """One run of one pipeline, whatever it predicts.

    The modules behind the methods load pandas, pyarrow and SQLAlchemy, so that they are imported when first asked for.

    Attributes:
        pipeline: what is forecast.
        as_of: the instant the run pretends it is, aware UTC.
        now: the instant at which the flow read the clock, aware UTC.
        settings: the environment.
    """

    pipeline: AnyPipeline
    as_of: datetime
    now: datetime
    settings: Settings

    @property
    def run_id(self) -> str:
        """The run's key in SQL."""
        return words.run_id(self.pipeline.name, self.as_of)

    @property
    def known_at(self) -> datetime:
        """From when on revisions count as known.

        A run that is on time sees what its own fetch says, or it would put a new bar beside a history that the same
        answer has moved. One that is done for an earlier instant must not.
        """
        return self.as_of if self.now - self.as_of <= ON_TIME else self.now

    @property
    def stores(self) -> Stores:
        """Where things are kept."""
        return Stores(self.settings)

    def registry(self) -> Registry:
        """The files of model versions."""
        return self.stores.registry()

    def database(self) -> Database:
        """The database, migrated; to be used as a context manager."""
        return self.stores.database()


@dataclass(frozen=True, kw_only=True)
class Job(AnyJob):
    """One run of a pipeline that predicts values."""

    pipeline: Pipeline

    def series_ids(self) -> list[str]:
        """The pipeline's series, in the order of its symbols."""
        return [words.series_id(self.pipeline.name, symbol) for symbol in self.pipeline.symbols]

    def calendar(self) -> Calendar:
        """The pipeline's instants."""
        from daycast.storage.calendars import Calendar

        return Calendar(self.pipeline.calendar)

    def instants(self, prepared: Prepared) -> pd.DatetimeIndex:
        """The calendar from the first to the last instant of any series."""
        return self.calendar().instants(prepared.first, prepared.last)

    def observations(self) -> Observations:
        """The pipeline's observations."""
        return self.stores.observations(self.pipeline.name)

    def ahead(self) -> Ahead:
        """What was said of the pipeline's known columns."""
        return self.stores.ahead(self.pipeline.name)

    def shards(self) -> dict[str, tuple[str, ...]]:
        """The pipeline's symbols, by the shard that each is in."""
        return self.observations().shards().among(self.pipeline.symbols)

    def known_series(self, versions: Sequence[str]) -> frozenset[str]:
        """The series that each of these versions was trained on."""
        registry = self.registry()
        states: Any = (registry.manifest(self.pipeline.name, version).state for version in versions)
        known = [known_series(state) for state in states]
        return frozenset.intersection(*known) if known else frozenset()

    def part(self, shard: str) -> str:
        """Under which name a version's network of a shard is held: one for all has none."""
        return shard if self.pipeline.network == "shard" else ""

    def windows(self) -> WindowStore:
        """The pipeline's windows."""
        return self.stores.windows(self.pipeline)

    def predictions(self) -> Predictions:
        """The predictions of the pipeline's versions."""
        return self.stores.predictions(self.pipeline.name)


@dataclass(frozen=True, kw_only=True)
class Upkeep:
    """One upkeep of everything that is stored.

    Attributes:
        pipelines: those of the pipeline file.
        now: the instant at which the flow read the clock, aware UTC.
        settings: the environment.
        keep: how much stays.
    """

    pipelines: tuple[AnyPipeline, ...]
    now: datetime
    settings: Settings
    keep: Retention = field(default_factory=Retention)

    @property
    def before(self) -> datetime:
        """What was written later is left alone."""
        return self.now - self.keep.grace

    @property
    def stores(self) -> Stores:
        """Where things are kept."""
        return Stores(self.settings)

    def named(self) -> dict[str, AnyPipeline]:
        """The pipelines of the file and their like on generated data, by name."""
        return {spec.name: spec for given in self.pipelines for spec in (given, given.as_sample())}

    def registry(self) -> Registry:
        """The files of model versions."""
        return self.stores.registry()

    def database(self) -> Database:
        """The database, migrated; to be used as a context manager."""
        return self.stores.database()
