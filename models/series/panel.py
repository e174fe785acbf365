"""The series of a shard, differenced and ready to be cut into windows: rows once, and windows as places in them."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from daycast.models.series.alignment import Instants, Levels, Mask, carry
from daycast.models.series.differencing import POSITIVE, Floats, difference
from daycast.models.series.facts import Facts
from daycast.models.series.windows import Windows
from daycast.storage.terms.pipeline import Pipeline


@dataclass(frozen=True, kw_only=True, eq=False)
class Index:
    """Windows as places in a panel, ordered by series and origin.

    Attributes:
        codes: ``(n,)`` the series of each window.
        places: ``(n,)`` the instant of its origin.
        origin: ``(n,)`` datetime64[us].
        end: ``(n,)`` datetime64[us], of the last target; NaT where the future is not known yet.
        horizon: steps out.
    """

    codes: NDArray[np.intp]
    places: NDArray[np.intp]
    origin: Instants
    end: Instants
    horizon: int

    def __len__(self) -> int:
        return len(self.codes)

    def spans(self) -> "Index":
        """One window of each origin and end that there are."""
        pairs = np.stack([self.origin.astype(np.int64), self.end.astype(np.int64)], axis=1)
        return self.where(np.unique(pairs, axis=0, return_index=True)[1])

    def where(self, chosen: Mask | NDArray[np.intp]) -> "Index":
        """Those chosen by a mask or by positions."""
        return replace(
            self,
            codes=self.codes[chosen],
            places=self.places[chosen],
            origin=self.origin[chosen],
            end=self.end[chosen],
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Panel:
    """The rows of the series of a shard.

    Attributes:
        names: the series ids.
        instants: ``(instants,)`` datetime64[us], UTC, ascending.
        shift: ``(series,)`` timedelta64[us], how much later than these a series' own instants are.
        level: ``(series, instants)`` float64, the target's level, short gaps carried over; NaN where there is none, and
            after the series' last observation.
        inputs: ``(series, instants, features)`` float32, differenced and less the anchor.
        anchor: ``(series, features)`` float64, as :class:`~.windows.Windows` has it.
        target: ``(series, instants)`` float64, differenced; NaN where the target was not observed.
        ready: ``(series, instants)``, where everything is there that a window with its origin there reads.
        lookback, season, horizon: steps.
        facts: what the calendar says of the instants of a horizon; none where it is not asked.
        ahead: ``(series, instants, horizon, columns)`` float32, what the feed had said of each lead at each origin;
            none where it is not asked. Where it had said nothing, ``ready`` is false.
    """

    names: tuple[str, ...]
    instants: Instants
    shift: NDArray[np.timedelta64]
    level: Floats
    inputs: NDArray[np.float32]
    anchor: Floats
    target: Floats
    ready: Mask
    lookback: int
    season: int
    horizon: int
    facts: Facts | None = None
    ahead: NDArray[np.float32] | None = None

    @classmethod
    def of(cls, levels: Levels, *, spec: Pipeline, limit: int | None) -> "Panel":
        """Difference levels; a level that a difference cannot be taken of counts as not observed.

        Args:
            levels: with the columns of ``spec.columns``. Left as they are.
            spec: the pipeline.
            limit: instants in a row over which a missing value is carried; none carries over any number.
        """
        observed = usable(levels, spec)
        filled = _ended(carry(observed, limit=limit), observed)
        at = {column: place for place, column in enumerate(levels.columns)}
        steps = {
            column: difference(filled[:, :, at[column]], kind=spec.difference_of(column), axis=1)
            for column in spec.columns
        }
        target = np.where(np.isfinite(observed[:, :, at[spec.target]]), steps[spec.target], np.nan)
        inputs = np.stack([steps[column] for column in spec.features], axis=2)
        anchor = _anchors(inputs, spec)
        level = filled[:, :, at[spec.target]]
        return cls(
            names=levels.names,
            instants=levels.instants,
            shift=levels.shift,
            level=np.ascontiguousarray(level),
            inputs=(inputs - anchor[:, np.newaxis]).astype(np.float32),
            anchor=anchor,
            target=target,
            ready=(_unbroken(np.asarray(np.isfinite(inputs).all(axis=2))) >= spec.lookback)
            & (_unbroken(np.isfinite(level)) >= spec.season_length),
            lookback=spec.lookback,
            season=spec.season_length,
            horizon=spec.horizon,
        )

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def first(self) -> NDArray[np.intp]:
        """``(series,)`` the place of the first level."""
        return np.asarray(np.isfinite(self.level).argmax(axis=1))

    @cached_property
    def last(self) -> NDArray[np.intp]:
        """``(series,)`` the place of the last level; -1 where a series has none."""
        known = np.isfinite(self.level)
        return np.where(known.any(axis=1), known.shape[1] - 1 - known[:, ::-1].argmax(axis=1), -1)

    @cached_property
    def index(self) -> Index:
        """Every window whose inputs and targets are complete."""
        known = _unbroken(np.isfinite(self.target))[:, self.horizon :] >= self.horizon
        return self.at(*np.nonzero(self.ready[:, : known.shape[1]] & known))

    def at(self, codes: NDArray[np.intp], places: NDArray[np.intp]) -> Index:
        """Windows with these origins whose targets are known."""
        return Index(
            codes=codes,
            places=places,
            origin=self.instants[places] + self.shift[codes],
            end=self.instants[places + self.horizon] + self.shift[codes],
            horizon=self.horizon,
        )

    def windows(self, index: Index) -> Windows:
        """The windows at some places, each whole."""
        if not len(index):
            return self._none()
        rows = index.codes * self.level.shape[1] + index.places
        width = self.inputs.shape[2]
        inputs = sliding_window_view(self.inputs.reshape(-1), self.lookback * width)[::width]  # one block a window
        past = sliding_window_view(self.level.reshape(-1), self.season)
        targets = sliding_window_view(self.target.reshape(-1), self.horizon)
        return Windows(
            names=self.names,
            codes=index.codes.astype(np.int32),
            origin=index.origin,
            end=index.end,
            inputs=inputs[rows - self.lookback + 1].reshape(-1, self.lookback, width),
            anchor=self.anchor[index.codes],
            targets=np.ascontiguousarray(targets[rows + 1]),
            base=self.level.reshape(-1)[rows],
            slope=self.slope(index.codes, index.places),
            past=past[rows - self.season + 1],
            known=self.facts.ahead(index.origin, self.horizon) if self.facts else None,
            ahead=None if self.ahead is None else self.ahead[index.codes, index.places],
        )

    def _none(self) -> Windows:
        """No windows, in the shape of some."""
        width, times = self.inputs.shape[2], np.zeros(0, dtype="datetime64[us]")
        return Windows(
            names=self.names,
            codes=np.zeros(0, dtype=np.int32),
            origin=times,
            end=times,
            inputs=np.zeros((0, self.lookback, width), dtype=np.float32),
            anchor=np.zeros((0, width)),
            targets=np.zeros((0, self.horizon)),
            base=np.zeros(0),
            slope=np.zeros(0),
            past=np.zeros((0, self.season)),
            known=np.zeros((0, self.horizon, self.facts.width), dtype=np.float32) if self.facts else None,
            ahead=None if self.ahead is None else self.ahead[:0, 0],
        )

    def latest(self, codes: NDArray[np.intp], places: NDArray[np.intp]) -> Windows:
        """The windows with these origins as if nothing were known of what came after; the targets are NaN.

        What a window reads from before the first instant, or of what is not there, is NaN.
        """
        short, count = len(self.instants), len(codes)
        index = Index(
            codes=codes,
            places=places,
            origin=self.instants[places] + self.shift[codes],
            end=np.full(count, np.datetime64("NaT", "us")),
            horizon=self.horizon,
        )
        back = max(self.lookback, self.season) - 1
        ahead = self.horizon
        pad = replace(
            self,
            instants=self.instants[:short],
            level=np.pad(self.level, ((0, 0), (back, ahead)), constant_values=np.nan),
            inputs=np.pad(self.inputs, ((0, 0), (back, ahead), (0, 0)), constant_values=np.nan),
            target=np.full((len(self), short + back + ahead), np.nan),
            ahead=None,
        )
        windows = pad.windows(replace(index, places=places + back))
        unknown = np.full((count, self.horizon), np.nan)
        told = None if self.ahead is None else self.ahead[codes, places]
        return replace(windows, targets=unknown, slope=self.slope(codes, places), ahead=told)

    def slope(self, codes: NDArray[np.intp], places: NDArray[np.intp]) -> Floats:
        """The target's mean change per step from a series' first level to each place."""
        first = self.first[codes]
        steps = np.maximum(places - first, 1)  # at the first level itself the change is 0, whatever it is divided by
        return np.asarray((self.level[codes, places] - self.level[codes, first]) / steps)


def _anchors(inputs: Floats, spec: Pipeline) -> Floats:
    """The first level of what is not differenced: each window of a series has the same, as neighbours share rows."""
    plain = np.array([spec.difference_of(column) == "none" for column in spec.features])
    known = np.isfinite(inputs)
    first = np.take_along_axis(inputs, known.argmax(axis=1)[:, np.newaxis], axis=1)[:, 0]
    return np.where(plain & known.any(axis=1), first, 0.0)


def usable(levels: Levels, spec: Pipeline) -> Floats:
    """Levels, without those of which a logarithm or a ratio is asked that there is not."""
    bound = np.array([spec.difference_of(column) in POSITIVE for column in levels.columns])
    return np.where(bound & (levels.values <= 0), np.nan, levels.values)


def _ended(filled: Floats, observed: Floats) -> Floats:
    """Nothing is carried beyond a series' last observation."""
    there = np.asarray(np.isfinite(observed).any(axis=2))
    later = np.maximum.accumulate(there[:, ::-1], axis=1)[:, ::-1]
    return np.where(later[:, :, np.newaxis], filled, np.nan)


def _unbroken(there: Mask) -> NDArray[np.intp]:
    """How many in a row up to each place are there, along the last axis.

    >>> _unbroken(np.array([[True, True, False, True]])).tolist()
    [[1, 2, 0, 1]]
    """
    place = np.arange(there.shape[1])
    return place - np.maximum.accumulate(np.where(there, -1, place), axis=1)
