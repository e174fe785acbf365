"""The gate before the Prefect server that daycast starts: who reaches its API can run code as daycast's account.

A page in the operator's browser reaches loopback too. Prefect answers such a page, whatever its origin, and a host name
that was made to point at 127.0.0.1 (DNS rebinding, https://en.wikipedia.org/wiki/DNS_rebinding) makes a foreign page
one of the server's own. So what is asked for must be an address or a name of this server's, and a page that asks must
be its own, or of an origin in ``PREFECT_SERVER_CORS_ALLOWED_ORIGINS``.

Cross-origin headers (CORS) alone do not do it: Prefect takes a body without a content type for JSON, and browsers send
such a body to any server without asking first.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from daycast.tasks.apart.preload import importing

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_NO_FRAMES = (b"content-security-policy", b"frame-ancestors 'self'")
"""So that no foreign page shows the UI inside it and has the operator click there."""


@dataclass(frozen=True)
class Gate:
    """Lets through what is meant for this server; an ASGI application around another one.

    Attributes:
        app: what answers.
        names: the names beside addresses and ``localhost`` by which the server may be asked, in lower case.
        origins: those beside the server's own whose pages may ask it; ``*`` are all.
    """

    app: App
    names: frozenset[str]
    origins: frozenset[str]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse: 400 for another host, 403 for another origin."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        host, origin = headers.get(b"host", ""), headers.get(b"origin")
        if not self._is_ours(host):
            await _refuse(scope, send, code=400, reason=_OTHER_HOST.format(host=host[:100]))
        elif origin is not None and not self._may_ask(origin, host):
            await _refuse(scope, send, code=403, reason=_OTHER_ORIGIN.format(origin=origin[:100]))
        else:
            await self.app(scope, receive, _without_frames(send))

    def _is_ours(self, host: str) -> bool:
        name = _name(f"//{host}")
        return name == "localhost" or name in self.names or _is_address(name)

    def _may_ask(self, origin: str, host: str) -> bool:
        return origin.partition("://")[2] == host or bool({origin, "*"} & self.origins)


def create_app() -> Gate:
    """The Prefect server behind the gate, as uvicorn starts it; what may pass is in Prefect's settings."""
    with importing():
        from prefect.server.api.server import create_app as create_prefect
        from prefect.settings import get_current_settings

    settings = get_current_settings()
    server = settings.server
    allowed = server.api.cors_allowed_origins if "cors_allowed_origins" in server.api.model_fields_set else ""
    told = [url for url in (settings.ui_url, server.ui.api_url, settings.api.url) if url and "://" in url]
    origins = frozenset(origin.strip() for origin in allowed.split(",") if origin.strip())
    names = {_name(url) for url in (*told, *origins, f"//{server.api.host}", f"//{socket.gethostname()}")}
    pages = {"{0.scheme}://{0.netloc}".format(urlsplit(url)) for url in told}
    return Gate(create_prefect(), names=frozenset(names - {""}), origins=origins | pages)


_OTHER_HOST = (
    "An address, or a name of this server, is required as Host. Received: {host!r}. "
    "Where that is a name of it, set PREFECT_UI_URL to the address that people open.\n"
)
_OTHER_ORIGIN = (
    "A page of this server is required. Received: a request from {origin!r}. "
    "Where that page may ask, name it in PREFECT_SERVER_CORS_ALLOWED_ORIGINS.\n"
)


def _name(url: str) -> str:
    """The host of a URL in lower case, without its port; empty where there is none.

    >>> _name("//[::1]:4200"), _name("http://Forecasts.example/api"), _name("//[")
    ('::1', 'forecasts.example', '')
    """
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    """Whether it is an IP address, which cannot be made to point elsewhere."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


async def _refuse(scope: Scope, send: Send, *, code: int, reason: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": code, "headers": headers})
    await send({"type": "http.response.body", "body": reason.encode()})


def _without_frames(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", []), _NO_FRAMES]
        await send(message)

    return sending
