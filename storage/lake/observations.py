"""What the feeds said, and when it could be known: the point-in-time half of the lake.

A fetch writes one file a symbol, with the rows that are new or revised and nothing else; no row is changed later, and
upkeep puts many small files together into one.
A row's ``available_at`` is the first instant at which daycast could know it, so that whoever asks as of an instant
sees what a run at that instant saw.

A feed that moves its whole history to another basis (a split, a dividend) is believed whole: its answer is a vintage of
its own, and from then on no row of an earlier basis is read beside it.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from daycast.storage.lake import parquet
from daycast.storage.lake.compaction import compact_rows
from daycast.storage.lake.folder import Folder
from daycast.storage.terms.errors import StorageError
from daycast.storage.terms.words import (
    ADJUSTMENT,
    AVAILABLE_AT,
    BASIS,
    FETCHED_AT,
    OBSERVED_AT,
    REVISION_TOLERANCE,
    SYMBOL,
    TIME,
)

_NOT_VALUES = {SYMBOL, OBSERVED_AT, AVAILABLE_AT, FETCHED_AT, ADJUSTMENT, BASIS}


@dataclass(frozen=True, kw_only=True)
class Added:
    """What a fetch added to the lake, in rows."""

    new: int = 0
    revised: int = 0

    def __add__(self, other: "Added") -> "Added":
        return Added(new=self.new + other.new, revised=self.revised + other.revised)


class Observations:
    """The observations of one pipeline.

    Args:
        folder: the lake.
        pipeline: the pipeline's name.
    """

    def __init__(self, folder: Folder, pipeline: str) -> None:
        self._rows = folder / "observations" / pipeline
        self._aside = folder / "set_aside" / pipeline
        self._feed = folder / "feeds" / pipeline

    def add(
        self,
        frame: pd.DataFrame,
        *,
        fetched_at: datetime,
        adjustment: str,
        known_at: datetime | None = None,
        rebased: Collection[str] = (),
    ) -> Added:
        """Keep what is new or revised.

        Args:
            frame: a clean frame of observations of one or many symbols.
            fetched_at: when the feed said it, aware UTC.
            adjustment: what the prices are adjusted for.
            known_at: from when on revisions count as known, aware UTC; by default from ``fetched_at``.
            rebased: symbols whose whole history stands on another basis, as ``intake.rebasing`` finds: all their rows
                are kept, and those known before are read only as of earlier instants.

        Returns:
            How many rows were new, and how many revised.
        """
        total = Added()
        since = known_at or fetched_at
        for name, given in frame.groupby(SYMBOL, sort=True):
            symbol, rows = str(name), given.reset_index(drop=True)
            fresh, added = self._fresh(symbol, rows, known_at=since, rebased=symbol in rebased)
            if not fresh.empty:
                fresh = fresh.assign(**{FETCHED_AT: pd.Timestamp(fetched_at), ADJUSTMENT: adjustment})
                parquet.write_frame(self._rows / symbol, _file_name(fresh, fetched_at), fresh)
            total += added
        return total

    def read(self, symbol: str, *, as_of: datetime | None = None) -> pd.DataFrame:
        """The observations of a symbol as they were known at ``as_of``.

        Returns:
            One row an ``observed_at``, ascending, the latest that was available; without rows where there were none.
        """
        rows = self._history(symbol)
        if rows.empty:
            return rows
        if as_of is not None:
            rows = rows[rows[AVAILABLE_AT] <= pd.Timestamp(as_of)]
        if (basis := _basis(rows)) is not pd.NaT:
            rows = rows[rows[BASIS] == basis]
        rows = rows.sort_values([OBSERVED_AT, AVAILABLE_AT, FETCHED_AT], kind="stable")
        return rows.drop_duplicates(OBSERVED_AT, keep="last").reset_index(drop=True)

    def vintages(self, symbol: str, *, column: str) -> pd.DataFrame:
        """Everything that the feed ever said of one column, revisions beside what they replaced.

        Returns:
            ``observed_at``, ``available_at``, ``fetched_at`` and ``value``; without rows where nothing is known.
        """
        rows = self._history(symbol)
        if rows.empty:
            times = {name: pd.Series(dtype="datetime64[us, UTC]") for name in (OBSERVED_AT, AVAILABLE_AT, FETCHED_AT)}
            return pd.DataFrame({**times, "value": pd.Series(dtype=float)})
        # A column that was never asked of the feed is known of nowhere.
        wanted = rows.reindex(columns=[OBSERVED_AT, AVAILABLE_AT, FETCHED_AT, column])
        return wanted.rename(columns={column: "value"}).astype({"value": float})

    def first_available(self, symbol: str) -> pd.Timestamp | None:
        """When the first observation of a symbol could be known; None where there is none."""
        rows = self._history(symbol)
        return None if rows.empty else rows[AVAILABLE_AT].min()

    def basis(self, symbol: str, *, as_of: datetime) -> pd.Timestamp | None:
        """When the feed last moved the whole history of a symbol, as known at ``as_of``; None where it never did."""
        rows = self._history(symbol)
        if rows.empty:
            return None
        found = _basis(rows[rows[AVAILABLE_AT] <= pd.Timestamp(as_of)])
        return None if found is pd.NaT else found

    def set_aside(self, rejected: pd.DataFrame, *, fetched_at: datetime) -> int:
        """Keep rows that cannot be used, with the reason; the same rows again are not kept twice.

        Returns:
            How many of them were not known before.
        """
        if rejected.empty:
            return 0
        known = self.read_set_aside()
        fresh = rejected
        if not known.empty:
            keys = [column for column in rejected.columns if column in known.columns]
            seen = set(_row_keys(known, keys))
            fresh = rejected[[key not in seen for key in _row_keys(rejected, keys)]]
        if not fresh.empty:
            fresh = fresh.assign(**{FETCHED_AT: pd.Timestamp(fetched_at)})
            parquet.write_frame(self._aside, _file_name(fresh, fetched_at), fresh)
        return len(fresh)

    def read_set_aside(self) -> pd.DataFrame:
        """Every row that was set aside, with its reason."""
        return parquet.steadily(self._aside, lambda names: parquet.read_frames(self._aside, names))

    def compact(self, *, before: datetime, files: int) -> int:
        """Put the files of each symbol together, and those of what was set aside; every vintage stays.

        Args:
            before: aware; files written later are left as they are.
            files: only where there are more than these.

        Returns:
            How many files became one.
        """
        folders = [self._aside, *(self._rows / symbol for symbol in self._rows.names())]
        return sum(compact_rows(folder, before=before, files=files) for folder in folders)

    def validators(self) -> dict[str, str]:
        """What the feed gave for the next conditional request, by URL."""
        if not self._feed.exists("validators.json"):
            return {}
        try:
            return dict(json.loads(self._feed.read("validators.json")))
        except ValueError as error:
            raise StorageError(
                f"JSON is required in {self._feed.path('validators.json')}. Received: {error}. Remove the file."
            ) from error

    def keep_validators(self, validators: Mapping[str, str]) -> None:
        """Keep what to send with the next conditional request, once the data are stored."""
        if validators and dict(validators) != self.validators():
            self._feed.write("validators.json", json.dumps(dict(validators), sort_keys=True).encode())

    def _history(self, symbol: str) -> pd.DataFrame:
        folder = self._rows / symbol
        return parquet.steadily(folder, lambda names: parquet.read_frames(folder, names))

    def _fresh(
        self, symbol: str, rows: pd.DataFrame, *, known_at: datetime, rebased: bool
    ) -> tuple[pd.DataFrame, Added]:
        """The rows to keep, each with its basis and the instant at which it could first be known."""
        known = self.read(symbol)
        if known.empty:
            return rows.assign(**{BASIS: pd.Series(pd.NaT, index=rows.index, dtype=TIME)}), Added(new=len(rows))
        last_fetch = self._history(symbol)[FETCHED_AT].max()
        fresh, added = _news(rows, known, last_fetch=last_fetch, known_at=known_at)
        basis = pd.Timestamp(known_at) if rebased else _basis(known)
        fresh = rows if rebased else fresh
        available = fresh[AVAILABLE_AT]
        if basis is not pd.NaT:  # nothing of a basis could be known before it
            available = available.where(available >= basis, basis).astype(available.dtype)
        whole = pd.Series(basis, index=fresh.index, dtype=TIME)
        return fresh.assign(**{AVAILABLE_AT: available, BASIS: whole}), added


def fingerprint(series: Mapping[str, pd.DataFrame]) -> str:
    """Name a state of the data.

    Args:
        series: by name, one row an instant (the index), float columns.

    Returns:
        Sixteen hexadecimal digits over the names, instants and values.
    """
    digest = hashlib.sha256()
    for name in sorted(series):
        frame = series[name]
        digest.update(json.dumps([name, list(frame.columns)]).encode())
        digest.update(frame.index.as_unit("us").asi8.tobytes())
        digest.update(np.ascontiguousarray(frame.to_numpy(dtype=np.float64)).tobytes())
    return digest.hexdigest()[:16]


def _basis(rows: pd.DataFrame) -> Any:
    """The latest basis of the rows; NaT where the feed never moved its history."""
    return rows[BASIS].max() if BASIS in rows else pd.NaT


def _news(
    rows: pd.DataFrame, known: pd.DataFrame, *, last_fetch: pd.Timestamp, known_at: datetime
) -> tuple[pd.DataFrame, Added]:
    """The rows that are new or revised, with the instant at which they could first be known."""
    before = known.set_index(OBSERVED_AT).reindex(rows[OBSERVED_AT])
    new = before[AVAILABLE_AT].isna().to_numpy()
    values = [column for column in rows.columns if column not in _NOT_VALUES]
    revised = ~new & _differs(rows[values], before.reindex(columns=values))
    nominal = rows[AVAILABLE_AT]
    # What the last fetch could have held but did not became known between it and now; a longer history is no news.
    filled = new & (nominal <= last_fetch) & (rows[OBSERVED_AT] > known[OBSERVED_AT].iloc[0])
    late = (revised | filled.to_numpy()) & (nominal < pd.Timestamp(known_at)).to_numpy()
    available = nominal.where(~late, pd.Timestamp(known_at)).astype(nominal.dtype)
    chosen = new | revised
    fresh = rows.assign(**{AVAILABLE_AT: available})[chosen].reset_index(drop=True)
    return fresh, Added(new=int(new.sum()), revised=int(revised.sum()))


def _differs(rows: pd.DataFrame, before: pd.DataFrame) -> np.ndarray:
    ours, theirs = rows.to_numpy(dtype=float), before.to_numpy(dtype=float)
    same = np.isclose(ours, theirs, rtol=REVISION_TOLERANCE, atol=0.0, equal_nan=True)
    return np.asarray(~same.all(axis=1))


def _file_name(frame: pd.DataFrame, fetched_at: datetime) -> str:
    digest = hashlib.sha256(pd.util.hash_pandas_object(frame.astype("str"), index=False).to_numpy().tobytes())
    return f"{fetched_at:%Y%m%dT%H%M%S}{fetched_at.microsecond:06d}Z-{digest.hexdigest()[:8]}.parquet"


def _row_keys(frame: pd.DataFrame, columns: list[str]) -> np.ndarray:
    return np.asarray(pd.util.hash_pandas_object(frame[columns].astype("str"), index=False))
