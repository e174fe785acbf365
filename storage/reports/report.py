"""What a run came to: the one source of its artifact and of its page.

Nothing in it says when or where it was put together, so that the same run done again has the same report.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import pandas as pd

from daycast.storage.registry.manifest import Manifest
from daycast.storage.sql.changes import Change
from daycast.storage.sql.runs import RunRow
from daycast.storage.sql.versions import Version
from daycast.storage.terms.live import LiveAccuracy
from daycast.storage.terms.words import METRICS, NAIVE, NETWORK, PROMISES, SAMPLE, SERIES_ID

_ROWS = 200
_MESSAGE = 4000


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture, and the same in words.

    Attributes:
        of: what it shows: forecasts, how the network was trained and fits, or live accuracy by week.
        alt: what a reader who does not see it should know.
        svg: the picture.
    """

    of: Literal["forecasts", "network", "history"]
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
class RunReport:
    """What a run came to.

    Attributes:
        run: its row.
        series: the pipeline's rows of ``series``, by name.
        forecasts: rows of the table; of an earlier run where this one made none.
        version: the model version; none before the first.
        manifest: its manifest; none too where it cannot be read.
        trouble: why it cannot be read; empty where it can.
        scores: by forecaster, on the test part, over all series and leads.
        leads: of the one that serves, by lead.
        by_series: of the one that serves, by series, where there are several.
        live: how the forecasts of the last days turned out, by how many days.
        weeks: the same of the seven days before the last run of each week, oldest first, with its ``as_of``.
        changes: where most else is forecast than from the origin before, the largest first.
        aside: the rows that were set aside so far, by symbol and reason.
        pictures: the most telling first.
        remarks: ``series_id``, ``kind`` and ``message`` of series that did not get what the pipeline asks for.
    """

    run: RunRow
    series: tuple[Mapping[str, Any], ...] = ()
    forecasts: tuple[Mapping[str, Any], ...] = ()
    version: Version | None = None
    manifest: Manifest | None = None
    trouble: str = ""
    scores: tuple[Score, ...] = ()
    leads: tuple[Score, ...] = ()
    by_series: tuple[Score, ...] = ()
    live: Mapping[int, LiveAccuracy] = field(default_factory=dict)
    weeks: tuple[tuple[datetime, LiveAccuracy], ...] = ()
    changes: tuple[Change, ...] = ()
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
        return any(row["feed"] == SAMPLE for row in self.series)

    @property
    def unit(self) -> str:
        """Of the target, for readers."""
        return str(self.series[0]["unit"]) if self.series else ""

    @property
    def calendar(self) -> str:
        """The instants of the series."""
        return str(self.series[0]["calendar"]) if self.series else ""

    def forecasts_of(self, series_id: str) -> pd.DataFrame:
        """The forecasts of one series, by lead."""
        return pd.DataFrame([row for row in self.forecasts if row[SERIES_ID] == series_id])

    @property
    def served(self) -> str | None:
        """Whose forecasts they are."""
        return next((str(row["forecaster"]) for row in self.forecasts), None)

    @property
    def quality(self) -> str | None:
        """Of the forecasts."""
        return next((str(row["quality"]) for row in self.forecasts), None)

    @property
    def earlier(self) -> datetime | None:
        """The ``as_of`` of the run that made the forecasts, where this one made none."""
        made = max((row["as_of"] for row in self.forecasts), default=self.run.as_of)
        return None if made == self.run.as_of else made

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics of errors that any forecaster has, in their order; the two coverages are among them."""
        more = set(PROMISES) - {"coverage_80", "coverage_95"}
        return tuple(name for name in METRICS if name not in more and any(name in row.values for row in self.scores))

    @property
    def promises(self) -> tuple[str, ...]:
        """The metrics of intervals that any forecaster has, in their order."""
        return tuple(name for name in PROMISES if any(name in row.values for row in self.scores))

    @property
    def of_served(self) -> Mapping[str, float | None]:
        """The errors of the one that serves, by metric."""
        return next((row.values for row in self.scores if row.served), {})

    @property
    def of_network(self) -> Mapping[str, float | None]:
        """The network's errors, by metric."""
        return next((row.values for row in self.scores if row.name == NETWORK), {})

    @property
    def of_naive(self) -> Mapping[str, float | None]:
        """The naive forecast's errors, by metric."""
        return next((row.values for row in self.scores if row.name == NAIVE), {})

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
    def shown(self) -> tuple[Mapping[str, Any], ...]:
        """The forecasts that a page has room for."""
        return self.forecasts[:_ROWS]

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
