"""The panel that the benchmark of many series runs on: its files of two nights, and what each night came to."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daycast.storage.config.settings import Settings
from daycast.storage.terms.errors import DataError
from daycast.tasks.handover.stores import Stores

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

NAME = "panel"
"""The pipeline's."""
LOOKBACK, HORIZON, UNITS, BATCH = 50, 5, 64, 1024
"""Of its windows, its LSTM, and an update of that."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Which panel.

    Attributes:
        series: how many; of a file the first so many, none for all.
        sessions: of a generated one.
        seed: of the generator.
        data: a CSV or Parquet file with a symbol column; none generates.
        columns: its columns of time, symbol and value.
        windows: the first night trains one epoch on at most so many.
    """

    series: int | None = None
    sessions: int = 1250
    seed: int = 7
    data: Path | None = None
    columns: tuple[str, str, str] = ("date", "symbol", "close")
    windows: int = 2_000_000


@dataclass(frozen=True, kw_only=True)
class LaidOut:
    """A panel whose first night can be run.

    Attributes:
        file: what the pipeline reads.
        later: the same with one session more, to take its place for the second night.
        series: how many there are.
        rows: of the second night.
    """

    file: Path
    later: Path
    series: int
    rows: int

    def next_night(self) -> None:
        """Let the last session come."""
        os.replace(self.later, self.file)


def lay_out(asked: Asked, *, folder: Path, now: datetime) -> LaidOut:
    """Write the panel's files and its pipeline file.

    Args:
        asked: which panel.
        folder: an empty one.
        now: aware UTC; a generated panel ends with the last session before it.

    Raises:
        DataError: the file cannot be read, or has not these columns.
    """
    suffix = ".parquet" if asked.data is None else asked.data.suffix.lower()
    first, later = folder / f"panel{suffix}", folder / f"later{suffix}"
    if asked.data is None:
        symbols, rows = _generate(asked, first=first, later=later, now=now)
    else:
        symbols, rows = _cut(asked, asked.data, first=first, later=later)
    (folder / "pipelines.toml").write_text(_pipeline(asked, path=first, symbols=symbols), encoding="utf-8")
    return LaidOut(file=first, later=later, series=len(symbols), rows=rows)


def night(settings: Settings) -> dict[str, Any]:
    """What the last run came to: ``status``, ``training``, ``message``, and how many forecasts and remarks it left."""
    from daycast.storage.sql.forecasts import latest_forecasts
    from daycast.storage.sql.runs import last_runs, list_remarks

    with Stores(settings).look() as database:
        (run,) = last_runs(database, NAME, count=1)
        return {
            "status": run.status,
            "training": run.training,
            "message": run.message,
            "forecasts": len(latest_forecasts(database, pipeline=NAME)),
            "remarks": len(list_remarks(database, run.run_id)),
        }


def _generate(asked: Asked, *, first: Path, later: Path, now: datetime) -> tuple[list[str], int]:
    from daycast.storage.calendars import Calendar
    from daycast.storage.feeds.sample.panel import panel_symbols, write_panel

    symbols = panel_symbols(asked.series or 1000)
    calendar = Calendar("XNYS")
    days = calendar.instants(now - timedelta(days=2 * asked.sessions + 30), now - timedelta(days=1))[-asked.sessions :]
    write_panel(first, symbols=symbols, days=days[:-1], seed=asked.seed)
    write_panel(later, symbols=symbols, days=days, seed=asked.seed)
    return symbols, len(symbols) * len(days)


def _cut(asked: Asked, data: Path, *, first: Path, later: Path) -> tuple[list[str], int]:
    """A file's rows without those of its last session, and all of them."""
    time, symbol, _ = asked.columns
    rows = _read(data)
    if lacking := [name for name in asked.columns if name not in rows]:
        raise DataError(
            f"The columns {', '.join(asked.columns)} are required. Received: {data}, without {', '.join(lacking)}. "
            "Name them with --columns TIME,SYMBOL,VALUE."
        )
    symbols = sorted(rows[symbol].dropna().astype("str").unique())[: asked.series]
    rows = rows[rows[symbol].isin(symbols)]
    _write(rows[rows[time] < rows[time].max()], first)
    _write(rows, later)
    return symbols, len(rows)


def _read(data: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        # A CSV's numbers stay the text that they are.
        return pd.read_parquet(data) if data.suffix.lower() == ".parquet" else pd.read_csv(data, dtype="str")
    except (OSError, ValueError) as error:
        raise DataError(f"A CSV or Parquet file with a symbol column is required. Received: {data}: {error}.") from None


def _write(rows: pd.DataFrame, path: Path) -> None:
    if path.suffix == ".parquet":
        rows.to_parquet(path, index=False)
    else:
        rows.to_csv(path, index=False)


def _pipeline(asked: Asked, *, path: Path, symbols: Sequence[str]) -> str:
    """The pipeline file: prices on sessions, an LSTM of 64, and no series called stale for the age of its file."""
    time, symbol, value = asked.columns
    named = ", ".join(f'"{each}"' for each in symbols)
    return f"""[{NAME}]
feed = "files"
path = "{path}"
time = "{time}"
symbol_column = "{symbol}"
symbols = [{named}]
target = "{value}"
features = ["{value}"]
calendar = "XNYS"
difference = "log"
lookback = {LOOKBACK}
horizon = {HORIZON}
stale_after_days = 36500
model = {{ cell = "lstm", units = [{UNITS}], epochs = 1, batch_size = {BATCH}, seed = {asked.seed} }}
training = {{ windows = {asked.windows}, fine_tune_epochs = 0 }}
"""


def keep_figures(figures: dict[str, Any], *, asked: Asked, out: str, name: str) -> str:
    """Keep what was measured beside what was asked for; gives the file's path."""
    from daycast.storage.lake.folder import Folder

    folder = Folder(out)
    folder.write(name, json.dumps({"asked": asdict(asked), **figures}, indent=1, default=str).encode())
    return folder.path(name)
