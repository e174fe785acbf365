"""Train everybody who continues text, let them race on the held-out text, and save them as a version; no Prefect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daycast.tasks.apart.networks import load
from daycast.tasks.apart.versions import Budget, Fitted, Made, save_version
from daycast.tasks.handover.documents_job import TextJob
from daycast.tasks.handover.results import Plan
from daycast.tasks.handover.text_parts import PreparedText, cut_of, tokens_of

if TYPE_CHECKING:
    from collections.abc import Callable


def fit_text(job: TextJob, prepared: PreparedText, plan: Plan, *, told: Callable[..., None]) -> Fitted:
    """Fit the planned version and save it, in the process that is called; Prefect need not be known there.

    Args:
        job: the run.
        prepared: its text.
        plan: says which version.
        told: called after each epoch with its number, how many there are at most, the loss and the validation loss.
    """
    spec = job.pipeline
    budget = Budget(spec.training.time_budget_seconds)
    load(spec.model)
    from daycast.models.networks.text_forecaster import TextForecaster
    from daycast.models.race.writing import hold_texts
    from daycast.models.text.corpus import HELD_OUT, length_of
    from daycast.models.text.vocabulary import Vocabulary

    tokens = tokens_of(job)
    cut = cut_of(job, tokens).slices
    numbers, vocabulary = job.sequences().read(prepared.data_hash)
    forecaster = TextForecaster.fit(
        [numbers[cut["training"]], numbers[cut["validation"]]],
        vocabulary=Vocabulary.from_state(vocabulary),
        model=spec.model,
        lookback=spec.lookback,
        on_epoch=lambda epoch: told(epoch.number, epoch.total, epoch.loss, epoch.validation_loss),
        expired=budget.over,
    )
    held = {part: (forecaster.nats(numbers[cut[part]]), length_of(tokens[cut[part]])) for part in HELD_OUT}
    race = hold_texts(held, margin=spec.training.margin)
    network = forecaster.network
    made = Made(
        save=forecaster.raced(race.served, reason=race.reason).save,
        parameters=int(network.network.count_params()),
        history=network.history,
        validation_loss=network.validation_loss,
        wanted=spec.model.members * spec.model.epochs,
    )
    return save_version(job, prepared, plan, made, budget=budget)
