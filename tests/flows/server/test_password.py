"""The password file, and when a server without one is refused."""

import os

import pytest

from daycast.flows.server.binding import Binding
from daycast.flows.server.password import choose_password, kept_password
from daycast.storage.terms.errors import ConfigError


def test_it_is_made_once_and_is_its_owners_alone(tmp_path):
    file = tmp_path / "home" / "daycast-password"
    first = kept_password(file)
    assert first.startswith("daycast:")
    assert len(first) > 32
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o644)
    assert kept_password(file) == first
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to give a file away")
def test_a_file_of_somebody_else_is_refused(tmp_path):
    file = tmp_path / "daycast-password"
    file.write_text("daycast:known\n")
    os.chown(file, 65534, 65534)
    with pytest.raises(ConfigError, match="A password file of one's own is required"):
        kept_password(file)


def test_a_link_is_refused(tmp_path):
    (tmp_path / "elsewhere").write_text("daycast:known\n")
    file = tmp_path / "daycast-password"
    file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="A password file of one's own is required"):
        kept_password(file)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.5", "forecasts.example"])  # noqa: S104 — nothing is bound
def test_a_server_for_others_needs_one(host):
    with pytest.raises(ConfigError, match=f"Received: --host {host} without one. Add --password"):
        choose_password(Binding(host=host, port=4200), generated=False, say=print)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_a_server_for_this_machine_says_what_none_means(host):
    said = []
    assert choose_password(Binding(host=host, port=4200), generated=False, say=said.append) is None
    assert "every account of this machine can run code as this one" in said[0]
