"""Windowing to Parquet, beside pyarrow writing the windows whole from memory.

Run from the project's folder: ``python tests/bench/bench_windows.py``. Each figure is the median of several rounds,
the two taken in turn in one run, so that a slow moment of the machine hits both.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from daycast.models.series.alignment import Levels, align
from daycast.models.series.columns import from_rows, from_table, to_rows, to_table
from daycast.models.series.latest import latest
from daycast.models.series.panel import Panel
from daycast.models.series.windows import Windows
from daycast.storage.lake import parquet
from daycast.storage.lake.folder import Folder
from daycast.storage.lake.rows import Rows
from daycast.storage.lake.windows import WindowStore
from daycast.storage.terms.pipeline import Pipeline

_HOURS, _ROUNDS = 17_420, 7
_STEP = pd.Timedelta(hours=1)
_COLUMNS = ("HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT")


def main() -> None:
    """Print the medians and their ratio, for a short and a long lookback."""
    for lookback, horizon in ((96, 24), (336, 96)):
        _compare(_spec(lookback, horizon), _levels())


def _compare(spec: Pipeline, levels: pd.DataFrame) -> None:
    panel = _panel(levels, spec)
    windows = panel.windows(panel.index)
    flat = {"inputs": windows.inputs.reshape(len(windows), -1), "targets": windows.targets, "base": windows.base}
    table = parquet.arrays_table(flat)
    ours, plain, read = [], [], []
    for _ in range(_ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            store = WindowStore(Folder(folder), spec)
            ours.append(_seconds(lambda: store.sync("_0000", Rows(*to_rows(_panel(levels, spec))))))  # noqa: B023
            plain.append(_seconds(lambda: pq.write_table(table, f"{folder}/plain.parquet", compression="zstd")))
            read.append(_seconds(lambda: _read(store, levels, spec)))  # noqa: B023
            stored = sum(path.stat().st_size for path in Path(folder).rglob("*.parquet")) / 2**20
    print(  # noqa: T201
        f"lookback {spec.lookback}, horizon {spec.horizon}: {table.num_rows} windows, {table.nbytes / 2**20:.0f} MiB, "
        f"{stored:.1f} MiB in the folder with the plain file\n"
        f"  rows made and written      {statistics.median(ours):.3f} s\n"
        f"  pyarrow, whole windows     {statistics.median(plain):.3f} s\n"
        f"  speed beside pyarrow       {statistics.median(b / a for a, b in zip(ours, plain, strict=True)):.2f}"
        f"  (at least 0.5 is asked for)\n"
        f"  read and gathered          {statistics.median(read):.3f} s"
    )


def _levels_of(levels: pd.DataFrame, spec: Pipeline) -> Levels:
    codes = np.zeros(len(levels), dtype=np.intp)
    return align(levels[list(spec.columns)], names=["bench/OT"], codes=codes, instants=levels.index, step=_STEP)


def _panel(levels: pd.DataFrame, spec: Pipeline) -> Panel:
    return Panel.of(_levels_of(levels, spec), spec=spec, limit=spec.fill_limit)


def _read(store: WindowStore, levels: pd.DataFrame, spec: Pipeline) -> Windows:
    aligned = _levels_of(levels, spec)
    table = to_table(latest(aligned, panel=Panel.of(aligned, spec=spec, limit=spec.fill_limit), spec=spec))
    panel = from_rows(store.read("_0000", table), latest=from_table(table, spec=spec), spec=spec, step=_STEP)
    return panel.windows(panel.index)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


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
