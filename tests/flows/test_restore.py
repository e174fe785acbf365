"""A backup that is restored into an empty place serves the same bits; docs/operate.md says how."""

import configparser
import json
import re
import shlex
import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.places import AS_OF, Place

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "examples"


def backed_up(place: Place, backup: Path) -> None:
    """As the page says: the database first, by SQLite's own backup, then the folder without it."""
    backup.mkdir()
    with sqlite3.connect(place.root / "data" / "daycast.sqlite") as there, sqlite3.connect(backup / "db") as copy:
        there.backup(copy)
    there.close()
    copy.close()
    shutil.copytree(place.root / "data", backup / "storage", ignore=shutil.ignore_patterns("daycast.sqlite*"))


def restored(place: Place, backup: Path, root: Path) -> Place:
    shutil.copytree(backup / "storage", root / "data")
    shutil.copy(backup / "db", root / "data" / "daycast.sqlite")
    for feed in (*place.root.glob("*.csv"), place.root / "pipelines.toml"):
        shutil.copy(feed, root)
    pipelines = root / "pipelines.toml"
    pipelines.write_text(pipelines.read_text().replace(str(place.root), str(root)))
    return Place(root=root, database_url=f"sqlite:///{root / 'data' / 'daycast.sqlite'}")


@pytest.mark.slow
@pytest.mark.usefixtures("prefect_server")
def test_what_is_restored_serves_the_same(trained, tmp_path, command):
    backed_up(trained, tmp_path / "backup")
    again = restored(trained, tmp_path / "backup", tmp_path / "again")
    assert command(again, "models", "verify").code == 0
    assert command(again, "forecasts", "--format", "csv").out == command(trained, "forecasts", "--format", "csv").out
    for place in (trained, again):
        assert place.run(as_of=AS_OF, training="reuse").status == "succeeded"
    served = [
        [
            (row["series_id"], row["origin"], row["lead"], row["mean"], row["lower_95"])
            for row in place.table("forecasts")
        ]
        for place in (trained, again)
    ]
    assert served[0] == served[1]


def test_the_service_starts_a_command_that_there_is_under_an_account_of_its_own():
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(EXAMPLES / "daycast.service")
    service = unit["Service"]
    assert shlex.split(service["ExecStart"])[1:] == ["up", "--password"]
    assert (service["User"], service["UMask"]) == ("daycast", "0077")
    text = (EXAMPLES / "daycast.service").read_text()
    for name in ("DAYCAST_STORAGE", "DAYCAST_PIPELINES", "PREFECT_HOME"):
        assert f"Environment={name}=/" in text


def test_the_container_runs_as_nobody_special_with_a_password():
    lines = re.sub(r"\\\n\s*", "", (EXAMPLES / "Containerfile").read_text()).splitlines()
    steps = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]
    assert [name for name, _ in steps].index("USER") < [name for name, _ in steps].index("CMD")
    assert dict(steps)["CMD"] == '["daycast", "up", "--host", "0.0.0.0", "--password"]'
    assert "latest" not in dict(steps)["FROM"]


def test_the_container_can_be_built_as_far_as_that_is_seen_without_an_engine():
    lines = re.sub(r"\\\n\s*", "", (EXAMPLES / "Containerfile").read_text()).splitlines()
    steps = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]
    known = {"FROM", "RUN", "WORKDIR", "COPY", "USER", "ENV", "VOLUME", "EXPOSE", "STOPSIGNAL", "CMD"}
    assert {name for name, _ in steps} <= known
    for name, said in steps:
        if name in {"CMD", "VOLUME"}:
            assert all(isinstance(word, str) for word in json.loads(said)), "without a shell, so that SIGTERM arrives"
        if name == "COPY":
            assert all((ROOT / source).exists() for source in said.split()[:-1])
        if name == "RUN" and "pip install" in said:
            assert "--no-deps" in said
            assert "--no-cache-dir" in said
    assert re.search(r"^setuptools==", (ROOT / "requirements.lock").read_text(), flags=re.MULTILINE), (
        "it builds with it"
    )
    version = re.search(r"python:3\.(\d+)", dict(steps)["FROM"])
    assert version
    assert int(version[1]) in {11, 12, 13}
