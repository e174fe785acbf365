"""Try settings, in a process of its own; no Prefect."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from daycast.tasks.apart.networks import load
from daycast.tasks.handover.ahead import with_ahead
from daycast.tasks.handover.job import Job
from daycast.tasks.handover.levels import levels_of
from daycast.tasks.handover.material import facts_ahead
from daycast.tasks.handover.results import Prepared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from daycast.models.series.alignment import Levels
    from daycast.models.series.panel import Index
    from daycast.models.tuning.blocks import Halves
    from daycast.models.tuning.tried import Tried


def try_settings(
    job: Job, prepared: Prepared, settings: Mapping[str, Any], seed: int, *, told: Callable[..., None]
) -> Tried:
    """What some settings are worth, in the process that is called.

    Args:
        job: the run that the search pretends to be.
        prepared: its data.
        settings: by the names of :mod:`daycast.models.tuning.space`.
        seed: of the network.
        told: as :func:`daycast.models.tuning.trial.attempt` takes it.
    """
    began = time.monotonic()
    load()
    from daycast.models.series.panel import Panel
    from daycast.models.tuning.space import applied, longest
    from daycast.models.tuning.trial import attempt, hold

    spec = applied(job.pipeline, settings)
    spec = spec.model_copy(update={"model": spec.model.model_copy(update={"seed": seed})})
    load(spec.model)
    halves = halves_of(job, prepared)
    wide = longest(job.pipeline, training=halves.bounds.sizes[0])
    held, facts = [], facts_ahead(job, prepared)
    for shard, levels in _levels(job, prepared):
        panel = replace(with_ahead(job, shard, Panel.of(levels, spec=spec, limit=spec.fill_limit)), facts=facts)
        readable = Panel.of(levels, spec=wide, limit=spec.fill_limit).ready & panel.ready
        held.append(hold(panel, readable=readable, halves=halves, scales=_scales(panel, halves)))
    return attempt(
        held,
        spec=spec,
        told=told,
        expired=lambda: time.monotonic() > began + spec.training.time_budget_seconds,
        most=spec.training.windows,
    )


def windows_to_try(job: Job, prepared: Prepared) -> tuple[int, int, int]:
    """How many windows a search is fitted on, stopped by and judged by, whatever its settings."""
    from daycast.models.series.panel import Panel
    from daycast.models.tuning.space import longest

    halves = halves_of(job, prepared)
    wide = longest(job.pipeline, training=halves.bounds.sizes[0])
    counts = [0, 0, 0]
    for shard, levels in _levels(job, prepared):
        index: Index = with_ahead(job, shard, Panel.of(levels, spec=wide, limit=wide.fill_limit)).index
        for place, chosen in enumerate((halves.training, halves.stopping, halves.judging)):
            counts[place] += int(chosen(index).sum())
    return counts[0], counts[1], counts[2]


def halves_of(job: Job, prepared: Prepared) -> Halves:
    """Where the parts are that a search reads.

    Raises:
        DataError: the history is too short for the pipeline's split.
    """
    from daycast.models.series.splits import bounds
    from daycast.models.tuning.blocks import Halves

    return Halves(bounds=bounds(job.instants(prepared), split=job.pipeline.split))


def _levels(job: Job, prepared: Prepared) -> Iterator[tuple[str, Levels]]:
    """Each shard, and its series as they were known at ``as_of``."""
    for shard, symbols in job.shards().items():
        if shard in prepared.shards:
            spec, known = job.pipeline, job.observations().history(shard).known(job.as_of).only(symbols)
            there = [symbol for symbol in symbols if symbol in set(known.symbols)]
            yield shard, levels_of(known.frame, spec=spec, symbols=there, as_of=job.as_of, database=job.database)


def _scales(panel: Any, halves: Halves) -> Any:
    from daycast.models.scores.scales import naive_scales

    return naive_scales(panel, until=halves.bounds.span("validation")[0])
