"""Prediction intervals by split conformal prediction, per lead and series."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from daycast.models.series.differencing import POSITIVE, Floats
from daycast.models.series.windows import Windows
from daycast.storage.terms.errors import DataError
from daycast.storage.terms.pipeline import DifferenceKind
from daycast.storage.terms.words import LEVELS

COVERAGES: tuple[int, ...] = tuple(range(0, 100, 5))
"""Nominal coverages whose radii are kept, in per cent: a grid on which a whole distribution stands."""

REQUIRED = 19
"""Windows without which the 95 % quantile of the residuals is not finite: the least n with ceil(.95 (n+1)) <= n."""

_FLOOR = 1e-6
"""A mean that is not positive counts as this share of the base, where only positive levels exist."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Band:
    """Bounds around a mean, each ``(n, horizon)`` float64, in the target's unit."""

    lower_80: Floats
    upper_80: Floats
    lower_95: Floats
    upper_95: Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Intervals:
    """How far actual values lay from one forecaster's means on the validation part.

    The distance is measured where differences add: between logarithms for ``percent`` and ``log``, so that the bounds
    are factors and stay positive; between levels otherwise. The interval with radius
    ``r = the ceil((n + 1) c)-th smallest of n absolute residuals`` covers a new value with probability ``c`` at least,
    as far as its residual is exchangeable with those of the validation part (Vovk, Gammerman, Shafer 2005, ch. 2;
    Lei, G'Sell, Rinaldo, Tibshirani, Wasserman 2018, section 2.2). Time series are so only roughly, which is why the
    coverage on the test part is measured and kept.

    Attributes:
        kind: the target's kind of difference.
        names: the series with radii of their own; the others share the last row, of all series together.
        radii: ``(series + 1, horizon, coverages)`` float64.
    """

    kind: DifferenceKind
    names: tuple[str, ...]
    radii: Floats

    @classmethod
    def fit(cls, validation: Windows, mean: Floats, *, kind: DifferenceKind) -> "Intervals":
        """Take the radii from the validation part.

        A series with fewer than :data:`REQUIRED` windows shares those of all series.

        Args:
            validation: windows that the forecaster was not fitted on.
            mean: its forecasts for them, ``(n, horizon)`` levels.
            kind: the target's kind of difference.

        Raises:
            DataError: there are fewer windows than the 95 % quantile needs.
        """
        if len(validation) < REQUIRED:
            raise DataError(
                f"Intervals at 95 % need {REQUIRED} validation windows. Received: {len(validation)}. "
                "Make the validation part larger."
            )
        residuals = np.abs(_space(validation.levels(kind), validation, kind) - _space(mean, validation, kind))
        counts = np.bincount(validation.codes, minlength=len(validation.names))
        own = np.flatnonzero(counts >= REQUIRED)
        of_own = np.isin(validation.codes, own)
        of_each = _radii(residuals[of_own], np.searchsorted(own, validation.codes[of_own]), counts[own])
        of_all = _radii(residuals, np.zeros(len(residuals), dtype=np.intp), np.array([len(residuals)]))
        names = tuple(validation.names[code] for code in own)
        return cls(kind=kind, names=names, radii=np.concatenate([of_each, of_all]))

    def apply(self, mean: Floats, windows: Windows) -> Band:
        """Bounds around means ``(n, horizon)`` of these windows."""
        lower_80, upper_80 = self.bounds(mean, windows, coverage=LEVELS[0])
        lower_95, upper_95 = self.bounds(mean, windows, coverage=LEVELS[1])
        return Band(lower_80=lower_80, upper_80=upper_80, lower_95=lower_95, upper_95=upper_95)

    def bounds(self, mean: Floats, windows: Windows, *, coverage: int) -> tuple[Floats, Floats]:
        """Lower and upper bounds, ``(n, horizon)`` levels, of one of :data:`COVERAGES`."""
        position = {name: row for row, name in enumerate(self.names)}
        rows = np.array([position.get(name, len(self.names)) for name in windows.names], dtype=np.intp)
        radius = self.radii[..., COVERAGES.index(coverage)][rows]
        if self.kind not in POSITIVE:
            return mean - radius[windows.codes], mean + radius[windows.codes]
        # Times a factor, and not through the logarithm and back: where the radius is 0 the bounds are the mean itself.
        centre = _above_zero(mean, windows)
        return centre * np.exp(-radius)[windows.codes], centre * np.exp(radius)[windows.codes]


def _radii(residuals: Floats, codes: NDArray[np.intp], counts: NDArray[np.intp]) -> Floats:
    """``(n, horizon)`` absolute residuals of some series to ``(series, horizon, coverages)``."""
    nominal = np.array(COVERAGES)
    ranks = np.maximum(1, -(-(counts[:, np.newaxis] + 1) * nominal // 100))  # whole numbers: a true ceiling
    places = (np.cumsum(counts) - counts)[:, np.newaxis] + ranks - 1
    radii = np.empty((len(counts), residuals.shape[1], len(COVERAGES)))
    for lead, column in enumerate(residuals.T):
        radii[:, lead] = column[np.lexsort((column, codes))][places]
    radii[:, :, 0] = 0.0
    return radii


def _space(levels: Floats, windows: Windows, kind: DifferenceKind) -> Floats:
    if kind not in POSITIVE:
        return levels
    return np.asarray(np.log(_above_zero(levels, windows)))


def _above_zero(levels: Floats, windows: Windows) -> Floats:
    return np.asarray(np.maximum(levels, _FLOOR * windows.base[:, np.newaxis]))
