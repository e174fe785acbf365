"""The feeds there are, each imported only when a pipeline uses it."""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

from daycast.storage.feeds.feed import Feed
from daycast.storage.feeds.wire.limits import PATIENCE, Patience
from daycast.storage.terms.errors import ConfigError
from daycast.storage.terms.pipeline import Pipeline

FEEDS: Mapping[str, str] = MappingProxyType(
    {
        "yahoo": "daycast.storage.feeds.yahoo.feed:YahooFeed",
        "datareader": "daycast.storage.feeds.datareader:DataReaderFeed",
        "ett": "daycast.storage.feeds.ett:EttFeed",
        "files": "daycast.storage.feeds.files:FilesFeed",
        "sample": "daycast.storage.feeds.sample.feed:SampleFeed",
    }
)
"""Where each feed's class is, as ``module:class``. A class is built from the pipeline and the validators."""


def open_feed(
    spec: Pipeline, *, validators: Mapping[str, str] = MappingProxyType({}), patience: Patience = PATIENCE
) -> Feed:
    """Open the feed of a pipeline.

    Args:
        spec: the pipeline.
        validators: what the last successful fetch returned in ``Fetched.validators``.
        patience: the limits of each request of a network feed.

    Raises:
        ConfigError: there is no such feed, or the pipeline asks of it what it does not have.
    """
    if spec.feed not in FEEDS:
        raise ConfigError(f"A feed is one of {', '.join(FEEDS)}. Received: {spec.feed!r}. Correct the pipeline file.")
    module, _, name = FEEDS[spec.feed].partition(":")
    feed: Feed = getattr(import_module(module), name)(spec, validators=validators, patience=patience)
    return feed
