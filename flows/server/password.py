"""The password of the server that daycast starts: the operator's own, or one made here and kept in a file for them."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path

from daycast.flows.server.binding import Binding
from daycast.storage.terms.errors import ConfigError

_USER = "daycast"
FILE = "daycast-password"
"""In Prefect's home."""
_MINE_ALONE = 0o600


def make_password() -> str:
    """User and password, as Prefect's basic authentication takes them."""
    return f"{_USER}:{secrets.token_urlsafe(24)}"


def choose_password(binding: Binding, *, generated: bool, say: Callable[[str], None]) -> str | None:
    """The password that the server is to ask for; none for none.

    Args:
        binding: where it will listen.
        generated: ask for one, made here where the operator has set none.
        say: prints a line for the operator.

    Raises:
        ConfigError: it would listen beyond this machine without one, or the file cannot be kept from others.
    """
    from prefect.settings import get_current_settings

    if own := get_current_settings().server.api.auth_string:
        say("  It asks for the password in PREFECT_SERVER_API_AUTH_STRING.")
        return own.get_secret_value()
    if generated:
        file = get_current_settings().home / FILE
        say(f"  It asks for the password (user and password, as one word) in {file}")
        return kept_password(file)
    if not binding.is_for_this_machine:
        raise ConfigError(
            f"A password is required for a server beyond this machine: who reaches it can run code as this account. "
            f"Received: --host {binding.host} without one. Add --password, or set PREFECT_SERVER_API_AUTH_STRING."
        )
    say("  It asks for no password: every account of this machine can run code as this one. Recommended: --password")
    return None


def kept_password(file: Path) -> str:
    """The password in a file that only its owner can read; made where it is not there.

    Raises:
        ConfigError: the file belongs to somebody else, or cannot be read or written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            _write(file, make_password())
        found = file.lstat()
        if found.st_uid != os.getuid() or not stat.S_ISREG(found.st_mode):
            raise ConfigError(f"A password file of one's own is required. Received: {file}. Remove it.")
        file.chmod(_MINE_ALONE)
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigError(
            f"A password file that can be kept is required. Received: {file}: {error.strerror}. "
            "Set PREFECT_HOME to a folder of this account's, or PREFECT_SERVER_API_AUTH_STRING."
        ) from None


def _write(file: Path, password: str) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MINE_ALONE)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(f"{password}\n")
