"""The daily job on generated data as a newcomer runs it: wall time, how much of it is training, and peak memory.

Run from the project's folder: ``python tests/bench/bench_run.py [ROUNDS]``. Each round has a storage folder of its own
and Prefect's database as installation leaves it: made, and empty. Peak memory is of all processes together.
"""

import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

_TICK = 0.2
_DAYCAST = (sys.executable, "-m", "daycast.flows.command.cli")


def main() -> None:
    """Print a line a round, then the medians."""
    rounds = [_round() for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 3)]
    for wall, training, peak in rounds:
        print(f"run {wall:.1f} s, of which training {training:.0f} s; peak memory {peak:.0f} MiB")  # noqa: T201
    walls, trainings, peaks = zip(*rounds, strict=True)
    outside = statistics.median(wall - training for wall, training in zip(walls, trainings, strict=True))
    print(  # noqa: T201
        f"median: {statistics.median(walls):.1f} s (60 asked for), outside training {outside:.1f} s (15 asked for), "
        f"peak {statistics.median(peaks):.0f} MiB (2048 asked for)"
    )
    helps = [_seconds([*_DAYCAST, "--help"], os.environ.copy()) for _ in range(5)]
    print(f"daycast --help: median {statistics.median(helps):.2f} s (0.7 asked for)")  # noqa: T201


def _round() -> tuple[float, float, float]:
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "DAYCAST_STORAGE": f"{folder}/data",
            "PREFECT_HOME": f"{folder}/prefect",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        }
        upgrade = [sys.executable, "-m", "prefect", "server", "database", "upgrade", "--yes"]
        subprocess.run(upgrade, env=environment, check=True, capture_output=True)
        began = time.monotonic()
        process = subprocess.Popen(
            [*_DAYCAST, "run", "--sample"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        peaks: list[float] = []
        watch = threading.Thread(target=_watch, args=(process, peaks))
        watch.start()
        printed, _ = process.communicate()
        watch.join()
        if process.returncode:
            raise SystemExit(f"daycast run --sample failed: {printed}")
        training = sum(float(seconds) for seconds in re.findall(r"retrain \((\d+) s\)", printed))
        return time.monotonic() - began, training, max(peaks)


def _watch(process: subprocess.Popen[str], peaks: list[float]) -> None:
    while process.poll() is None:
        peaks.append(sum(_memory(pid) for pid in _family(process.pid)))
        time.sleep(_TICK)


def _family(root: int) -> list[int]:
    """A process and its children's children, from /proc (Linux)."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        parents[int(path.parent.name)] = int(fields[1])
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def _memory(pid: int) -> float:
    """A process's proportional share of memory, MiB: what is shared is counted once."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(float(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def _seconds(command: list[str], environment: dict[str, str]) -> float:
    began = time.monotonic()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return time.monotonic() - began


if __name__ == "__main__":
    main()
