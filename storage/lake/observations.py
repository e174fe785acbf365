"""What the feeds said, and when it could be known: the point-in-time half of the lake.

The series of a pipeline are kept shard by shard. A fetch writes one file a shard, with the rows that are new or revised
and nothing else; no row is changed later, and many small files are put together into one. A row's ``available_at`` is
the first instant at which daycast could know it, so that whoever asks as of an instant sees what a run at that instant
saw.

A feed that moves its whole history to another basis (a split, a dividend) is believed whole: its answer is a vintage of
its own, and from then on no row of an earlier basis is read beside it.

Earlier releases kept a folder a symbol. Such rows are read where they lie until :meth:`Observations.take_over` has put
them into the shards.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import numpy as np
import pandas as pd

from daycast.storage.intake.frames import check_observations
from daycast.storage.lake import parquet
from daycast.storage.lake.compaction import compact_rows
from daycast.storage.lake.damage import damaged, put_aside
from daycast.storage.lake.folder import Folder
from daycast.storage.lake.history import Added, History, news, superseded
from daycast.storage.lake.shards import MOST_SERIES, Shards, is_shard, read_shards, write_shards
from daycast.storage.terms.errors import FileDamaged
from daycast.storage.terms.words import AVAILABLE_AT, FETCHED_AT, OBSERVED_AT, SERIES_ID, SYMBOL, TIME

_HELD: dict[tuple[object, ...], History] = {}
_VALIDATORS = "validators.json"
_MOST_HELD = 2
"""Shards at most whose rows stay in memory for the next step that asks for the same files."""


NO_VINTAGES = pd.DataFrame(
    {
        SERIES_ID: pd.Series(dtype="str"),
        **{name: pd.Series(dtype=TIME) for name in (OBSERVED_AT, AVAILABLE_AT, FETCHED_AT)},
        "value": pd.Series(dtype=float),
    }
)
"""What is known of a target of which the feed never said anything."""


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
        self._damaged = folder / "damaged" / pipeline

    def shards(self) -> Shards:
        """Which shard each symbol is in that ever had a place, or rows in a folder of its own."""
        noted = read_shards(self._rows)
        if not noted.places:
            noted = Shards(places=dict(self._found()))
        return noted.with_places(self._former(), most=MOST_SERIES)

    def place(self, symbols: Sequence[str]) -> Shards:
        """Give a shard to each of these symbols that has none, and note it."""
        noted, placed = read_shards(self._rows), self.shards().with_places(symbols, most=MOST_SERIES)
        if placed.places != noted.places:
            write_shards(self._rows, placed)
        return placed

    def take_over(self) -> int:
        """Put the rows that an earlier release kept in a folder a symbol into the shards; nothing is lost.

        The shards' files are written first, and the folders removed after it.

        Returns:
            How many folders there were.
        """
        former = self._former()
        for shard, symbols in (self.place(former).among(former) if former else {}).items():
            rows = pd.concat([self._of_folder(symbol) for symbol in symbols], ignore_index=True)
            if not rows.empty:
                parquet.write_frame(self._rows / shard, parquet.fetched_name(rows, rows[FETCHED_AT].max()), rows)
            for symbol in symbols:
                self._rows.remove(symbol)
        return len(former)

    def damaged(self) -> dict[str, tuple[str, ...]]:
        """By shard the files that are not whole; what was set aside counts as one."""
        return damaged(self._folders())

    def put_aside(self, files: Mapping[str, Sequence[str]]) -> list[str]:
        """Put damaged files where nobody reads them, so that all is fetched anew; gives their paths.

        What would let a feed answer that nothing has changed is forgotten first.
        """
        self._feed.remove(_VALIDATORS)
        return put_aside(files, source=self._folders(), aside=self._damaged)

    def add(
        self,
        frame: pd.DataFrame,
        *,
        fetched_at: datetime,
        known_at: datetime | None = None,
        rebased: Collection[str] = (),
        earlier: pd.DataFrame | None = None,
    ) -> Added:
        """Keep what is new or revised.

        Args:
            frame: a clean frame of observations of one or many symbols.
            fetched_at: when the feed said it, aware UTC.
            known_at: from when on revisions count as known, aware UTC; by default from ``fetched_at``.
            rebased: symbols whose whole history stands on another basis, as ``intake.rebasing`` finds: all their rows
                are kept, and those known before are read only as of earlier instants.
            earlier: what was known of instants of the frame before, as the source says; kept of those that are new.

        Returns:
            How many rows were new, and how many revised.

        Raises:
            DataError: the frame breaks the contract of observations.
        """
        rows = frame.sort_values([SYMBOL, OBSERVED_AT], kind="stable", ignore_index=True)
        check_observations(rows)
        total = Added()
        for shard, symbols in self.place(rows[SYMBOL].unique().tolist()).among(rows[SYMBOL].unique()).items():
            of_shard = rows[rows[SYMBOL].isin(symbols)].reset_index(drop=True)
            history = self.history(shard)
            fresh, added = news(of_shard, history, known_at=known_at or fetched_at, rebased=rebased)
            if earlier is not None:
                fresh = pd.concat([fresh, superseded(earlier[earlier[SYMBOL].isin(symbols)], history, rebased=rebased)])
            if not fresh.empty:
                fresh = fresh.assign(**{FETCHED_AT: pd.Timestamp(fetched_at)})
                parquet.write_frame(self._rows / shard, parquet.fetched_name(fresh, fetched_at), fresh)
            total += added
        return total

    def history(self, shard: str) -> History:
        """Every vintage of the rows of a shard's symbols, also of those that the pipeline does not name any more."""
        former = [name for name in self._former() if self.shards().places[name] == shard]
        folders = [self._rows / name for name in (shard, *former)]
        key = tuple((folder.url, *folder.stamps().items()) for folder in folders)
        if key not in _HELD:
            frames = [self._of_folder(name) for name in (shard, *former)]
            frames = [frame for frame in frames if not frame.empty]
            rows = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
            while len(_HELD) >= _MOST_HELD:
                _HELD.pop(next(iter(_HELD)))
            _HELD[key] = History.of(rows.drop_duplicates(ignore_index=True) if len(frames) > 1 else rows)
        return _HELD[key]

    def read(self, symbol: str, *, as_of: datetime | None = None) -> pd.DataFrame:
        """The observations of a symbol as they were known at ``as_of``.

        Returns:
            One row an ``observed_at``, ascending, the latest that was available; without rows where there were none.
        """
        return self._of_symbol(symbol).known(as_of).frame

    def vintages(self, symbol: str, *, column: str) -> pd.DataFrame:
        """Everything that the feed ever said of one column, revisions beside what they replaced.

        Returns:
            ``observed_at``, ``available_at``, ``fetched_at`` and ``value``; without rows where nothing is known.
        """
        rows = self._of_symbol(symbol).frame
        if rows.empty:
            return NO_VINTAGES.drop(columns=SERIES_ID)
        # A column that was never asked of the feed is known of nowhere.
        wanted = rows.reindex(columns=[OBSERVED_AT, AVAILABLE_AT, FETCHED_AT, column])
        return wanted.rename(columns={column: "value"}).astype({"value": float})

    def first_available(self, symbol: str) -> pd.Timestamp | None:
        """When the first observation of a symbol could be known; None where there is none."""
        rows = self._of_symbol(symbol).frame
        return None if rows.empty else rows[AVAILABLE_AT].min()

    def newest(self, symbols: Sequence[str], *, as_of: datetime) -> dict[str, datetime]:
        """Of what instant the newest observation of each symbol is that was known at ``as_of``.

        Of the files no more is read than that takes. A symbol without such a row is not in it, nor is one whose files
        are damaged.
        """
        found: dict[str, datetime] = {}
        for shard, names in self.shards().among(symbols).items():
            for folder in (shard, *({*names} & {*self._former()})):
                try:
                    rows = self._of_folder(folder, columns=[SYMBOL, OBSERVED_AT, AVAILABLE_AT])
                except FileDamaged:
                    continue
                if not rows.empty:
                    known = rows[rows[SYMBOL].isin(names) & (rows[AVAILABLE_AT] <= as_of)]
                    found |= known.groupby(SYMBOL)[OBSERVED_AT].max().to_dict()
        return found

    def lacking(self, symbols: Sequence[str]) -> tuple[str, ...]:
        """Those of the symbols of which there is no row."""
        there = {symbol for symbol, _ in self._found()} | set(self._former())
        return tuple(symbol for symbol in symbols if symbol not in there)

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
            parquet.write_frame(self._aside, parquet.fetched_name(fresh, fetched_at), fresh)
        return len(fresh)

    def read_set_aside(self) -> pd.DataFrame:
        """Every row that was set aside, with its reason."""
        return parquet.steadily(self._aside, lambda names: parquet.read_frames(self._aside, names))

    def compact(self, *, before: datetime, files: int) -> int:
        """Put the files of each shard together, and those of what was set aside; every vintage stays.

        Args:
            before: aware; files written later are left as they are.
            files: only where there are more than these.

        Returns:
            How many files became one.
        """
        self.take_over()
        return sum(compact_rows(folder, before=before, files=files) for folder in self._folders().values())

    def validators(self) -> dict[str, str]:
        """What the feed gave for the next conditional request, by URL; none where the note is damaged."""
        if not self._feed.exists(_VALIDATORS):
            return {}
        try:
            return {str(url): validator for url, validator in json.loads(self._feed.read(_VALIDATORS)).items()}
        except (ValueError, AttributeError):
            return {}

    def keep_validators(self, validators: Mapping[str, str]) -> None:
        """Keep what to send with the next conditional request, once the data are stored."""
        if validators and dict(validators) != self.validators():
            self._feed.write(_VALIDATORS, json.dumps(dict(validators), sort_keys=True).encode())

    def to_accept(self) -> tuple[str, ...]:
        """The symbols of which a person found right what else would be refused: each has a file of its name."""
        return tuple((self._feed / "accept").names())

    def accepted(self, symbols: Collection[str]) -> None:
        """Note that this was done: the next answer is judged like any other."""
        for symbol in set(self.to_accept()) & set(symbols):
            (self._feed / "accept").remove(symbol)

    def _folders(self) -> dict[str, Folder]:
        """The folders of Parquet files: of what was set aside, and of each shard."""
        return {"set_aside": self._aside, **{name: self._rows / name for name in self._rows.names() if is_shard(name)}}

    def _of_symbol(self, symbol: str) -> History:
        shard = self.shards().places.get(symbol)
        return History.of(pd.DataFrame()) if shard is None else self.history(shard).only([symbol])

    def _of_folder(self, name: str, *, columns: list[str] | None = None) -> pd.DataFrame:
        folder = self._rows / name
        return parquet.steadily(folder, lambda names: parquet.read_frames(folder, names, columns=columns))

    def _former(self) -> list[str]:
        """The symbols whose rows lie in a folder of their own."""
        return [name for name in self._rows.names() if not name.startswith("_")]

    def _found(self) -> list[tuple[str, str]]:
        """Each symbol that a shard's files hold rows of, and the shard."""
        shards = [name for name in self._rows.names() if is_shard(name)]
        found = ((symbol, name) for name in shards for symbol in self._symbols(self._rows / name))
        return list(dict.fromkeys(found))

    def _symbols(self, folder: Folder) -> list[str]:
        frames = parquet.steadily(folder, lambda names: parquet.read_frames(folder, names, columns=[SYMBOL]))
        return [] if frames.empty else frames[SYMBOL].unique().tolist()


def _row_keys(frame: pd.DataFrame, columns: list[str]) -> np.ndarray:
    return np.asarray(pd.util.hash_pandas_object(frame[columns].astype("str"), index=False))
