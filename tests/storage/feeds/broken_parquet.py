"""Broken Parquet files, each with what must happen."""

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from tests.storage.feeds.broken import CLOSES, CSV, DAYS, Case, Refused, Rows, frame, one_bad, parquet, text


def _case(feed: str, name: str, answer: bytes | str, must: Refused | Rows, **keys: Any) -> Case:
    return Case(name=name, feed=feed, answer=answer, must=must, keys=keys)


def files() -> Iterator[Case]:
    """The cases."""

    def case(name: str, answer: bytes, must: Refused | Rows, **keys: Any) -> Case:
        return _case("parquet", name, answer, must, **keys)

    missing = {"missing_instants": 1}
    whole = parquet(frame())
    yield case("an empty file", b"", Refused(says="no whole Parquet file"))
    yield case("a CSV by that name", text(CSV).encode(), Refused(says="no whole Parquet file"))
    yield case("cut", whole[: len(whole) // 2], Refused(says="no whole Parquet file"))
    yield case("its end is missing", whole[:-9], Refused(says="no whole Parquet file"))
    yield case("its footer is damaged", _flipped(whole, len(whole) - 60), Refused(says="no whole Parquet file"))
    yield case("no rows", parquet(frame().head(0)), Refused(says="a table without rows"))
    yield case("no target", parquet(frame()[["date"]]), Refused(says="no column 'close'"))
    yield case("numbers for times", parquet(frame(date=range(12))), Refused(says="numbers in the time column"))
    yield case("nothing but words", parquet(frame(close=["x"] * 12)), Refused(says="no row that can be used"))
    yield case("lists for numbers", parquet(frame(close=[[1.0]] * 12)), Refused(says="no row that can be used"))
    yield case("truths for numbers", parquet(frame(close=[True] * 12)), Refused(says="no row that can be used"))
    yield case("rows beyond all measure", _repeated(), Refused(says="at most 134,217,728 are read"))
    yield case("numbers in words", parquet(frame(close=[repr(close) for close in CLOSES])), Rows(good=12))
    for name, value, reason in [
        ("NaN", float("nan"), "close is missing"),
        ("infinity", float("inf"), "close is not finite"),
        ("a price below zero", -1.0, "close is not positive"),
    ]:
        closes = [value if place == 2 else close for place, close in enumerate(CLOSES)]
        yield case(name, parquet(frame(close=closes)), one_bad(reason, missing), difference="log")
    dates = [pd.NaT if place == 2 else day for place, day in enumerate(DAYS)]
    yield case("a missing time", parquet(frame(date=dates)), one_bad("the time is missing", missing))
    yield case(
        "everything twice",
        parquet(pd.concat([frame(), frame()])),
        Rows(good=12, findings={"duplicate": 12}),
    )
    yield case("a page that breaks its checksum", _broken_page(), Refused(says="no whole Parquet file"))


def _flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]


def _broken_page() -> bytes:
    data = parquet(frame(), write_page_checksum=True, compression="none", use_dictionary=False)
    return _flipped(data, data.index(np.float64(CLOSES[4]).tobytes()) + 2)


def _repeated() -> bytes:
    """A few kilobytes that stand for some hundred million rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = io.BytesIO()
    schema = pa.schema([("date", pa.date32()), ("close", pa.float64())])
    piece = pa.table({"date": pa.nulls(1_000_000, pa.date32()), "close": pa.nulls(1_000_000, pa.float64())})
    with pq.ParquetWriter(file, schema) as writer:
        for _ in range(70):
            writer.write_table(piece)
    return file.getvalue()
