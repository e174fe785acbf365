"""Servers on loopback for the feeds, limits that end at once, and pipelines."""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from daycast.storage.config.pipeline_file import parse_pipeline
from daycast.storage.feeds.wire.limits import Limits
from daycast.storage.terms.pipeline import Pipeline
from tests.loopback import Answer, Server, served

DATA = Path(__file__).parents[4] / "shared" / "data"

TIGHT = Limits(tries=3, pause=0.01, jitter=0.0, longest=0.05, connect=5.0, read=5.0, whole=25.0, max_bytes=2_000_000)
"""Limits that let a test of retries end at once."""


@pytest.fixture
def server() -> Iterator[Server]:
    """A server on loopback for one test."""
    with served() as script:
        yield script


@pytest.fixture
def other_server() -> Iterator[Server]:
    """Another one, at another port."""
    with served() as script:
        yield script


@pytest.fixture
def make_spec() -> Callable[..., Pipeline]:
    """Build a pipeline from what matters to a test."""

    def make(name: str = "prices", **keys: Any) -> Pipeline:
        defaults = {"symbols": ["AMZN"], "target": "close", "features": ["close"], "calendar": "XNYS"}
        return parse_pipeline(name, {**defaults, "lookback": 5, "horizon": 1, **keys})

    return make


@pytest.fixture(scope="session")
def data() -> Path:
    """The recorded data; the test is skipped where they are absent."""
    if not DATA.is_dir():
        pytest.skip(f"the recorded data are not there: {DATA}")
    return DATA


@pytest.fixture
def limits() -> Limits:
    """Limits that let a test of retries end at once."""
    return TIGHT


@pytest.fixture
def zipped() -> Callable[[bytes], bytes]:
    """Compress a body."""
    return gzip.compress


@pytest.fixture
def answer() -> type[Answer]:
    """The class of answers, for tests that need more than a body."""
    return Answer
