"""What a run of a pipeline on documents would find, whatever it predicts of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from daycast.storage.terms.text import counted
from daycast.storage.terms.words import PUBLISHED_AT

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class CheckedDocuments:
    """What a run would find.

    Attributes:
        pipeline: its name.
        documents: that could be used.
        first: when the first of these was published, aware UTC; none where there is none.
        last: likewise.
        set_aside: how many documents for which reason, the most frequent first.
        troubles: why a run would fail or be degraded.
        notes: what a run would say beside that.
    """

    pipeline: str
    documents: int = 0
    first: datetime | None = None
    last: datetime | None = None
    set_aside: dict[str, int] = field(default_factory=dict)
    troubles: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Whether a run would go well."""
        return not self.troubles


def later(documents: pd.DataFrame, *, at: datetime) -> tuple[str, ...]:
    """What to say of documents that are dated after an instant; nothing where there are none."""
    ahead = documents[PUBLISHED_AT][documents[PUBLISHED_AT] > at]
    if ahead.empty:
        return ()
    count = counted(len(ahead), "document")
    return (f"{count} dated later than {at:%Y-%m-%d %H:%M} UTC wait till then, the last {ahead.max():%Y-%m-%d}",)


def none_known(documents: pd.DataFrame, *, at: datetime) -> str:
    """Why of the documents that could be used a run at an instant would know none."""
    if documents.empty:
        return "no document that could be used"
    first = documents[PUBLISHED_AT].min()
    return f"all {len(documents):,} documents are later than {at:%Y-%m-%d %H:%M} UTC, the first {first:%Y-%m-%d %H:%M}"
