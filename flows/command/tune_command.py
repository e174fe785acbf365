"""``daycast tune``: which settings suit a pipeline, by its validation data."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import typer

from daycast.flows.command.completion import pipelines_like
from daycast.flows.command.terminal import out, say
from daycast.storage.terms.errors import ConfigError
from daycast.storage.terms.toml import toml_value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daycast.tasks.tuning.found import Budget, Found

_TRIALS = 30


def tune(
    pipeline: Annotated[str, typer.Argument(help="Which one.", autocompletion=pipelines_like)],
    trials: Annotated[
        int | None, typer.Option(min=1, help=f"In all, those of earlier searches included; {_TRIALS} by default.")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(help="This search ends after so long, the networks from --seeds included.")
    ] = None,
    seeds: Annotated[
        int, typer.Option(min=1, help="Networks from which the best and the present settings are told.")
    ] = 3,
    as_of: Annotated[
        str | None, typer.Option(help="The instant that the search pretends it is; by default now.")
    ] = None,
    new: Annotated[bool, typer.Option("--new", help="Remove the study that there is, and begin anew.")] = False,  # noqa: FBT002
    sample: Annotated[bool, typer.Option("--sample", help="Take every series from the generator.")] = False,  # noqa: FBT002
) -> None:
    """Search settings on validation data alone, and print the table to put into the pipeline file."""
    from daycast.flows.command.printing import print_next
    from daycast.flows.running.clock import parse_as_of
    from daycast.flows.tuning import tune as run
    from daycast.tasks.tuning.found import Budget

    if minutes is not None and not minutes > 0:  # nor is nan
        raise ConfigError(f"--minutes must be above 0. Received: {minutes:g}. Leave it out for no limit.")
    most = trials or (_TRIALS if minutes is None else 10_000)
    budget = Budget(trials=most, seconds=math.inf if minutes is None else 60 * minutes, seeds=seeds)
    instant = parse_as_of(as_of) if as_of else None
    found, picture = run(pipeline, budget=budget, as_of=instant, new=new, sample=sample, say=say)
    for line in lines(found, picture=picture):
        say(line)
    print_next(out, f"daycast run {found.pipeline}" if found.sure else again(found, budget=budget))


def lines(found: Found, *, picture: str) -> Iterator[str]:
    """What is to be said of a search."""
    training, stopping, judging = found.windows
    late = "; the time was over" if found.out_of_time else ""
    yield f"{found.pipeline}: {found.trials} trials, {found.pruned} of them given up early{late}"
    yield (
        f"Errors in each series' mean step, on two of four blocks of the validation part ({judging:,} windows; "
        f"{training:,} train, {stopping:,} stop a training). The last value: {found.naive:.4g}."
    )
    yield f"  the table as it is: {_spread(found.current)}"
    yield f"  the best of the trials: {_spread(found.best)}"
    if found.best == found.current:
        none = "No settings were better than those of the table."
        yield none if found.trials > 1 else "No other settings were tried. Give it more --minutes or --trials."
        return
    yield f"The best is {abs(found.gain):.1%} {'below' if found.gain >= 0 else 'above'} the table, {_verdict(found)}."
    if found.weights:
        told = ", ".join(f"{name} {share:.0%}" for name, share in found.weights.items())
        yield f"What mattered: {told}." + (f" Drawn: {picture}" if picture else "")
    yield f"[{found.pipeline}]"
    for key, value in found.table.items():
        yield f"{key:<10} = {toml_value(value)}"


def again(found: Found, *, budget: Budget) -> str:
    """The command that tells more: twice the trials or minutes, or where one seed was asked for, three."""
    command = f"daycast tune {found.pipeline}"
    if math.isfinite(budget.seconds):
        command += f" --minutes {budget.seconds / 60 * 2:g}"
    else:
        command += f" --trials {budget.trials * (1 if budget.seeds < 2 else 2)}"
    return f"{command} --seeds 3" if budget.seeds < 2 else command


def _verdict(found: Found) -> str:
    if not found.seeded:
        return (
            "from one seed of each: whether seeds alone give that is not known. Take --seeds 2 or more, and more "
            "--minutes where they are limited"
        )
    return "more than seeds alone give" if found.sure else "no more than seeds alone give: keep the table"


def _spread(errors: tuple[float, ...]) -> str:
    mean = sum(errors) / len(errors)
    if len(errors) < 2:
        return f"{mean:.4f} from one seed"
    deviation = (sum((error - mean) ** 2 for error in errors) / (len(errors) - 1)) ** 0.5
    return f"{mean:.4f} ± {deviation:.4f} over {len(errors)} seeds"
