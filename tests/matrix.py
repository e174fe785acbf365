"""The tests by each Python that daycast supports and that is installed, in an environment of its own each.

``python tests/matrix.py [PYTEST ARGUMENT…]``, or ``make matrix``. Environments stay in ``.matrix/``, and are made anew
when the locked dependencies change; a Python that is not there is told, and left out. Exit code 1 where tests failed,
or where no Python was found at all.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
VERSIONS = ("3.11", "3.12", "3.13")
LOCK = ROOT / "requirements-dev.lock"
FAST = ("--numprocesses", "4", "--dist", "loadgroup", "-m", "not slow and not real_data", "--quiet")


def candidates(version: str) -> Iterator[str]:
    """Where a Python may be: on the path, then among pyenv's, the newest first."""
    if found := shutil.which(f"python{version}"):
        yield found
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    patches = [path for path in pyenv.glob(f"{version}.*/bin/python") if path.parts[-3].rpartition(".")[2].isdigit()]
    yield from map(str, sorted(patches, key=lambda path: int(path.parts[-3].rpartition(".")[2]), reverse=True))


def works(python: str, version: str) -> bool:
    """Whether it starts and is of that version: a shim of pyenv's may be there without a Python behind it."""
    told = "import sys, ensurepip; print('{}.{}'.format(*sys.version_info))"
    done = subprocess.run([python, "-c", told], capture_output=True, text=True, check=False)
    return done.returncode == 0 and done.stdout.strip() == version


def environment(python: str, version: str) -> Path:
    """An environment with the locked dependencies and this tree; gives its interpreter."""
    folder = ROOT / ".matrix" / version
    stamp = folder / "locked"
    wanted = hashlib.sha256(LOCK.read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()
    inside = folder / "bin" / "python"
    if not stamp.exists() or stamp.read_text() != wanted:
        subprocess.run([python, "-m", "venv", "--clear", str(folder)], check=True)
        install = [str(inside), "-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--no-deps"]
        subprocess.run([*install, "--require-hashes", "-r", str(LOCK)], check=True)
        subprocess.run([*install, "--no-build-isolation", "--editable", str(ROOT)], check=True)
        stamp.write_text(wanted)
    return inside


def main(arguments: list[str]) -> int:
    """Run the matrix; gives the exit code."""
    outcomes: dict[str, str] = {}
    for version in VERSIONS:
        python = next((found for found in candidates(version) if works(found, version)), None)
        if python is None:
            outcomes[version] = "skipped: it is not installed"
            continue
        say(f"Python {version}: {python}")
        call = [str(environment(python, version)), "-m", "pytest", *(arguments or FAST)]
        # Without PYTHONPATH: the daycast that is tested is the one installed.
        variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        code = subprocess.run(call, cwd=ROOT, env=variables, check=False).returncode
        outcomes[version] = "passed" if code == 0 else f"failed: pytest ended with {code}"
    for version, outcome in outcomes.items():
        say(f"Python {version}: {outcome}")
    ran = [outcome for outcome in outcomes.values() if not outcome.startswith("skipped")]
    return 0 if ran and set(ran) == {"passed"} else 1


def say(line: str) -> None:
    """Print a line at once, before what pytest prints."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
