"""``daycast tune``: search a pipeline's settings on validation data alone; no forecast and no version is written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from pydantic import ValidationError

from daycast.flows.running.clock import now, require_past
from daycast.flows.running.retrying import patience
from daycast.flows.running.stopping import heeding_signals
from daycast.storage.config.pipeline_file import choose_pipelines, load_pipelines
from daycast.storage.config.settings import Settings
from daycast.storage.terms.errors import ConfigError
from daycast.storage.terms.pipeline import Pipeline, require_values
from daycast.tasks.apart import process as processes
from daycast.tasks.handover.job import Job
from daycast.tasks.steps.ingest import ingest
from daycast.tasks.steps.prepare import prepare
from daycast.tasks.steps.runs import alone
from daycast.tasks.tuning.found import Budget, Found
from daycast.tasks.tuning.search import draw, search
from daycast.tasks.tuning.study import begun_at, study_place


def tune(
    pipeline: str,
    *,
    budget: Budget,
    as_of: datetime | None,
    new: bool,
    sample: bool,
    say: Callable[[str], None],
) -> tuple[Found, str]:
    """Search as of an instant, by default that of the study that there is, or now.

    Args:
        pipeline: its name.
        budget: how long.
        as_of: the instant that the search pretends it is; none as above.
        new: remove the study that there is.
        sample: on generated data.
        say: takes a line on each trial.

    Returns:
        What was found, and where its picture is; empty where there is none yet.

    Raises:
        ConfigError: the study is of another ``as_of``.
    """
    settings = Settings()
    (spec,) = choose_pipelines(load_pipelines(settings.pipelines), [pipeline], sample=sample)
    whole, present = require_values(spec), now()
    spec = whole.with_network(whole.model)
    job = Job(pipeline=spec, as_of=present, now=present, settings=settings)
    place = study_place(job.stores, spec.name)
    if new:
        place.unlink(missing_ok=True)
    begun = begun_at(place, spec.name)
    if as_of is not None and begun is not None and as_of != begun:
        raise ConfigError(
            f"{spec.name}: a study goes on as of the instant of which it is. Received: --as-of {as_of.isoformat()}, "
            f"and {place} is as of {begun.isoformat()}. Leave --as-of out, or begin anew with --new."
        )
    instant = require_past(begun or as_of or present, present=present)
    job = Job(pipeline=spec, as_of=instant, now=present, settings=settings)
    with heeding_signals():
        processes.prepare()
        with alone(job, seconds=patience()):
            ingest.fn(job)
            prepared = prepare.fn(job)
        if whole.candidates:
            say(f"{spec.name}: the table model alone is tuned; candidates stay as they are.")
        found = search(job, prepared, budget, fresh=processes.fresh, told=say)
        if wrong := _unsuited(whole, found):
            say(f"{spec.name}: the candidates do not go with what was found: {wrong}. Change them as well.")
        return found, draw(job, found)


def _unsuited(spec: Pipeline, found: Found) -> str:
    """Why the pipeline's candidates do not go with the keys that were found; empty where they do."""
    try:
        type(spec).model_validate({**spec.model_dump(exclude_unset=True), **found.table})
    except ValidationError as error:
        return str(error.errors()[0]["msg"]).removeprefix("Value error, ")
    return ""
