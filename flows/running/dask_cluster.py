"""Dask, where ``DAYCAST_DASK`` asks for it: a cluster on this machine for as long as a run takes, or one that exists.

Steps go over the shards by Prefect's Dask task runner, so that each shard's part is a task run of its own. A worker
that dies costs time: what it did is done again by another, and leaves the same. What no worker has the memory for, or
is there for, is done by a process of the run's own, when the rest is done.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.utilities.callables import get_call_parameters

from daycast.storage.config.settings import Settings
from daycast.storage.terms.errors import ConfigError, WorkError
from daycast.storage.terms.text import listed
from daycast.tasks.apart import process as processes
from daycast.tasks.apart.spreading import IN_TURN, Spread, shown, step_name
from daycast.tasks.apart.standing_in import Ready, probe, ready

if TYPE_CHECKING:
    from prefect_dask.task_runners import DaskTaskRunner

Result = TypeVar("Result")

_LOCAL = re.compile(r"local(?::([1-9][0-9]{0,2}))?")
_ADDRESS = re.compile(r"(tcp|tls|ws|wss|ucx)://\S+:\d+/?")
_PATIENCE = 20
"""Seconds that a scheduler has to answer, and to have a worker."""
_LOOK, _ABANDONED = 5, 60
"""Seconds between two looks for workers in the middle of a run, and without any until the run goes on without."""


_ONE_MACHINE: Mapping[str, Any] = {
    "threads_per_worker": 1,
    "processes": True,
    "host": "127.0.0.1",
    "security": True,  # whoever may speak to a scheduler may run code: keys of its own keep other accounts out
    "dashboard_address": "127.0.0.1:0",
    "worker_dashboard_address": "127.0.0.1:0",
}
"""A cluster that nobody but this process can speak to."""
_KEPT = 1 << 28
"""Bytes that a worker's allocator keeps for the next array. As Dask sets it, it gives back all above 64 KiB, and asks
the system for every array of 128 KiB and more, whose pages are filled anew each time: a race takes 2.4 times as long.
"""
_OF_WORKERS = {f"distributed.nanny.pre-spawn-environ.MALLOC_{what}_THRESHOLD_": _KEPT for what in ("TRIM", "MMAP")}


@contextmanager
def spreading(settings: Settings) -> Iterator[Spread]:
    """How steps go over shards, for the block.

    Raises:
        ConfigError: ``DAYCAST_DASK`` is none of what it can be.
        WorkError: the scheduler or a worker cannot do the work; the message says which and why.
    """
    if not settings.dask:
        yield IN_TURN
        return
    import dask

    with dask.config.set(_OF_WORKERS), _runner(settings.dask) as runner:
        client = _connected(runner, settings.dask)
        if not _LOCAL.fullmatch(settings.dask):
            _require_ready(client, settings)
        yield OnDask(runner)


class OnDask:
    """The workers of a cluster, a task run a shard.

    Args:
        runner: Prefect's, which has been started.
    """

    here = False

    def __init__(self, runner: DaskTaskRunner | None) -> None:
        self._runner = runner

    def __reduce__(self) -> tuple[type[OnDask], tuple[None]]:
        """Travel empty: it is an argument of the step, which Prefect tells the step's own task runs."""
        return type(self), (None,)

    def over(self, work: Callable[..., Result], shards: Sequence[str], *arguments: Any) -> list[Result]:
        """Have the workers call the function, each with the next shard.

        Raises:
            WorkError: the scheduler is gone, or a process of the run's own died over a shard as the workers had.
        """
        name = step_name(work)
        assert self._runner is not None  # noqa: S101 — nobody calls one that has travelled
        step = task(name=name, task_run_name=f"{name}-{{shard}}", cache_policy=NO_CACHE)(work)
        futures = {
            shard: self._runner.submit(step, parameters=get_call_parameters(work, (shard, *arguments), {}))
            for shard in shards
        }
        lost: dict[str, str] = {}
        found: dict[str, Result] = {}
        watch = _Watch(self._runner.client)
        with shown(work, shards) as done:
            for shard, future in futures.items():
                try:
                    found[shard] = done(_result(future, watch, name=name, shard=shard))
                except _Lost as error:
                    lost[shard] = str(error)
            if lost:
                _warn(name, lost)
                found |= {shard: done(_apart(work, shard, arguments)) for shard in lost}
        return [found[shard] for shard in shards]


class _Lost(Exception):  # noqa: N818 — reads as the state that it names
    """No worker could do the work of a shard."""


class _Watch:
    """Whether a cluster has had no worker for so long that none will come."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._alone: float | None = None

    def abandoned(self) -> bool:
        """Look, and say so."""
        try:
            workers = self._client.scheduler_info()["workers"]
        except OSError:  # the scheduler itself is gone, which whoever waits is told
            return False
        if workers:
            self._alone = None
            return False
        self._alone = self._alone or time.monotonic()
        return time.monotonic() - self._alone >= _ABANDONED


def _result(future: Any, watch: _Watch, *, name: str, shard: str) -> Any:
    from distributed.client import FutureCancelledError
    from distributed.comm.core import CommClosedError
    from distributed.scheduler import KilledWorker

    try:
        return _awaited(future, watch)
    except KilledWorker as error:
        raise _Lost(f"{error.allowed_failures + 1} workers died over it") from None
    except MemoryError:
        raise _Lost("a worker had not the memory for it") from None
    except (FutureCancelledError, CommClosedError) as error:
        raise WorkError(
            f"The Dask scheduler must stay until {name} of shard {shard} is done. Received: "
            f"{type(error).__name__}, as its connection ended. Run it again."
        ) from None


def _awaited(future: Any, watch: _Watch) -> Any:
    """What the task gives; without workers it would be waited for until some come.

    Raises:
        _Lost: none is there any more.
    """
    while True:
        try:
            return future.result(timeout=_LOOK)
        except TimeoutError:
            if future.wrapped_future.done():  # the work's own
                raise
            if watch.abandoned():
                future.wrapped_future.cancel()
                raise _Lost(f"there was no worker for {_ABANDONED} s") from None


def _warn(name: str, lost: Mapping[str, str]) -> None:
    get_run_logger().warning(
        "A Dask worker that lives, with the memory for it, must do %s of each shard. Received: none could of %s (%s). "
        "It is done by a process of this run, which takes longer. Give each worker more memory, or have fewer.",
        name,
        listed(list(lost)),
        next(iter(lost.values())),
    )


def _apart(work: Callable[..., Result], shard: str, arguments: Collection[Any]) -> Result:
    """What the function gives in a process of its own, so that the run outlives what kills that."""
    with processes.fresh() as process:
        try:
            result: Result = process.ask(work, shard, *arguments)
        except WorkError as error:
            raise WorkError(
                f"A worker that lives must do {step_name(work)} of shard {shard}. Received: no worker could, nor a "
                f"process of this run. Give it more memory, and run it again. {error}"
            ) from None
    return result


def _runner(dask: str) -> DaskTaskRunner:
    from prefect_dask.task_runners import DaskTaskRunner

    if local := _LOCAL.fullmatch(dask):
        workers = {"n_workers": int(local[1])} if local[1] else {}
        return DaskTaskRunner(cluster_kwargs={**workers, **_ONE_MACHINE})
    if _ADDRESS.fullmatch(dask):
        return DaskTaskRunner(address=dask, client_kwargs={"timeout": _PATIENCE})
    raise ConfigError(
        "DAYCAST_DASK takes local, local:N for N workers on this machine, or a scheduler's address such as "
        f"tcp://10.0.0.5:8786. Received: {dask[:80]!r}."
    )


def _connected(runner: DaskTaskRunner, dask: str) -> Any:
    try:
        client = runner.client
        client.wait_for_workers(1, timeout=_PATIENCE)
    except Exception as error:  # of a scheduler of another version there is no saying what comes
        why = "it has no worker" if runner._client else f"{type(error).__name__}: {str(error)[:120]}"
        raise WorkError(
            f"A Dask scheduler with a worker is required at {dask} (DAYCAST_DASK). Received: {why}, after {_PATIENCE} "
            "s at most. Start it with `dask scheduler` and `dask worker`, or leave DAYCAST_DASK unset."
        ) from None
    return client


def _require_ready(client: Any, settings: Settings) -> None:
    """Hold the cluster to what the work needs: the same versions, and daycast, the storage and the database there."""
    _require_versions(client.get_versions())
    _tell({who: why for who, why in client.run(_of_package()).items() if why}, "daycast as it is here")
    with probe(settings, token=secrets.token_hex(8)) as left:
        answers: Mapping[str, Ready] = client.run(ready, settings, left)
    for what, why in {
        f"the storage {settings.storage}": {who: answer.storage for who, answer in answers.items()},
        "the database (DAYCAST_DATABASE_URL)": {who: answer.database for who, answer in answers.items()},
    }.items():
        _tell({who: said for who, said in why.items() if said}, what)


def _require_versions(told: Mapping[str, Any]) -> None:
    """Python to the minor version and distributed to the last digit: what travels is pickled."""
    ours = _versions(told["client"])
    others = {"the scheduler": told["scheduler"], **told["workers"]}
    apart = {who: listed(list(_versions(each).values())) for who, each in others.items() if _versions(each) != ours}
    _tell(apart, f"{listed(list(ours.values()))}, as here")


def _versions(told: Mapping[str, Any]) -> dict[str, str]:
    python = ".".join(str(told["host"]["python"]).split(".")[:2])
    return {"python": f"Python {python}", "distributed": f"distributed {told['packages']['distributed']}"}


def _of_package() -> Callable[[], str]:
    """A function that travels whole, so that a worker without daycast can say so."""
    from importlib.metadata import version

    ours = {name: version(name) for name in ("daycast", "prefect", "prefect-dask")}

    def differing() -> str:
        from importlib.metadata import PackageNotFoundError, version

        for name, wanted in ours.items():
            try:
                found = version(name)
            except PackageNotFoundError:
                return f"no {name}"
            if found != wanted:
                return f"{name} {found} where {wanted} is here"
        return ""

    return differing


def _tell(wrong: Mapping[str, str], required: str) -> None:
    if wrong:
        who, why = next(iter(wrong.items()))
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        raise WorkError(
            f"Every Dask worker must have {required}. Received: {who}{more}: {why[:200]}. See docs/scale.md, Dask."
        )
