"""Daily runs, one after another in one process as ``daycast backfill`` does them, and what each of them costs.

Run from the project's folder: ``python tests/drills/drill_endurance.py [--days 250] [--csv FILE] [--plot FILE.svg]``.
The days are simulated: each has one new row a series at the feed, a clock that stands at the day, and files and Prefect
records that are as old as their day; upkeep runs every seventh day, and every 25th day the champion is fine-tuned in a
process of its own. After each day it is measured what the process holds and what is stored. Exits with 1 where a
measure does not stay flat, by the limits of :data:`LIMITS`.
"""

import argparse
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

ROOT = Path(__file__).parents[2]
KNOWN = 150
"""Days of history before the first run."""
SYMBOLS = ("A", "B")
UPKEEP_DAYS, FINE_TUNE_DAYS = 7, 25
KEPT_DAYS = 30
"""How long upkeep keeps reports and Prefect's records here, 90 by default: their size can be flat only after that."""
_STORED = KEPT_DAYS + 2 * UPKEEP_DAYS

PIPELINE = """
[mine]
feed = "files"
path = "{folder}/{{symbol}}.csv"
symbols = ["A", "B"]
target = "close"
features = ["close"]
calendar = "1D"
difference = "log"
lookback = 8
horizon = 2
model = {{ cell = "gru", units = [4], epochs = 8, batch_size = 16, learning_rate = 0.02, seed = 3 }}
training = {{ retrain_every_days = 100000, fine_tune_epochs = 2 }}
"""


@dataclass(frozen=True, kw_only=True)
class Day:
    """What a day came to.

    Attributes:
        number: from 0.
        training: how it came by its network.
        seconds: the run alone, without upkeep.
        work: likewise, processor time of this process and of the Prefect server, which other programs do not lengthen.
        memory: resident set of this process, MiB.
        server: likewise of the Prefect server.
        files: what this process holds open.
        disk: the storage folder without the database, MiB.
        database: daycast's database, MiB.
        rows: in all its tables.
        prefect: records of runs in Prefect's own database. Its events are not among them: Prefect removes those itself
            after seven days, which do not go by here.
    """

    number: int
    training: str
    seconds: float
    work: float
    memory: float
    server: float
    files: float
    disk: float
    database: float
    rows: float
    prefect: float


@dataclass(frozen=True, kw_only=True)
class Limit:
    """How flat a measure must stay.

    Attributes:
        measure: of :class:`Day`.
        words: what it is called.
        share: what it may change in 100 days, as a share of its median.
        after: days that are not looked at, as caches and retained records fill up.
        step: whether it grows by design, so that what it grows by a day is looked at.
    """

    measure: str
    words: str
    share: float
    after: int
    step: bool = False


LIMITS = (
    Limit(measure="work", words="processor time of a run, s", share=0.10, after=20),
    Limit(measure="memory", words="memory of the process, MiB", share=0.05, after=30),
    Limit(measure="server", words="memory of the Prefect server, MiB", share=0.10, after=30),
    Limit(measure="files", words="open files", share=0.05, after=20),
    Limit(measure="disk", words="storage folder, MiB", share=0.10, after=_STORED),
    Limit(measure="prefect", words="records of Prefect's", share=0.10, after=_STORED),
    Limit(measure="database", words="daycast's database, MiB", share=0.10, after=20, step=True),
    Limit(measure="rows", words="rows in its tables", share=0.10, after=20, step=True),
)
"""The slope is the median of the slopes between any two days (Theil and Sen), which a few slow days do not move."""


def main() -> int:
    """Run the days, print and draw what they came to."""
    parser = argparse.ArgumentParser(description="Daily runs in a row, and what each of them costs.")
    parser.add_argument("--days", type=int, default=250)
    parser.add_argument("--csv", type=Path, help="where to write a line a day, as the days go by")
    parser.add_argument("--plot", type=Path, help="where to draw them, as an SVG")
    asked = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        days = [_told(day, asked.csv) for day in _days(Path(folder), count=asked.days)]
    wall = time.monotonic() - began
    broken = [words for limit in LIMITS if (words := _judged(limit, days))]
    usual = statistics.median(day.seconds for day in days)
    tuned = sum(day.training == "fine_tune" for day in days)
    said = f"not flat: {'; '.join(broken)}" if broken else "flat"
    print(f"{len(days)} days in {wall:.0f} s, {tuned} fine-tuned, {usual:.1f} s a day: {said}")  # noqa: T201
    if asked.plot:
        _draw(days, asked.plot)
    return 1 if broken else 0


def _told(day: Day, path: Path | None) -> Day:
    """Add a day to the CSV file, where one is wanted."""
    if path:
        names = "" if day.number else ",".join(asdict(day)) + "\n"
        with path.open("a" if day.number else "w") as file:
            file.write(names + ",".join(f"{value}" for value in asdict(day).values()) + "\n")
    return day


def slope(values: Sequence[float]) -> float:
    """The median of the slopes between any two values, a step apart each."""
    pairs = ((b - a) / (j - i) for i, a in enumerate(values) for j, b in enumerate(values[i + 1 :], start=i + 1))
    return statistics.median(pairs)


def _judged(limit: Limit, days: Sequence[Day]) -> str:
    """Print a measure; words where it is not flat."""
    values = [float(getattr(day, limit.measure)) for day in days[limit.after :] if _counts(limit, day)]
    if limit.step:  # by the week, as a database grows by whole pages
        values = [later - earlier for earlier, later in zip(values, values[UPKEEP_DAYS:], strict=False)]
    if len(values) < UPKEEP_DAYS:
        print(f"  {limit.words:36}too few days to tell")  # noqa: T201
        return ""
    middle, change = statistics.median(values), 100 * slope(values)
    share = change / middle if middle else 0.0
    what = "a week, and that changes by" if limit.step else "changes by"
    print(  # noqa: T201
        f"  {limit.words:36}{middle:9.2f} {what} {share:+.1%} in 100 days after day {limit.after} "
        f"(at most {limit.share:.0%})"
    )
    return f"{limit.words} {share:+.1%}" if share > limit.share else ""


def _counts(limit: Limit, day: Day) -> bool:
    return limit.measure != "work" or day.training == "reuse"


def _days(folder: Path, *, count: int) -> Iterator[Day]:
    """Do the days, and tell each one when it is done."""
    (folder / "pipelines.toml").write_text(PIPELINE.format(folder=folder))
    os.environ.update(_environment(folder))
    subprocess.run(
        [sys.executable, "-m", "prefect", "server", "database", "upgrade", "--yes"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    from daycast.flows.server.local_server import prefect_api

    # From tomorrow on, so that no file and no record is younger than the day that it belongs to.
    start = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    with prefect_api() as ready:
        from daycast.tasks.apart.preload import preload

        preload()
        ready()
        for number in range(count):
            yield _day(folder, start + timedelta(days=number), number=number)


def _environment(folder: Path) -> dict[str, str]:
    return {
        "DAYCAST_STORAGE": str(folder / "data"),
        "DAYCAST_DATABASE_URL": f"sqlite:///{folder}/data/daycast.sqlite",
        "DAYCAST_PIPELINES": str(folder / "pipelines.toml"),
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_LOGGING_LEVEL": "ERROR",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }


def _day(folder: Path, as_of: datetime, *, number: int) -> Day:
    from daycast.flows.daily import run_now

    training = "retrain" if number == 0 else "fine_tune" if number % FINE_TUNE_DAYS == 0 else "reuse"
    for seed, symbol in enumerate(SYMBOLS):
        _write_series(folder / f"{symbol}.csv", seed=seed, until=as_of, count=KNOWN + number)
    real = datetime.now(UTC)
    with _clock(as_of + timedelta(minutes=1)):
        began, worked = time.monotonic(), _work()
        summary = run_now("mine", as_of=as_of, training=training)  # type: ignore[arg-type]
        seconds, work = time.monotonic() - began, _work() - worked
        if summary.status != "succeeded":
            raise SystemExit(f"day {number}: {summary.status}: {summary.message}")
        _age(folder, as_of, since=real)
        if number % UPKEEP_DAYS == UPKEEP_DAYS - 1:
            _upkeep()
    return _measured(folder, number=number, training=training, seconds=seconds, work=work)


@contextmanager
def _clock(present: datetime) -> Iterator[None]:
    """Let the flows read the clock of the day."""
    import daycast.flows.daily
    import daycast.flows.upkeep

    with (
        patch.object(daycast.flows.daily, "now", lambda: present),
        patch.object(daycast.flows.upkeep, "now", lambda: present),
    ):
        yield


def _upkeep() -> None:
    from daycast.flows.upkeep import upkeep

    state = upkeep(keep_report_days=KEPT_DAYS, keep_prefect_days=KEPT_DAYS, return_state=True)
    if not state.is_completed():
        raise SystemExit(f"upkeep: {state.message}")


def _write_series(path: Path, *, seed: int, until: datetime, count: int) -> None:
    """One row a day up to a day: the same walk whatever its end."""
    import numpy as np

    steps = np.random.default_rng(seed).normal(scale=0.01, size=count).cumsum()
    values = 50.0 * np.exp(steps + 0.03 * np.sin(np.arange(count) * 2 * np.pi / 7))
    days = [until.date() - timedelta(days=back) for back in reversed(range(count))]
    path.write_text(
        "date,close\n" + "".join(f"{day},{value!r}\n" for day, value in zip(days, values.tolist(), strict=True))
    )


def _age(folder: Path, day: datetime, *, since: datetime) -> None:
    """Give what was written since an instant until now the age that it has on the simulated days."""
    first, last = since - timedelta(seconds=1), datetime.now(UTC) + timedelta(seconds=1)
    for path in (folder / "data").rglob("*"):
        if (
            path.is_file()
            and ".sqlite" not in path.name
            and first.timestamp() <= path.stat().st_mtime <= last.timestamp()
        ):
            os.utime(path, (day.timestamp(), day.timestamp()))
    with closing(sqlite3.connect(folder / "prefect" / "prefect.db", timeout=60)) as connection, connection:
        instants = [f"{instant:%Y-%m-%d %H:%M:%S.%f}" for instant in (day, first, last)]
        connection.execute("UPDATE flow_run SET end_time = ? WHERE end_time BETWEEN ? AND ?", instants)


def _measured(folder: Path, *, number: int, training: str, seconds: float, work: float) -> Day:
    data = [path for path in (folder / "data").rglob("*") if path.is_file()]
    sql = [path for path in data if ".sqlite" in path.name]
    return Day(
        number=number,
        training=training,
        seconds=seconds,
        work=work,
        memory=_resident(os.getpid()),
        server=_resident(_server()),
        files=float(len(os.listdir("/proc/self/fd"))),
        disk=_size([path for path in data if path not in sql]),
        database=_size(sql),
        rows=float(_rows(folder / "data" / "daycast.sqlite")),
        prefect=float(_rows(folder / "prefect" / "prefect.db", leave="event")),
    )


def _rows(path: Path, *, leave: str = "sqlite_") -> int:
    """In all tables but those whose name begins so."""
    with closing(sqlite3.connect(path, timeout=60)) as connection:
        named = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        tables = [name for (name,) in named if not name.startswith(leave)]
        return sum(connection.execute(f'SELECT COUNT(*) FROM "{name}"').fetchone()[0] for name in tables)  # noqa: S608


def _resident(pid: int) -> float:
    """Resident set in MiB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def _work() -> float:
    """Processor time so far, in seconds."""
    user, system = Path(f"/proc/{_server()}/stat").read_text().rpartition(")")[2].split()[11:13]
    return time.process_time() + (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _server() -> int:
    """The Prefect server that :func:`prefect_api` started: the child that runs uvicorn."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    (found,) = [pid for pid in children if b"uvicorn" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    return int(found)


def _size(paths: Sequence[Path]) -> float:
    return sum(path.stat().st_size for path in paths) / 2**20


def _draw(days: Sequence[Day], path: Path) -> None:
    """Each measure by the day, as an SVG."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt

    mpl.rcParams.update({"svg.hashsalt": "daycast", "svg.fonttype": "none", "font.family": "sans-serif"})
    figure, axes = plt.subplots(4, 2, figsize=(9, 9), sharex=True, layout="constrained")
    for limit, axis in zip(LIMITS, axes.flat, strict=True):
        usual = [day for day in days if day.training == "reuse"]
        others = [day for day in days if day.training != "reuse"]
        axis.plot(
            [day.number for day in usual], [getattr(day, limit.measure) for day in usual], ".", ms=3, color="#1f6f8b"
        )
        axis.plot(
            [day.number for day in others], [getattr(day, limit.measure) for day in others], "x", ms=5, color="#c4541b"
        )
        axis.set_ylim(bottom=0)
        axis.set_title(limit.words, fontsize=10, loc="left")
        axis.grid(alpha=0.3)
        axis.spines[["top", "right"]].set_visible(False)
    for axis in axes[-1]:
        axis.set_xlabel("day")
    figure.suptitle("What a daily run costs (crosses: retrained or fine-tuned)", fontsize=11)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    raise SystemExit(main())
