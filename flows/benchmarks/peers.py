"""The comparison with what a user would pick instead; the peers live in an environment of their own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from daycast.storage.terms.errors import ConfigError, WorkError
from daycast.tasks.apart import process as processes
from daycast.tasks.peers.comparison import PEERS, Line, compare, ours, peers

if TYPE_CHECKING:
    from daycast.tasks.peers.answer import Forecaster
    from daycast.tasks.peers.sets import Set

STATISTICS = ("statsforecast==2.1.1", "mlforecast==1.1.0", "lightgbm==4.7.0")
NETWORKS = ("neuralforecast==3.3.0",)
_OF_NETWORKS = frozenset({"NHITS", "LSTM"})
"""Those on PyTorch, which takes gigabytes."""
_ENDING = 300


def asked(names: Sequence[str], *, folder: Path, say: Callable[[str], None]) -> dict[str, Forecaster]:
    """The peers of these names, each in a process of an environment that is made where it is not there yet.

    Args:
        names: of :data:`PEERS`.
        folder: where the environment is.
        say: takes a line.

    Raises:
        ConfigError: a name is none of them.
        WorkError: the environment cannot be made.
    """
    if strangers := sorted(set(names) - set(PEERS)):
        raise ConfigError(f"--peer is one of {', '.join(PEERS)}. Received: {', '.join(strangers)}. Correct it.")
    return peers(names, python=_environment(folder, names=names, say=say)) if names else {}


def _environment(folder: Path, *, names: Sequence[str], say: Callable[[str], None]) -> Path:
    python, wanted = folder / "bin" / "python", [*STATISTICS, *(NETWORKS if _OF_NETWORKS & set(names) else ())]
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


def run_peers(given: Set, *, origins: int, others: Mapping[str, Forecaster], say: Callable[[str], None]) -> list[Line]:
    """Every forecaster on a set, each told when it is there."""
    processes.prepare()
    lines = compare(given, origins=origins, forecasters={**ours(processes.fresh), **others})
    return list(told(lines, name=given.name, say=say))


def told(lines: Iterable[Line], *, name: str, say: Callable[[str], None]) -> Iterator[Line]:
    """Say of each line that it is there."""
    for line in lines:
        found = f"MAE {line.scores.mae:.4g} in {line.answer.seconds:.0f} s" if line.scores and line.answer else ""
        say(f"{name}: {line.name}: {found or line.trouble}")
        yield line


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
    heads = ("MAE", "− daycast (s. e.)", "RMSE", "CRPS", "in 80 / 95 %", "interval score 80 / 95", "seconds", "MiB")
    yield f"| forecaster | {' | '.join(heads)} |"
    yield "|---|--:|--:|--:|--:|--:|--:|--:|--:|"
    for line in sorted(found, key=lambda each: each.scores.mae if each.scores else float("inf")):
        yield _row(line)


def _row(line: Line) -> str:
    scores, answer = line.scores, line.answer
    if scores is None or answer is None:
        return f"| {line.name} | – | – | – | – | – | – | – | – |"
    name = f"{line.name} ({answer.note})" if answer.note else line.name
    apart = f"{scores.apart.difference:+.3g} ({scores.apart.error:.2g})" if scores.apart else "–"
    return (
        f"| {name} | {scores.mae:.4g} | {apart} | {scores.rmse:.4g} | {scores.crps:.4g} | "
        f"{scores.coverage[80]:.0%} / {scores.coverage[95]:.0%} | {scores.score[80]:.4g} / {scores.score[95]:.4g} | "
        f"{answer.seconds:.0f} | {answer.memory:.0f} |"
    )
