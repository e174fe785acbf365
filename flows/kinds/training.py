"""Training and predicting in processes of their own, for every kind of pipeline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from daycast.flows.running.retrying import retries
from daycast.flows.running.turns import giving_way
from daycast.tasks.apart import process as processes
from daycast.tasks.apart.process import HERE
from daycast.tasks.apart.versions import Fitted
from daycast.tasks.handover.job import AnyJob
from daycast.tasks.handover.results import Plan, Ready, Trained
from daycast.tasks.steps.train import train


def train_and_predict(
    job: AnyJob,
    prepared: Ready,
    planned: Plan,
    *,
    fit: Callable[..., Fitted],
    here: bool = False,
    predict: Callable[[processes.Process], Any],
) -> Trained:
    """Train and predict in a process of their own, and give way to other runs meanwhile.

    A training that is tried again finds what it kept, and only records it.

    Args:
        job: the run.
        prepared: its data.
        planned: how it comes by its version.
        fit: what trains.
        here: whether it asks processes of its own for that, and is called in this one.
        predict: what lets the versions predict, given the process where that is done.
    """
    with giving_way():
        if planned.training == "reuse":
            predict(processes.kept())
            return Trained(version=planned.version)
        with processes.fresh() as process:
            trained: Trained = train.with_options(**retries())(
                job, prepared, planned, process=HERE if here else process, fit=fit
            )
            predict(process)
    return trained
