"""Start two runs of one pipeline at the same time, by hand and from a scheduler, and look for what both would break.

Run from the project's folder: ``python -m tests.drills.drill_two_at_once [--rounds N] [--predicts KIND]``, half of the
rounds on SQLite and half on PostgreSQL; a pipeline on values, then one on labels, then one on text. In each round
``daycast run`` is started in a process of its own while a Prefect deployment's run of the same pipeline starts in
another one; in every other round both are of the same instant. Prints a line a database, and exits with 1 where a row
stands twice, a version is lost or without its files, there is not one champion, or a run ended neither well nor with
the message that says why it did not begin.
"""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from prefect.client.orchestration import get_client
from prefect.client.schemas.sorting import FlowRunSort

from daycast.storage.lake.folder import Folder
from daycast.storage.registry.store import Registry
from daycast.storage.sql.database import Database
from tests import places
from tests.drills.kinds import KINDS
from tests.places import EARLIER, Place
from tests.postgres import new_database, postgresql

ROOT = Path(__file__).parents[2]
BUSY = "while another one is in progress"
SERVE = """
from daycast.flows.server.deployments import make_deployments
from daycast.flows.server.serving import run_deployments
from daycast.storage.config.pipeline_file import load_pipelines
from daycast.storage.config.settings import Settings
made = make_deployments(load_pipelines(Settings().pipelines).values())
run_deployments(each for each in made if each.name == "mine")
"""
_LIMIT_SECONDS = 300

MIXTURES = """
SELECT series_id, origin FROM forecasts GROUP BY series_id, origin
HAVING COUNT(*) <> 2 OR COUNT(DISTINCT run_id) <> 1 OR COUNT(DISTINCT issued_at) <> 1
"""
ACTIVITY = """
SELECT state, wait_event_type, wait_event, now() - xact_start AS since, left(query, 100) AS query
FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
TWICE = "SELECT series_id, lead, origin FROM forecasts GROUP BY series_id, lead, origin HAVING COUNT(*) > 1"


@dataclass
class Count:
    """What the rounds on one database came to.

    Attributes:
        rounds: how many there were.
        worked: runs that did their work.
        left: runs that left with the message.
        overlapped: rounds of which the two runs were in progress at once.
        wrong: what must not be, in words.
        versions: those seen so far.
    """

    rounds: int = 0
    worked: int = 0
    left: int = 0
    overlapped: int = 0
    wrong: list[str] = field(default_factory=list)
    versions: set[str] = field(default_factory=set)


def main() -> int:
    """Do the rounds, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--predicts", choices=list(KINDS), help="pipelines of this kind alone")
    options = parser.parse_args()
    kinds = [kind for kind in KINDS.values() if options.predicts in {None, kind.predicts}]
    places.give_home()
    from daycast.flows.server.local_server import prefect_api

    wrong = []
    with tempfile.TemporaryDirectory() as folder, prefect_api() as ready, postgresql() as server:
        ready()
        for kind in kinds:
            with new_database(server.get_uri()) as url:
                for name, database_url in (("SQLite", None), ("PostgreSQL", url)):
                    began = time.monotonic()
                    rules = {"retrain_every_days": 3, "fine_tune_epochs": 2}
                    place = kind.place(Path(folder) / kind.predicts / name, database_url, training=rules)
                    count = _rounds(place, rounds=options.rounds // 2)
                    wrong += count.wrong
                    print(  # noqa: T201
                        f"{kind.predicts}, {name}: {count.rounds} rounds of two, {count.worked} runs worked, "
                        f"{count.left} left, {count.overlapped} rounds overlapped, {len(count.versions)} versions, "
                        f"{len(count.wrong)} faults, {time.monotonic() - began:.0f} s",
                        flush=True,
                    )
    for line in wrong:
        print(line)  # noqa: T201
    return 1 if wrong else 0


def _rounds(place: Place, *, rounds: int) -> Count:
    count = Count()
    with _serving(place, count):
        for number in range(rounds):
            day = EARLIER + timedelta(days=2 * number % 20)
            _round(place, count, hand=day, scheduled=day + timedelta(days=number % 2))
    return count


def _round(place: Place, count: Count, *, hand: datetime, scheduled: datetime) -> None:
    environment, before = {**place.environment, "PREFECT_LOGGING_LEVEL": "ERROR"}, len(count.wrong)
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name("daily/mine")
        run = client.create_flow_run_from_deployment(deployment.id, parameters={"as_of": scheduled.isoformat()})
        code, said = _by_hand(place, hand, environment)
        deadline = time.monotonic() + _LIMIT_SECONDS
        while not (state := client.read_flow_run(run.id).state) or not state.is_final():
            if time.monotonic() > deadline:
                count.wrong.append(f"the scheduled run of {scheduled} is still {state}. {_standing(place)}")
                break
            time.sleep(0.5)
    count.rounds += 1
    ended = [(code == 0, said), (bool(state and state.is_completed()), str(state and state.message))]
    _judge(place, count, ended, before=before)


def _by_hand(place: Place, day: datetime, environment: dict[str, str]) -> tuple[int, str]:
    """The exit code and the words of ``daycast run``; of one that does not end, where each of its threads stands."""
    command = [sys.executable, "-X", "faulthandler", "-m", "daycast.flows.command.cli", "run", "mine"]
    process = subprocess.Popen(
        [*command, "--as-of", day.isoformat()],
        env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        said = process.communicate(timeout=_LIMIT_SECONDS)[0]
    except subprocess.TimeoutExpired:
        standing = _standing(place)
        process.send_signal(signal.SIGABRT)
        said = f"nothing yet after {_LIMIT_SECONDS} s. {standing} {process.communicate()[0]}"
    return process.returncode, " ".join(said.split())


def _standing(place: Place) -> str:
    """What tells a run that waits from one without a turn: processor seconds, and what PostgreSQL waits for."""
    mark, found = f"DAYCAST_STORAGE={place.root}/data".encode(), []
    for each in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark in (each / "environ").read_bytes().split(b"\0"):
                ticks = (each / "stat").read_text().rpartition(")")[2].split()[11:13]
                command = (each / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")[:100]
                found.append(f"{sum(map(int, ticks)) / os.sysconf('SC_CLK_TCK'):.0f} s of processor by {command}")
    if not place.database_url.startswith("sqlite"):
        with Database.as_it_is(place.database_url) as db:
            found += [str(row) for row in db.query(ACTIVITY)]
    return f"Load {os.getloadavg()[0]:.0f}; {'; '.join(found)}."


def _judge(place: Place, count: Count, ended: list[tuple[bool, str]], *, before: int) -> None:
    for well, said in ended:
        count.worked += well
        count.left += not well and BUSY in said
        if not well and BUSY not in said:
            count.wrong.append(f"round {count.rounds}: a run ended with: {said}")
    if not any(well for well, _ in ended):
        count.wrong.append(f"round {count.rounds}: neither run worked")
    count.wrong += [f"round {count.rounds}: {fault}" for fault in faults(place)]
    versions = {row["version"] for row in place.table("model_versions")}
    if lost := count.versions - versions:
        count.wrong.append(f"round {count.rounds}: lost {lost}")
    count.versions |= versions
    count.overlapped += _overlap()
    for line in count.wrong[before:]:
        print(f"  {line[:2000]}", flush=True)  # noqa: T201


def faults(place: Place) -> list[str]:
    """What two runs at once may have broken."""
    registry = Registry(Folder(place.root / "data" / "models"))
    found = [f"{file} is not whole" for file in registry.verify() if not file.ok]
    with Database.open(place.database_url) as db:
        for question in (MIXTURES, *(kind.mixtures for kind in KINDS.values())):
            found += [f"a mixture: {row}" for row in db.query(question)]
        found += [f"a row twice: {row}" for row in db.query(TWICE)]
    rows = place.table("model_versions")
    if len([row for row in rows if row["stage"] == "champion"]) != 1:
        found.append(f"not one champion: {[(row['version'], row['stage']) for row in rows]}")
    if registry.versions("mine") != sorted(row["version"] for row in rows):
        found.append(f"{registry.versions('mine')} are stored, {[row['version'] for row in rows]} are recorded")
    return found + [f"it did not end: {row['run_id']}" for row in place.table("runs") if row["status"] == "running"]


def _overlap() -> bool:
    """Whether the two flow runs that began last were in progress at the same time, waiting included."""
    with get_client(sync_client=True) as client:
        one, other = client.read_flow_runs(sort=FlowRunSort.START_TIME_DESC, limit=2)
    times = (one.start_time, one.end_time, other.start_time, other.end_time)
    return None not in times and max(times[0], times[2]) < min(times[1], times[3])  # type: ignore[type-var]


@contextlib.contextmanager
def _serving(place: Place, count: Count) -> Iterator[None]:
    """A process that starts the runs of the pipeline's deployment, as ``daycast up`` does."""
    environment = {**place.environment, "PREFECT_RUNNER_POLL_FREQUENCY": "1", "PREFECT_LOGGING_LEVEL": "ERROR"}
    assert os.environ["PREFECT_API_URL"]
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE], env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        time.sleep(15)
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            count.wrong.append("the process that serves deployments did not end within 60 s of being told to")
            process.kill()


if __name__ == "__main__":
    raise SystemExit(main())
