"""The rows of a table of documents: a CSV, whose cells are text and may hold line breaks in quotes, or Parquet."""

import codecs
import csv
import io
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from daycast.storage.feeds.reading.layout import tidy
from daycast.storage.feeds.reading.local_file import FILE_LIMIT
from daycast.storage.feeds.reading.parquet_table import CELL_LIMIT
from daycast.storage.terms.errors import FeedRefused
from daycast.storage.terms.text import listed
from daycast.storage.terms.words import DOCUMENT_ID, LABEL, LABELLED_AT, PUBLISHED_AT, TEXT

FEED = "files"
_PARQUET = b"PAR1"
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_DELIMITERS = ",;\t|"
_END = "\0the end"
"""A line after the last one: a quote that does not end has swallowed it."""
_KEYS = {DOCUMENT_ID: "document", TEXT: "text", PUBLISHED_AT: "time", LABEL: "label", LABELLED_AT: "labelled_at"}
"""What names each column in the pipeline file."""

# Python's default is 131,072 characters, and a document may be a book; the limit is the process's.
csv.field_size_limit(FILE_LIMIT)


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
class DocumentRows:
    """The rows of a table.

    Attributes:
        frame: the columns of the layout by our own names, as they stand in the table.
        broken: by place, why a row is none.
    """

    frame: pd.DataFrame
    broken: Mapping[int, str]


def read_csv_rows(data: bytes, *, layout: DocumentLayout, name: str) -> DocumentRows:
    """Read a CSV; the header says what is between its fields, and a row of another number of them is none.

    Raises:
        FeedRefused: it is no text, has no such header, or a quote in it does not end.
    """
    text = _decoded(data, layout=layout, name=name)
    delimiter = _delimiter(text, layout)
    rows = list(_rows(text, delimiter))
    if rows.pop() != [_END]:
        raise FeedRefused(FEED, name, "what is no CSV: a quote in it does not end, so that no row after it is sure")
    if not rows:
        raise FeedRefused(FEED, name, "what is no CSV with a header: it is empty")
    header = [each.strip() for each in rows.pop(0)]
    places = {ours: header.index(there) for ours, there in _matched(header, layout=layout, name=name).items()}
    broken = {}
    for number, row in enumerate(rows):
        while len(row) > len(header) and not row[-1]:
            row.pop()
        if len(row) != len(header):
            broken[number] = _MORE if len(row) > len(header) else _FEWER
            rows[number] = _key_alone(row, places, width=len(header))
    cells = {ours: [row[place] or None for row in rows] for ours, place in places.items()}
    return DocumentRows(frame=pd.DataFrame(cells, dtype=object), broken=broken)


_MORE = "more fields than the header has; quote a text that holds the separator"
_FEWER = "fewer fields than the header has"


def _key_alone(row: Sequence[str], places: Mapping[str, int], *, width: int) -> list[str]:
    """The key of a broken row where it stands before the text: what stands behind may be a piece of that."""
    place, sure = places[DOCUMENT_ID], places[DOCUMENT_ID] < places[TEXT]
    return [row[place] if sure and at == place < len(row) else "" for at in range(width)]


def read_parquet_rows(data: bytes, *, layout: DocumentLayout, name: str) -> DocumentRows:
    """Read the columns of a Parquet file, an index that pandas has written among them.

    Raises:
        FeedRefused: it is no whole Parquet file, is too large, or a column is missing or of another kind.
    """
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(io.BytesIO(data), page_checksum_verification=True) as file:
            schema, rows = file.schema_arrow, file.metadata.num_rows
            columns = _matched(schema.names, layout=layout, name=name)
            if wrong := next(_wrong_kinds({ours: schema.field(there) for ours, there in columns.items()}), ""):
                raise FeedRefused(FEED, name, wrong)
            if rows * len(columns) > CELL_LIMIT:
                raise FeedRefused(FEED, name, f"{rows:,} rows; at most {CELL_LIMIT // len(columns):,} are read")
            frame = file.read(columns=list(columns.values())).to_pandas(ignore_metadata=True)
    except FeedRefused:
        raise
    except Exception as error:
        # Of a damaged file pyarrow and pandas let escape what they meet: ArrowException, KeyError, TypeError, …
        raise FeedRefused(FEED, name, f"what is no whole Parquet file ({type(error).__name__})") from None
    return DocumentRows(frame=pd.DataFrame({ours: frame[there] for ours, there in columns.items()}), broken={})


def _wrong_kinds(fields: Mapping[str, object]) -> Iterator[str]:
    """Columns of what is no text, where text is required, or of what is no single value."""
    import pyarrow.types as kinds

    for ours, field in fields.items():
        kind = field.type.value_type if kinds.is_dictionary(field.type) else field.type  # type: ignore[attr-defined]
        text = kinds.is_string(kind) or kinds.is_large_string(kind) or kinds.is_string_view(kind) or kinds.is_null(kind)
        binary = kinds.is_binary(kind) or kinds.is_large_binary(kind) or kinds.is_fixed_size_binary(kind)
        if not text and (ours == TEXT or binary or kinds.is_nested(kind)):
            wanted = "text is" if ours == TEXT else "a single value is"
            yield f"{kind} in the column {field.name!r}, where {wanted} required"  # type: ignore[attr-defined]


def decode_text(data: bytes, encoding: str) -> str:
    """The text of bytes, without a byte order mark.

    Raises:
        UnicodeError: they are no text of the encoding; or, as of UTF-7, halves of characters, which no file can keep.
    """
    text = data.decode(encoding).removeprefix("\ufeff")
    text.encode("utf-8")
    return text


def _decoded(data: bytes, *, layout: DocumentLayout, name: str) -> str:
    if data.startswith(_PARQUET):
        raise FeedRefused(FEED, name, "a Parquet file under another name; let it end in .parquet")
    try:
        return decode_text(data, layout.encoding)
    except (UnicodeError, LookupError) as error:
        key = 'set encoding = "utf-16"' if data.startswith(_UTF_16) else "set encoding"
        raise FeedRefused(FEED, name, f"what is no {layout.encoding} text ({error}); {key}") from None


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    """The fields of each row, without empty lines; the last one is :data:`_END` alone."""
    return filter(None, csv.reader(itertools.chain(io.StringIO(text, newline=""), [_END]), delimiter=delimiter))


def _delimiter(text: str, layout: DocumentLayout) -> str:
    """What stands between the fields of the header: what leaves every column in it, else a comma."""
    for delimiter in _DELIMITERS:
        header = next(_rows(text, delimiter))
        if all(_near(theirs, header) for theirs in layout.columns.values()):
            return delimiter
    return _DELIMITERS[0]


def _matched(header: Sequence[str], *, layout: DocumentLayout, name: str) -> dict[str, str]:
    """The names in the file by our own, as they are written there.

    Raises:
        FeedRefused: one is missing, or stands twice.
    """
    near = {ours: _near(theirs, header) for ours, theirs in layout.columns.items()}
    if missing := [ours for ours, found in near.items() if not found]:
        wanted = ", ".join(repr(layout.columns[ours]) for ours in missing)
        keys = ", ".join(_KEYS[ours] for ours in missing)
        raise FeedRefused(FEED, name, f"no column {wanted} among {listed(header, most=20)}; set {keys}")
    if twice := [found[0] for found in near.values() if len(found) > 1]:
        raise FeedRefused(FEED, name, f"more than one column {', '.join(map(repr, twice))}")
    return {ours: found[0] for ours, found in near.items()}


def _near(wanted: str, header: Sequence[str]) -> list[str]:
    """The columns that are meant by a name: as it is written, or else whatever the case, with ``_`` for a space."""
    exact = [there for there in header if there.strip() == wanted]
    return exact or [there for there in header if tidy(there) == tidy(wanted)]
