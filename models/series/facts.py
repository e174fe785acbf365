"""What is known of the instants of a horizon before they come: facts of the calendar, as columns."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from daycast.models.series.windows import Windows
from daycast.storage.terms.country import holidays_of
from daycast.storage.terms.facts import HOLIDAY, Fact

Columns = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Facts:
    """The facts of a pipeline.

    Attributes:
        names: which, in the order of ``known``.
        step: from one instant to the next; none where the calendar says which there are.
        instants: ``(m,)`` datetime64[us], UTC: where there is no step, those of the calendar, from a week before the
            first origin to the last lead.
    """

    names: tuple[str, ...]
    step: np.timedelta64 | None
    instants: NDArray[np.datetime64]

    @property
    def width(self) -> int:
        """Columns of each lead."""
        return sum(Fact.parse(name).width for name in self.names)

    def attach(self, windows: Windows) -> Windows:
        """The windows with what is known of the instants of their horizon."""
        return replace(windows, known=self.ahead(windows.origin, windows.horizon))

    def ahead(self, origin: NDArray[np.datetime64], horizon: int) -> Columns:
        """``(n, horizon, width)``: of each lead; where the calendar ends, of its last instant over again."""
        some, place = np.unique(origin, return_inverse=True)
        return self.of(self._following(some, horizon))[place]

    def of(self, instants: NDArray[np.datetime64]) -> Columns:
        """``(…, width)`` of instants of the calendar, each column between -1 and 1."""
        some, place = np.unique(instants, return_inverse=True)
        times = pd.DatetimeIndex(some).tz_localize("UTC")
        columns = [self._columns(Fact.parse(name), times) for name in self.names]
        table = np.concatenate(columns, axis=1).astype(np.float32)
        return np.asarray(table[place].reshape(*instants.shape, self.width))

    def _following(self, origin: NDArray[np.datetime64], horizon: int) -> NDArray[np.datetime64]:
        leads = np.arange(1, horizon + 1)
        if self.step is not None:
            return np.asarray(origin[:, np.newaxis] + self.step * leads)
        place = np.searchsorted(self.instants, origin, side="right")[:, np.newaxis] + leads - 1
        return np.asarray(self.instants[np.minimum(place, len(self.instants) - 1)])

    def _columns(self, fact: Fact, times: pd.DatetimeIndex) -> NDArray[np.float64]:
        if fact.name == "session_of_week":
            return self._session_of_week(times)
        local = times.tz_convert(fact.zone) if fact.zone else times
        return _holiday(local, fact.country) if fact.name == HOLIDAY else _TOLD[fact.name](local)

    def _session_of_week(self, times: pd.DatetimeIndex) -> NDArray[np.float64]:
        """Which of its week's instants each is: a Tuesday after a holiday is the first session of its week."""
        if self.step is not None:
            return _circle(times.day_of_week.to_numpy(), 7)
        every = pd.DatetimeIndex(self.instants)
        week = (every - pd.to_timedelta(every.day_of_week, unit="D")).normalize()
        first = np.searchsorted(week, week)
        number = np.arange(len(every)) - first
        place = np.searchsorted(self.instants, times.tz_localize(None).to_numpy().astype("M8[us]"))
        most = max(5, int(number.max()) + 1)
        return _circle(number[np.minimum(place, len(number) - 1)], most)


def _hour(times: pd.DatetimeIndex) -> NDArray[np.float64]:
    return _circle(times.hour.to_numpy() + times.minute.to_numpy() / 60, 24)


def _weekday(times: pd.DatetimeIndex) -> NDArray[np.float64]:
    return _circle(times.day_of_week.to_numpy(), 7)


def _month(times: pd.DatetimeIndex) -> NDArray[np.float64]:
    return _circle(times.month.to_numpy() - 1, 12)


def _days_to_month_end(times: pd.DatetimeIndex) -> NDArray[np.float64]:
    left = times.days_in_month.to_numpy() - times.day.to_numpy()
    return np.asarray(left[:, np.newaxis] / 15.0 - 1.0)


def _holiday(times: pd.DatetimeIndex, country: str) -> NDArray[np.float64]:
    free = holidays_of(country, years=times.year.unique().tolist())
    days = times.tz_localize(None).to_numpy().astype("M8[D]")
    return np.isin(days, np.array(free, dtype="M8[D]")).astype(np.float64)[:, np.newaxis]


def _circle(value: NDArray[np.generic], period: float) -> NDArray[np.float64]:
    angle = 2 * np.pi * np.asarray(value, dtype=np.float64) / period
    return np.stack([np.sin(angle), np.cos(angle)], axis=1)


_TOLD: Mapping[str, Callable[[pd.DatetimeIndex], NDArray[np.float64]]] = {
    "hour": _hour,
    "weekday": _weekday,
    "month": _month,
    "days_to_month_end": _days_to_month_end,
}


def facts_of(names: Sequence[str], *, step: pd.Timedelta | None, instants: pd.DatetimeIndex) -> Facts | None:
    """The facts of these names; none where there are none.

    Args:
        names: as the pipeline has them.
        step: of the calendar, where its instants may begin anywhere.
        instants: of the calendar, aware UTC.
    """
    if not names:
        return None
    plain = instants.tz_localize(None).to_numpy().astype("M8[us]")
    return Facts(names=tuple(names), step=None if step is None else step.to_timedelta64(), instants=plain)
