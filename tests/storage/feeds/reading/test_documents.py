"""Documents from CSV, Parquet and folders: every script, and what is set aside with its reason."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from daycast.storage.feeds.reading.document_table import DocumentLayout
from daycast.storage.feeds.reading.documents import read_documents
from daycast.storage.terms.errors import FeedRefused, FeedUnavailable

LAYOUT = DocumentLayout(label="label")
TEXTS = {
    "chinese": "天气很好。",
    "emoji": "great 😀👨‍👩‍👧",
    "right-to-left": "שלום עולם",
    "marks": "e\u0301cole",
    "html": "<b>bold</b><script>alert(1)</script>",
    "control": "a\x01b\x7f",
    "lines": 'two\nlines, and "quotes"',
    "empty": "",
    "long": "word " * 2_000_000,
}


def _frame(texts=TEXTS):
    return pd.DataFrame(
        {
            "document_id": list(texts),
            "published_at": pd.date_range("2026-01-01", periods=len(texts), freq="h", tz="UTC", unit="us"),
            "label": ["1", None] * (len(texts) // 2) + ["0"] * (len(texts) % 2),
            "text": list(texts.values()),
        }
    )


def test_every_document_comes_out_of_parquet_as_it_went_in(tmp_path: Path) -> None:
    _frame().to_parquet(tmp_path / "docs.parquet")
    read = read_documents(tmp_path / "docs.parquet", layout=LAYOUT, name="docs")
    assert dict(zip(read.good["document_id"], read.good["text"], strict=True)) == TEXTS
    assert read.set_aside.empty


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_document_comes_out_of_csv_as_it_went_in(tmp_path: Path, encoding: str) -> None:
    """But the empty one, which CSV cannot tell from one that is missing."""
    _frame().to_csv(tmp_path / "docs.csv", index=False, encoding=encoding)
    layout = DocumentLayout(label="label", encoding=encoding)
    read = read_documents(tmp_path / "docs.csv", layout=layout, name="docs")
    assert dict(zip(read.good["document_id"], read.good["text"], strict=True)) == {
        key: text for key, text in TEXTS.items() if key != "empty"
    }
    assert read.set_aside.to_dict("records") == [{"document_id": "empty", "reason": "no text"}]
    assert read.good["label"].fillna("").tolist()[:2] == ["1", ""]


def test_a_folder_gives_a_document_a_file(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.txt").write_text("one", encoding="utf-8")
    (tmp_path / "deep" / "天.txt").write_text("two", encoding="utf-8")
    (tmp_path / "bad.txt").write_bytes(b"\xff\xfe\xfa")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    read = read_documents(tmp_path, layout=DocumentLayout(), name="docs")
    assert dict(zip(read.good["document_id"], read.good["text"], strict=True)) == {"a": "one", "deep/天": "two"}
    assert read.set_aside.to_dict("records") == [
        {"document_id": "bad", "reason": "a file that is no utf-8 text; set encoding"}
    ]
    assert read.good["published_at"].max() <= pd.Timestamp(datetime.now(UTC))


def test_rows_that_cannot_be_used_are_set_aside_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "docs.csv").write_text(
        "document_id,published_at,label,text\n"
        ",2026-01-01,1,no key\n"
        "a,2026-01-01,1,good\n"
        "b,yesterday,1,no time\n"
        "c,2026-01-02,0,\n"
        "a,2026-01-03,1,other\n"
        "a,2026-01-03,1,good\n"
        f"{'k' * 201},2026-01-03,1,long key\n",
        encoding="utf-8",
    )
    read = read_documents(tmp_path / "docs.csv", layout=LAYOUT, name="docs")
    assert read.good["text"].tolist() == ["good"]
    assert read.set_aside["reason"].tolist() == [
        "no key",
        "no time that can be read, as 2024-01-31T13:00:00Z is",
        "no text",
        "a key that stands twice, with another text",
        "a key that stands twice",
        "a key of more than 200 characters",
    ]


def test_a_key_and_a_label_that_postgresql_cannot_keep_are_set_aside_and_such_a_text_is_not(tmp_path: Path) -> None:
    frame = _frame({"a\0b": "key", "c": "label", "d": "in a\0text"}).assign(label=["1", "\0", "0"])
    frame.to_parquet(tmp_path / "docs.parquet")
    read = read_documents(tmp_path / "docs.parquet", layout=LAYOUT, name="docs")
    assert read.good["text"].tolist() == ["in a\0text"]
    assert read.set_aside["reason"].tolist() == ["a NUL character in the key", "a NUL character in the label"]


def test_numbers_are_labels_and_keys_without_a_decimal_point(tmp_path: Path) -> None:
    frame = _frame({"a": "x", "b": "y"}).assign(label=[1.0, None], document_id=[7, 8])
    frame.to_parquet(tmp_path / "docs.parquet")
    good = read_documents(tmp_path / "docs.parquet", layout=LAYOUT, name="docs").good
    assert (good["document_id"].tolist(), good["label"].fillna("").tolist()) == (["7", "8"], ["1", ""])


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_header_says_what_stands_between_fields_and_names_columns_in_any_case(
    tmp_path: Path, delimiter: str
) -> None:
    header = delimiter.join(["Document ID", " Published_At", "LABEL", "text"])
    row = delimiter.join(["a", "2026-01-01", "1", f'"with {delimiter} in it"'])
    (tmp_path / "docs.csv").write_text(f"{header}\r\n\r\n{row}\r\n", encoding="utf-8")
    good = read_documents(tmp_path / "docs.csv", layout=LAYOUT, name="docs").good
    assert good[["document_id", "text", "label"]].to_numpy().tolist() == [["a", f"with {delimiter} in it", "1"]]


def test_half_a_character_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "half.txt").write_bytes(b"+2AA-")
    (tmp_path / "docs.csv").write_bytes(b"document_id,published_at,label,text\na,2026-01-01,1,+2AA-\n")
    layout = DocumentLayout(label="label", encoding="utf-7")
    read = read_documents(tmp_path, layout=layout, name="docs")
    assert read.set_aside["reason"].tolist() == ["a file that is no utf-7 text; set encoding"]
    with pytest.raises(FeedRefused, match="no utf-7 text"):
        read_documents(tmp_path / "docs.csv", layout=layout, name="docs")


def test_a_row_of_another_number_of_fields_is_set_aside_and_nothing_of_its_text_shown(tmp_path: Path) -> None:
    (tmp_path / "docs.csv").write_text(
        "document_id,published_at,label,text\n"
        "a,2026-01-01,1,good,,\n"
        "b,2026-01-01,1,a text, with 2026-01-01T00:00Z in it\n"
        "c,2026-01-01,1\n"
        "d,2026-01-02,0,good too\n",
        encoding="utf-8",
    )
    read = read_documents(tmp_path / "docs.csv", layout=LAYOUT, name="docs")
    assert read.good["document_id"].tolist() == ["a", "d"]
    assert read.set_aside.to_numpy().tolist() == [
        ["b", "more fields than the header has; quote a text that holds the separator"],
        ["c", "fewer fields than the header has"],
    ]
    (tmp_path / "other.csv").write_text(
        "text,document_id,published_at,label\nhush, secret,a,2026-01-01,1\n", encoding="utf-8"
    )
    aside = read_documents(tmp_path / "other.csv", layout=LAYOUT, name="docs").set_aside
    assert aside["document_id"].tolist() == [""], "a piece of the text stands where the key would"


def test_a_row_that_is_one_field_longer_than_the_header_shifts_none(tmp_path: Path) -> None:
    rows = "".join(f"x,a{number},2026-01-01,1,text\n" for number in range(3))
    (tmp_path / "docs.csv").write_text(f"document_id,published_at,label,text\n{rows}", encoding="utf-8")
    read = read_documents(tmp_path / "docs.csv", layout=LAYOUT, name="docs")
    assert (len(read.good), len(read.set_aside)) == (0, 3)


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("text", [b"a", b"b"], "binary in the column 'text', where text is required"),
        ("text", [1, 2], "int64 in the column 'text', where text is required"),
        ("text", [["a"], ["b"]], "where text is required"),
        ("label", [["a"], ["b"]], "in the column 'label', where a single value is required"),
        ("published_at", [["a"], ["b"]], "in the column 'published_at', where a single value is required"),
    ],
)
def test_a_column_of_another_kind_is_refused_by_name(
    tmp_path: Path, column: str, values: list[object], said: str
) -> None:
    _frame({"a": "x", "b": "y"}).assign(**{column: values}).to_parquet(tmp_path / "docs.parquet")
    with pytest.raises(FeedRefused, match=said):
        read_documents(tmp_path / "docs.parquet", layout=LAYOUT, name="docs")


def test_an_index_that_pandas_has_written_is_a_column(tmp_path: Path) -> None:
    frame = _frame({"a": "x", "b": "y"}).assign(text=lambda frame: frame["text"].astype("category"))
    frame.set_index("document_id").to_parquet(tmp_path / "docs.parquet")
    good = read_documents(tmp_path / "docs.parquet", layout=LAYOUT, name="docs").good
    assert (good["document_id"].tolist(), good["text"].tolist()) == (["a", "b"], ["x", "y"])


def test_what_of_a_folder_cannot_be_read_stops_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_text("one", encoding="utf-8")
    (tmp_path / "folder.txt").mkdir()
    (tmp_path / "link.txt").symlink_to(tmp_path / "nowhere")
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.txt"))).write_text("two", encoding="utf-8")
    read = read_documents(tmp_path, layout=DocumentLayout(), name="docs")
    assert dict(zip(read.good["document_id"], read.good["text"], strict=True)) == {"good": "one", "\\udcff": "two"}
    assert read.set_aside.to_dict("records") == [{"document_id": "link", "reason": "a file that cannot be read"}]


def test_a_folder_of_which_nothing_can_be_read_is_an_outage(tmp_path: Path) -> None:
    (tmp_path / "link.txt").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FeedUnavailable, match="of the 1 files in .* none can be read"):
        read_documents(tmp_path, layout=DocumentLayout(), name="docs")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no CSV with a header"),
        (b"document_id,published_at,label,text,text\na,2026-01-01,1,x,y\n", "more than one column 'text'"),
        (b'document_id,published_at,label,text\na,2026-01-01,1,"x\nb,2026-01-01,1,y\n', "a quote in it does not end"),
        (b"PAR1", "a Parquet file under another name"),
        ("document_id".encode("utf-16"), 'set encoding = "utf-16"'),
        pytest.param(b"\0" * 4096, r"among \?{39}…; set document, text, time, label", id="NUL characters"),
        (b"id,text\n1,a\n", "no column 'document_id', 'published_at', 'label'"),
        (b"document_id,published_at,label,text\na,2026-01-01T00:00Z,,x\nb,2026-01-01,,y\n", "with a zone"),
        ("document_id,published_at,label,text\na,2026-01-01,,é\n".encode("latin-1"), "set encoding"),
    ],
)
def test_what_is_no_table_of_documents_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "docs.csv").write_bytes(content)
    with pytest.raises(FeedRefused, match=said):
        read_documents(tmp_path / "docs.csv", layout=LAYOUT, name="docs")


def test_damaged_parquet_numbers_as_times_and_nothing_at_all_are_refused(tmp_path: Path) -> None:
    (tmp_path / "docs.parquet").write_bytes(b"PAR1 cut")
    with pytest.raises(FeedRefused, match="no whole Parquet file"):
        read_documents(tmp_path / "docs.parquet", layout=LAYOUT, name="docs")
    _frame({"a": "x", "b": "y"}).assign(published_at=[1, 2]).to_parquet(tmp_path / "docs.parquet")
    with pytest.raises(FeedRefused, match="their unit and epoch are a guess"):
        read_documents(tmp_path / "docs.parquet", layout=LAYOUT, name="docs")
    with pytest.raises(FeedUnavailable, match="there is no file"):
        read_documents(tmp_path / "none.csv", layout=LAYOUT, name="docs")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FeedRefused, match=r"no \.txt"):
        read_documents(tmp_path / "empty", layout=LAYOUT, name="docs")


def test_a_label_has_a_time_of_its_own_where_the_layout_names_its_column(tmp_path: Path) -> None:
    frame = _frame().assign(labelled_at=["2026-02-01T00:00Z", "soon", *["2026-02-02T10:00:00+02:00"] * 7])
    frame.to_csv(tmp_path / "docs.csv", index=False)
    layout = DocumentLayout(label="label", labelled_at="labelled_at")
    read = read_documents(tmp_path / "docs.csv", layout=layout, name="docs")
    assert read.good["labelled_at"].iloc[0] == pd.Timestamp("2026-02-01", tz="UTC")
    assert read.good["labelled_at"].iloc[2] == pd.Timestamp("2026-02-02T08:00", tz="UTC")
    assert "emoji" in set(read.good["document_id"]), "without a label it needs no time"
    bad = frame.assign(labelled_at="soon").iloc[:1]
    bad.to_csv(tmp_path / "bad.csv", index=False)
    aside = read_documents(tmp_path / "bad.csv", layout=layout, name="docs").set_aside
    assert aside["reason"].tolist() == ["a label without a time that can be read"]


def test_a_single_text_file_is_a_document(tmp_path: Path) -> None:
    (tmp_path / "play.txt").write_text("To be,\nor not", encoding="utf-8")
    read = read_documents(tmp_path / "play.txt", layout=DocumentLayout(), name="play")
    assert read.good[["document_id", "text"]].to_numpy().tolist() == [["play", "To be,\nor not"]]
