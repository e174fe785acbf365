"""Reading documents from files of this machine: a row each of CSV or Parquet, or a file each of a folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from daycast.storage.feeds.reading.document_table import (
    FEED,
    DocumentLayout,
    decode_text,
    read_csv_rows,
    read_parquet_rows,
)
from daycast.storage.feeds.reading.local_file import FILE_LIMIT, read_bytes
from daycast.storage.feeds.reading.times import UnsureTimesError, parse_times, to_instants
from daycast.storage.terms.errors import FeedRefused, FeedUnavailable
from daycast.storage.terms.words import DOCUMENT_ID, LABEL, LABELLED_AT, PUBLISHED_AT, REASON, TEXT, TIME

_PARQUET = (".parquet", ".pq")
_TEXT = (".txt", ".text", ".md")
_LONGEST_KEY = 200
_UNREADABLE = "a file that cannot be read"
_NUL = "\0"
"""PostgreSQL keeps no text with it, and refuses the rows that come with it."""
_NO_TIME = "no time that can be read, as 2024-01-31T13:00:00Z is"
_READ = (DOCUMENT_ID, TEXT, PUBLISHED_AT, LABEL, LABELLED_AT)


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


def without_blank(read: Documents) -> Documents:
    """The same, of which documents without anything but blanks are set aside: nobody can tell a label of them."""
    blank = read.good[TEXT].str.strip() == ""
    aside = read.good.loc[blank, [DOCUMENT_ID]].assign(**{REASON: "no text"})
    return replace(
        read,
        good=read.good[~blank].reset_index(drop=True),
        set_aside=pd.concat([read.set_aside, aside], ignore_index=True) if len(aside) else read.set_aside,
    )


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
    read = read_parquet_rows if path.suffix.lower() in _PARQUET else read_csv_rows
    rows = read(data, layout=layout, name=name)
    frame = rows.frame
    for time in {PUBLISHED_AT, LABELLED_AT} & set(frame.columns):
        frame[time] = _instants(frame[time], column=layout.columns[time], layout=layout, name=name)
    return _judged(frame, rows.broken)


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
    judged = _judged(frame.drop(columns=REASON), frame[REASON].dropna().to_dict())
    return Documents(good=judged.good, set_aside=judged.set_aside, of_files=True)


def _judged(frame: pd.DataFrame, broken: Mapping[int, str]) -> Documents:
    """Set aside what is no document; of the same key twice, the first stays.

    Args:
        frame: the rows.
        broken: by place, why a row is none, before anything in it is looked at.
    """
    frame = frame.reset_index(drop=True)
    key = frame[DOCUMENT_ID].map(_written).astype(object)
    label = (frame[LABEL].map(_written) if LABEL in frame else pd.Series("", index=frame.index)).astype(object)
    missing = pd.Series(pd.NaT, index=frame.index, dtype=TIME)
    known = frame.get(LABELLED_AT, missing)
    undated = (label != "") & known.isna() & (LABELLED_AT in frame)
    frame = frame.assign(**{DOCUMENT_ID: key, LABEL: label.where(label != "", None), LABELLED_AT: known})[list(_READ)]
    reasons = pd.Series(broken, dtype=object).reindex(frame.index).fillna("")
    checks: Mapping[str, Any] = {
        "no key": key == "",
        f"a key of more than {_LONGEST_KEY} characters": key.str.len() > _LONGEST_KEY,
        "a NUL character in the key": key.str.contains(_NUL, regex=False),
        "a NUL character in the label": label.str.contains(_NUL, regex=False),
        "no text": frame[TEXT].isna(),
        _NO_TIME: frame[PUBLISHED_AT].isna(),
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


def _texts(path: Path, *, layout: DocumentLayout, name: str, left: int) -> tuple[pd.DataFrame, int]:
    """The text files of a path, with why one is no document, and how many bytes more may be read.

    Of a folder a file that cannot be read stops no other, as long as one can be; one that is named alone is required.
    """
    if not path.is_dir():
        files = [path]
    elif not (files := sorted(file for file in path.rglob("*") if file.suffix.lower() in _TEXT and not file.is_dir())):
        raise FeedRefused(FEED, name, f"no {', '.join(_TEXT)} file in {path}")
    rows: list[tuple[str, str | None, int | None, str | None]] = []
    for file in files:
        key = file.relative_to(path if path.is_dir() else path.parent).with_suffix("").as_posix()
        shown = key.encode("utf-8", "backslashreplace").decode()  # a file system takes names that are no UTF-8
        try:
            data, changed = read_bytes(file, feed=FEED, symbol=name, limit=left), file.stat().st_mtime_ns
            left -= len(data)
            rows.append((shown, decode_text(data, layout.encoding), changed, None))
        except (UnicodeError, LookupError):
            rows.append((shown, None, None, f"a file that is no {layout.encoding} text; set encoding"))
        except (FeedUnavailable, OSError):
            if not path.is_dir():
                raise
            rows.append((shown, None, None, _UNREADABLE))
    if all(why == _UNREADABLE for *_, why in rows):
        raise FeedUnavailable(FEED, name, f"of the {len(rows)} files in {path} none can be read")
    frame = pd.DataFrame(rows, columns=[DOCUMENT_ID, TEXT, PUBLISHED_AT, REASON], dtype=object)
    return frame.assign(**{PUBLISHED_AT: pd.to_datetime(frame[PUBLISHED_AT], utc=True).astype(TIME)}), left
