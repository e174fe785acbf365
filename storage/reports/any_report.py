"""What the report of every run has, whatever its pipeline predicts.

Nothing in it says when or where it was put together, so that the same run done again has the same report.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Literal

from daycast.storage.registry.manifest import Manifest
from daycast.storage.sql.runs import RunRow
from daycast.storage.sql.versions import Version
from daycast.storage.terms.live import LiveAccuracy
from daycast.storage.terms.words import SAMPLE_PREFIX

_MESSAGE = 4000


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture, and the same in words.

    Attributes:
        of: what it shows: forecasts, what moved them, how the network was trained and fits, or live accuracy by
            week.
        alt: what a reader who does not see it should know.
        svg: the picture.
    """

    of: Literal["forecasts", "reasons", "network", "history"]
    alt: str
    svg: bytes

    @property
    def uri(self) -> str:
        """The picture as a data URI."""
        return f"data:image/svg+xml;base64,{base64.b64encode(self.svg).decode()}"


@dataclass(frozen=True, kw_only=True)
class Score:
    """A row of a table of errors.

    Attributes:
        name: the forecaster, the lead or the series.
        values: by metric.
        served: whether it is of the forecaster that serves.
    """

    name: str
    values: Mapping[str, float | None]
    served: bool = False


@dataclass(frozen=True, kw_only=True)
class Aside:
    """Rows of a symbol that were set aside for one reason."""

    symbol: str
    reason: str
    count: int


@dataclass(frozen=True, kw_only=True)
class AnyReport:
    """What a run came to.

    Attributes:
        run: its row.
        version: the model version; none before the first.
        manifest: its manifest; none too where it cannot be read.
        trouble: why it cannot be read; empty where it can.
        scores: by forecaster, on the test part, over everything.
        live: how the forecasts of the last days turned out, by how many days.
        weeks: the same of the seven days before the last run of each week, oldest first, with its ``as_of``.
        aside: the rows that were set aside so far, by symbol and reason.
        pictures: the most telling first.
        remarks: ``series_id``, ``kind`` and ``message`` of what did not go as the pipeline asks for.
    """

    template: ClassVar[str]
    """The name of its templates."""

    run: RunRow
    version: Version | None = None
    manifest: Manifest | None = None
    trouble: str = ""
    scores: tuple[Score, ...] = ()
    live: Mapping[int, LiveAccuracy] = field(default_factory=dict)
    weeks: tuple[tuple[datetime, LiveAccuracy], ...] = ()
    aside: tuple[Aside, ...] = ()
    pictures: tuple[Picture, ...] = ()
    remarks: tuple[Mapping[str, str], ...] = ()

    @property
    def pipeline(self) -> str:
        """Whose run it is."""
        return self.run.pipeline

    @property
    def sample(self) -> bool:
        """Whether the data are generated."""
        return self.pipeline.startswith(SAMPLE_PREFIX)

    @property
    def epochs(self) -> int:
        """Passes that made the version from its parent or from nothing."""
        return len(self.manifest.history.get("loss", [])) if self.manifest else 0

    @property
    def training_seconds(self) -> float | None:
        """How long they took; none where that was not noted."""
        return self.manifest.metrics.get("training_seconds") if self.manifest else None

    @property
    def sentences(self) -> list[str]:
        """The run's message, a sentence an item."""
        message = self.run.message or ""
        if len(message) > _MESSAGE:
            message = message[:_MESSAGE].rsplit(" ", 1)[0] + " … (the whole message stands in the table runs)"
        return [part for part in re.split(r"(?<=\.)\s+", message) if part]

    @property
    def scored(self) -> bool:
        """Whether any forecast of the last days has met its actual value."""
        return any(live.n for live in self.live.values())

    def pictures_of(self, what: str) -> list[Picture]:
        """The pictures of one kind."""
        return [picture for picture in self.pictures if picture.of == what]

    @property
    def commands(self) -> tuple[str, ...]:
        """What to run next."""
        name = self.pipeline
        if self.run.status in {"failed", "cancelled"}:
            return (f"daycast run {name}", "daycast status")
        details = (f"daycast models show {name} {self.version.version}",) if self.version else ()
        return (f"daycast forecasts {name}", *details, "daycast status")
