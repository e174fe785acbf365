"""Ask each forecaster for the same origins, and score all of them alike."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daycast.storage.terms.errors import WorkError
from daycast.tasks.apart.process import Asked
from daycast.tasks.peers.ours import NETWORK, OURS, forecast

if TYPE_CHECKING:
    from daycast.models.scores.beside import Beside
    from daycast.tasks.peers.sets import Set

PEERS = ("AutoETS", "Theta", "LightGBM direct", "mlforecast", "NHITS", "LSTM")
_ALONE = Path(__file__).with_name("alone.py")
_ENDING = 300
"""Letters of what a peer printed last that a message has room for."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One forecaster on one set.

    Attributes:
        name: the forecaster.
        scores: what it is worth.
        seconds: of fitting and forecasting, its imports included.
        memory: MiB of its process at most.
        trouble: why it has no scores; empty where it has.
    """

    name: str
    scores: Beside | None
    seconds: float = 0.0
    memory: float = 0.0
    trouble: str = ""


def compare(
    given: Set,
    *,
    origins: int,
    peers: Sequence[str],
    python: Path,
    fresh: Callable[[], AbstractContextManager[Asked]],
) -> Iterator[Line]:
    """Every forecaster in turn, daycast's own first; the network is what the others are held against.

    Args:
        given: the series.
        origins: of the test part, and as many before it.
        peers: those of :data:`PEERS` that are asked.
        python: the interpreter of the peers' environment.
        fresh: gives each of daycast's own a process of its own.
    """
    import numpy as np

    from daycast.models.scores.beside import beside

    before, test = given.origins(origins)
    what: dict[str, Any] = {
        "values": given.values[:, : given.end],
        "origins": np.array([*before, *test]),
        "horizon": given.horizon,
        "season": given.season,
        "lookback": given.lookback,
        "training": given.training,
        "stop": given.stop,
    }
    ahead = np.arange(1, given.horizon + 1)
    actual = given.values[:, what["origins"][:, None] + ahead].transpose(1, 0, 2)
    cut, reference = len(before), None
    for name in (*OURS, *peers):
        try:
            mean, seconds, memory = _ours(name, what, fresh) if name in OURS else _peer(name, what, python)
        except WorkError as error:
            yield Line(name=name, scores=None, trouble=str(error))
            continue
        scores = beside(
            mean[cut:], actual[cut:], earlier=(mean[:cut], actual[:cut]), scales=given.scales, reference=reference
        )
        reference = mean[cut:] if name == NETWORK else reference
        yield Line(name=name, scores=scores, seconds=seconds, memory=memory)


def _ours(name: str, what: dict[str, Any], fresh: Callable[[], AbstractContextManager[Asked]]) -> Any:
    with fresh() as process:
        return process.ask(forecast, name, what)


def _peer(name: str, what: dict[str, Any], python: Path) -> Any:
    """A peer's forecasts, from a process of its environment.

    Raises:
        WorkError: it failed, or what it gave is no forecast.
    """
    import numpy as np

    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "what.npz", Path(folder) / "forecasts.npz"
        np.savez(source, **what)
        done = subprocess.run(  # noqa: S603 — our own module, by the interpreter that was made for it
            [str(python), str(_ALONE), str(source), name, str(target)], capture_output=True, text=True, check=False,
            cwd=folder,
        )  # fmt: skip
        if done.returncode or not target.exists():
            ending = " ".join(done.stderr.split())[-_ENDING:]
            raise WorkError(f"{name} must end well. It ended with {done.returncode}: {ending}")
        told = np.load(target)
        mean = told["mean"]
    if not np.isfinite(mean).all():
        raise WorkError(f"{name} must give finite forecasts. Some are not.")
    return mean, float(told["seconds"]), float(told["memory"])
