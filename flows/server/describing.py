"""What the Prefect UI says of each deployment, for whoever opens it without having read the pipeline file."""

from __future__ import annotations

from collections.abc import Mapping

from daycast.storage.terms.any_pipeline import AnyPipeline
from daycast.storage.terms.pipeline import Pipeline
from daycast.storage.terms.rules import LiveRules, Rules
from daycast.storage.terms.schedule import Schedule
from daycast.storage.terms.text import listed

BACKFILL = (
    "Makes up past days of one pipeline: the daily run of each, oldest first, with what was known at the end of that "
    "day. Days that are done are left alone, so that it goes on where it was stopped. By hand: say the `pipeline`, the "
    "`first` and the `last` day."
)
UPKEEP = (
    "Keeps the storage folder small and sound: removes model versions, windows and reports that nobody needs, puts "
    "small files together, and hashes every stored model again. The forecasts, the scores and the champions stay."
)


def daily_of(spec: AnyPipeline) -> str:
    """Of the run that the schedule starts, and whoever wants one now.

    Args:
        spec: under the name by which its rows go.
    """
    what, data = _values(spec) if isinstance(spec, Pipeline) else _PREDICTED[spec.predicts]
    return (
        f"{what}\n\n"
        f"- **When**: {_when(spec.schedule)}\n"
        f"- **Data**: the feed `{spec.feed}`; {data}\n"
        f"- **Network**: {_networks(spec)}, trained anew every {spec.training.retrain_every_days:g} days"
        f"{_or_earlier(spec.training)}\n"
        f"- **Degraded** in its name: it has served, and something needs a person. Look: `daycast status`, the "
        f"artifact `{_key(spec)}-report`\n"
    )


def _networks(spec: AnyPipeline) -> str:
    cells = [each.cell for each in spec.networks] if isinstance(spec, Pipeline) else [spec.model.cell]
    return " or ".join(dict.fromkeys(cells))


def retrain_of(spec: AnyPipeline) -> str:
    """Of the run that trains from nothing."""
    return (
        f"The daily run of {spec.name}, with a network that is trained from nothing. It serves only where it beats the "
        f"one that does.\n\n- **When**: {_when(spec.retrain_schedule)}\n"
    )


_PREDICTED: Mapping[str, tuple[str, str]] = {
    "labels": (
        "Tells what the labels of new documents probably are, and writes them to the table `labels`.",
        "documents",
    ),
    "text": ("Reads a text, and writes how it may go on to the table `texts`.", "text in an order"),
}


def _values(spec: Pipeline) -> tuple[str, str]:
    """What is forecast of a pipeline on series, and from what."""
    what = (
        f"Forecasts `{spec.target}` of {_series(spec)} for the next {_ahead(spec)}, and writes them to the table "
        "`forecasts`."
    )
    return what, f"{_features(spec)}, {spec.lookback} steps back"


def _or_earlier(rules: Rules) -> str:
    return ", or earlier where what it is worth live falls short" if isinstance(rules, LiveRules) else ""


def _series(spec: Pipeline) -> str:
    if spec.takes_all:
        return "every series of its file"
    count = len(spec.symbols)
    return f"{count} series ({listed(list(spec.symbols))})" if count > 1 else spec.symbols[0]


def _ahead(spec: Pipeline) -> str:
    return f"{spec.horizon} {'step' if spec.horizon == 1 else 'steps'} of the calendar `{spec.calendar}`"


def _features(spec: Pipeline) -> str:
    return f"the network reads {listed([f'`{name}`' for name in spec.features])}"


def _when(schedule: Schedule | None) -> str:
    return f"`{schedule.cron}`, {schedule.timezone}" if schedule else "by hand, with *Run*"


def _key(spec: AnyPipeline) -> str:
    return spec.name.replace("_", "-")
