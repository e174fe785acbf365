"""What CONTRIBUTING.md says of adding a feed, a cell and a pipeline, done to a copy of the tree word by word."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.places import Place, make_place

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
COPIED = ("flows", "tasks", "models", "storage", "src", "tests", "docs")
_LINE = re.compile(r"(\S+), a line of ([A-Z]+)")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, flags=re.DOTALL)


def _follow(tree: Path) -> list[str]:
    """Do what each block of Python says in its first line: a file, or a line of a table. Gives the files touched."""
    touched = []
    for block in _blocks("python"):
        head, text = block.split("\n", 1)
        place = head.removeprefix("# ")
        if line := _LINE.fullmatch(place):
            _add_line(tree / line[1], table=line[2], line=text)
        else:
            assert not (tree / place).exists()
            (tree / place).write_text(text, encoding="utf-8")
        touched.append(line[1] if line else place)
    return touched


def _add_line(path: Path, *, table: str, line: str) -> None:
    text = path.read_text(encoding="utf-8")
    before, after = text.split(f"\n{table}: Mapping", 1)
    entries, rest = after.split("\n    }\n)", 1)
    path.write_text(f"{before}\n{table}: Mapping{entries}\n        {line.strip()}\n    }}\n){rest}", encoding="utf-8")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the tree."""
    to = tmp_path / "tree"
    for name in COPIED:
        shutil.copytree(ROOT / name, to / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__", "data"))
    for name in ("pyproject.toml", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "Makefile"):
        shutil.copy(ROOT / name, to / name)
    return to


def _python(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree / "src")},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_a_feed_touches_three_files_and_a_cell_two_beside_test_and_documentation(tree: Path) -> None:
    touched = [name for name in _follow(tree) if not name.startswith("tests/")]
    assert touched == [
        *("storage/feeds/waves.py", "storage/feeds/waves_keys.py", "storage/feeds/catalog.py"),
        *("models/networks/relu.py", "storage/terms/cells.py"),
    ]
    linted = _python(tree, "-m", "ruff", "check", "--no-cache", *touched)
    assert linted.returncode == 0, linted.stdout
    written = _python(tree, "tests/test_docs.py")
    assert written.returncode == 0, written.stderr
    page = (tree / "docs" / "pipelines.md").read_text(encoding="utf-8")
    assert "### On the feed `waves`" in page
    assert "| `period` | `14` | days from crest to crest |" in page
    assert "`sample`, `waves`" in page
    assert "`segment_lstm`, `relu_rnn`" in page
    tested = _python(tree, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/storage/feeds/test_waves.py")
    assert tested.returncode == 0, tested.stdout


@pytest.fixture
def harbour(tmp_path: Path) -> Place:
    """A place with the guide's pipeline."""
    place = make_place(tmp_path / "place")
    (tables,) = _blocks("toml")
    (place.root / "pipelines.toml").write_text(tables, encoding="utf-8")
    return place


@pytest.mark.slow
def test_the_guide_s_pipeline_runs_on_its_feed_and_its_cell(tree: Path, harbour: Place, prefect_server: str) -> None:
    """The network is trained, stored, held to the check of stored files, loaded by name, and forecasts."""
    _follow(tree)
    there = {"PYTHONPATH": str(tree / "src"), "PREFECT_API_URL": prefect_server}
    done = harbour.daycast("run", "harbour", **there)
    assert done.returncode == 0, done.stdout + done.stderr
    (version,) = harbour.table("model_versions")
    assert version["cell"] == "relu_rnn"
    assert {row["series_id"] for row in harbour.table("forecasts")} == {"harbour/north", "harbour/south"}
    tables = harbour.root / "pipelines.toml"
    tables.write_text(tables.read_text().replace('"waves"', '"yahoo"'))
    refused = harbour.daycast("run", "harbour", **there)
    assert refused.returncode == 2
    assert "'period' belongs to the feed waves. Received: feed = 'yahoo'" in refused.stderr
