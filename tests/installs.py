"""daycast as people have it: the tree that is worked on, and a wheel in a fresh environment.

The fresh environment borrows every other package from the one that runs the tests, by a path file: TensorFlow alone
would take minutes to install, and only where daycast itself comes from is in question.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Install:
    """An environment with daycast in it.

    Attributes:
        python: its interpreter.
        command: what ``daycast`` is there.
        environment: in which it finds daycast, and no other one.
    """

    python: Path
    command: tuple[str, ...]
    environment: dict[str, str]


def editable() -> Install:
    """The tree that is worked on, with daycast's own script where it is installed."""
    script = Path(sys.executable).with_name("daycast")
    call = "from daycast.flows.command.cli import main; main()"
    command = (str(script),) if script.exists() else (sys.executable, "-P", "-c", call)
    return Install(python=Path(sys.executable), command=command, environment=dict(os.environ))


def fresh(wheel: Path, folder: Path) -> Install:
    """A new environment with a wheel."""
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    site = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    borrowed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    # Path files that lie in a folder so named are not read: an editable daycast there stays unseen.
    (site / "borrowed.pth").write_text("\n".join(sorted(borrowed)) + "\n")
    pip("--python", str(python), "install", "--no-deps", "--no-index", "--force-reinstall", str(wheel))
    environment = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    return Install(python=python, command=(str(folder / "bin" / "daycast"),), environment=environment)


def pip(*arguments: str) -> None:
    """Call pip, which asks no index."""
    call = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments]
    done = subprocess.run(call, capture_output=True, text=True, check=False, cwd=ROOT.anchor)
    assert done.returncode == 0, done.stderr


def copied_tree(folder: Path) -> Path:
    """The files of a release, at another place: what builds it leaves a folder of its own beside them."""
    left = shutil.ignore_patterns("__pycache__", "*.pyc", "*.egg-info", "data")
    for name in ("flows", "tasks", "models", "storage", "src", "docs"):
        shutil.copytree(ROOT / name, folder / name, symlinks=True, ignore=left)
    for file in ROOT.iterdir():
        if file.is_file() and file.name != ".git":
            shutil.copy(file, folder / file.name)
    data = folder / "storage" / "data"  # what a run at the top of the tree leaves, and no release may hold
    data.mkdir()
    (data / "daycast.sqlite").touch()
    return folder


def build_wheel(source: Path, out: Path) -> Path:
    """The wheel of a tree or of an sdist, by the setuptools that is installed."""
    pip("wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(out), str(source))
    (wheel,) = out.glob("*.whl")
    return wheel


@pytest.fixture(scope="session")
def release_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the files of a release."""
    return copied_tree(tmp_path_factory.mktemp("tree"))


@pytest.fixture(scope="session")
def wheel(release_tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree."""
    return build_wheel(release_tree, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def fresh_install(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Install:
    """The wheel in an environment of its own."""
    return fresh(wheel, tmp_path_factory.mktemp("fresh"))


@pytest.fixture(scope="session", params=["editable", "wheel"])
def install(request: pytest.FixtureRequest) -> Install:
    """The tree that is worked on, then the wheel of it."""
    made: Install = editable() if request.param == "editable" else request.getfixturevalue("fresh_install")
    return made
