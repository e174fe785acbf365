"""What the Prefect UI says of each deployment, for whoever opens it without having read the pipeline file."""

from __future__ import annotations

from daycast.storage.terms.pipeline import Pipeline
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


def daily_of(spec: Pipeline) -> str:
    """Of the run that the schedule starts, and whoever wants one now.

    Args:
        spec: under the name by which its rows go.
    """
    rules = spec.training
    return (
        f"Forecasts `{spec.target}` of {_series(spec)} for the next {_ahead(spec)}, and writes them to the table "
        "`forecasts`.\n\n"
        f"- **When**: {_when(spec.schedule)}\n"
        f"- **Data**: the feed `{spec.feed}`; {_features(spec)}, {spec.lookback} steps back\n"
        f"- **Network**: {spec.model.cell}, trained anew every {rules.retrain_every_days:g} days, or earlier where its "
        "live skill or coverage falls short\n"
        f"- **Degraded** in its name: it has served, and a series needs a person. Look: `daycast status`, the artifact "
        f"`{_key(spec)}-report`\n"
    )


def retrain_of(spec: Pipeline) -> str:
    """Of the run that trains from nothing."""
    return (
        f"The daily run of {spec.name}, with a network that is trained from nothing. It serves only where it beats the "
        f"one that does.\n\n- **When**: {_when(spec.retrain_schedule)}\n"
    )


def _series(spec: Pipeline) -> str:
    count = len(spec.symbols)
    return f"{count} series ({listed(list(spec.symbols))})" if count > 1 else spec.symbols[0]


def _ahead(spec: Pipeline) -> str:
    return f"{spec.horizon} {'step' if spec.horizon == 1 else 'steps'} of the calendar `{spec.calendar}`"


def _features(spec: Pipeline) -> str:
    return f"the network reads {listed([f'`{name}`' for name in spec.features])}"


def _when(schedule: Schedule | None) -> str:
    return f"`{schedule.cron}`, {schedule.timezone}" if schedule else "by hand, with *Run*"


def _key(spec: Pipeline) -> str:
    return spec.name.replace("_", "-")
