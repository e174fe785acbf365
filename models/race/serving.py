"""Which forecaster serves each series, how good that is, and what is to be said of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from daycast.models.series.latest import Latest, State
from daycast.storage.terms.pipeline import Pipeline
from daycast.storage.terms.text import listed
from daycast.storage.terms.words import BESIDE, BLEND, NAIVE, NETWORK, ForecasterName

RemarkKind = Literal["no_data", "feed", "stale", "gap", "short", "new", "known", "cut_short", "label", "damaged"]
_DEGRADING: frozenset[RemarkKind] = frozenset({"no_data", "feed", "stale", "damaged"})
"""What makes a run degraded; the others are the way of a panel whose series come and go."""


@dataclass(frozen=True, kw_only=True)
class Remark:
    """What one series got instead of what the pipeline asks for, and what to do.

    Attributes:
        series_id: whose; ``*`` for the pipeline's network or its lake.
        kind: why.
        message: for people.
        grave: whether it makes the run degraded where its kind alone does not.
    """

    series_id: str
    kind: RemarkKind
    message: str
    grave: bool = False

    @property
    def degrades(self) -> bool:
        """Whether it makes the run degraded."""
        return self.grave or self.kind in _DEGRADING


@dataclass(frozen=True, kw_only=True, eq=False)
class Asked:
    """What is known when it is decided who serves.

    Attributes:
        known: the series that the network was trained on.
        network: who serves those: the network, what was fitted beside it, or the baseline that won.
        newcomers: who serves the others.
        baseline: the best of the baselines.
        refused: whether a later version of the network is refused, so that what it forecasts counts as stale.
        failures: by series id, why the feed failed.
        stale: ``(n,)`` whose newest observation is too old.
        readable: ``(n,)`` which windows the network has predicted.
    """

    known: Collection[str]
    network: ForecasterName
    newcomers: ForecasterName
    baseline: ForecasterName
    refused: bool
    failures: Mapping[str, str]
    stale: NDArray[np.bool_]
    readable: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Service:
    """Who serves each of the latest windows.

    Attributes:
        forecaster: ``(n,)``.
        quality: ``(n,)`` ``ok``, ``baseline`` or ``stale``.
        late: ``(n,)`` whose forecasts are for instants after ``as_of`` alone.
        remarks: of the series that did not get what the pipeline asks for.
    """

    forecaster: NDArray[np.object_]
    quality: NDArray[np.object_]
    late: NDArray[np.bool_]
    remarks: tuple[Remark, ...]


def serve(latest: Latest, *, asked: Asked, spec: Pipeline) -> Service:
    """Let the best serve that can: the network, the best baseline that the data allow, the last value.

    Args:
        latest: the windows to forecast from.
        asked: what is known.
        spec: the pipeline.
    """
    names, state = np.array(latest.windows.names, dtype=object), latest.state
    known = np.isin(names, list(asked.known))
    wanted = np.where(known, asked.network, asked.newcomers).astype(object)
    of_version = np.isin(wanted, [NETWORK, *BESIDE])
    unread = of_version & ~asked.readable
    forecaster = np.where(unread, asked.baseline, wanted).astype(object)
    forecaster[(state == State.LAST) & (forecaster != "drift")] = NAIVE
    failed = np.isin(names, list(asked.failures))
    old = asked.stale | failed | (asked.refused & of_version & ~unread)
    quality = np.select([old, np.isin(forecaster, [NETWORK, BLEND])], ["stale", "ok"], "baseline").astype(object)
    remarks = []
    unknown = np.zeros(len(names), dtype=bool) if latest.unknown is None else latest.unknown > 0
    for row in np.flatnonzero(asked.stale | failed | unknown | (state != State.WHOLE) | (~known & bool(asked.known))):
        remarks += _remarks(latest, int(row), who=str(forecaster[row]), known=bool(known[row]), asked=asked, spec=spec)
    return Service(forecaster=forecaster, quality=quality, late=asked.stale, remarks=tuple(remarks))


def _remarks(latest: Latest, row: int, *, who: str, known: bool, asked: Asked, spec: Pipeline) -> list[Remark]:
    name = latest.windows.names[row]
    newest = f"{np.datetime_as_string(latest.windows.origin[row], unit='m').replace('T', ' ')} UTC"
    found = []
    if name in asked.failures:
        found.append(_of(name, "feed", f"{asked.failures[name]}. Its data up to {newest} serve, by {who}"))
    if asked.stale[row]:
        days = spec.stale_after_days
        rule = "three steps of its calendar" if days is None else f"{days:g} days (stale_after_days)"
        allowed = f"older than {rule}"
        said = f"its newest observation is of {newest}, {allowed}; {who} serves, for instants after as_of alone. "
        found.append(_of(name, "stale", f"{said}Mend the feed, or take the symbol out of the pipeline"))
    if latest.unknown is not None and latest.unknown[row]:
        found.append(_unforeseen(latest, row, who=who, spec=spec))
    match State(latest.state[row]):
        case State.CARRIED:
            found.append(
                _of(name, "gap", f"{latest.missing[row]} instants of its lookback were carried over; {who} serves")
            )
        case State.LEVELS | State.LAST:
            found.append(_incomplete(latest, row, who=who, spec=spec))
        case State.WHOLE if not known and asked.known and not asked.stale[row]:
            how = "scaled by its own past" if who == NETWORK else "which is better for such series, or safe"
            found.append(
                _of(
                    name,
                    "new",
                    f"it was not in the network's training; {who} serves, {how}. The next retrain takes it in",
                )
            )
    return found


def _unforeseen(latest: Latest, row: int, *, who: str, spec: Pipeline) -> Remark:
    """A window of whose future the feed has not said all that is asked: for some leads, or of a column for none."""
    name, ahead = latest.windows.names[row], latest.windows.ahead
    assert ahead is not None and latest.unknown is not None  # noqa: S101, PT018 — it was counted in them
    mute = [column for place, column in enumerate(spec.known_columns) if not np.isfinite(ahead[row, :, place]).all()]
    columns = listed(mute or list(spec.known_columns))  # first in the sentence, and written as the user names them
    if mute:
        said = f"{columns} is not known for any lead, which a network reads; {who} serves until it is. Mend the feed"
        return Remark(series_id=name, kind="known", message=f"{said}.", grave=True)
    said = f"{columns} is not known for {latest.unknown[row]} of {spec.horizon} leads, which read the nearest that is"
    return Remark(series_id=name, kind="known", message=f"{said}; {who} serves.")


def _incomplete(latest: Latest, row: int, *, who: str, spec: Pipeline) -> Remark:
    """A window that no network can read: too short a series, or a gap that is too long."""
    name, length = latest.windows.names[row], int(latest.length[row])
    if length <= max(spec.lookback, spec.season_length):
        said = f"it has {length} instants, and a window reads {spec.lookback} or more; {who} serves until then"
        return _of(name, "short", said)
    sources = dict.fromkeys(source.partition(":")[0] for source in spec.from_labels.values())
    whose = f", or not told of by {listed(list(sources))}" if sources else ""
    said = (
        f"{latest.missing[row]} of the last {spec.lookback} instants were not observed{whose}, too many to carry over"
    )
    mend = f"the feed, or what {listed(list(sources))} tells" if sources else "the feed"
    return _of(name, "gap", f"{said}; {who} serves until the gap has passed. Mend {mend}", grave=True)


def _of(name: str, kind: RemarkKind, message: str, *, grave: bool = False) -> Remark:
    return Remark(series_id=name, kind=kind, message=f"{message[0].upper()}{message[1:]}.", grave=grave)
