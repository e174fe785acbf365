"""What the feed said of instants before they came, every vintage of it: known inputs, point in time.

A row says what was known of an instant (``valid_at``) from ``available_at`` on. No row is changed later. One that a
former fetch could have brought and did not, or that says something else than it did then, became known with the fetch
that brought it.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import numpy as np
import pandas as pd

from daycast.storage.lake import parquet
from daycast.storage.lake.compaction import compact_rows
from daycast.storage.lake.damage import damaged, put_aside
from daycast.storage.lake.folder import Folder
from daycast.storage.terms.words import AVAILABLE_AT, FETCHED_AT, REVISION_TOLERANCE, SAID_AT, SYMBOL, VALID_AT

_KEY = [SYMBOL, VALID_AT, AVAILABLE_AT]


class Ahead:
    """The vintages of one pipeline's known columns, shard by shard.

    Args:
        folder: the lake.
        pipeline: the pipeline's name.
    """

    def __init__(self, folder: Folder, pipeline: str) -> None:
        self._folder = folder / "ahead" / pipeline
        self._damaged = folder / "damaged" / pipeline / "ahead"

    def add(
        self, shard: str, rows: pd.DataFrame, *, columns: Sequence[str], fetched_at: datetime, known_at: datetime
    ) -> dict[str, int]:
        """Keep what is new or says something else than before.

        Args:
            shard: whose.
            rows: ``symbol``, ``valid_at``, ``available_at`` and the columns, one row for each.
            columns: the known columns.
            fetched_at: when the feed said it, aware UTC.
            known_at: from when on it counts where it could have come before, or has changed; aware UTC.

        Returns:
            By symbol, how many rows say something else than when they came first.
        """
        held, names = self.vintages(shard), list(columns)
        if held.empty:
            held = rows.iloc[:0].assign(**{SAID_AT: rows[AVAILABLE_AT], FETCHED_AT: rows[AVAILABLE_AT]})
        key = [SYMBOL, VALID_AT, SAID_AT]
        before = held.sort_values(FETCHED_AT, kind="stable").drop_duplicates(key, keep="last")
        beside = rows[_KEY].merge(before.reindex(columns=[*key, *names]), how="left", left_on=_KEY, right_on=key)
        ours, theirs = (each[names].to_numpy(dtype=float) for each in (rows, beside))
        same = np.isclose(ours, theirs, rtol=REVISION_TOLERANCE, atol=0.0, equal_nan=True).all(axis=1)
        there = beside[SAID_AT].notna().to_numpy()
        new, revised = ~there, there & ~same
        fetched = held.groupby(SYMBOL)[FETCHED_AT].max().reindex(rows[SYMBOL])
        late = revised | (new & (rows[AVAILABLE_AT] <= pd.DatetimeIndex(fetched)).to_numpy())
        moment = pd.Timestamp(known_at)
        known = rows[AVAILABLE_AT].where(~late | (rows[AVAILABLE_AT] > moment), moment)
        fresh = rows.assign(
            **{SAID_AT: rows[AVAILABLE_AT], AVAILABLE_AT: known, FETCHED_AT: pd.Timestamp(fetched_at).as_unit("us")}
        )[new | revised]
        if len(fresh):
            parquet.write_frame(self._folder / shard, parquet.fetched_name(fresh, fetched_at), fresh)
        return {str(symbol): int(count) for symbol, count in rows[SYMBOL][revised].value_counts(sort=False).items()}

    def vintages(self, shard: str, *, symbols: Collection[str] | None = None) -> pd.DataFrame:
        """Every row of a shard, or of some symbols, the one that was fetched last standing last; without any, empty."""
        folder = self._folder / shard
        rows = parquet.steadily(folder, lambda names: parquet.read_frames(folder, names))
        if rows.empty or symbols is None:
            return rows
        return rows[rows[SYMBOL].isin(list(symbols))].reset_index(drop=True)

    def compact(self, *, before: datetime, files: int) -> int:
        """Put the files of each shard together, as :meth:`~.observations.Observations.compact` does."""
        return sum(compact_rows(folder, before=before, files=files) for folder in self._folders().values())

    def damaged(self) -> dict[str, tuple[str, ...]]:
        """By shard the files that are not whole."""
        return damaged(self._folders())

    def put_aside(self, files: Mapping[str, Sequence[str]]) -> list[str]:
        """Put damaged files where nobody reads them; gives their paths. What the feed says again is kept anew."""
        return put_aside(files, source=self._folders(), aside=self._damaged)

    def _folders(self) -> dict[str, Folder]:
        return {name: self._folder / name for name in self._folder.names()}
