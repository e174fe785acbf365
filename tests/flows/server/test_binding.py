"""Prefect's own variables of a server hold for the one that ``daycast up`` starts."""

import socket
from urllib.parse import urlsplit

import pytest
from prefect.settings import (
    PREFECT_SERVER_API_BASE_PATH,
    PREFECT_SERVER_API_HOST,
    PREFECT_SERVER_API_KEEPALIVE_TIMEOUT,
    PREFECT_SERVER_API_PORT,
    PREFECT_SERVER_CORS_ALLOWED_ORIGINS,
    temporary_settings,
)

from daycast.flows.server.binding import Binding, read_binding, server_environment
from daycast.flows.server.local_server import Server
from daycast.flows.server.password import make_password
from daycast.storage.terms.errors import ConfigError

SET = {
    PREFECT_SERVER_API_HOST: "127.0.0.2",
    PREFECT_SERVER_API_PORT: 4999,
    PREFECT_SERVER_API_KEEPALIVE_TIMEOUT: 17,
    PREFECT_SERVER_API_BASE_PATH: "/prefect/api",
    PREFECT_SERVER_CORS_ALLOWED_ORIGINS: "https://dashboard.example",
}


def test_prefects_settings_are_the_defaults():
    with temporary_settings(SET):
        binding = read_binding(host=None, port=None)
        environment = server_environment(binding)
    assert binding.address == "http://127.0.0.2:4999"
    assert binding.api == "http://127.0.0.2:4999/prefect/api"
    options = dict(zip(binding.options[::2], binding.options[1::2], strict=True))
    assert options["--timeout-keep-alive"] == "17"
    assert environment["PREFECT_UI_API_URL"] == "/prefect/api"
    assert "PREFECT_SERVER_CORS_ALLOWED_ORIGINS" not in environment, "the operator's own stays"
    assert environment["PREFECT_SERVER_API_PORT"] == "4999"


def test_the_command_line_goes_before_them():
    with temporary_settings(SET):
        binding = read_binding(host="::1", port=5000)
    assert binding.address == "http://[::1]:5000"


def test_without_either_it_is_prefects_default():
    binding = read_binding(host=None, port=None)
    assert binding.address == "http://127.0.0.1:4200"
    environment = server_environment(binding)
    assert environment["PREFECT_SERVER_CORS_ALLOWED_ORIGINS"] == "http://127.0.0.1:4200"


def test_everywhere_is_asked_on_loopback():
    assert Binding(host="0.0.0.0", port=1).api == "http://127.0.0.1:1/api"  # noqa: S104 — nothing is bound
    assert Binding(host="::", port=1).api == "http://[::1]:1/api"


@pytest.mark.parametrize("host", ["no.such.host.invalid", "203.0.113.9"])
def test_an_address_that_is_not_this_machines_is_refused(host):
    with pytest.raises(ConfigError, match=f"A free address is required .* Received: {host}:4200: "):
        Binding(host=host, port=4200).require_free()


def test_a_port_in_use_is_refused():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ConfigError, match="Address already in use"):
            Binding(host="127.0.0.1", port=taken.getsockname()[1]).require_free()


def test_the_port_of_a_command_is_taken_before_its_server_has_loaded():
    server = Server.for_one_command(password=make_password())
    try:
        port = urlsplit(server.url).port
        with pytest.raises(ConfigError, match="Address already in use"):
            Binding(host="127.0.0.1", port=port).require_free()
    finally:
        server.kill()
        server.stop()
