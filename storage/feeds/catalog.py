"""The feeds there are, each imported only when a pipeline uses it.

A feed's own keys lie beside it in a module that loads no pandas: the pipeline file is read without the feed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from daycast.storage.feeds.wire.limits import LIMITS, Limits
from daycast.storage.terms.any_pipeline import AnyPipeline
from daycast.storage.terms.errors import ConfigError
from daycast.storage.terms.labels_pipeline import LabelsPipeline
from daycast.storage.terms.pipeline import Pipeline
from daycast.storage.terms.text_pipeline import TextPipeline
from daycast.storage.terms.words import Predicts

if TYPE_CHECKING:
    from daycast.storage.feeds.feed import DocumentFeed, Feed


@dataclass(frozen=True)
class Entry:
    """Where a feed is, as ``module:class`` in this room.

    Attributes:
        feed: its class, which is built from the pipeline, the validators and the limits.
        keys: a pipeline of the kind with the feed's own keys; none where it has none.
    """

    feed: str
    keys: str | None = None


FEEDS: Mapping[str, Entry] = MappingProxyType(
    {
        "yahoo": Entry("yahoo.feed:YahooFeed", keys="yahoo.keys:YahooPipeline"),
        "datareader": Entry("datareader:DataReaderFeed", keys="datareader_keys:DataReaderPipeline"),
        "ett": Entry("ett:EttFeed", keys="ett_keys:EttPipeline"),
        "files": Entry("files:FilesFeed", keys="files_keys:FilesPipeline"),
        "sql": Entry("sql.feed:SqlFeed", keys="sql.keys:SqlPipeline"),
        "sample": Entry("sample.feed:SampleFeed"),
    }
)
"""A line a feed of values."""


@dataclass(frozen=True)
class Kind:
    """A kind of pipeline: what it is whatever its feed, and the feeds that there are for it."""

    pipeline: type[AnyPipeline]
    feeds: Mapping[str, Entry]


KINDS: Mapping[Predicts, Kind] = MappingProxyType(
    {
        "values": Kind(Pipeline, FEEDS),
        "labels": Kind(
            LabelsPipeline,
            {
                "files": Entry("document_files:DocumentFiles", keys="document_keys:LabelFiles"),
                "sample": Entry("sample.reviews:SampleReviews"),
            },
        ),
        "text": Kind(
            TextPipeline,
            {
                "files": Entry("document_files:DocumentFiles", keys="document_keys:TextFiles"),
                "sample": Entry("sample.language:SampleLanguage"),
            },
        ),
    }
)
"""What a pipeline can predict."""


def pipeline_on(feed: str, *, predicts: Predicts = "values") -> type[AnyPipeline]:
    """What a pipeline on this feed is: what every pipeline of the kind is, with the feed's own keys.

    >>> sorted(set(pipeline_on("yahoo").model_fields) - set(Pipeline.model_fields))
    ['url']
    """
    kind = KINDS[predicts]
    keys = kind.feeds[feed].keys
    return kind.pipeline if keys is None else _load(keys)


def own_keys(feed: str, *, predicts: Predicts = "values") -> tuple[str, ...]:
    """The keys that a feed has beside those of every pipeline of the kind."""
    fields = pipeline_on(feed, predicts=predicts).model_fields
    shared = KINDS[predicts].pipeline.model_fields
    return tuple(field.alias or key for key, field in fields.items() if key not in shared)


def open_feed(spec: Pipeline, *, validators: Mapping[str, str] = MappingProxyType({}), limits: Limits = LIMITS) -> Feed:
    """Open the feed of a pipeline that predicts values.

    Args:
        spec: the pipeline, of the feed's own kind.
        validators: what the last successful fetch returned in ``Fetched.validators``.
        limits: the limits of each request of a network feed.

    Raises:
        ConfigError: there is no such feed, or the pipeline asks of it what it does not have.
    """
    if spec.feed not in FEEDS:
        raise ConfigError(f"A feed is one of {', '.join(FEEDS)}. Received: {spec.feed!r}. Correct the pipeline file.")
    feed: Feed = _load(FEEDS[spec.feed].feed)(spec, validators=validators, limits=limits)
    return feed


def open_documents(spec: AnyPipeline) -> DocumentFeed:
    """Open the feed of a pipeline on text."""
    feed: DocumentFeed = _load(KINDS[spec.predicts].feeds[spec.feed].feed)(spec)
    return feed


def _load(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(f"{__package__}.{module}"), name)
