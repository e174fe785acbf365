"""What a run of a pipeline that predicts text would find, for ``daycast check``; nothing is written."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from daycast.storage.terms.errors import DataError, FeedError
from daycast.storage.terms.text_pipeline import TextPipeline
from daycast.storage.terms.words import DOCUMENT_ID, PUBLISHED_AT, REASON, TEXT
from daycast.tasks.answers.checked_documents import CheckedDocuments, later, none_known

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class CheckedText(CheckedDocuments):
    """What a run would find.

    Attributes:
        token: what is read and written one after the other.
        tokens: of the text, by part.
        vocabulary: different tokens of the training part that would be known.
    """

    token: str
    tokens: dict[str, int] = field(default_factory=dict)
    vocabulary: int = 0


def check_text(spec: TextPipeline, *, at: datetime) -> CheckedText:
    """Read the text of a pipeline and cut it by its order, as a first run at an instant would.

    Args:
        spec: the pipeline.
        at: the instant, aware.
    """
    from daycast.models.text.corpus import Cut, in_lines, joined
    from daycast.storage.feeds.catalog import open_documents

    try:
        read = open_documents(spec).read(at)
    except FeedError as error:
        return CheckedText(pipeline=spec.name, token=spec.token, troubles=(str(error),))
    known = _known(read.good, at=at, of_files=spec.of_files)
    aside = dict(Counter(read.set_aside[REASON]).most_common())
    if known.empty:
        troubles = (none_known(read.good, at=at),)
        return CheckedText(pipeline=spec.name, token=spec.token, set_aside=aside, troubles=troubles)
    texts = list(known[TEXT]) if spec.of_files else in_lines(known[TEXT])
    tokens = joined(texts, kind=spec.token)
    cut = Cut.of(len(tokens), split=spec.split)
    size, trouble = _vocabulary(tokens[cut.slices["training"]], spec)
    return CheckedText(
        pipeline=spec.name,
        token=spec.token,
        documents=len(known),
        first=known[PUBLISHED_AT].min().to_pydatetime(),
        last=known[PUBLISHED_AT].max().to_pydatetime(),
        tokens={part: where.stop - where.start for part, where in cut.slices.items()},
        vocabulary=size,
        set_aside=aside,
        troubles=tuple(filter(None, (cut.short(spec.lookback), trouble))),
        notes=later(read.good, at=at),
    )


def _known(documents: pd.DataFrame, *, at: datetime, of_files: bool) -> pd.DataFrame:
    """The documents that a run would know, in the order in which they go on."""
    import pandas as pd

    known = documents[documents[PUBLISHED_AT] <= pd.Timestamp(at)]
    return known.sort_values(DOCUMENT_ID if of_files else [PUBLISHED_AT, DOCUMENT_ID], kind="stable")


def _vocabulary(tokens: object, spec: TextPipeline) -> tuple[int, str]:
    """How many different tokens would be known, or why there are too few."""
    from daycast.models.text.vocabulary import FIRST, Vocabulary

    try:
        return len(Vocabulary.of(tokens, kind=spec.token, size=spec.vocabulary)) - FIRST, ""  # type: ignore[arg-type]
    except DataError as error:
        return 0, str(error)
