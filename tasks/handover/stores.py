"""Where things are kept: the storage folder's parts and the database, of one environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from daycast.storage.config.settings import Settings
from daycast.storage.terms.pipeline import Pipeline

if TYPE_CHECKING:
    from daycast.storage.lake.ahead import Ahead
    from daycast.storage.lake.documents import DocumentStore
    from daycast.storage.lake.folder import Folder
    from daycast.storage.lake.observations import Observations
    from daycast.storage.lake.predictions import Predictions
    from daycast.storage.lake.sequences import Sequences
    from daycast.storage.lake.sources import Sources
    from daycast.storage.lake.told import ToldLabels
    from daycast.storage.lake.windows import WindowStore
    from daycast.storage.lake.written import WrittenTexts
    from daycast.storage.registry.store import Registry
    from daycast.storage.reports.pages import Pages
    from daycast.storage.sql.database import Database


@dataclass(frozen=True)
class Stores:
    """The one place that says where in the storage folder each store is.

    The modules behind the methods load pandas, pyarrow and SQLAlchemy, so that they are imported when first asked for.

    Attributes:
        settings: the environment.
    """

    settings: Settings

    def folder(self) -> Folder:
        """The storage folder."""
        from daycast.storage.lake.folder import Folder

        return Folder(self.settings.storage)

    def lake(self) -> Folder:
        """The lake."""
        return self.folder() / "lake"

    def observations(self, pipeline: str) -> Observations:
        """A pipeline's observations."""
        from daycast.storage.lake.observations import Observations

        return Observations(self.lake(), pipeline)

    def ahead(self, pipeline: str) -> Ahead:
        """What was said of a pipeline's known columns."""
        from daycast.storage.lake.ahead import Ahead

        return Ahead(self.lake(), pipeline)

    def sources(self, pipeline: str) -> Sources:
        """What a pipeline's symbols were last read from."""
        from daycast.storage.lake.sources import Sources

        return Sources(self.lake(), pipeline)

    def windows(self, spec: Pipeline) -> WindowStore:
        """A pipeline's windows."""
        from daycast.storage.lake.windows import WindowStore

        return WindowStore(self.lake(), spec)

    def predictions(self, pipeline: str) -> Predictions:
        """The predictions of a pipeline's versions."""
        from daycast.storage.lake.predictions import Predictions

        return Predictions(self.lake(), pipeline)

    def documents(self, pipeline: str) -> DocumentStore:
        """The documents of a pipeline on text."""
        from daycast.storage.lake.documents import DocumentStore

        return DocumentStore(self.lake(), pipeline)

    def told_labels(self, pipeline: str) -> ToldLabels:
        """What the versions of a pipeline tell of documents."""
        from daycast.storage.lake.told import ToldLabels

        return ToldLabels(self.lake(), pipeline)

    def sequences(self, pipeline: str) -> Sequences:
        """The text of a pipeline as numbers."""
        from daycast.storage.lake.sequences import Sequences

        return Sequences(self.lake(), pipeline)

    def written_texts(self, pipeline: str) -> WrittenTexts:
        """What the versions of a pipeline write."""
        from daycast.storage.lake.written import WrittenTexts

        return WrittenTexts(self.lake(), pipeline)

    def registry(self) -> Registry:
        """The files of model versions."""
        from daycast.storage.registry.store import Registry

        return Registry(self.folder() / "models")

    def reports(self) -> Folder:
        """The reports."""
        return self.folder() / "reports"

    def pages(self) -> Pages:
        """The pages among them."""
        from daycast.storage.reports.pages import Pages

        return Pages(self.reports())

    def database(self) -> Database:
        """The database, migrated; to be used as a context manager."""
        from daycast.storage.sql.database import Database

        return Database.open(self.settings.database)

    def look(self) -> Database:
        """The database to read from; where there is none yet, none is made."""
        from daycast.storage.sql.database import Database

        return Database.look(self.settings.database)
