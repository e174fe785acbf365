"""What ``daycast generate`` says of a text, and what ``daycast forecasts`` prints of pipelines that predict text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from daycast.flows.command.cells import instant, number, print_csv, print_json
from daycast.flows.command.printing import print_next
from daycast.storage.terms.text import counted
from daycast.storage.terms.words import SAMPLE_PREFIX

if TYPE_CHECKING:
    from daycast.tasks.answers.generating import Generated

SAMPLE_NOTE = "Generated sample data, not real ones: nobody wrote what this was trained on."


def facts_of(written: Generated, *, pipeline: str) -> Iterator[str]:
    """Who wrote a text and how, and what to run next."""
    yield from (f"{remark}." for remark in written.remarks)
    if pipeline.startswith(SAMPLE_PREFIX):
        yield SAMPLE_NOTE
    yield (
        f"{pipeline}: {counted(len(written.text), 'character')} by {written.forecaster} of {written.version}, "
        f"temperature {written.temperature:g}, seed {written.seed}, in {written.seconds:.1f} s."
    )
    yield f"Next: daycast generate {pipeline} --seed {written.seed + 1} · daycast models show {pipeline}"


def print_texts(out: Console, rows: Sequence[dict[str, Any]], *, form: str, pipeline: str) -> None:
    """The samples that were written last, in one of the forms."""
    if form == "csv":
        print_csv(rows)
    elif form == "json":
        print_json(rows)
    elif not rows:
        out.print("No texts yet.")
        print_next(out, f"daycast run {pipeline}")
    else:
        for row in rows:
            out.print(
                f"[bold]{pipeline}[/] as of {instant(row['as_of'])}, sample {row['sample']}, by {row['forecaster']} of "
                f"{row['version']}, temperature {number(row['temperature'])}, seed {row['seed']}:",
                highlight=False,
                soft_wrap=True,
            )
            typer.echo(f"{row['prompt']}{row['text']}\n")
        if pipeline.startswith(SAMPLE_PREFIX):
            out.print(SAMPLE_NOTE, highlight=False)
        print_next(out, f"daycast generate {pipeline}", f"daycast forecasts {pipeline} --format json")
