"""Windows over a series: what a forecaster reads, and what came after."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from daycast.models.series.differencing import Floats, undo
from daycast.storage.terms.errors import DataError
from daycast.storage.terms.pipeline import DifferenceKind

Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Windows:
    """``n`` windows of one or many series, ordered by series and origin.

    Times are UTC without saying so, as NumPy has no zones.

    Attributes:
        names: the series ids that ``codes`` point at.
        codes: ``(n,)`` int32, the series of each window.
        origin: ``(n,)`` datetime64[us].
        end: ``(n,)`` datetime64[us], ``valid_at`` of the last target; NaT where the future is not known yet.
        inputs: ``(n, lookback, features)`` float32, differenced and less their anchor, not scaled.
        anchor: ``(n, features)`` float64, what was taken off the inputs: the series' first level of a column that is
            not differenced, whose steps float32 would lose beside it; 0 otherwise.
        targets: ``(n, horizon)`` float64, differenced, not scaled; NaN where the future is not known yet.
        base: ``(n,)`` float64, the target's level at the origin.
        slope: ``(n,)`` float64, the target's mean change per step from its first level to the origin.
        past: ``(n, season)`` float64, the target's last levels, the one at the origin last.
        known: ``(n, horizon, columns)`` float32, what the calendar says of each lead; none where it is not asked.
        ahead: ``(n, horizon, columns)`` float32, what the feed had said of each lead at the origin; none where it
            is not asked. NaN in a column of which it had said nothing.
    """

    names: tuple[str, ...]
    codes: NDArray[np.int32]
    origin: NDArray[np.datetime64]
    end: NDArray[np.datetime64]
    inputs: NDArray[np.float32]
    anchor: Floats
    targets: Floats
    base: Floats
    slope: Floats
    past: Floats
    known: NDArray[np.float32] | None = None
    ahead: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def series(self) -> NDArray[np.object_]:
        """``(n,)`` the series id of each window."""
        return np.array(self.names, dtype=object)[self.codes]

    @property
    def lookback(self) -> int:
        """Steps in."""
        return int(self.inputs.shape[1])

    @property
    def features(self) -> int:
        """Columns that a network reads."""
        return int(self.inputs.shape[2])

    @property
    def horizon(self) -> int:
        """Steps out."""
        return int(self.targets.shape[1])

    def levels(self, kind: DifferenceKind) -> Floats:
        """The levels that came after each origin, ``(n, horizon)``, undone from ``targets`` of this kind."""
        return undo(self.targets, base=self.base, kind=kind)

    def without_inputs(self) -> "Windows":
        """The same windows without what a network reads of them: for those who ask what came after."""
        return replace(self, inputs=self.inputs[:, :0])

    def where(self, mask: Mask | NDArray[np.intp] | slice) -> "Windows":
        """The windows chosen by a mask, by positions or by a slice, with the same names."""
        held = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "names"}
        return replace(self, **{name: each[mask] for name, each in held.items() if each is not None})

    def among(self, mask: Mask) -> "Windows":
        """Those chosen by a mask, as :meth:`~.portion.Portion.among` has it."""
        return self.where(mask)


def stamps(windows: Windows) -> NDArray[np.uint64]:
    """``(n,)`` a number over all that a network reads of each window: the same reading has the same number.

    Two readings share one by accident once in some 10¹⁹ pairs.
    """
    width = windows.lookback * windows.features
    seen = [windows.inputs.reshape(len(windows), width), windows.anchor, windows.base[:, np.newaxis]]
    told = [each for each in (windows.known, windows.ahead) if each is not None]
    seen += [each.reshape(len(windows), each[0].size if len(windows) else 0) for each in told]
    words = np.concatenate([np.ascontiguousarray(part).view(np.uint32) for part in seen], axis=1)
    random = np.random.default_rng(words.shape[1])
    factors = random.integers(2**63, size=(1, words.shape[1]), dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    total = np.zeros(len(windows), dtype=np.uint64)
    for place in range(words.shape[1]):
        total += (words[:, place] + np.uint64(1)) * factors[0, place]
    return total


def concatenate(parts: Sequence[Windows]) -> Windows:
    """Join windows of different series, or of one series in time order.

    Raises:
        DataError: there are none to join.
    """
    if not parts:
        raise DataError("Windows of at least one series are required. Received: none. See why each series was refused.")
    if len(parts) == 1:
        return parts[0]
    names = tuple(dict.fromkeys(name for part in parts for name in part.names))
    position = {name: index for index, name in enumerate(names)}
    codes = [np.array([position[name] for name in part.names], dtype=np.int32)[part.codes] for part in parts]
    rest = [field.name for field in fields(Windows) if field.name not in {"names", "codes"}]
    held = {name: [each for part in parts if (each := getattr(part, name)) is not None] for name in rest}
    columns = {name: np.concatenate(each) for name, each in held.items() if each}
    return Windows(names=names, codes=np.concatenate(codes), **columns)
