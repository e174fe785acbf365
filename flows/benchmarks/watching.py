"""What a command and all the processes that it starts cost, looked up in /proc (Linux)."""

import os
import subprocess
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_ROLES = {
    "running.lifeline": "Prefect's server",
    "multiprocessing.spawn": "trains",
    "resource_tracker": "other",
}
"""By a word of its command line, what a process is there for."""
_PARENT = "loads Keras, forked by those that train"


@dataclass
class Watched:
    """A command that has ended.

    Attributes:
        code: its exit code.
        printed: on standard output.
        complained: on standard error.
        began: when it was started, in seconds since 1970.
        wall: seconds until it ended.
        cpu: CPU seconds, by what a process is there for; what a process used after the last look is missing.
        peak: MiB of all processes together; what they share is counted once.
    """

    code: int
    printed: str
    complained: str
    began: float
    wall: float
    cpu: Counter[str] = field(default_factory=Counter)
    peak: float = 0.0


def watch(command: list[str], *, environment: dict[str, str], every: float = 0.2) -> Watched:
    """Run a command to its end, and look at it and at its children every so many seconds."""
    began = time.time()
    with subprocess.Popen(  # noqa: S603
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        used: dict[int, tuple[str, float]] = {}
        peaks = [0.0]
        looking = threading.Thread(target=_look, args=(process, used, peaks, every))
        looking.start()
        printed, complained = process.communicate()
        wall = time.time() - began
        looking.join()
    done = Watched(
        code=process.returncode, printed=printed, complained=complained, began=began, wall=wall, peak=max(peaks)
    )
    for role, seconds in used.values():
        done.cpu[role] += seconds  # type: ignore[assignment]  # a Counter of floats
    return done


def _look(process: subprocess.Popen[str], used: dict[int, tuple[str, float]], peaks: list[float], every: float) -> None:
    while process.poll() is None:
        family = _family(process.pid)
        for pid, (parent, seconds) in family.items():
            used[pid] = (_role(pid, parent, used, root=process.pid), seconds)
        peaks.append(sum(_memory(pid) for pid in family))
        time.sleep(every)


def _family(root: int) -> dict[int, tuple[int, float]]:
    """A process and its children's children: of each the parent, and the CPU seconds it has used."""
    every: dict[int, tuple[int, float]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        every[int(path.parent.name)] = (int(fields[1]), (int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND)
    found = [root]
    for pid in found:
        found += [child for child, (parent, _) in every.items() if parent == pid]
    return {pid: every[pid] for pid in found if pid in every}


def _role(pid: int, parent: int, used: dict[int, tuple[str, float]], *, root: int) -> str:
    if pid == root:
        return "the command"
    if known := used.get(pid):
        return known[0]
    try:
        command = Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return "other"
    if "multiprocessing.forkserver" in command:
        return "trains" if used.get(parent, ("",))[0] == _PARENT else _PARENT
    return next((role for word, role in _ROLES.items() if word in command), "other")


def _memory(pid: int) -> float:
    """A process's proportional share of memory, MiB: what is shared is counted once."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(float(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
