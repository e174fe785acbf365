"""What a run's log says: one line a step, with what matters of what the step came to."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, singledispatch
from typing import TypeVar

from daycast.storage.terms.text import counted, listed
from daycast.storage.terms.words import NAIVE
from daycast.tasks.handover.label_parts import PreparedLabels
from daycast.tasks.handover.results import Evaluated, Ingested, Plan, Prepared, Scored, Summary, Trained
from daycast.tasks.handover.text_parts import PreparedText
from daycast.tasks.steps.runs import served_as_asked

Result = TypeVar("Result")

_MARK = served_as_asked.name
"""The task that is red on purpose: what it says, the run says too."""


class Story:
    """Tells the steps of a run one after the other, each with the seconds since the one before.

    Args:
        say: takes a line, such as a logger's ``info``.
    """

    def __init__(self, say: Callable[[str], object]) -> None:
        self._say = say
        self._last = time.monotonic()

    def tell(self, result: Result) -> Result:
        """Say what a step came to, and give it back."""
        now = time.monotonic()
        self._say(f"{in_words(result)}; {now - self._last:.1f} s")
        self._last = now
        return result


@contextmanager
def only_the_story() -> Iterator[None]:
    """Leave out of the log what Prefect says of each task that ended well: the run's own lines say what came of it."""
    tasks = logging.getLogger("prefect.task_runs")
    mine = partial(_matters)  # each run's own: others go on beside it, and theirs stays when this one ends
    tasks.addFilter(mine)
    try:
        yield
    finally:
        tasks.removeFilter(mine)


def _matters(record: logging.LogRecord) -> bool:
    told = record.getMessage().startswith("Finished in state Completed")
    return not told and getattr(record, "task_name", None) != _MARK


@singledispatch
def in_words(result: object) -> str:
    """What a step came to.

    >>> in_words(Ingested(new=3, set_aside=1, reasons=("1 without a value",)))
    'fetched: 3 rows new, 0 revised, 1 set aside (1 without a value)'
    >>> in_words(Plan(training="retrain", reason="there is no champion yet", champion=None, version="v1"))
    'training: retrain, as there is no champion yet'
    """
    return repr(result)


@in_words.register
def _(result: Ingested) -> str:
    why = f" ({listed(result.reasons)})" if result.reasons else ""
    failed = f", no answer for {listed(list(result.failures))}" if result.failures else ""
    rows = f"{counted(result.new, 'row')} new, {result.revised:,} revised, {result.set_aside:,} set aside"
    return f"fetched: {rows}{why}{failed}"


@in_words.register
def _(result: Prepared) -> str:
    span = f"{result.first:%Y-%m-%d %H:%M} to {result.last:%Y-%m-%d %H:%M} UTC"
    untrained = f"; no network: {result.untrainable}" if result.untrainable else ""
    windows, written = counted(result.windows, "window"), counted(result.written, "row")
    return f"prepared: {windows} over {span}, {written} written{untrained}"


@in_words.register
def _(result: PreparedLabels) -> str:
    parts = ", ".join(f"{count:,} for {part}" for part, count in result.counts.items())
    untrained = f"; no network: {result.untrainable}" if result.untrainable else ""
    return (
        f"prepared: {counted(result.documents, 'document')}, {parts}, {result.waiting:,} without a label, "
        f"{len(result.labels)} labels{untrained}"
    )


@in_words.register
def _(result: PreparedText) -> str:
    parts = ", ".join(f"{count:,} for {part}" for part, count in result.tokens.items())
    untrained = f"; no network: {result.untrainable}" if result.untrainable else ""
    return (
        f"prepared: a text of {counted(result.documents, 'document')}, in tokens {parts}, {result.vocabulary:,} "
        f"different, {'written' if result.written else 'there already'}{untrained}"
    )


@in_words.register
def _(result: Scored) -> str:
    week = result.week
    live = f", MAE of 7 days {week.mae:.4g} beside naive's {week.naive_mae:.4g}" if week.mae and week.naive_mae else ""
    live = f", accuracy of 7 days {week.accuracy:.1%}" if week.accuracy is not None else live
    broken = f"; {'; '.join(result.broken.values())}" if result.broken else ""
    return f"scored: {result.actuals:,} actual values new, {result.forecasts:,} forecasts judged{live}{broken}"


@in_words.register
def _(result: Plan) -> str:
    return f"training: {result.training}, as {result.reason}"


@in_words.register
def _(result: Trained) -> str:
    if not result.epochs:
        return f"network: {result.version or 'none'}, nothing trained now"
    loss = "" if result.loss is None else f", loss {result.loss:.4g}"
    validation = "" if result.validation_loss is None else f", validation loss {result.validation_loss:.4g}"
    return f"network: {result.version}, {counted(result.epochs, 'epoch')} in {result.seconds:.1f} s{loss}{validation}"


@in_words.register
def _(result: Evaluated) -> str:
    right, flat = result.test.get("accuracy"), result.test.get("majority_accuracy")
    if right is not None and flat is not None:
        return f"verdict: {result.forecaster} serves. {result.reason} Test accuracy {right:.1%} beside {flat:.1%}"
    perplexity, counts = result.test.get("perplexity"), result.test.get("ngram_perplexity")
    if perplexity is not None and counts is not None:
        told = f"Test perplexity {perplexity:.4g} beside the counts' {counts:.4g}"
        return f"verdict: {result.forecaster} serves. {result.reason} {told}"
    mae, naive = result.test.get("mae"), result.test.get("naive_mae")
    beside = "" if naive is None or result.forecaster == NAIVE else f" beside naive's {naive:.4g}"
    test = "" if mae is None else f" {result.forecaster}'s test MAE {mae:.4g}{beside}"
    return f"verdict: {result.forecaster} serves. {result.reason}{test}"


@in_words.register
def _(result: Summary) -> str:
    rows = counted(result.rows, "row")
    return f"forecast: {rows} by {result.forecaster}, quality {result.quality}, status {result.status}"
