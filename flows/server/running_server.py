"""The server that ``daycast up`` runs now, for the commands that ask it something in a moment, without Prefect."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from daycast.flows.server.password import FILE

_FILE = "daycast-up.json"
_SECONDS = 2.0


@contextlib.contextmanager
def told(home: Path, api: str) -> Iterator[None]:
    """Let other commands of this account find the server for as long as the block."""
    file = home / _FILE
    with contextlib.suppress(OSError):
        file.write_text(json.dumps({"api": api, "process": os.getpid()}), encoding="utf-8")
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            file.unlink(missing_ok=True)


def paused_pipelines() -> frozenset[str]:
    """The pipelines whose schedule is paused there; none where no server answers at once.

    Asked is the server of ``PREFECT_API_URL``, or that of the ``daycast up`` of this account.
    """
    home = Path(os.environ.get("PREFECT_HOME", "~/.prefect")).expanduser()
    try:
        api = os.environ.get("PREFECT_API_URL") or _noted(home)
        found = _ask(f"{api}/deployments/filter", home) if api else []
    except (OSError, ValueError):
        return frozenset()
    return frozenset(str(each["name"]) for each in found if "daycast" in each["tags"] and _is_paused(each))


def _is_paused(deployment: dict[str, Any]) -> bool:
    schedules = deployment["schedules"]
    return bool(deployment["paused"] or (schedules and not any(each["active"] for each in schedules)))


def _noted(home: Path) -> str | None:
    with contextlib.suppress(FileNotFoundError):
        noted = json.loads((home / _FILE).read_text(encoding="utf-8"))
        if Path(f"/proc/{noted['process']}").exists() or not Path("/proc").exists():
            return str(noted["api"])
    return None


def _ask(url: str, home: Path) -> list[dict[str, Any]]:
    headers = {"content-type": "application/json"}
    if password := _password(home):
        headers["authorization"] = f"Basic {base64.b64encode(password.encode()).decode()}"
    request = urllib.request.Request(url, data=b"{}", headers=headers)  # noqa: S310 — the operator's own server
    with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
        found: list[dict[str, Any]] = json.load(answer)
    return found


def _password(home: Path) -> str | None:
    for name in ("PREFECT_API_AUTH_STRING", "PREFECT_SERVER_API_AUTH_STRING"):
        if found := os.environ.get(name):
            return found
    file = home / FILE
    return file.read_text(encoding="utf-8").strip() if file.exists() else None
