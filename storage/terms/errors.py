"""What can go wrong, as a few named types.

::

    DaycastError
    ├── UsageError                 the command or the pipeline file asks for what cannot be (exit code 2)
    │   ├── ConfigError            an unknown key, cell, feed, calendar; a value out of range
    │   └── AsOfError              an as_of in the future, or before the data
    └── WorkError                  the work could not be done (exit code 1)
        ├── FeedError              a feed gave no usable data for a symbol
        │   ├── FeedUnavailable    no answer: refused, timed out, throttled; worth another try later
        │   └── FeedRefused        an answer that is not the data asked for
        ├── PipelineBusy           another run of the pipeline is in progress
        ├── DataError              too few, or contradictory, observations for the work
        ├── StorageError           the storage folder cannot be read or written
        │   └── FileDamaged        a file of it is cut, or overwritten
        ├── RegistryError          a model version is missing, or cannot be rebuilt
        │   └── ModelFileError     a stored file does not have the hash that its manifest gives
        └── DatabaseError          the database refused the work
            ├── DatabaseUnavailable  it is down, or locked for too long; worth another try later
            └── SchemaTooNew         it was migrated by a newer daycast

Every message says what was required, what came ("Received: …") and what to do.
"""

from daycast.storage.terms.words import ALL_SERIES


class DaycastError(Exception):
    """The root of every error that daycast raises on purpose."""

    exit_code = 1


class UsageError(DaycastError):
    """The command, the environment or the pipeline file asks for what cannot be."""

    exit_code = 2


class ConfigError(UsageError):
    """A key, a name or a value in the pipeline file or the environment is wrong."""


class AsOfError(UsageError):
    """The ``as_of`` lies in the future, or before the first observation."""


class WorkError(DaycastError):
    """The work could not be done."""


class FeedError(WorkError):
    """A feed gave no usable data for a symbol.

    Attributes:
        feed: the feed's name in the pipeline file.
        symbol: the symbol that was asked for; ``*`` where a source of them all was.
        reason: what came, in a few words, without the feed's and the symbol's name.
    """

    def __init__(self, feed: str, symbol: str, reason: str) -> None:
        whose = "" if symbol == ALL_SERIES else f" for {symbol!r}"
        super().__init__(f"{feed} gave no usable data{whose}: {reason}")
        self.feed = feed
        self.symbol = symbol
        self.reason = reason

    def __reduce__(self) -> tuple[type["FeedError"], tuple[str, str, str]]:
        return type(self), (self.feed, self.symbol, self.reason)


class FeedUnavailable(FeedError):  # noqa: N818 — reads as the state that it names
    """No answer came: refused, timed out, throttled, or a server's error. Worth another try later."""


class FeedRefused(FeedError):  # noqa: N818
    """An answer came that is not the data asked for: HTML, an error body, another ticker, a cut file."""


class PipelineBusy(WorkError):  # noqa: N818 — reads as the state that it names
    """Another run of the pipeline is in progress. Worth another try when it has ended."""


class DataError(WorkError):
    """The observations are too few, or contradict each other."""


class StorageError(WorkError):
    """The storage folder cannot be read or written."""


class FileDamaged(StorageError):  # noqa: N818 — reads as the state that it names
    """A file of the storage folder is not what was written: cut, or overwritten."""


class RegistryError(WorkError):
    """A model version is missing, or cannot be rebuilt."""


class ModelFileError(RegistryError):
    """A stored file does not have the hash that its manifest gives."""


class DatabaseError(WorkError):
    """The database refused the work."""


class DatabaseUnavailable(DatabaseError):  # noqa: N818
    """The database is down, or locked for too long. Worth another try later."""


class SchemaTooNew(DatabaseError):  # noqa: N818
    """The database was migrated by a newer daycast than this one."""
