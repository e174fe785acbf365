"""Ask each forecaster for the same origins, and score all of them alike."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daycast.storage.terms.errors import WorkError
from daycast.tasks.apart.process import Asked
from daycast.tasks.peers.answer import Answer, Forecaster, What
from daycast.tasks.peers.ours import OURS, forecast

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
        answer: what it said, and took; none where it has no scores.
        trouble: why it has none; empty where it has.
    """

    name: str
    scores: Beside | None = None
    answer: Answer | None = None
    trouble: str = ""

    @property
    def figures(self) -> dict[str, Any]:
        """All of it but the forecasts, as JSON knows it."""
        took = self.answer and {key: getattr(self.answer, key) for key in ("seconds", "night", "memory", "note")}
        return {"name": self.name, "scores": self.scores and asdict(self.scores), "took": took, "trouble": self.trouble}


def compare(given: Set, *, origins: int, forecasters: Mapping[str, Forecaster]) -> Iterator[Line]:
    """Every forecaster in turn; the first is what the others are held against.

    Args:
        given: the series.
        origins: of the test part, and as many before it.
        forecasters: by name; one that raises a :class:`WorkError` has a line that says so.
    """
    import numpy as np

    from daycast.models.scores.beside import beside

    before, test = given.origins(origins)
    what: What = {
        "values": given.values[:, : given.end],
        "origins": np.array([*before, *test]),
        "horizon": given.horizon,
        "season": given.season,
        "lookback": given.lookback,
        "training": given.training,
        "stop": given.stop,
        **given.sizes,
    }
    ahead = np.arange(1, given.horizon + 1)
    actual = given.values[:, what["origins"][:, None] + ahead].transpose(1, 0, 2)
    cut, reference, first = len(before), None, next(iter(forecasters))
    for name, forecaster in forecasters.items():
        try:
            answer = forecaster(what)
        except WorkError as error:
            yield Line(name=name, trouble=str(error))
            continue
        mean = answer.mean
        scores = beside(
            mean[cut:], actual[cut:], earlier=(mean[:cut], actual[:cut]), scales=given.scales, reference=reference
        )
        reference = mean[cut:] if name == first else reference
        yield Line(name=name, scores=scores, answer=answer)


def ours(fresh: Callable[[], AbstractContextManager[Asked]], names: Sequence[str] = OURS) -> dict[str, Forecaster]:
    """What daycast's own say, each in a process of its own."""

    def forecaster(name: str) -> Forecaster:
        def ask(what: What) -> Answer:
            with fresh() as process:
                answer: Answer = process.ask(forecast, name, what)
            return answer

        return ask

    return {name: forecaster(name) for name in names}


def peers(names: Sequence[str], *, python: Path) -> dict[str, Forecaster]:
    """Those of :data:`PEERS` that are asked, each in a process of the interpreter that has them."""

    def forecaster(name: str) -> Forecaster:
        return lambda what: _peer(name, what, python)

    return {name: forecaster(name) for name in names}


def _peer(name: str, what: What, python: Path) -> Answer:
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
    seconds, memory, night = (float(told[name]) for name in ("seconds", "memory", "night"))
    return Answer(mean=mean, seconds=seconds, memory=memory, night=night)
