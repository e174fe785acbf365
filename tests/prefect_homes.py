"""Homes for Prefect with a database at its newest schema: to make one takes a server ten seconds of a core."""

import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

_MADE = Path(__file__).parents[1] / ".pytest_cache" / "prefect" / f"{version('prefect')}.db"
"""Made once a checkout and version, and copied."""


def make_database() -> None:
    """Make the database that homes begin with, where there is none yet."""
    if _MADE.exists():
        return
    home = _MADE.parent / f"home-{os.getpid()}"
    home.mkdir(parents=True)
    try:
        subprocess.run(
            [sys.executable, "-P", "-m", "prefect", "server", "database", "upgrade", "--yes"],
            env={**os.environ, "PREFECT_HOME": str(home), "PREFECT_SERVER_ANALYTICS_ENABLED": "false"},
            stdout=subprocess.DEVNULL,
            check=True,
        )
        (home / "prefect.db").replace(_MADE)  # at once, as other test sessions may be making it too
    finally:
        shutil.rmtree(home)


def prefect_home(folder: Path) -> str:
    """Make a home of Prefect's for a test; gives the folder as an environment variable has it."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_MADE, folder / "prefect.db")
    (folder / "prefect.db").chmod(0o600)  # as the server makes it
    return str(folder)
