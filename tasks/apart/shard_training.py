"""Fit a network a shard, several at once, each in a process of its own, and save them as one version; no Prefect."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from daycast.storage.lake.folder import scratch
from daycast.storage.terms.errors import DataError
from daycast.tasks.apart.cores import most_at_once
from daycast.tasks.apart.process import end_all, fresh
from daycast.tasks.apart.training import fit
from daycast.tasks.apart.versions import Budget, Fitted, Made, save_version
from daycast.tasks.handover.job import Job
from daycast.tasks.handover.material import material
from daycast.tasks.handover.results import Plan, Prepared
from daycast.tasks.handover.shard_state import SHARDS, UNTRAINED, file_name


@dataclass(frozen=True, kw_only=True)
class Losses:
    """Those of an epoch: an :class:`~daycast.tasks.apart.versions.Pass` that needs no Keras where it is read."""

    loss: float
    validation_loss: float
    accuracy: None = None
    validation_accuracy: None = None


@dataclass(frozen=True, kw_only=True)
class ShardFit:
    """A shard's network as it comes out of the process that fitted it: nothing of it has to be loaded by Keras.

    Attributes:
        state: of the network.
        files: their bytes by the names that they have where there is one network for all.
        history: the epochs.
        validation_loss: of the weights that were kept.
        parameters: of the network.
        windows: that it was judged by: what it counts for among the others.
        cut_short: how many epochs of how many, where the time ended it; empty where it had them.
        failed: why there is none; empty where there is.
    """

    state: Mapping[str, Any]
    files: Mapping[str, bytes]
    history: Sequence[Losses]
    validation_loss: float
    parameters: int
    windows: int
    cut_short: str = ""
    failed: str = ""


def fit_shards(job: Job, prepared: Prepared, plan: Plan, *, told: Callable[..., None]) -> Fitted:
    """Fit each shard's network and save them as the planned version, from the process that is called.

    A shard whose windows do not do for a network has none, and stops no other.

    Args:
        job: the run.
        prepared: its windows.
        plan: says which version, and how to come by it.
        told: called after each shard with how many are done, how many there are, and the losses of the last epoch.

    Raises:
        DataError: no shard's network can be trained.
        WorkError: a process ended before it answered.
    """
    budget = Budget(job.pipeline.training.time_budget_seconds)
    fits: dict[str, ShardFit] = {}
    with _going(job, prepared, plan, budget=budget) as going:
        for done, future in enumerate(as_completed(going), start=1):
            found = fits[going[future]] = future.result()
            if not found.failed:
                told(done, len(going), found.history[-1].loss, found.history[-1].validation_loss)
    there = {shard: fits[shard] for shard in prepared.shards if not fits[shard].failed}
    missing = {shard: fits[shard].failed for shard in prepared.shards if fits[shard].failed}
    if not there:
        raise DataError(f"None of {len(missing)} shards' networks could be trained. {next(iter(missing.values()))}")
    return save_version(job, prepared, plan, _made(there, missing), budget=budget)


def fit_shard(job: Job, prepared: Prepared, plan: Plan, shard: str, seconds: float) -> ShardFit:
    """Fit the network of one shard, in the process that is called, which has computed nothing yet."""
    from daycast.models.series.splits import require_windows

    held = material(job, prepared, shard)
    counts = {"training": len(held.training_index), "validation": len(held.validation_index)}
    budget = Budget(seconds)
    try:
        require_windows(counts, bounds=held.bounds, horizon=job.pipeline.horizon)
        best = fit(job, prepared, plan, shards=[shard], budget=budget, told=lambda *_: None)
    except DataError as error:
        return ShardFit(state={}, files={}, history=(), validation_loss=0.0, parameters=0, windows=0, failed=str(error))
    with scratch() as folder:
        state = best.save(folder)
        files = {path.name: path.read_bytes() for path in folder.iterdir()}
    history, wanted = best.forecaster.history, best.network.wanted
    return ShardFit(
        state=state,
        files=files,
        history=tuple(Losses(loss=each.loss, validation_loss=each.validation_loss) for each in history),
        validation_loss=best.forecaster.validation_loss,
        parameters=best.parameters,
        windows=counts["validation"],
        cut_short=f"{len(history)} of {wanted}" if best.network.cut_short and len(history) < wanted else "",
    )


@contextmanager
def _going(job: Job, prepared: Prepared, plan: Plan, *, budget: Budget) -> Iterator[dict[Future[ShardFit], str]]:
    """The fits of all shards for the block, by what will tell of them, as many at once as the machine bears.

    Who leaves the block early, as Ctrl-C does, ends their processes.
    """
    at_once = min(most_at_once(), len(prepared.shards))
    rounds = -(-len(prepared.shards) // at_once)
    with ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="shard") as pool:
        asked = partial(_asked, job, prepared, plan, budget)
        going = {
            pool.submit(asked, shard, rounds - place // at_once): shard for place, shard in enumerate(prepared.shards)
        }
        try:
            yield going
        except BaseException:
            for each in going:
                each.cancel()
            end_all()
            raise


def _asked(job: Job, prepared: Prepared, plan: Plan, budget: Budget, shard: str, rounds: int) -> ShardFit:
    """One shard's, in a process of its own, which has its part of the time that is left for so many rounds."""
    with fresh() as process:
        found: ShardFit = process.ask(fit_shard, job, prepared, plan, shard, budget.seconds_left / rounds)
    return found


def _made(there: Mapping[str, ShardFit], missing: Mapping[str, str]) -> Made:
    def save(folder: Path) -> dict[str, Any]:
        for shard, each in there.items():
            for name, data in each.files.items():
                (folder / file_name(name, shard)).write_bytes(data)
        states = {
            shard: {**each.state, **({"cut_short": each.cut_short} if each.cut_short else {})}
            for shard, each in there.items()
        }
        return {SHARDS: states, **({UNTRAINED: dict(missing)} if missing else {})}

    fits = list(there.values())
    return Made(
        save=save,
        parameters=sum(each.parameters for each in fits),
        history=_mean_history(fits),
        validation_loss=_mean([each.validation_loss for each in fits], fits),
        wanted=0,
    )


def _mean_history(fits: Sequence[ShardFit]) -> list[Losses]:
    """The curves of all: each epoch's mean over the shards, of which one that has stopped stays where it was."""
    curves = []
    for place in range(max(len(each.history) for each in fits)):
        now = [each.history[min(place, len(each.history) - 1)] for each in fits]
        loss = _mean([each.loss for each in now], fits)
        curves.append(Losses(loss=loss, validation_loss=_mean([each.validation_loss for each in now], fits)))
    return curves


def _mean(values: Sequence[float], fits: Sequence[ShardFit]) -> float:
    weights = [each.windows for each in fits]
    return sum(value * weight for value, weight in zip(values, weights, strict=True)) / sum(weights)
