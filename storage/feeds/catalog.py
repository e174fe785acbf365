"""The feeds there are, each imported only when a pipeline uses it."""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

from storage.errors import ConfigError
from storage.feeds.feed import Feed
from storage.feeds.patience import PATIENCE, Patience
from storage.specs import Pipeline

FEEDS: Mapping[str, str] = MappingProxyType(
    {
        "yahoo": "storage.feeds.yahoo:YahooFeed",
        "datareader": "storage.feeds.datareader:DataReaderFeed",
        "ett": "storage.feeds.ett:EttFeed",
        "files": "storage.feeds.files:FilesFeed",
        "sample": "storage.feeds.sample:SampleFeed",
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
