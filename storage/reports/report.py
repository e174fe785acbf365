"""What a run of a pipeline that predicts values came to: the one source of its artifact and of its page.

Nothing in it says when or where it was put together, so that the same run done again has the same report.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

import pandas as pd

from daycast.storage.reports.any_report import AnyReport, Score
from daycast.storage.sql.changes import Change
from daycast.storage.terms.words import METRICS, NAIVE, PROMISES, SERIES_ID, STANDBY

_ROWS = 200


@dataclass(frozen=True, kw_only=True)
class RunReport(AnyReport):
    """What a run of a pipeline that predicts values came to.

    Attributes:
        series: the pipeline's rows of ``series``, by name.
        forecasts: rows of the table; of an earlier run where this one made none.
        leads: of the one that serves, by lead.
        by_series: of the one that serves, by series, where there are several.
        changes: where most else is forecast than from the origin before, the largest first.
        reasons: rows of the table ``explanations``, of these forecasts.
        drift: rows of the table ``drift``, as known to the run.
    """

    template: ClassVar[str] = "report"

    series: tuple[Mapping[str, Any], ...] = ()
    forecasts: tuple[Mapping[str, Any], ...] = ()
    leads: tuple[Score, ...] = ()
    by_series: tuple[Score, ...] = ()
    changes: tuple[Change, ...] = ()
    reasons: tuple[Mapping[str, Any], ...] = ()
    drift: tuple[Mapping[str, Any], ...] = ()

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
        """The metrics of intervals beside the two coverages, by level: its quarters, then how wide and how good."""
        ordered = sorted(set(PROMISES) - set(self.metrics), key=lambda name: ("95" in name, name))
        return tuple(name for name in ordered if any(name in row.values for row in self.scores))

    @property
    def of_served(self) -> Mapping[str, float | None]:
        """The errors of the one that serves, by metric."""
        return next((row.values for row in self.scores if row.served), {})

    @property
    def of_naive(self) -> Mapping[str, float | None]:
        """The naive forecast's errors, by metric."""
        return next((row.values for row in self.scores if row.name == NAIVE), {})

    @property
    def standby(self) -> Score | None:
        """The errors of whoever would serve if the network were not there; none where it has no part in what serves."""
        found = re.search(rf"{STANDBY} (\w+) would serve", self.run.message or "")
        return next((row for row in self.scores if found and row.name == found[1]), None)

    @property
    def shown(self) -> tuple[Mapping[str, Any], ...]:
        """The forecasts that a page has room for."""
        return self.forecasts[:_ROWS]
