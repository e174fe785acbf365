"""Windowing to Parquet, beside pyarrow writing the same table from memory.

Run from the project's folder: ``python tests/bench/bench_windows.py``. Each figure is the median of several rounds,
the two taken in turn in one run, so that a slow moment of the machine hits both.
"""

import io
import statistics
import tempfile
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from daycast.models.series.columns import from_columns, to_columns
from daycast.models.series.windows import Windows, make_windows
from daycast.storage.lake import parquet
from daycast.storage.lake.folder import Folder
from daycast.storage.lake.windows import WindowStore
from daycast.storage.terms.pipeline import Pipeline

_HOURS, _ROUNDS = 17_420, 7
_COLUMNS = ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT")


def main() -> None:
    """Print the medians and their ratio, for a short and a long lookback."""
    for lookback, horizon in ((96, 24), (336, 96)):
        _compare(_spec(lookback, horizon), _levels())


def _compare(spec: Pipeline, levels: pd.DataFrame) -> None:
    table = parquet.arrays_table(to_columns(make_windows(levels, spec=spec, series_id="bench/OT")))
    ours, plain, read = [], [], []
    for _ in range(_ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            store = WindowStore(Folder(folder), spec)
            ours.append(_seconds(lambda: store.sync("OT", to_columns(_windows(levels, spec)))))  # noqa: B023
            plain.append(_seconds(lambda: pq.write_table(table, f"{folder}/plain.parquet", compression="zstd")))
            until = {"OT": levels.index[-1].to_pydatetime()}
            read.append(_seconds(lambda: from_columns(store.read(until), spec=spec)))  # noqa: B023
    size = table.nbytes / 2**20
    stored = _stored_size(table)
    print(  # noqa: T201
        f"lookback {spec.lookback}, horizon {spec.horizon}: {table.num_rows} windows, {size:.0f} MiB, "
        f"{stored:.0f} MiB stored\n"
        f"  windows made and written   {statistics.median(ours):.3f} s\n"
        f"  pyarrow, same table        {statistics.median(plain):.3f} s\n"
        f"  speed beside pyarrow       {statistics.median(b / a for a, b in zip(ours, plain, strict=True)):.2f}"
        f"  (at least 0.5 is asked for)\n"
        f"  read back as arrays        {statistics.median(read):.3f} s"
    )


def _windows(levels: pd.DataFrame, spec: Pipeline) -> Windows:
    return make_windows(levels, spec=spec, series_id="bench/OT")


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _stored_size(table: object) -> float:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, **parquet.COMPRESSION)
    return len(buffer.getvalue()) / 2**20


def _spec(lookback: int, horizon: int) -> Pipeline:
    return Pipeline(
        name="bench", feed="files", symbols=("OT",), target="OT", features=_COLUMNS,
        calendar="1h", difference="absolute", lookback=lookback, horizon=horizon,
    )  # fmt: skip


def _levels() -> pd.DataFrame:
    steps = np.random.default_rng(7).normal(size=(_HOURS, len(_COLUMNS)))
    index = pd.date_range("2016-07-01", periods=_HOURS, freq="h", tz="UTC", unit="us")
    return pd.DataFrame(steps.cumsum(axis=0), index=index, columns=list(_COLUMNS))


if __name__ == "__main__":
    main()
