"""What a run says of itself: its message, and its rows of the table ``remarks``."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from daycast.storage.terms.text import counted, listed
from daycast.storage.terms.words import ALL_LEADS, ALL_SERIES, series_id
from daycast.tasks.handover.job import AnyJob, Job
from daycast.tasks.handover.results import Evaluated, Ingested, Plan, Prepared
from daycast.tasks.handover.shard_state import SHARDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daycast.models.race.serving import Remark

CUT_SHORT_OF = "cut_short_of_epochs"
"""The metric of a manifest that says how many epochs a training had before it that was ended by its time budget."""
NETWORKS = "networks"
"""In a version's state: what became of each network of its pipeline when it was trained, the chosen one first."""
_TOLD = 5
"""Findings and reasons at most that a run's message lists; the table ``remarks`` and the lake hold them all."""


def cut_short(job: AnyJob, versions: Iterable[str | None]) -> list[Remark]:
    """The version trained now, and the one that serves, where the time budget ended their training."""
    from daycast.models.race.serving import Remark

    found = []
    for version in filter(None, versions):
        manifest = job.registry().manifest(job.pipeline.name, version)
        own: Any = manifest.state.get(SHARDS, {})
        if short := [each["cut_short"] for each in own.values() if "cut_short" in each]:
            found.append(
                f"the {manifest.training} of {version} ended in {len(short)} of {len(own)} shards, in one after "
                f"{counted(short[0], 'epoch')}, and what it had reached is what races"
            )
        wanted = manifest.metrics.get(CUT_SHORT_OF)
        if wanted:
            found.append(
                f"the {manifest.training} of {version} ended after {len(manifest.history['loss'])} of {wanted:g} "
                "epochs, and what it had reached is what races"
            )
    if not found:
        return []
    message = f"{'; '.join(found)}: the wall time of time_budget_seconds was over. Raise it, or set training.windows."
    return [Remark(series_id=ALL_SERIES, kind="cut_short", message=f"{message[0].upper()}{message[1:]}")]


def chosen(job: AnyJob, version: str | None) -> str:
    """Which network of several a version has, and what is to be said of the others; empty where it had no choice."""
    state: Any = job.registry().manifest(job.pipeline.name, version).state if version else {}
    raced = state.get(NETWORKS, [])
    judged = [each for each in raced if "error" in each]
    parts = []
    for best, second in pairwise(judged[:2]):
        apart = 1 - best["error"] / second["error"] if second["error"] else 0.0
        parts.append(
            f"{best['name']} was chosen of {len(raced)} networks: its MASE is {apart:.1%} below {second['name']}'s on "
            "validation."
        )
    late = [each for each in judged[1:] if "cut_short" in each]
    parts += [f"{each['name']} had {each['cut_short']} epochs, as its part of the time was over." for each in late]
    parts += [f"{each['name']} could not be trained: {each['failed']}" for each in raced if "failed" in each]
    return " ".join(parts)


def absent(job: Job, ingested: Ingested, prepared: Prepared) -> list[Remark]:
    """The series of which nothing is known, so that there is nothing to say."""
    from daycast.models.race.serving import Remark

    name = job.pipeline.name
    return [
        Remark(
            series_id=series_id(name, symbol),
            kind="no_data",
            message=f"Nothing is forecast: {ingested.failures.get(symbol, 'nothing was known of it at as_of')}. "
            "Correct the symbol, or take it out of the pipeline.",
        )
        for symbol in prepared.absent
    ]


def damaged(ingested: Ingested) -> list[Remark]:
    """What is to be said of files of the lake that were put aside."""
    from daycast.models.race.serving import Remark

    if not ingested.damaged:
        return []
    first, rest = ingested.damaged[0], len(ingested.damaged) - 1
    more = f" and {rest} more" if rest else ""
    message = (
        f"Whole files are required in the lake. Received: {first}{more}, put aside there as it could not be read. The "
        "feed was asked for everything again, which gives what it says now; what it said before is in a backup alone. "
        "Look after the disk."
    )
    return [Remark(series_id=ALL_SERIES, kind="damaged", message=message)]


def score_row(
    job: AnyJob, version: str, forecaster: str, *, split: str, metric: str, value: float | None, n: int
) -> dict[str, object]:
    """A row of the table ``evaluations`` over everything that was told or written of a part."""
    return {
        "pipeline": job.pipeline.name,
        "version": version,
        "forecaster": forecaster,
        "series_id": ALL_SERIES,
        "split": split,
        "lead": ALL_LEADS,
        "metric": metric,
        "value": value,
        "n": n,
        "evaluated_at": job.as_of,
    }


def remark_rows(job: AnyJob, remarks: list[Remark]) -> list[dict[str, object]]:
    """The rows of the table ``remarks``."""
    return [
        {"run_id": job.run_id, "series_id": each.series_id, "kind": each.kind, "message": each.message}
        for each in remarks
    ]


def message_of(ingested: Ingested, plan: Plan, evaluated: Evaluated, *, remarks: list[Remark], chosen: str = "") -> str:
    """What a reader of the run's row should know, the troubles first."""
    parts = [*(f"Refused: {reason}" for reason in plan.refused), *_remarked(remarks)]
    if ingested.set_aside:
        parts.append(f"{counted(ingested.set_aside, 'row')} set aside ({_some(ingested.reasons)}).")
    parts.append(f"{plan.training}: {plan.reason}")
    parts += [each for each in (chosen, evaluated.reason) if each]
    if ingested.findings:
        parts.append(f"Looked wrong and was left as it is: {_some(ingested.findings)}.")
    return " ".join(part if part.endswith(".") else f"{part}." for part in parts)


def _remarked(remarks: list[Remark]) -> list[str]:
    """By kind, of how many series there is a remark, which they are, and what the first one says."""
    counts = Counter(each.kind for each in remarks)
    told = []
    for kind, count in counts.most_common():
        of_kind = [each for each in remarks if each.kind == kind]
        names = listed([each.series_id for each in of_kind])
        whose = "" if of_kind[0].series_id == ALL_SERIES else f" {count} series ({names}):"
        told.append(f"{_WORDS[kind]}:{whose} {of_kind[0].message}")
    return told


_WORDS = {
    "no_data": "Without data",
    "feed": "Feed failed",
    "stale": "Stale",
    "gap": "Gap",
    "short": "Too short",
    "new": "Not in training",
    "known": "Not known ahead",
    "cut_short": "Training cut short",
    "label": "Labels that are new",
    "damaged": "Damaged",
}


def _some(reasons: tuple[str, ...]) -> str:
    rest = len(reasons) - _TOLD
    return "; ".join(reasons[:_TOLD]) + (f"; and {rest} more" if rest > 0 else "")
