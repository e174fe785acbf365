"""The comparison with what a user would pick instead; the peers live in an environment of their own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from daycast.storage.terms.errors import WorkError
from daycast.tasks.apart import process as processes
from daycast.tasks.peers.comparison import Line, compare

if TYPE_CHECKING:
    from daycast.tasks.peers.sets import Set

STATISTICS = ("statsforecast==2.1.1", "mlforecast==1.1.0", "lightgbm==4.7.0")
NETWORKS = ("neuralforecast==3.3.0",)
OF_NETWORKS = ("NHITS", "LSTM")
_ENDING = 300


def environment(folder: Path, *, networks: bool, say: Callable[[str], None]) -> Path:
    """The interpreter of the peers' environment, made where it is not there yet.

    Args:
        folder: where it is.
        networks: whether those on PyTorch are wanted, which take gigabytes.
        say: takes a line.

    Raises:
        WorkError: it cannot be made.
    """
    python, wanted = folder / "bin" / "python", [*STATISTICS, *(NETWORKS if networks else ())]
    noted = folder / "peers.txt"
    held = set(noted.read_text(encoding="utf-8").split()) if noted.exists() else set()
    if set(wanted) <= held:
        return python
    say(f"making {folder} with {', '.join(wanted)} ...")
    uv = shutil.which("uv")
    make = [uv, "venv", "--quiet", "--python", sys.executable] if uv else [sys.executable, "-m", "venv"]
    install = [uv, "pip", "install", "--python", str(python)] if uv else [str(python), "-m", "pip", "install"]
    if not python.exists():
        _done([*make, str(folder)])
    _done([*install, "--quiet", *wanted])
    noted.write_text("\n".join(sorted(held | set(wanted))), encoding="utf-8")
    return python


def _done(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 — uv, venv or pip
    if done.returncode:
        raise WorkError(
            f"An environment for the peers is required. Received from {' '.join(command[:3])}: "
            f"{' '.join(done.stderr.split())[-_ENDING:]}. See that a package index can be reached, and run again."
        )


def run_peers(
    given: Set, *, origins: int, peers: Iterable[str], python: Path, say: Callable[[str], None]
) -> list[Line]:
    """Every forecaster on a set, each told when it is there."""
    processes.prepare()
    found = []
    for line in compare(given, origins=origins, peers=tuple(peers), python=python, fresh=processes.fresh):
        told = f"MAE {line.scores.mae:.4g} in {line.seconds:.0f} s" if line.scores else line.trouble
        say(f"{given.name}: {line.name}: {told}")
        found.append(line)
    return found


def markdown(given: Set, found: Iterable[Line], *, origins: int) -> Iterator[str]:
    """The table, as it stands in docs/benchmark.md."""
    series, steps = given.values.shape
    yield f"### {given.name}"
    yield ""
    yield (
        f"{series:,} series of {steps:,} steps, {given.horizon} ahead from {origins} origins of the test part; "
        f"a season is {given.season} steps, a window {given.lookback}."
    )
    yield ""
    heads = ("MAE", "− network (s. e.)", "RMSE", "CRPS", "in 80 / 95 %", "interval score 80 / 95", "seconds", "MiB")
    yield f"| forecaster | {' | '.join(heads)} |"
    yield "|---|--:|--:|--:|--:|--:|--:|--:|--:|"
    for line in sorted(found, key=lambda each: each.scores.mae if each.scores else float("inf")):
        yield _row(line)


def _row(line: Line) -> str:
    scores = line.scores
    if scores is None:
        return f"| {line.name} | – | – | – | – | – | – | – | – |"
    apart = f"{scores.apart.difference:+.3g} ({scores.apart.error:.2g})" if scores.apart else "–"
    return (
        f"| {line.name} | {scores.mae:.4g} | {apart} | {scores.rmse:.4g} | {scores.crps:.4g} | "
        f"{scores.coverage[80]:.0%} / {scores.coverage[95]:.0%} | {scores.score[80]:.4g} / {scores.score[95]:.4g} | "
        f"{line.seconds:.0f} | {line.memory:.0f} |"
    )
