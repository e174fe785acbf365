"""How long upkeep keeps what is stored."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, kw_only=True)
class Retention:
    """How much upkeep keeps.

    Attributes:
        versions: the newest of each pipeline, beside the champion, its ancestors and the one before it.
        promoted_days: versions that were promoted in the last days stay too.
        report_days: reports of single runs stay as long.
        window_days: windows that no pipeline of the pipeline file names stay as long.
        files: small files of one series that are not worth putting together.
        grace: what was written within this time is left alone, as a run may be about to use it.
    """

    versions: int = 10
    promoted_days: float = 90
    report_days: float = 90
    window_days: float = 7
    files: int = 32
    grace: timedelta = timedelta(days=1)
