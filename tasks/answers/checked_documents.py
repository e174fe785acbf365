"""What a run of a pipeline on documents would find, whatever it predicts of them."""

from dataclasses import dataclass, field
from datetime import datetime


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
    """

    pipeline: str
    documents: int = 0
    first: datetime | None = None
    last: datetime | None = None
    set_aside: dict[str, int] = field(default_factory=dict)
    troubles: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Whether a run would go well."""
        return not self.troubles
