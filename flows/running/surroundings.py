"""What is around daycast and belongs to somebody else: a proxy for the net, a home folder that is not there."""

import os
import tempfile
from pathlib import Path

from daycast.storage.terms.errors import ConfigError

LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""What is on this machine."""


def leave_loopback_alone() -> None:
    """Send nothing that is for this machine to a proxy, neither from here nor from what is started from here.

    Python's own client, Prefect's, requests and curl all read these two names; where both are there some read the one
    and some the other. What is not on this machine goes where it did.
    """
    there = [os.environ.get(name, "") for name in ("no_proxy", "NO_PROXY")]
    hosts = [host.strip() for text in there for host in text.split(",") if host.strip()]
    if "*" not in hosts:
        said = ",".join(dict.fromkeys([*hosts, *LOOPBACK]))
        os.environ.update(no_proxy=said, NO_PROXY=said)


def prefect_home() -> Path:
    """Where Prefect keeps its state.

    Raises:
        ConfigError: it is the default, and nobody knows this user's home.
    """
    named = os.environ.get("PREFECT_HOME")
    try:
        return Path(named or "~/.prefect").expanduser()
    except RuntimeError:
        raise _no_home("a user without a home folder") from None


def require_prefect_home() -> None:
    """Hold Prefect's home to being a folder that can be written; it is made where it is not there.

    Raises:
        ConfigError: it cannot be.
    """
    home = prefect_home()
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            pass
    except OSError as error:
        raise _no_home(f"{home}: {error.strerror or error}") from None


def _no_home(received: str) -> ConfigError:
    return ConfigError(
        f"Prefect needs a folder that can be written for its state. Received: {received}. Set PREFECT_HOME to one."
    )
