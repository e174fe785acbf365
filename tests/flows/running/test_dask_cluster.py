"""Dask: the same forecasts as in one process, whoever dies; and each wrong set-up is one message."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from distributed import Client, LocalCluster, get_worker
from prefect import flow

from daycast.flows.running import dask_cluster
from daycast.flows.running.dask_cluster import OnDask, spreading
from daycast.storage.terms.errors import ConfigError, DaycastError, WorkError
from daycast.tasks.apart.spreading import IN_TURN
from tests.places import WALL_CLOCK, Place, make_place
from tests.waiting import until

SYMBOLS = ["A", "B", "LOST"]


def _place(root: Path) -> Place:
    """One whose series lie in the folder above it."""
    make_place(root.parent)
    place = make_place(root)
    place.define(symbols=SYMBOLS, path=str(root.parent / "{symbol}.csv"))
    return place


def _spread(dask: str, place: Place) -> Any:
    return spreading(place.settings.model_copy(update={"dask": dask}))


def _begin(dask: str, place: Place) -> None:
    with _spread(dask, place):
        pass


@pytest.mark.parametrize("dask", ["yes", "local:0", "local:two", "10.0.0.1:8786", "tcp://10.0.0.1", "http://a:1"])
def test_what_it_takes_is_said(tmp_path: Path, dask: str) -> None:
    with pytest.raises(ConfigError, match=r"local:N .* such as tcp://10\.0\.0\.5:8786\. Received: "):
        _begin(dask, make_place(tmp_path))


def test_nothing_is_this_process(tmp_path: Path) -> None:
    with _spread("", make_place(tmp_path)) as spread:
        assert spread is IN_TURN
        assert spread.over(_called, ["_0000", "_0001"], "x") == ["_0000 x", "_0001 x"]


def test_a_scheduler_that_is_not_there_is_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_cluster, "_PATIENCE", 1)
    with pytest.raises(WorkError, match=r"at tcp://127\.0\.0\.1:1 \(DAYCAST_DASK\)\. Received: .*dask worker"):
        _begin("tcp://127.0.0.1:1", make_place(tmp_path))


def test_other_versions_are_told_by_name() -> None:
    ours = {"host": {"python": "3.11.2.final.0"}, "packages": {"distributed": "2026.8.0"}}
    theirs = {"host": {"python": "3.12.1.final.0"}, "packages": {"distributed": "2026.8.0"}}
    told = {"client": ours, "scheduler": ours, "workers": {"tcp://10.0.0.7:1": theirs, "tcp://10.0.0.8:1": ours}}
    with pytest.raises(WorkError, match=r"Python 3\.11, distributed 2026\.8\.0.* tcp://10\.0\.0\.7:1: Python 3\.12"):
        dask_cluster._require_versions(told)
    dask_cluster._require_versions({**told, "workers": {}})


def test_a_worker_without_the_package_can_say_so() -> None:
    differing = dask_cluster._of_package()
    assert differing() == ""
    from importlib import metadata

    def version(name: str) -> str:
        if name == "daycast":
            raise metadata.PackageNotFoundError
        return "1"

    with patch.object(metadata, "version", version):
        assert differing() == "no daycast"
    with patch.object(metadata, "version", lambda _: "0.0.1"):
        assert "daycast 0.0.1 where" in differing()


@pytest.fixture(scope="module")
def cluster(prefect_server: str) -> Iterator[LocalCluster]:
    """Two workers, for all tests that need some; a run comes to them by the scheduler's address."""
    assert prefect_server
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", host="127.0.0.1") as started:
        yield started


@pytest.fixture
def on_dask(cluster: LocalCluster, tmp_path: Path) -> Iterator[OnDask]:
    cluster.scale(2)  # a nanny that is busy may leave with the worker that a test has killed
    cluster.wait_for_workers(2, timeout=120)
    with _spread(cluster.scheduler_address, make_place(tmp_path / "probed")) as spread:
        assert isinstance(spread, OnDask)
        yield spread


def _called(shard: str, word: str) -> str:
    return f"{shard} {word}"


def _dies_once(shard: str, folder: str) -> str:
    mark = Path(folder) / shard
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return shard


def _dies(shard: str) -> None:  # noqa: ARG001
    os.kill(os.getpid(), signal.SIGKILL)


def _dies_on_workers(shard: str) -> str:
    """As where a machine is out of memory for one shard, and a worker's own limit reached for another."""
    try:
        get_worker()
    except ValueError:  # no worker
        return shard
    if shard == "_0001":
        os.kill(os.getpid(), signal.SIGKILL)
    if shard == "_0002":
        raise MemoryError
    return shard


def _refuses(shard: str) -> None:
    raise WorkError(f"No. Received: {shard}.")


def _in_a_flow(on_dask: OnDask, work: Callable[..., Any], shards: list[str], *arguments: str) -> Any:
    """As a step calls it, which has where to log to."""
    return flow(lambda: on_dask.over(work, shards, *arguments), name="spread")()


@pytest.mark.slow
def test_a_worker_that_dies_costs_no_shard(on_dask: OnDask, tmp_path: Path) -> None:
    names = ["_0000", "_0001", "_0002"]
    assert on_dask.over(_dies_once, names, str(tmp_path)) == names


@pytest.mark.slow
def test_what_no_worker_can_do_is_done_by_a_process_of_the_run(
    on_dask: OnDask, caplog: pytest.LogCaptureFixture
) -> None:
    names = ["_0000", "_0001", "_0002", "_0003"]
    assert _in_a_flow(on_dask, _dies_on_workers, names) == names
    (warning,) = [said for record in caplog.records if "A Dask worker that" in (said := record.getMessage())]
    assert "must do dies_on_workers of each shard. Received: none could of " in warning
    assert {"_0001", "_0002"} <= set(warning.partition(" (")[0].rpartition("of ")[2].split(", "))


@pytest.mark.slow
def test_a_run_goes_on_where_every_worker_has_left(
    prefect_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert prefect_server
    monkeypatch.setattr(dask_cluster, "_LOOK", 1)
    monkeypatch.setattr(dask_cluster, "_ABANDONED", 3)
    quiet = {"threads_per_worker": 1, "dashboard_address": "127.0.0.1:0", "host": "127.0.0.1"}
    with (
        LocalCluster(n_workers=1, **quiet) as leaving,
        _spread(leaving.scheduler_address, make_place(tmp_path)) as spread,
    ):
        assert _in_a_flow(spread, _called, ["_0000"], "x") == ["_0000 x"]
        leaving.scale(0)
        until(lambda: not leaving.scheduler.workers, seconds=60)
        assert _in_a_flow(spread, _called, ["_0000", "_0001"], "x") == ["_0000 x", "_0001 x"]


@pytest.mark.slow
def test_what_kills_that_process_too_is_one_message(on_dask: OnDask) -> None:
    with pytest.raises(WorkError, match=r"must do dies of shard _0007\. Received: .* it was killed by signal 9\."):
        _in_a_flow(on_dask, _dies, ["_0007"])


@pytest.mark.slow
def test_an_error_of_the_work_is_raised_here(on_dask: OnDask) -> None:
    with pytest.raises(DaycastError, match="Received: _0003"):
        on_dask.over(_refuses, ["_0003"])


def _kept() -> list[str]:
    return [os.environ[f"MALLOC_{what}_THRESHOLD_"] for what in ("TRIM", "MMAP")]


@pytest.mark.slow
@pytest.mark.usefixtures("prefect_server")
def test_a_worker_of_this_machine_keeps_the_memory_of_an_array_for_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for what in ("TRIM", "MMAP"):  # what Dask left in this process for the workers of other tests goes before settings
        monkeypatch.delenv(f"MALLOC_{what}_THRESHOLD_", raising=False)
    with _spread("local:1", make_place(tmp_path)) as spread:
        assert isinstance(spread, OnDask)
        assert spread._runner is not None
        (found,) = spread._runner.client.run(_kept).values()
    assert [int(each) for each in found] == [1 << 28, 1 << 28]


@pytest.mark.slow
def test_a_run_whose_worker_is_killed_leaves_what_a_run_in_one_process_does(
    cluster: LocalCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daycast.storage.lake.observations.MOST_SERIES", 1)
    alone, spread = _place(tmp_path / "alone"), _place(tmp_path / "spread")
    expected = alone.run()
    monkeypatch.setenv("DAYCAST_DASK", cluster.scheduler_address)
    killing = threading.Thread(target=_kill_one, args=(cluster, spread.root / "data" / "lake" / "windows"))
    killing.start()
    summary = spread.run()
    killing.join()
    assert (summary.status, summary.rows) == (expected.status, expected.rows) == ("degraded", 4)
    assert summary.message == expected.message
    assert spread.tables(leave=WALL_CLOCK) == alone.tables(leave=WALL_CLOCK)


def _kill_one(cluster: LocalCluster, when: Path) -> None:
    with Client(cluster, set_as_default=False) as client:
        pid = next(iter(client.run(os.getpid).values()))
    until(when.exists, seconds=120)
    os.kill(pid, signal.SIGKILL)


@pytest.mark.slow
def test_a_worker_that_does_not_see_the_storage_is_told(
    cluster: LocalCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = make_place(tmp_path / "here")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    command = [sys.executable, "-m", "distributed.cli.dask_worker", cluster.scheduler_address, "--no-dashboard"]
    with (
        subprocess.Popen(command, cwd=elsewhere, stderr=subprocess.DEVNULL) as worker,
        Client(cluster, set_as_default=False) as client,
    ):
        try:
            client.wait_for_workers(3, timeout=60)
            monkeypatch.chdir(tmp_path)
            lost = Place(root=Path("here"), database_url=place.database_url)
            with pytest.raises(WorkError, match=r"must have the storage here/data\. Received: tcp://.* is not there"):
                _begin(cluster.scheduler_address, lost)
        finally:
            worker.terminate()
