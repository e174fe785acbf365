"""Reading documents from files of this machine: a row each of CSV or Parquet, or a file each of a folder."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from daycast.storage.feeds.reading.local_file import FILE_LIMIT, read_bytes
from daycast.storage.feeds.reading.times import UnsureTimesError, parse_times, to_instants
from daycast.storage.terms.errors import FeedRefused
from daycast.storage.terms.words import DOCUMENT_ID, LABEL, LABELLED_AT, PUBLISHED_AT, REASON, TEXT, TIME

FEED = "files"
_PARQUET = (".parquet", ".pq")
_TEXT = (".txt", ".text", ".md")
_LONGEST_KEY = 200
_NUL = "\0"
"""PostgreSQL keeps no text with it, and refuses the rows that come with it."""
_READ = (DOCUMENT_ID, TEXT, PUBLISHED_AT, LABEL, LABELLED_AT)


@dataclass(frozen=True, kw_only=True)
class DocumentLayout:
    """Where in a file what is.

    Attributes:
        document: the column of the documents' keys.
        text: the column of their texts.
        time: the column of when they were published.
        label: the column of their labels, empty where one is not known; none where there is no such column.
        labelled_at: the column of when their labels became known; without one, a label counts from when its document
            was published, or from when it came.
        timezone: of times that bear no zone.
        encoding: of CSV and text files.
    """

    document: str = DOCUMENT_ID
    text: str = TEXT
    time: str = PUBLISHED_AT
    label: str | None = None
    labelled_at: str | None = None
    timezone: str = "UTC"
    encoding: str = "utf-8"

    @property
    def columns(self) -> dict[str, str]:
        """The names in the file by our own."""
        named = {DOCUMENT_ID: self.document, TEXT: self.text, PUBLISHED_AT: self.time}
        more = {LABEL: self.label, LABELLED_AT: self.labelled_at}
        return named | {ours: theirs for ours, theirs in more.items() if theirs is not None}


@dataclass(frozen=True, kw_only=True, eq=False)
class Documents:
    """What was read.

    Attributes:
        good: ``document_id``, ``text``, ``published_at`` (``datetime64[us, UTC]``), ``label`` (missing where it is
            not known) and ``labelled_at`` (likewise, and where nothing says so), one row a document, in the file's
            order.
        set_aside: ``document_id`` (as it was written, perhaps empty) and ``reason``; never a text, which may be secret.
        of_files: whether each is a file of its own, so that its time is that of the file's last change, and what is not
            here any more is gone.
    """

    good: pd.DataFrame
    set_aside: pd.DataFrame
    of_files: bool = False


def read_documents(path: Path, *, layout: DocumentLayout, name: str) -> Documents:
    """Read a CSV or Parquet file, a text file, or every one of a folder: its name is its key, its change its time.

    Args:
        path: the file or folder.
        layout: where what is.
        name: of the pipeline, for messages.

    Raises:
        FeedUnavailable: there is nothing there, or it cannot be read.
        FeedRefused: it is no such table, a column is missing, or times with and without a zone stand in one column.
    """
    if path.is_dir() or path.suffix.lower() in _TEXT:
        return read_texts([path], layout=layout, name=name)
    data = read_bytes(path, feed=FEED, symbol=name)
    rows = _parquet(data, name=name) if path.suffix.lower() in _PARQUET else _csv(data, layout=layout, name=name)
    there = [str(column) for column in rows.columns]
    if missing := [column for column in layout.columns.values() if column not in there]:
        raise FeedRefused(FEED, name, f"no column {', '.join(map(repr, missing))} among {', '.join(there[:20])}")
    frame = pd.DataFrame({ours: rows[theirs] for ours, theirs in layout.columns.items()})
    for time in {PUBLISHED_AT, LABELLED_AT} & set(frame.columns):
        frame[time] = _instants(frame[time], column=layout.columns[time], layout=layout, name=name)
    return _judged(frame)


def read_texts(paths: Sequence[Path], *, layout: DocumentLayout, name: str) -> Documents:
    """Read text files, and those in folders: their names are their keys, their changes their times.

    Args:
        paths: files and folders. Of several, the keys begin with their numbers, so that their order is that of the
            paths; in a folder it is that of the names.
        layout: says the encoding.
        name: of the pipeline, for messages.

    Raises:
        FeedUnavailable: one is not there, or cannot be read.
        FeedRefused: they are too large, or a folder has no text file.
    """
    numbered = len(paths) > 1
    frames, left = [], FILE_LIMIT
    for number, path in enumerate(paths):
        frame, left = _texts(path, layout=layout, name=name, left=left)
        keys = frame[DOCUMENT_ID]
        frames.append(frame.assign(**{DOCUMENT_ID: [f"{number:04d}/{key}" for key in keys] if numbered else keys}))
    frame = pd.concat(frames, ignore_index=True)
    found = _judged(frame)
    undecoded = found.set_aside[REASON] == "no text"
    why = f"a file that is no {layout.encoding} text; set encoding"
    aside = found.set_aside.assign(**{REASON: found.set_aside[REASON].mask(undecoded, why)})
    return Documents(good=found.good, set_aside=aside, of_files=True)


def _judged(frame: pd.DataFrame) -> Documents:
    """Set aside what is no document; of the same key twice, the first stays."""
    frame = frame.reset_index(drop=True)
    key = frame[DOCUMENT_ID].map(_written).astype(object)
    label = frame[LABEL].map(_written) if LABEL in frame else pd.Series("", index=frame.index)
    missing = pd.Series(pd.NaT, index=frame.index, dtype=TIME)
    known = frame.get(LABELLED_AT, missing)
    undated = (label != "") & known.isna() & (LABELLED_AT in frame)
    frame = frame.assign(**{DOCUMENT_ID: key, LABEL: label.where(label != "", None), LABELLED_AT: known})[list(_READ)]
    reasons = pd.Series("", index=frame.index)
    checks: Mapping[str, Any] = {
        "no key": key == "",
        f"a key of more than {_LONGEST_KEY} characters": key.str.len() > _LONGEST_KEY,
        "a NUL character in the key": key.str.contains(_NUL, regex=False),
        "a NUL character in the label": label.str.contains(_NUL, regex=False),
        "no text": frame[TEXT].isna(),
        "no time that can be read": frame[PUBLISHED_AT].isna(),
        "a label without a time that can be read": undated,
    }
    for reason, bad in checks.items():
        reasons = reasons.mask((reasons == "") & bad.astype(bool), reason)
    usable = reasons == ""
    first = frame[usable].drop_duplicates(DOCUMENT_ID).set_index(DOCUMENT_ID)[TEXT]
    again = usable & frame[DOCUMENT_ID].where(usable).duplicated()
    same = again & (frame[DOCUMENT_ID].map(first) == frame[TEXT])
    reasons = reasons.mask(again, "a key that stands twice, with another text").mask(same, "a key that stands twice")
    aside = pd.DataFrame({DOCUMENT_ID: frame[DOCUMENT_ID], REASON: reasons})[reasons != ""]
    good = frame[reasons == ""]
    return Documents(good=good.reset_index(drop=True), set_aside=aside.reset_index(drop=True))


def _written(value: Any) -> str:
    """A key or label as text: of a whole number no decimal point; nothing where it is missing."""
    if value is None or value is pd.NA or value is pd.NaT or value != value:  # noqa: PLR0124 — so is NaN
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return " ".join(str(value).split())


def _instants(values: pd.Series, *, column: str, layout: DocumentLayout, name: str) -> pd.Series:
    """Times as they are where they are typed, and read where they are text."""
    if values.dtype.kind == "M":
        instants = to_instants(pd.DatetimeIndex(values), timezone=layout.timezone, days=False)
    elif values.isna().all():
        instants = pd.DatetimeIndex([pd.NaT] * len(values), tz="UTC").as_unit("us")
    elif values.dtype.kind in "iuf":
        raise FeedRefused(FEED, name, f"numbers in the time column {column!r}; their unit and epoch are a guess")
    else:
        try:
            texts = [_written(value) for value in values]
            instants = parse_times(texts, timezone=layout.timezone, days=False).observed_at
        except UnsureTimesError as error:
            raise FeedRefused(FEED, name, str(error)) from None
    return pd.Series(instants, index=values.index)


def _parquet(data: bytes, *, name: str) -> pd.DataFrame:
    import pyarrow.parquet as pq

    try:
        return pq.read_table(io.BytesIO(data)).to_pandas()
    except Exception as error:
        # Of a damaged file pyarrow and pandas let escape what they meet: ArrowException, KeyError, TypeError, …
        raise FeedRefused(FEED, name, f"what is no whole Parquet file ({type(error).__name__})") from None


def _csv(data: bytes, *, layout: DocumentLayout, name: str) -> pd.DataFrame:
    """Every cell as text; a line break may stand in quotes."""
    try:
        text = data.decode(layout.encoding).removeprefix("\ufeff")
    except (UnicodeDecodeError, LookupError) as error:
        raise FeedRefused(FEED, name, f"what is no {layout.encoding} text ({error}); set encoding") from None
    try:
        return pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False, na_values=[""])
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as error:
        raise FeedRefused(FEED, name, f"what is no CSV with a header ({error})") from None


def _texts(path: Path, *, layout: DocumentLayout, name: str, left: int) -> tuple[pd.DataFrame, int]:
    """The text files of a path, and how many bytes more may be read; a text that cannot be decoded is missing."""
    files = sorted(file for file in path.rglob("*") if file.suffix.lower() in _TEXT) if path.is_dir() else [path]
    if not files:
        raise FeedRefused(FEED, name, f"no {', '.join(_TEXT)} file in {path}")
    texts: list[str | None] = []
    for file in files:
        data = read_bytes(file, feed=FEED, symbol=name, limit=left)
        left -= len(data)
        try:
            texts.append(data.decode(layout.encoding).removeprefix("\ufeff"))
        except (UnicodeDecodeError, LookupError):
            texts.append(None)
    changed = pd.to_datetime([file.stat().st_mtime_ns for file in files], utc=True).as_unit("us")
    keys = [file.relative_to(path if path.is_dir() else path.parent).with_suffix("").as_posix() for file in files]
    return pd.DataFrame({DOCUMENT_ID: keys, TEXT: pd.Series(texts, dtype=object), PUBLISHED_AT: changed}), left
