"""``daycast generate``: text by the champion of a pipeline that predicts text."""

from __future__ import annotations

from typing import Annotated

import typer

from daycast.flows.command.completion import pipelines_like
from daycast.flows.command.terminal import aside


def generate(
    pipeline: Annotated[str, typer.Argument(help="One that predicts text.", autocompletion=pipelines_like)],
    prompt: Annotated[str | None, typer.Option(help="What to go on from.")] = None,
    length: Annotated[int | None, typer.Option(help="Characters to write.")] = None,
    temperature: Annotated[
        float | None, typer.Option(help="Below 1 what is probable is drawn more often; towards 0, that alone.")
    ] = None,
    top_k: Annotated[int | None, typer.Option(help="Draw only from this many of the most probable.")] = None,
    top_p: Annotated[
        float | None, typer.Option(help="Draw only from the most probable that together have this probability.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed and version give the same text.")] = None,
) -> None:
    """Write text as a pipeline's champion goes on with a prompt; what is not said is as in the pipeline's samples.

    The text alone goes to standard output; who wrote it, and what to run next, to standard error.
    """
    from daycast.flows.command.printing_texts import facts_of
    from daycast.storage.config.settings import Settings
    from daycast.tasks.answers import generating

    drawn = {"length": length, "temperature": temperature, "top_k": top_k, "top_p": top_p, "seed": seed}
    written = generating.generate(Settings(), pipeline=pipeline, prompt=prompt, **drawn)
    typer.echo(f"{written.prompt}{written.text}")
    for line in facts_of(written, pipeline=pipeline):
        aside(line)
