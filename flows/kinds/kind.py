"""What a kind of pipeline brings to the daily flow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from daycast.storage.terms.words import TrainingChoice
from daycast.tasks.apart.spreading import Spread
from daycast.tasks.handover.job import AnyJob
from daycast.tasks.handover.results import Summary

Clock = Callable[[], datetime]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the steps of a run came to.

    Attributes:
        summary: what the run says last.
        prepared: the data that its report is made from.
        broken: the rules on live figures that are broken, each with the reason.
    """

    summary: Summary
    prepared: Any
    broken: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of pipeline.

    Attributes:
        job: what its tasks are given.
        stages: the steps from the feed to the rows in SQL: the job, the training asked for, how work is spread, and the
            clock by which what is written is issued.
        publish: the task that shows a run: the job, and ``prepared`` where the run came so far; gives the page's place.
    """

    job: type[AnyJob]
    stages: Callable[[Any, TrainingChoice, Spread, Clock], Outcome]
    publish: Callable[..., str]
