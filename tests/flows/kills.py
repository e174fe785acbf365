"""Kill a run at any of its writes, let the next one do it again, and compare what stands with an undisturbed run's.

Shared by ``test_kill.py``, which takes a few of the writes, and by ``tests/drills/drill_kill.py``, which takes all.
"""

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, inspect, make_url, text

from daycast.storage.lake.folder import Folder
from daycast.storage.registry.store import Registry
from tests.places import AS_OF, DAYS, EARLIER, TINY, Place, make_place, walk
from tests.postgres import new_database

ROOT = Path(__file__).parents[2]

_EXACT = "lake/"
"""Files of which every byte is the same after an undisturbed run; models say when they were saved, reports show it."""
_OWN = {"runs": {"prefect_flow_run_id"}, "model_versions": {"sha256"}}
"""The columns that differ between two runs of the same instant in the same place."""
_HORIZON = 2

_MIXTURES = f"""
SELECT series_id, origin FROM forecasts GROUP BY series_id, origin
HAVING COUNT(*) <> {_HORIZON} OR COUNT(DISTINCT run_id) <> 1 OR COUNT(DISTINCT issued_at) <> 1
"""  # noqa: S608 — a number of ours
_UNFINISHED = """
SELECT f.run_id FROM forecasts f JOIN runs r ON r.run_id = f.run_id AND r.status = 'running' AND r.as_of = f.as_of
WHERE f.issued_at >= r.started_at
"""
_UNTOLD = """
SELECT t.run_id FROM labels t JOIN runs r ON r.run_id = t.run_id AND r.status = 'running' AND r.as_of = t.as_of
WHERE t.issued_at >= r.started_at
"""


@dataclass(frozen=True)
class Day:
    """A daily run that is killed.

    Attributes:
        name: of the kind of day.
        training: what the run is told to do.
        before: what the run before it was told to do; none where it is the first.
    """

    name: str
    training: str
    before: str | None


FIRST = Day("first", "auto", None)
RETRAIN = Day("retrain", "retrain", "retrain")
FINE_TUNE = Day("fine_tune", "fine_tune", "retrain")
REUSE = Day("reuse", "reuse", "retrain")


@contextlib.contextmanager
def nursery(api: str) -> Iterator[Callable[..., int]]:
    """Orders runs from ``tests/flows/nursery.py``, and gives their exit codes.

    Args:
        api: the address of a Prefect server.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.flows.nursery"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PREFECT_API_URL": api},
    )
    assert process.stdin
    assert process.stdout

    def order(**line: Any) -> int:
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(line) + "\n")
        process.stdin.flush()
        return int(process.stdout.readline())

    try:
        yield order
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait(timeout=60)


@dataclass
class Trial:
    """A day that is run again and again from the same state.

    Attributes:
        order: the nursery's.
        root: a folder of its own; the place is always the same one, as rows name it.
        day: the kind of run.
        server: the URL of a PostgreSQL server's maintenance database; by default the runs are on SQLite.
        found: what was wrong, in words.
    """

    order: Callable[..., int]
    root: Path
    day: Day
    server: str | None = None
    found: list[str] = field(default_factory=list)

    def writes(self) -> list[str]:
        """Run the day undisturbed, note what stands then, and give its writes in order."""
        with self._place(prepared=False) as place:
            self._prepare(place)
            shutil.copytree(place.root, self._kept)
            self._keep_database(place)
        with self._place() as place:
            log = self.root / "writes"
            code = self._run(place, log=log)
            assert code == 0, f"the undisturbed run ended with {code}"
            self._expected = _standing(place)
            return log.read_text().splitlines()

    def kill(self, number: int) -> str:
        """Kill the run before one of its writes, run it again, compare; gives the write's name."""
        with self._place() as place:
            log = self.root / f"writes-{number}"
            code = self._run(place, log=log, fatal=number)
            name = log.read_text().splitlines()[-1]
            where = f"{self.day.name}, killed before write {number}, {name!r}"
            if code != -signal.SIGKILL:
                self.found.append(f"{where}: it was not killed, and ended with {code}")
            self.found += [f"{where}: {wrong}" for wrong in _halves(place)]
            if (code := self._run(place)) != 0:
                self.found.append(f"{where}: the next run ended with {code}")
            else:
                self.found += [f"{where}: {wrong}" for wrong in _differences(self._expected, _standing(place))]
        return name

    @property
    def _kept(self) -> Path:
        return self.root / "kept"

    def _prepare(self, place: Place) -> None:
        place.define(symbols=["A"], model={**TINY["model"], "epochs": 2}, training={"fine_tune_epochs": 2})
        if self.day.before:
            place.write("A", walk(0)[: DAYS - 20])
            code = self._run(place, as_of=EARLIER, training=self.day.before, upkeep=False)
            assert code == 0, f"the run before ended with {code}"
            place.write("A", walk(0))

    def _run(
        self,
        place: Place,
        *,
        log: Path | None = None,
        fatal: int | None = None,
        as_of: datetime = AS_OF,
        training: str | None = None,
        upkeep: bool = True,
    ) -> int:
        return self.order(
            root=str(place.root),
            database_url=place.database_url,
            log=str(log) if log else None,
            fatal=fatal,
            as_of=as_of.isoformat(),
            training=training or self.day.training,
            upkeep=upkeep,
        )

    @contextlib.contextmanager
    def _place(self, *, prepared: bool = True) -> Iterator[Place]:
        """The place as it was before the day."""
        root = self.root / "place"
        if prepared:
            shutil.copytree(self._kept, root)
        try:
            if self.server is None:
                yield Place(root, f"sqlite:///{root / 'data' / 'daycast.sqlite'}") if prepared else make_place(root)
            else:
                template = self._template if prepared else "template1"
                with new_database(self.server, template=template) as url:
                    yield Place(root, url) if prepared else make_place(root, url)
        finally:
            shutil.rmtree(root)

    @property
    def _template(self) -> str:
        return f"kept_{type(self).__name__.lower()}_{self.day.name}"

    def _keep_database(self, place: Place) -> None:
        if self.server is not None:
            engine = create_engine(_driver(self.server), isolation_level="AUTOCOMMIT")
            name = make_url(place.database_url).database
            with engine.connect() as connection:
                connection.execute(text(f"CREATE DATABASE {self._template} TEMPLATE {name}"))
            engine.dispose()


Standing = tuple[dict[str, Any], dict[str, str]]


def _standing(place: Place) -> Standing:
    """Every row but for the clock's columns, and every file."""
    return place.tables(leave=_OWN), _files(place)


def _files(place: Place) -> dict[str, str]:
    data, registry = place.root / "data", Registry(Folder(place.root / "data" / "models"))
    found: dict[str, str] = {}
    for path in sorted(data.rglob("*")):
        name = str(path.relative_to(data))
        if path.is_file() and ".sqlite" not in name:
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest() if name.startswith(_EXACT) else ""
        elif path.is_dir() and not any(path.iterdir()):
            found[name] = "an empty folder"
    for pipeline in registry.pipelines():
        for version in registry.versions(pipeline):
            found[f"weights of {version}"] = str(sorted(registry.manifest(pipeline, version).content.items()))
    return found


def _differences(expected: Standing, received: Standing) -> list[str]:
    return [
        f"{name} is not as after an undisturbed run: {mine.get(name)!r} / {theirs.get(name)!r}"
        for mine, theirs in zip(expected, received, strict=True)
        for name in sorted(mine.keys() | theirs.keys())
        if mine.get(name) != theirs.get(name)
    ]


def _halves(place: Place) -> list[str]:
    """What a reader would find half-done after the kill."""
    found = [f"{file} is not whole" for file in Registry(Folder(place.root / "data/models")).verify() if not file.ok]
    engine = create_engine(_driver(place.database_url))
    try:
        with engine.connect() as connection:
            if "forecasts" not in inspect(connection).get_table_names():
                return found
            found += [f"a mixture: {row}" for row in connection.execute(text(_MIXTURES))]
            for question in (_UNFINISHED, _UNTOLD):
                found += [f"rows of a run that did not end: {row}" for row in connection.execute(text(question))]
            rows = connection.execute(text("SELECT pipeline, version FROM model_versions")).all()
    finally:
        engine.dispose()
    registry = Registry(Folder(place.root / "data/models"))
    return found + [f"a row without files: {row}" for row in rows if not registry.exists(row[0], row[1])]


def _driver(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://", 1)
