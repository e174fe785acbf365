"""What a run of a pipeline that predicts text came to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from daycast.storage.reports.any_report import AnyReport
from daycast.storage.terms.words import ForecasterName, TextMetric

_TEXTS, _LENGTH = 20, 4_000
"""Texts, and characters of each, that a page has room for."""
_METRICS: tuple[TextMetric, ...] = ("perplexity", "bits_per_character", "skill")


@dataclass(frozen=True, kw_only=True)
class TextReport(AnyReport):
    """What a run of a pipeline that predicts text came to.

    Attributes:
        texts: rows of the table; of an earlier run where this one wrote none.
        served: who of the version writes.
        token: what is read and written one after the other; empty where no version is there.
    """

    template: ClassVar[str] = "texts"

    texts: tuple[Mapping[str, Any], ...] = ()
    served: ForecasterName | None = None
    token: str = ""

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that any forecaster has, in their order."""
        return tuple(name for name in _METRICS if any(name in row.values for row in self.scores))

    @property
    def shown(self) -> tuple[Mapping[str, Any], ...]:
        """The texts that a page has room for, cut where they are long."""
        return tuple({**row, "text": _cut(row["text"]), "prompt": _cut(row["prompt"])} for row in self.texts[:_TEXTS])

    def of(self, name: str) -> Mapping[str, float | None]:
        """The figures of one forecaster, by metric."""
        return next((row.values for row in self.scores if row.name == name), {})

    @property
    def of_served(self) -> Mapping[str, float | None]:
        """The figures of the one that writes, by metric."""
        return next((row.values for row in self.scores if row.served), {})

    @property
    def earlier(self) -> datetime | None:
        """The ``as_of`` of the run that wrote the texts, where this one wrote none."""
        made = max((row["as_of"] for row in self.texts), default=self.run.as_of)
        return None if made == self.run.as_of else made

    @property
    def commands(self) -> tuple[str, ...]:
        """What to run next."""
        first, *rest = super().commands
        return (f"daycast generate {self.pipeline}" if first.startswith("daycast forecasts") else first, *rest)


def _cut(text: str) -> str:
    return text if len(text) <= _LENGTH else f"{text[:_LENGTH]} … ({len(text):,} characters; all of them are in texts)"
