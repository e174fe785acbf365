"""Stops at any moment: Ctrl-C and SIGTERM at random instants of ``daycast run``, and what is left of each.

Run it with ``python -m tests.drills.drill_stops [COUNT]``: COUNT instants of each of the two. A terminal sends SIGINT
to the whole group; a service manager sends SIGTERM to the parent. After each there must be no process of it within 5 s,
one line on standard error, no row that is ``running`` and no half version; and in the end a run must succeed.
"""

import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.places import Place, make_place

LIMIT = 5.0
_LONGEST = 600.0
_BAR = re.compile(r"━|\d+/\d+ \d+:\d\d:\d\d")
"""The bar of a training, drawn or not yet."""


@dataclass(frozen=True, kw_only=True)
class Stop:
    """How a run ended that was stopped.

    Attributes:
        after: seconds from its start to the signal.
        took: seconds from the signal until nothing of it was left.
        code: its exit code.
        said: what it printed to standard error.
        row: the status and message of its row; none where it had none yet.
        wrong: what must not be, in words.
    """

    after: float
    took: float
    code: int
    said: str
    row: tuple[str, str] | None
    wrong: tuple[str, ...]


def stop(place: Place, *, number: signal.Signals, after: float, day: int, backfill: bool = False) -> Stop:
    """Start a run, or a backfill, send it a signal after some seconds, and look at what is left."""
    as_of = f"2024-05-{day:02d}"
    what = (
        ["backfill", "mine", "--from", as_of, "--to", "2024-05-28"] if backfill else ["run", "mine", "--as-of", as_of]
    )
    process = _start(place, what)
    time.sleep(after)
    began = time.monotonic()
    if process.poll() is None:
        if number == signal.SIGINT:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
    left = _wait(place)
    took = time.monotonic() - began
    said = process.communicate(timeout=60)[1]
    row = next((r for r in place.table("runs") if f"{r['as_of']:%Y-%m-%d}" == as_of), None) if _has(place) else None
    told = (row["status"], row["message"]) if row else None
    return Stop(
        after=after,
        took=took,
        code=process.returncode,
        said=said,
        row=told,
        wrong=tuple(_wrong(place, number, code=process.returncode, said=said, took=took, left=left, row=told)),
    )


def _start(place: Place, what: list[str]) -> "subprocess.Popen[str]":
    environment = {name: value for name, value in place.environment.items() if not name.startswith("PREFECT_API")}
    return subprocess.Popen(
        [sys.executable, "-m", "daycast.flows.command.cli", *what, "--train", "retrain"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )


def _has(place: Place) -> bool:
    return (place.root / "data" / "daycast.sqlite").exists()


def _processes(place: Place) -> list[str]:
    """The processes that have the place in their environment, by their command line; ended ones are none."""
    mark, found = f"DAYCAST_STORAGE={place.root}/data".encode(), []
    for each in Path("/proc").glob("[0-9]*"):
        if each.name == str(os.getpid()):
            continue
        try:
            if mark in (each / "environ").read_bytes().split(b"\0"):
                found.append((each / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip())
        except OSError:
            pass
    return found


def _wait(place: Place) -> list[str]:
    deadline = time.monotonic() + 3 * LIMIT
    while (left := _processes(place)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def _wrong(
    place: Place, number: signal.Signals, *, code: int, said: str, took: float, left: list[str],
    row: tuple[str, str] | None,
) -> "list[str]":  # fmt: skip
    wrong = [f"still there: {each}" for each in left]
    if code not in {0, 128 + number, -number}:
        wrong.append(f"exit code {code}")
    if took > LIMIT:
        wrong.append(f"{took:.1f} s")
    lines = [line for line in said.splitlines() if line.strip() and not _BAR.search(line)]
    if len(lines) > 1 or "Traceback" in said:
        wrong.append(f"it said {said[:600]!r}")
    if row and row[0] == "running":
        wrong.append("its row is running")
    if row and (row[0] == "failed" or (row[0] == "cancelled" and "Stopped by" not in row[1])):
        wrong.append(f"its row says {row[0]}: {row[1]!r}")
    folder = place.root / "data" / "models" / "mine"
    versions = {each["version"] for each in place.table("model_versions")} if _has(place) else set()
    there = [each.name for each in folder.iterdir() if (each / "manifest.json").exists()] if folder.exists() else []
    wrong += [f"half a version: {version}" for version in sorted(versions - set(there))]
    return wrong


def main() -> None:
    """Stop a run at random instants, and tell."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    chance = random.Random(7)  # noqa: S311 — instants, not secrets
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("PREFECT_HOME", f"{folder}/prefect")
        place = make_place(Path(folder) / "place")
        place.define()
        for first in ("2024-04-01", "2024-04-02"):  # the first also makes Prefect's database
            began = time.monotonic()
            place.daycast("run", "mine", "--as-of", first, timeout=_LONGEST)
            whole = time.monotonic() - began
        print(f"a run takes {whole:.1f} s; {count} instants of SIGINT and of SIGTERM")  # noqa: T201
        stops = []
        for turn in range(2 * count):
            number = (signal.SIGINT, signal.SIGTERM)[turn % 2]
            found = stop(place, number=number, after=chance.uniform(0.2, whole), day=1 + turn % 28)
            stops.append(found)
            row = found.row[0] if found.row else "no row"
            told = f"gone in {found.took:.1f} s, {row} {'; '.join(found.wrong)}"
            print(f"{number.name} after {found.after:5.1f} s: {told}", flush=True)  # noqa: T201
        done = place.daycast("run", "mine", "--as-of", "2024-06-01", timeout=_LONGEST)
    wrong = [each for found in stops for each in found.wrong] + ([done.stderr] if done.returncode else [])
    print(f"longest {max(found.took for found in stops):.1f} s; {len(wrong)} wrong")  # noqa: T201
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
