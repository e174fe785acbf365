"""Where the server of ``daycast up`` listens, and what else Prefect's own variables say of it.

What the operator has set for Prefect, in the environment or in a profile, holds; daycast's own wishes stand behind it.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass

from daycast.storage.terms.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Binding:
    """Where a server listens.

    Attributes:
        host: the address or name that it binds to.
        port: likewise.
        base_path: where the API lies below it.
        options: of uvicorn, as Prefect's settings say them.
    """

    host: str
    port: int
    base_path: str = "/api"
    options: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    @property
    def api(self) -> str:
        """The API's address for this machine's own clients."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host)  # noqa: S104
        return f"{f'http://{host}:{self.port}' if host else self.address}{self.base_path}"

    @property
    def is_for_this_machine(self) -> bool:
        """Whether it listens on loopback alone."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def require_free(self) -> None:
        """Hold the address to being one of this machine's, and free.

        Raises:
            ConfigError: it is not.
        """
        try:
            kind, *_, place = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)[0]
            with socket.socket(kind) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(place)
        except OSError as error:
            raise ConfigError(
                f"A free address is required for the Prefect server. Received: {self.host}:{self.port}: "
                f"{error.strerror}. Stop what uses it, choose another with --port, or set PREFECT_API_URL to use a "
                "server that runs."
            ) from None


def read_binding(*, host: str | None, port: int | None) -> Binding:
    """What the command line says, and where it is silent Prefect's own settings.

    Raises:
        ConfigError: Prefect's settings cannot be read.
    """
    from pydantic import ValidationError

    try:
        from prefect.settings import get_current_settings

        server = get_current_settings().server
    except ValidationError as error:
        found = error.errors()[0]
        raise ConfigError(
            f"Prefect's settings must be readable. Received: {'.'.join(map(str, found['loc']))}: {found['msg']}. "
            "Change the variable, or the profile: prefect config view"
        ) from None
    api = server.api
    options = {
        "--timeout-keep-alive": api.keepalive_timeout,
        "--ws-ping-interval": api.websocket_ping_interval,
        "--ws-ping-timeout": api.websocket_ping_timeout,
        "--log-level": server.logging_level.lower(),
    }
    return Binding(
        host=host or api.host,
        port=port or api.port,
        base_path=api.base_path or "/api",
        options=tuple(str(word) for pair in options.items() for word in pair),
    )


def server_environment(binding: Binding) -> dict[str, str]:
    """What the server is told beside what the operator has told it."""
    from prefect.settings import get_current_settings

    settings = get_current_settings()
    server = settings.server
    wishes = {
        ("PREFECT_SERVER_ANALYTICS_ENABLED", "false"): "analytics_enabled" in server.model_fields_set,
        ("PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED", "events,flow_runs"): "enabled"
        in server.services.db_vacuum.model_fields_set,
        ("PREFECT_SERVER_EVENTS_CAUSAL_ORDERING", "daycast.flows.server.event_order"): "causal_ordering"
        in server.events.model_fields_set,
        # A path alone: the browser asks whatever address the page came from, and no other origin.
        ("PREFECT_UI_API_URL", binding.base_path): "api_url" in server.ui.model_fields_set,
        ("PREFECT_UI_URL", binding.address): "ui_url" in settings.model_fields_set,
        ("PREFECT_SERVER_CORS_ALLOWED_ORIGINS", binding.address): "cors_allowed_origins" in server.api.model_fields_set,
    }
    ours = {name: value for (name, value), said in wishes.items() if not said}
    return {**ours, "PREFECT_SERVER_API_HOST": binding.host, "PREFECT_SERVER_API_PORT": str(binding.port)}
