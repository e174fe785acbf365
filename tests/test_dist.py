"""What is released: a wheel and an sdist with the same in them, that work where nothing else of the tree is."""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.message import Message
from email.parser import Parser
from hashlib import sha256
from pathlib import Path

import pytest

from tests.installs import Install, build_wheel

ROOT = Path(__file__).parents[1]
FLOORS = ("flows", "tasks", "models", "storage")
DATA = {".toml", ".j2", ".mako"}


@pytest.fixture(scope="session")
def sdist(release_tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist of this tree, as ``make dist`` builds it."""
    out = tmp_path_factory.mktemp("sdist")
    call = [sys.executable, "-m", "build", "--sdist", "--no-isolation", "--outdir", str(out), str(release_tree)]
    done = subprocess.run(call, capture_output=True, text=True, check=False, cwd=out)
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = out.glob("*.tar.gz")
    return found


def content(wheel: Path) -> dict[str, str]:
    """The SHA-256 of each file of a wheel, but of the list of them."""
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/RECORD")]
        return {name: sha256(archive.read(name)).hexdigest() for name in names}


def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return Parser().parsestr(archive.read(name).decode())


def test_the_wheel_holds_the_four_floors_and_what_they_read(wheel: Path) -> None:
    held = {name.removeprefix("daycast/") for name in content(wheel) if name.startswith("daycast/")}
    expected = {
        str(path.relative_to(ROOT))
        for floor in FLOORS
        for path in (ROOT / floor).rglob("*")
        if path.suffix in {".py", *DATA} and (ROOT / "storage" / "data") not in path.parents
    }
    assert held == expected | {"__init__.py", "__main__.py", "py.typed"}
    assert {Path(name).suffix for name in held} == {".py", ".typed", *DATA}
    others = {name.split("/")[0] for name in content(wheel)} - {"daycast"}
    assert len(others) == 1, "and of the tree nothing else"


@pytest.mark.slow
def test_the_sdist_holds_what_makes_the_same_wheel(sdist: Path, wheel: Path, tmp_path: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
        assert all(member.isfile() or member.isdir() for member in archive), "no links, which not every system has"
        archive.extractall(tmp_path, filter="data")
    assert {"LICENSE", "README.md", "CHANGELOG.md", "SECURITY.md", "docs/pipelines.md", "pyproject.toml"} <= names
    assert not [name for name in names if "sqlite" in name or name.startswith(("tests", "src/daycast/storage/data"))]
    (unpacked,) = tmp_path.iterdir()
    again = content(build_wheel(unpacked, tmp_path / "wheel"))
    assert again == content(wheel)


def test_an_index_is_told_what_it_shows(wheel: Path) -> None:
    told = metadata(wheel)
    assert told["License-Expression"] == "MIT"
    assert told.get_all("License-File") == ["LICENSE"]
    assert told["Author"] == "the daycast authors"
    assert told["Requires-Python"] == "<3.14,>=3.11"
    assert "forecasting" in told["Keywords"]
    classifiers = told.get_all("Classifier") or []
    assert {f"Programming Language :: Python :: 3.{minor}" for minor in (11, 12, 13)} <= set(classifiers)
    assert told["Description-Content-Type"] == "text/markdown"
    assert told.get_all("Project-URL") is None, "there is no public address to name"
    assert f"## [{told['Version']}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_licence_is_the_same_everywhere(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("/licenses/LICENSE")]
        assert archive.read(name).decode() == (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "MIT" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_installed_it_runs_from_an_empty_folder_and_again(fresh_install: Install, tmp_path: Path) -> None:
    """With the pipeline file that it ships, and what it stores in ``storage/data`` there, twice."""
    left = {"DAYCAST_STORAGE", "DAYCAST_PIPELINES", "DAYCAST_DATABASE_URL", "PREFECT_API_URL"}
    environment = {name: value for name, value in fresh_install.environment.items() if name not in left}
    folder = tmp_path / "empty"
    folder.mkdir()

    def daycast(*arguments: str) -> str:
        done = subprocess.run(
            [*fresh_install.command, *arguments], cwd=folder, env=environment,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    place = subprocess.run(
        [str(fresh_install.python), "-P", "-c", "import daycast; print(daycast.__file__)"], cwd=folder,
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert Path(place.stdout.strip()).is_relative_to(fresh_install.python.parents[1]), "the wheel's, not the tree's"
    assert "retrain" in daycast("run", "--sample", "etth1", "--as-of", "2026-11-20")
    assert (folder / "storage" / "data" / "daycast.sqlite").is_file()
    # Now that storage/data is there, under the name of a floor; the training is in a process of its own.
    assert "fine_tune" in daycast("run", "--sample", "etth1", "--as-of", "2026-11-21", "--train", "fine_tune")
    assert "sample_etth1" in daycast("forecasts", "--format", "csv")
    assert sorted(path.name for path in folder.iterdir()) == ["storage"]
    shutil.rmtree(folder)
