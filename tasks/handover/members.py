"""The series of a pipeline that takes every symbol of its file, as they were known at an instant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daycast.storage.terms.any_pipeline import AnyPipeline
from daycast.storage.terms.errors import DataError, FeedError
from daycast.storage.terms.pipeline import Pipeline
from daycast.storage.terms.text import listed, quote
from daycast.tasks.handover.staleness import stale_symbols
from daycast.tasks.handover.stores import Stores

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from daycast.storage.config.settings import Settings


def named(spec: AnyPipeline, *, as_of: datetime, settings: Settings | None = None) -> tuple[AnyPipeline, str]:
    """The pipeline with its symbols, where it takes those of its file; any other as it is.

    A symbol that the file held until lately is still one of them, so that a run tells that its feed failed: a file that
    was cut off, or whose symbols bear other names since yesterday, takes no series away without a word.

    Args:
        spec: the pipeline.
        as_of: aware; a symbol of which nothing was known then is none of them.
        settings: where the lake is, whose symbols stand in for those of a file that cannot be read tonight, and which
            knows what the file held before.

    Returns:
        The pipeline, and in a sentence which symbols were left out, as no series can have them as its name.

    Raises:
        FeedError: the file cannot be read, and the lake holds nothing of it.
        DataError: the file holds no symbol that was known then, and held none until lately.
    """
    if not isinstance(spec, Pipeline) or not spec.takes_all:
        return spec, ""
    from daycast.storage.feeds.files_keys import FilesPipeline
    from daycast.storage.feeds.members import Members, members

    assert isinstance(spec, FilesPipeline)  # noqa: S101 — no other feed lets symbols be left out
    try:
        found = members(spec, as_of=as_of)
    except FeedError:
        found = Members(symbols=_held(spec, settings))
        if not found.symbols:
            raise
    symbols = {*found.symbols, *_until_lately(spec, settings, besides=found.symbols, as_of=as_of)}
    if not symbols:
        why = _left_out(found.refused) or f"Look at the column {spec.symbol_column}, or choose a later instant."
        raise DataError(
            f"{spec.name}: a symbol that was known at {as_of.isoformat()} is required. Received: {spec.path}, which "
            f"holds none. {why}"
        )
    return spec.model_copy(update={"symbols": tuple(sorted(symbols))}), _left_out(found.refused)


def _left_out(refused: Sequence[str]) -> str:
    if not refused:
        return ""
    what = "A symbol is up to 64 letters, digits and ^ = . _ & + -, a letter or digit first"
    return f"{what}. Received and left out: {listed([quote(name) for name in refused])}."


def _held(spec: Pipeline, settings: Settings | None) -> tuple[str, ...]:
    return tuple(sorted(Stores(settings).observations(spec.name).shards().places)) if settings else ()


def _until_lately(spec: Pipeline, settings: Settings | None, *, besides: Sequence[str], as_of: datetime) -> set[str]:
    """Other symbols that the lake holds, whose newest observation is not stale yet: until then they are missed."""
    if settings is None:
        return set()
    store = Stores(settings).observations(spec.name)
    newest = store.newest(sorted({*store.shards().places} - {*besides}), as_of=as_of)
    return {*newest} - {*stale_symbols(spec, newest, as_of=as_of)}
