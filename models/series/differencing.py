"""Differences of levels, and the way back from a path of differences to a path of levels."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from daycast.storage.terms.errors import DataError
from daycast.storage.terms.pipeline import DifferenceKind

Floats = NDArray[np.float64]

POSITIVE: frozenset[DifferenceKind] = frozenset({"percent", "log"})
"""The kinds that are defined for positive levels alone, and whose differences add up in the logarithm."""


def difference(levels: ArrayLike, *, kind: DifferenceKind, axis: int = 0) -> Floats:
    """Difference levels along an axis.

    Args:
        levels: ``(rows,)`` or ``(rows, columns)``, in time order; NaN where there is none. Left as it is.
        kind: ``none`` keeps the levels, ``absolute`` is ``y[t] - y[t-1]``, ``percent`` is ``y[t] / y[t-1] - 1``,
            ``log`` is ``log y[t] - log y[t-1]``.
        axis: of time.

    Returns:
        float64 of the same shape. The first row is NaN, except for ``none``; so is each row that a NaN touches.

    Raises:
        DataError: ``percent`` or ``log`` of a level that is not positive.

    >>> difference([100.0, 110.0, 99.0], kind="absolute").tolist()
    [nan, 10.0, -11.0]
    """
    values = np.array(levels, dtype=np.float64)
    if kind == "none":
        return values
    if kind in POSITIVE:
        _require_positive(values, kind)
    out = np.full_like(values, np.nan)
    later, now = np.moveaxis(out, axis, 0)[1:], np.moveaxis(np.log(values) if kind == "log" else values, axis, 0)
    later[...] = (now[1:] - now[:-1]) / now[:-1] if kind == "percent" else now[1:] - now[:-1]
    return out


def undo(differences: ArrayLike, *, base: ArrayLike, kind: DifferenceKind) -> Floats:
    """Turn paths of differences into paths of levels; the exact inverse of :func:`difference`.

    Args:
        differences: ``(..., horizon)``, the first step after the base first.
        base: ``(...,)``, the level just before each path.
        kind: as for :func:`difference`.

    Returns:
        Levels, float64, ``(..., horizon)``.

    >>> undo([[10.0, -11.0]], base=[100.0], kind="absolute").tolist()
    [[110.0, 99.0]]
    """
    steps = np.array(differences, dtype=np.float64)
    start = np.asarray(base, dtype=np.float64)[..., np.newaxis]
    if kind == "none":
        return steps
    with np.errstate(over="ignore", invalid="ignore"):  # what is no number is told by whoever forecast it
        if kind == "absolute":
            return start + np.cumsum(steps, axis=-1)
        if kind == "percent":
            return start * np.cumprod(1.0 + steps, axis=-1)
        return start * np.exp(np.cumsum(steps, axis=-1))


def _require_positive(values: NDArray[Any], kind: DifferenceKind) -> None:
    bad = np.argwhere(values <= 0)
    if len(bad):
        where = tuple(int(index) for index in bad[0])
        raise DataError(
            f"Differences of kind {kind!r} need positive levels. Received: {values[where]:g} in row {where[0]} "
            f"({len(bad)} such in all). Set them aside, or choose the kind 'absolute' or 'none'."
        )
