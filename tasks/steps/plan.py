"""Choose how a run comes by its network: retrain, fine-tune, or reuse of the champion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prefect import task
from prefect.cache_policies import NO_CACHE

from daycast.storage.terms.errors import RegistryError
from daycast.storage.terms.words import TrainingChoice
from daycast.tasks.handover.job import AnyJob, Job
from daycast.tasks.handover.results import Plan, Ready

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from daycast.models.race.retraining import ChampionFacts
    from daycast.storage.sql.database import Database
    from daycast.storage.sql.versions import Version

_REFUSALS = 3
"""Refused versions that are told one by one."""


@task(name="plan", cache_policy=NO_CACHE)
def plan(job: AnyJob, prepared: Ready, *, requested: TrainingChoice, broken: Mapping[str, str]) -> Plan:
    """Choose between retrain, fine-tune and reuse by the pipeline's rules, from what was known before ``as_of``.

    Args:
        job: the run.
        prepared: its data.
        requested: what was asked for.
        broken: the rules that live accuracy falls short of, as the run has scored it.

    Raises:
        ConfigError: a fine-tune or a reuse is asked for, and there is no champion that could do it.
    """
    from daycast.models.race.retraining import choose_training, differing, identity
    from daycast.storage.sql.versions import served

    spec = job.pipeline
    with job.database() as database:
        champion, refused = _verified(job, served(database, spec.name, at=job.as_of, strictly_before=True))
        facts = _facts(job, prepared, champion, database=database, broken=broken) if champion else None
    wanted = identity(spec)
    decision = choose_training(requested, rules=spec.training, wanted=wanted, champion=facts, refused=bool(refused))
    comparable = champion.version if champion and facts and not differing(facts.identity, wanted) else None
    version = comparable
    if decision.training != "reuse" and prepared.untrainable:
        reason = f"{decision.reason}, but no network can be trained: {prepared.untrainable}"
        return Plan(training="reuse", reason=reason, champion=comparable, version=comparable, refused=refused)
    if decision.training != "reuse":
        version = _new_version(job, prepared, parent=comparable if decision.training == "fine_tune" else None)
    return Plan(
        training=decision.training, reason=decision.reason, champion=comparable, version=version, refused=refused
    )


def _verified(job: AnyJob, rows: Sequence[Version]) -> tuple[Version | None, tuple[str, ...]]:
    """The first version whose files are those that were saved, and why each one before it is refused."""
    registry, refused = job.registry(), []
    for row in rows:
        try:
            registry.check(row.pipeline, row.version, sha256=row.sha256)
        except RegistryError as error:
            refused.append(str(error))
        else:
            return row, _told(refused)
    return None, _told(refused)


def _told(refused: Sequence[str]) -> tuple[str, ...]:
    """The first of the reasons: where a whole folder is gone there can be many."""
    rest = len(refused) - _REFUSALS
    return (*refused[:_REFUSALS], *([f"and {rest} more versions. See: daycast models verify"] if rest > 0 else []))


def _new_version(job: AnyJob, prepared: Ready, *, parent: str | None) -> str:
    from daycast.models.race.retraining import identity
    from daycast.storage.registry.store import version_name

    spec = job.pipeline
    return version_name(
        as_of=job.as_of,
        identity={
            "spec": identity(spec),
            "rules": spec.training.model_dump(mode="json"),
            "data": prepared.data_hash,
            "parent": parent,
        },
    )


def _facts(
    job: AnyJob, prepared: Ready, champion: Version, *, database: Database, broken: Mapping[str, str]
) -> ChampionFacts:
    from daycast.models.race.retraining import ChampionFacts, completed
    from daycast.storage.sql.versions import last_retrain

    # A retrain that lost the race counts too: otherwise an old champion that stays the best is retrained every day.
    retrained = last_retrain(database, job.pipeline.name, before=job.as_of) or champion.as_of
    manifest = job.registry().manifest(job.pipeline.name, champion.version, sha256=champion.sha256)
    return ChampionFacts(
        age_days=(job.as_of - retrained).total_seconds() / 86400,
        same_data=champion.data_hash == prepared.data_hash,
        identity=completed(manifest.state["identity"]),  # type: ignore[arg-type]
        broken=broken,
        rebased=_rebased(job, since=champion.as_of) if isinstance(job, Job) else (),
    )


def _rebased(job: Job, *, since: datetime) -> list[str]:
    """The symbols whose history has moved since to a basis that the pipeline's networks are bound to."""
    from daycast.models.race.retraining import scale_bound

    if not scale_bound(job.pipeline):
        return []
    store, symbols = job.observations(), job.pipeline.symbols
    known = (store.history(shard).known(job.as_of) for shard in store.shards().among(symbols))
    moved = {symbol for rows in known for symbol, basis in rows.bases().items() if basis > since}
    return [symbol for symbol in symbols if symbol in moved]
