"""What every pipeline is, whatever it predicts; the kinds add to it what is theirs.

The room ``config`` reads the file; everything below the flow receives a pipeline of one of the kinds and nothing else
of the file. The keys that only one feed has stand beside that feed, in a class that adds them to the kind.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import TypeVar

from pydantic import field_validator

from daycast.storage.terms.frozen import Frozen
from daycast.storage.terms.network import ModelSpec
from daycast.storage.terms.rules import Rules, SplitSpec
from daycast.storage.terms.schedule import Schedule
from daycast.storage.terms.words import SAMPLE, SAMPLE_PREFIX, Predicts

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_Kind = TypeVar("_Kind", bound="AnyPipeline")


class AnyPipeline(Frozen, ABC):
    """A table of the pipeline file.

    Attributes:
        name: the table's name in the pipeline file.
        predicts: values of series, labels of documents, or text that goes on; each kind has keys of its own.
        feed: where the data come from; for labels and text ``files`` or ``sample``.
        split: how the history is cut.
        schedule: when it runs; none means by hand.
        retrain_schedule: when it is retrained from nothing, whatever ``auto`` would do; none means by hand.
        model: the network.
        training: when it is trained, and what it must show.
    """

    name: str
    predicts: Predicts = "values"
    feed: str
    split: SplitSpec = SplitSpec()
    schedule: Schedule | None = None
    retrain_schedule: Schedule | None = None
    model: ModelSpec = ModelSpec()
    training: Rules = Rules()

    @field_validator("name")
    @classmethod
    def _plain_name(cls, name: str) -> str:
        if not _NAME.fullmatch(name):
            raise ValueError(
                f"a pipeline's name is small letters, digits and _, letter first, 64 at most. Received: {name!r}"
            )
        return name

    @property
    def sample(self) -> bool:
        """Whether the data are generated."""
        return self.feed == SAMPLE

    @property
    def reads(self) -> tuple[str, ...]:
        """The pipelines of the file whose rows this one reads, which run before it."""
        return ()

    @abstractmethod
    def as_sample(self) -> "AnyPipeline":
        """The same pipeline on generated data, under a name that says so."""

    def _sampled(self, kind: type[_Kind], *, real: Iterable[str]) -> _Kind:
        """A pipeline of the kind, without the keys of its feed and those that are of real data alone."""
        if isinstance(self, kind) and self.sample and self.name.startswith(SAMPLE_PREFIX):
            return self
        dropped = {"schedule", "retrain_schedule", *real}
        kept = {key: getattr(self, key) for key in kind.model_fields if key not in dropped}
        return kind.model_construct(**{**kept, "name": f"{SAMPLE_PREFIX}{self.name}", "feed": SAMPLE})
