"""The text of a run: read once for all the steps of a process that ask for it, and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from daycast.storage.terms.words import DOCUMENT_ID, TEXT
from daycast.tasks.handover.documents_job import TextJob

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daycast.models.text.corpus import Cut

_HELD: dict[tuple[object, ...], Sequence[str]] = {}


@dataclass(frozen=True, kw_only=True)
class PreparedText:
    """What text a run has.

    Attributes:
        data_hash: names the state of the text as of the run, and how it is cut.
        documents: how many it is of.
        tokens: how many it has, by part.
        vocabulary: tokens that are known, padding and the unknown one included.
        written: whether its numbers are new in the lake.
        untrainable: why no network can be trained; empty where one can.
    """

    data_hash: str
    documents: int
    tokens: dict[str, int] = field(default_factory=dict)
    vocabulary: int = 0
    written: bool = False
    untrainable: str = ""


def texts_of(job: TextJob) -> list[str]:
    """The texts as known at the run's ``as_of``, in the order in which they go on; rows of a table are lines."""
    from daycast.models.text.corpus import in_lines

    known = job.documents().known(job.as_of)
    if job.pipeline.of_files:
        return list(known.sort_values(DOCUMENT_ID)[TEXT])
    return in_lines(known[TEXT])


def tokens_of(job: TextJob) -> Sequence[str]:
    """The tokens of all of them, one after the other."""
    from daycast.models.text.corpus import joined

    key = (job.settings.storage, job.settings.database, job.pipeline.model_dump_json(), job.as_of, job.now)
    if key not in _HELD:
        _HELD.clear()
        _HELD[key] = joined(texts_of(job), kind=job.pipeline.token)
    return _HELD[key]


def cut_of(job: TextJob, tokens: Sequence[str]) -> Cut:
    """Where the parts begin and end."""
    from daycast.models.text.corpus import Cut

    return Cut.of(len(tokens), split=job.pipeline.split)
