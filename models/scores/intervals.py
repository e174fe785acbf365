"""Prediction intervals from the newest realised residuals, per lead and series (conformal prediction, rolling)."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from daycast.models.scores.ranks import ranked
from daycast.models.scores.residuals import Residuals, above_zero
from daycast.models.scores.tracking import Tracking
from daycast.models.series.differencing import POSITIVE, Floats
from daycast.models.series.material import NEWEST
from daycast.models.series.windows import Windows
from daycast.storage.terms.errors import DataError
from daycast.storage.terms.pipeline import DifferenceKind
from daycast.storage.terms.words import LEVELS

COVERAGES: tuple[int, ...] = tuple(range(0, 100, 5))
"""Nominal coverages whose radii are kept, in per cent: a grid on which a whole distribution stands."""

REQUIRED = 19
"""Windows without which the 95 % quantile of the residuals is not finite: the least n with ceil(.95 (n+1)) <= n."""

_OF_PANEL = 100
"""Residuals of its own at which a series' radius counts as much as the panel's, brought to the series' scale. Chosen
with :data:`~daycast.models.series.material.NEWEST` on validation parts; see docs/accuracy.md."""
_RENEWALS = 32
"""How often at most the radii are renewed over the held-out parts; served ones are renewed with every run."""
_RENEWALS_BEFORE = 8
"""And over what was realised before served ones, to find by what they have to be multiplied."""
_OF_LEVELS = [COVERAGES.index(level) for level in LEVELS]
_TOWARDS = np.clip((np.array(COVERAGES) - LEVELS[0]) / (LEVELS[1] - LEVELS[0]), 0.0, 1.0)
"""How far each coverage lies from the lower level to the upper one."""


class Places(NamedTuple):
    """Which radii, and by which factors multiplied, stand around each of some windows; all ``(n,)``."""

    renewal: NDArray[np.intp]
    row: NDArray[np.intp]
    moment: NDArray[np.intp]


@dataclass(frozen=True, kw_only=True, eq=False)
class Band:
    """Bounds around a mean, each ``(n, horizon)`` float64, in the target's unit."""

    lower_80: Floats
    upper_80: Floats
    lower_95: Floats
    upper_95: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Intervals:
    """How far actual values lay from one forecaster's means lately.

    The distance is measured where differences add: between logarithms for ``percent`` and ``log``, so that the bounds
    are factors and stay positive; between levels otherwise. The interval with radius
    ``r = the ceil((n + 1) c)-th smallest of n absolute residuals`` covers a new value with probability ``c`` at least,
    as far as its residual is exchangeable with the others (Vovk, Gammerman, Shafer 2005, ch. 2; Lei, G'Sell, Rinaldo,
    Tibshirani, Wasserman 2018, section 2.2). Time series are so only roughly: the newest residuals are taken, as
    Barber, Candès, Ramdas, Tibshirani 2023 ("Conformal prediction beyond exchangeability") justify, and the coverage
    on the test part is measured and kept.

    A radius is a mean of two: of the series' own, and of the panel's residuals in units of each series' scale, brought
    to this one's. The fewer of its own a series has, the more the panel's counts. It is multiplied by a factor that
    follows how often values lay outside lately (:mod:`~daycast.models.scores.tracking`).

    Attributes:
        kind: the target's kind of difference.
        names: the series with radii of their own; the others share the last row, of all series together.
        since: ``(renewals,)`` datetime64[us], UTC: from which origin on each of the radii hold, ascending. The first
            hold for earlier origins too.
        radii: ``(renewals, series + 1, horizon, coverages)`` float64.
        tracking: what they are multiplied by.
    """

    kind: DifferenceKind
    names: tuple[str, ...]
    since: NDArray[np.datetime64]
    radii: Floats
    tracking: Tracking

    @classmethod
    def newest(cls, windows: Windows, mean: Floats, *, kind: DifferenceKind) -> "Intervals":
        """The radii that hold now: of everything that was realised.

        Args:
            windows: that the forecaster was not fitted on, whose targets are known.
            mean: its forecasts for them, ``(n, horizon)`` levels.
            kind: the target's kind of difference.

        Raises:
            DataError: there are fewer windows than the 95 % quantile needs.
        """
        before = cls._rolling(windows, mean, kind=kind, renewals=_RENEWALS_BEFORE)
        last = Tracking(since=before.tracking.since[-1:], logs=before.tracking.logs[-1:])
        return replace(before, since=before.since[-1:], radii=before.radii[-1:], tracking=last)

    @classmethod
    def rolling(cls, windows: Windows, mean: Floats, *, kind: DifferenceKind) -> "Intervals":
        """The radii as they would have been at each origin of these windows, from what was realised by then alone.

        They are renewed some dozens of times, no more often than once a horizon. The first are of the windows that
        were realised within the first eighth of the time, or a little more; for earlier origins they look ahead.

        Args, Raises: as in :meth:`newest`.
        """
        return cls._rolling(windows, mean, kind=kind, renewals=_RENEWALS)

    @classmethod
    def _rolling(cls, windows: Windows, mean: Floats, *, kind: DifferenceKind, renewals: int) -> "Intervals":
        """As :meth:`rolling`, with radii of everything that was realised at the end."""
        _require(len(windows))
        residuals = Residuals.of(windows, mean, kind=kind)
        ends = np.unique(residuals.end)
        begin = max(np.sort(residuals.end)[REQUIRED - 1], ends[min(len(ends) // 8, NEWEST // 4)])
        origins = np.unique(windows.origin)
        origins = origins[origins >= begin]
        stride = max(windows.horizon, -(-len(origins) // renewals))
        since = np.unique(np.concatenate([[begin], origins[stride::stride], ends[-1:]]))
        found, owns = zip(*(_radii(residuals, at) for at in since), strict=True)
        radii = np.stack(found)
        values, starts, ends = residuals.by_origin(begin)

        def then(origin: np.datetime64) -> tuple[Floats, Floats]:
            renewal = int(np.searchsorted(since, origin, side="right")) - 1
            return radii[renewal, :-1][..., _OF_LEVELS], owns[renewal]

        tracking = Tracking.over(values, origins=starts, ends=ends, radii=then)
        return cls(kind=kind, names=residuals.names, since=since, radii=radii, tracking=tracking)

    def apply(self, mean: Floats, windows: Windows) -> Band:
        """Bounds around means ``(n, horizon)`` of these windows."""
        lower_80, upper_80 = self.bounds(mean, windows, coverage=LEVELS[0])
        lower_95, upper_95 = self.bounds(mean, windows, coverage=LEVELS[1])
        return Band(lower_80=lower_80, upper_80=upper_80, lower_95=lower_95, upper_95=upper_95)

    def places(self, windows: Windows) -> Places:
        """Which of the radii and factors each window has."""
        position = {name: row for row, name in enumerate(self.names)}
        rows = np.array([position.get(name, len(self.names)) for name in windows.names], dtype=np.intp)
        renewal = np.maximum(np.searchsorted(self.since, windows.origin, side="right") - 1, 0)
        return Places(renewal, rows[windows.codes], self.tracking.moments(windows.origin))

    def around(self, places: Places, coverages: slice = slice(None)) -> Floats:
        """The radii around windows, ``(n, horizon, coverages)``, of some of :data:`COVERAGES`.

        Args:
            places: of :meth:`places`, or a part of each.
            coverages: which.
        """
        towards, chosen = _TOWARDS[coverages], (places.renewal, places.row)
        lower, upper = np.moveaxis(self.tracking.logs[places.moment, places.row], -1, 0)[..., np.newaxis]
        found = self.radii[..., coverages][chosen]
        found *= np.exp((1.0 - towards) * lower + towards * upper)[:, np.newaxis]
        if towards[-1] > 0:  # the upper level's factor may be the smaller one
            beyond = slice(int(np.argmax(towards > 0)), None)
            least = self.radii[..., _OF_LEVELS[0]][chosen][..., np.newaxis] * np.exp(lower)[:, np.newaxis]
            np.maximum(found[..., beyond], least, out=found[..., beyond])
        return found

    def bounds(self, mean: Floats, windows: Windows, *, coverage: int) -> tuple[Floats, Floats]:
        """Lower and upper bounds, ``(n, horizon)`` levels, of one of :data:`COVERAGES`."""
        at = COVERAGES.index(coverage)
        radius = self.around(self.places(windows), slice(at, at + 1))[..., 0]
        if self.kind not in POSITIVE:
            return mean - radius, mean + radius
        # Times a factor, and not through the logarithm and back: where the radius is 0 the bounds are the mean itself.
        centre = above_zero(mean, windows)
        return centre * np.exp(-radius), centre * np.exp(radius)


def _require(count: int) -> None:
    if count < REQUIRED:
        raise DataError(
            f"Intervals at 95 % need {REQUIRED} validation windows. Received: {count}. Make the validation part larger."
        )


def _radii(residuals: Residuals, at: np.datetime64) -> tuple[Floats, Floats]:
    """``(series + 1, horizon, coverages)`` from what was realised by an instant; and how much of each is its own."""
    values, counts = residuals.newest(at, most=NEWEST)
    still = (counts >= REQUIRED) & ~np.where(np.isfinite(values), values, 0.0).any(axis=(1, 2))  # nothing to share
    own = _quantiles(values, counts)
    scale, of_all = _scales(values, counts)
    shared = (values[~still] / scale[~still, np.newaxis]).reshape(1, -1, values.shape[2])
    panel = _quantiles(shared, counts[~still].sum(keepdims=True))
    weight = np.where(counts >= REQUIRED, counts / (counts + _OF_PANEL), 0.0)
    weight = np.where(still, 1.0, weight)
    of_own = weight[:, np.newaxis, np.newaxis]
    radii = of_own * own + (1 - of_own) * panel * scale[..., np.newaxis]
    whole = np.concatenate([radii, panel * of_all[..., np.newaxis]])
    whole[..., 0] = 0.0
    return whole, weight


def _scales(values: Floats, counts: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Each series' mean residual by lead ``(series, horizon)``, few drawn to the panel's; and that ``(1, horizon)``.

    The mean over the panel is one of logarithms, as sensors of one pipeline may differ a thousandfold.
    """
    total = np.where(np.isfinite(values), values, 0.0).sum(axis=1)
    own = total / np.maximum(counts, 1)[:, np.newaxis]
    moves = own > 0
    weights = np.where(moves, counts[:, np.newaxis], 0)
    logs = np.log(np.where(moves, own, 1.0))
    panel = (weights * logs).sum(axis=0, keepdims=True) / np.maximum(weights.sum(axis=0, keepdims=True), 1)
    drawn = np.exp((weights * logs + REQUIRED * panel) / (weights + REQUIRED))
    return drawn, np.exp(panel)


def _quantiles(values: Floats, counts: NDArray[np.intp]) -> Floats:
    """``(series, n, horizon)``, infinite beyond each one's count, to ``(series, horizon, coverages)``."""
    ranks = np.maximum(1, -(-(counts[:, np.newaxis] + 1) * np.array(COVERAGES) // 100))  # whole numbers: a true ceiling
    if not values.shape[1]:
        return np.zeros((len(counts), values.shape[2], len(COVERAGES)))
    places = np.minimum(ranks, values.shape[1]) - 1
    if len(values) == 1:  # a panel's hundred thousands, of which a score is wanted
        found = np.stack([ranked(lane, places[0]) for lane in values[0].T], axis=-1)[np.newaxis]
    else:
        found = np.take_along_axis(np.sort(values, axis=1), places[..., np.newaxis], axis=1)
    finite = np.where(np.isfinite(found), found, 0.0)  # weighed with nothing
    return np.asarray(finite.transpose(0, 2, 1))
