"""Two ways to train, measured in turns: a round of one, a round of the other, so that a slow moment hits both.

Ours trains in this process, its reference in one of its own, under a Python that has what it needs.
"""

import json
import os
import queue
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Fit = Callable[[Callable[[Any], None]], None]
"""Trains some epochs, and calls back after each."""


class Reference:
    """A process that trains a round, warm, each time it is asked to.

    Args:
        command: what starts it; it calls :func:`answer`.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def starts(self) -> bool:
        """Whether it is ready, which it is not where its package is missing."""
        if self._read() == "ready":
            return True
        self.end()
        return False

    def round(self) -> float:
        """Seconds of a round."""
        assert self._process.stdin
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        return float(self._read())

    def end(self) -> None:
        """Let it go."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.kill()
        self._process.wait()

    def _read(self) -> Any:
        """The next answer; what a library prints besides is passed over."""
        assert self._process.stdout
        for line in self._process.stdout:
            if line.startswith("bench "):
                return json.loads(line.removeprefix("bench "))
        return ""


def answer(work: Callable[[Callable[[], None]], None]) -> None:
    """Train until nobody asks any more: ``work`` calls back after each round."""
    began: list[float] = []

    def after_round() -> None:
        print("bench " + json.dumps(time.perf_counter() - began[0] if began else "ready"), flush=True)  # noqa: T201
        if not sys.stdin.readline():
            os._exit(0)
        began[:] = [time.perf_counter()]

    work(after_round)


def compare(fit: Fit, references: Mapping[str, Reference], *, rounds: int, windows: int) -> None:
    """Print windows a second, medians over the rounds, and how many times a reference's ours is.

    Args:
        fit: ours, of one round more than asked for: the first is not counted.
        references: theirs, by name; those that do not start are left out.
        rounds: of each.
        windows: a round's.
    """
    ready = {name: each for name, each in references.items() if each.starts()}
    rates: dict[str, list[float]] = {"ours": []}
    for number, seconds in enumerate(_epochs(fit, rounds=rounds)):
        if number == 0:
            print(f"  first epoch, compiling included, took {seconds:.1f} s")  # noqa: T201
            continue
        rates["ours"].append(windows / seconds)
        for name, each in ready.items():
            rates.setdefault(name, []).append(windows / each.round())
    for each in ready.values():
        each.end()
    _print(rates)


def _epochs(fit: Fit, *, rounds: int) -> Iterator[float]:
    """Seconds of each epoch of one fit, which waits for who asks."""
    done: queue.Queue[float | BaseException] = queue.Queue()
    go: queue.Queue[None] = queue.Queue()

    def on_epoch(_: object) -> None:
        nonlocal began
        done.put(time.perf_counter() - began)
        go.get()
        began = time.perf_counter()

    def work() -> None:
        try:
            fit(on_epoch)
        except BaseException as error:  # raised where the epochs are awaited
            done.put(error)

    began = time.perf_counter()
    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    for _ in range(rounds + 1):
        result = done.get(timeout=1200)
        if isinstance(result, BaseException):
            raise result
        yield result
        go.put(None)
    worker.join()


def _print(rates: Mapping[str, Sequence[float]]) -> None:
    for name, each in rates.items():
        ratios = [ours / other for ours, other in zip(rates["ours"], each, strict=True)]
        print(  # noqa: T201
            f"  {name:28s} {statistics.median(each):7.1f} windows/s (from {min(each):.1f} to {max(each):.1f}); "
            f"ours is {statistics.median(ratios):.2f}×"
        )
    print(f"  load of the machine: {', '.join(f'{each:.1f}' for each in os.getloadavg())}", flush=True)  # noqa: T201
