"""``daycast check``: what a run would find, before it is one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daycast.flows.command.completion import pipelines_like
from daycast.flows.command.terminal import out, say
from daycast.storage.terms.any_pipeline import AnyPipeline
from daycast.storage.terms.errors import ConfigError
from daycast.storage.terms.labels_pipeline import LabelsPipeline
from daycast.storage.terms.pipeline import require_values
from daycast.storage.terms.text import counted, quote
from daycast.storage.terms.text_pipeline import TextPipeline
from daycast.tasks.answers.checking_labels import CheckedLabels, check_labels
from daycast.tasks.answers.checking_text import CheckedText, check_text

if TYPE_CHECKING:
    from daycast.tasks.answers.checked_documents import CheckedDocuments
    from daycast.tasks.answers.checking import Check, CheckedSeries

_TOLD = 5


def check(
    pipelines: Annotated[
        list[str] | None,
        typer.Argument(help="Those to look at; all of the pipeline file by default.", autocompletion=pipelines_like),
    ] = None,
) -> None:
    """Ask the feeds and say what a run would find, without writing anything; exit code 1 where it would not go well."""
    from daycast.flows.command.printing import print_next
    from daycast.flows.running.clock import now
    from daycast.storage.config.pipeline_file import choose_pipelines, load_pipelines
    from daycast.storage.config.settings import Settings

    _require_names(pipelines or [])
    chosen = choose_pipelines(load_pipelines(Settings().pipelines), pipelines or [], sample=False)
    found = [_checked(spec, at=now()) for spec in chosen]
    for each in found:
        for line in _lines_of(each):
            say(line)
    good = [each.pipeline for each in found if each.good]
    print_next(out, f"daycast run {' '.join(good)}" if good else "daycast check")
    if len(good) < len(found):
        raise typer.Exit(code=1)


def _checked(spec: AnyPipeline, *, at: datetime) -> Check | CheckedLabels | CheckedText:
    from daycast.tasks.answers.checking import check as check_values

    if isinstance(spec, LabelsPipeline):
        return check_labels(spec, at=at)
    return check_text(spec, at=at) if isinstance(spec, TextPipeline) else check_values(require_values(spec), at=at)


def _lines_of(found: Check | CheckedLabels | CheckedText) -> Iterator[str]:
    if isinstance(found, CheckedLabels):
        return lines_of_labels(found)
    return lines_of_text(found) if isinstance(found, CheckedText) else lines(found)


def _require_names(pipelines: list[str]) -> None:
    """Tell whoever names a file how it becomes a pipeline."""
    for name in pipelines:
        if Path(name).is_file():
            raise ConfigError(
                f"A pipeline of the pipeline file is required. Received: the file {quote(name)}. Write a table for it, "
                'with feed = "files", its path, symbols, target, features, calendar, lookback and horizon '
                "(docs/pipelines.md has one to copy), name that file in DAYCAST_PIPELINES, and check the table's name."
            )


def lines(found: Check) -> Iterator[str]:
    """What is to be said of a pipeline."""
    yield _verdict(found)
    for each in found.series[:_LISTED]:
        yield f"  {_said(each)}"
        yield from (f"    {aside}" for aside in _rows_aside(each.set_aside))
        yield from (f"    {finding}" for finding in each.findings[:_TOLD])
        if each.trouble:
            yield f"    trouble: {each.trouble}"
    if len(found.series) > _LISTED:
        rest = found.series[_LISTED:]
        yield f"  and {len(rest):,} more, {sum(bool(each.trouble) for each in rest):,} of them with trouble"
    yield from (f"  of no symbol: {aside}" for aside in _rows_aside(found.set_aside))
    yield from (f"  trouble: {trouble}" for trouble in found.troubles)
    if found.advice:
        yield "  This reads the files; look at it, and put it into the pipeline file:"
        yield from (f"    {line}" for line in found.advice.splitlines())


def _rows_aside(found: Mapping[str, int]) -> Iterator[str]:
    for reason, count in list(found.items())[:_TOLD]:
        yield f"set aside: {count:,} {'row' if count == 1 else 'rows'}, {reason}"


def lines_of_labels(found: CheckedLabels) -> Iterator[str]:
    """What is to be said of a pipeline that predicts labels."""
    yield from _documents(found, f"labelled: {_parts(found.counts)}; {found.waiting:,} without a label")
    if found.labels:
        told = [f"{quote(label)} {count:,}" for label, count in found.labels.items()]
        yield f"  labels: {', '.join(told[:_TOLD])}{f' and {len(told) - _TOLD} more' if len(told) > _TOLD else ''}"
    yield from _troubles(found)


def lines_of_text(found: CheckedText) -> Iterator[str]:
    """What is to be said of a pipeline that predicts text."""
    yield from _documents(found, f"{found.token}s: {_parts(found.tokens)}; {found.vocabulary:,} different")
    yield from _troubles(found)


def _documents(found: CheckedDocuments, facts: str) -> Iterator[str]:
    """The verdict on a pipeline on documents, and what these are; nothing of them where none could be used."""
    yield _verdict(found)
    if found.first is not None and found.last is not None:
        span = f"from {found.first:%Y-%m-%d %H:%M} to {found.last:%Y-%m-%d %H:%M} UTC"
        yield f"  {counted(found.documents, 'document')} {span}; {facts}"


def _parts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} for {part}" for part, count in counts.items())


def _troubles(found: CheckedDocuments) -> Iterator[str]:
    yield from _asides(found.set_aside)
    yield from (f"  {note}" for note in found.notes)
    yield from (f"  trouble: {trouble}" for trouble in found.troubles)


def _asides(found: Mapping[str, int]) -> Iterator[str]:
    for reason, count in list(found.items())[:_TOLD]:
        yield f"  set aside: {count:,} {'document' if count == 1 else 'documents'}, {reason}"


def _verdict(found: Check | CheckedDocuments) -> str:
    return f"{found.pipeline}: {'a run would go well' if found.good else 'a run would fail or be degraded'}"


_LISTED = 50
"""Series at most that are told one by one."""


def _said(each: CheckedSeries) -> str:
    if each.first is None or each.last is None:
        return f"{each.symbol}: no row"
    gaps = f"{each.missing:,} missing, {each.longest} in a row at most" if each.missing else "none missing"
    span = f"from {each.first:%Y-%m-%d %H:%M} to {each.last:%Y-%m-%d %H:%M} UTC"
    return f"{each.symbol}: {counted(each.rows, 'row')} {span}, {gaps}; {counted(each.windows, 'window')}"
