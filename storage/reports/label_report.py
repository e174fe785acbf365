"""What a run of a pipeline that predicts labels came to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from daycast.storage.reports.any_report import AnyReport
from daycast.storage.terms.words import LabelMetric

_ROWS = 200
_METRICS: tuple[LabelMetric, ...] = ("accuracy", "log_loss", "auc", "calibration_error", "skill")


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """A document of the test part that was told wrongly.

    Attributes:
        document_id: which.
        label: what it is.
        told: what was told of it.
        probability: how certainly.
        excerpt: how it begins.
        words: the words that moved the probability most, with what their presence added to it.
    """

    document_id: str
    label: str
    told: str
    probability: float
    excerpt: str
    words: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Confusion:
    """How many test documents of each label were told to be of each.

    Attributes:
        labels: by number.
        rows: a row a label that came, a column a label that was told.
    """

    labels: tuple[str, ...]
    rows: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, kw_only=True)
class LabelReport(AnyReport):
    """What a run of a pipeline that predicts labels came to.

    Attributes:
        labels: rows of the table; of an earlier run where this one told none.
        served: who of the version tells.
        confusion: of the test part; none where nothing was told of it.
        mistakes: the most certain ones of the test part.
    """

    template: ClassVar[str] = "labels"

    labels: tuple[Mapping[str, Any], ...] = ()
    served: str | None = None
    confusion: Confusion | None = None
    mistakes: tuple[Mistake, ...] = ()

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that any forecaster has, in their order."""
        return tuple(name for name in _METRICS if any(name in row.values for row in self.scores))

    @property
    def of_served(self) -> Mapping[str, float | None]:
        """The figures of the one that tells, by metric."""
        return next((row.values for row in self.scores if row.served), {})

    @property
    def of_majority(self) -> Mapping[str, float | None]:
        """The majority's figures, by metric."""
        return next((row.values for row in self.scores if row.name == "majority"), {})

    @property
    def earlier(self) -> datetime | None:
        """The ``as_of`` of the run that told the labels, where this one told none."""
        made = max((row["as_of"] for row in self.labels), default=self.run.as_of)
        return None if made == self.run.as_of else made

    @property
    def shown(self) -> tuple[Mapping[str, Any], ...]:
        """The labels that a page has room for."""
        return self.labels[:_ROWS]
