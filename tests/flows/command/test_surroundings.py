"""Somebody else's environment: a proxy, another Keras, no home that can be written."""

import json
import os
import zipfile
from unittest.mock import patch

import httpx
import pytest
import requests.utils

from daycast.flows.running.surroundings import leave_loopback_alone, prefect_home, require_prefect_home
from daycast.storage.terms.errors import ConfigError
from tests.places import Place

DEAD = "http://127.0.0.1:9"
PROXIES = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"), DEAD)


@pytest.mark.parametrize("said", [{}, {"NO_PROXY": "intranet.example"}, {"no_proxy": "a.example, b.example"}])
def test_loopback_is_never_proxied_and_the_net_is(said):
    with patch.dict(os.environ, {**PROXIES, **said}):
        leave_loopback_alone()
        leave_loopback_alone()
        bypassed = {
            host: requests.utils.should_bypass_proxies(f"http://{host}:4200/x", no_proxy=None)
            for host in ("127.0.0.1", "localhost", "query1.example", *",".join(said.values()).split(", "))
            if host
        }
        client = httpx.Client()
        mounts = {pattern.pattern: transport for pattern, transport in client._mounts.items()}
        assert mounts["all://127.0.0.1"] is None
        assert mounts["http://"] is not None
        client.close()
        assert os.environ["NO_PROXY"] == os.environ["no_proxy"]
        assert os.environ["NO_PROXY"].count("127.0.0.1") == 1
    assert bypassed.pop("query1.example") is False
    assert all(bypassed.values())


def test_who_proxies_nothing_is_left_alone():
    with patch.dict(os.environ, {"NO_PROXY": "*"}):
        leave_loopback_alone()
        assert os.environ["NO_PROXY"] == "*"


def test_a_home_that_cannot_be_written_is_one_line_that_names_prefect_home(tmp_path):
    with patch.dict(os.environ, {"PREFECT_HOME": "/dev/null/prefect"}):
        with pytest.raises(
            ConfigError, match=r"Received: /dev/null/prefect: Not a directory\. Set PREFECT_HOME"
        ) as caught:
            require_prefect_home()
        assert "\n" not in str(caught.value)
    with patch.dict(os.environ, {"PREFECT_HOME": str(tmp_path / "new" / "home")}):
        require_prefect_home()
        assert prefect_home().is_dir()


@pytest.mark.slow
def test_a_run_without_a_home_says_so_and_leaves_nothing(place):
    environment = {"HOME": "/dev/null/home", "PREFECT_HOME": "/dev/null/home/.prefect"}
    done = place.daycast("run", "mine", **environment)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "PREFECT_HOME" in done.stderr
    assert not (place.root / "data").exists()


@pytest.mark.slow
def test_a_run_behind_a_proxy_with_another_keras_gives_what_it_gives_at_home(new_place, tmp_path):
    (tmp_path / "home" / ".keras").mkdir(parents=True)
    theirs = {"backend": "torch", "floatx": "float64", "image_data_format": "channels_first", "epsilon": 1e-3}
    (tmp_path / "home" / ".keras" / "keras.json").write_text(json.dumps(theirs))
    environment = {**PROXIES, "KERAS_BACKEND": "torch", "HOME": str(tmp_path / "home")}
    environment["PREFECT_HOME"] = str(tmp_path / "prefect")
    here, there = new_place("here"), new_place("there")
    for where, variables in ((here, {}), (there, environment)):
        done = where.daycast("run", "mine", "--as-of", "2024-05-20", **variables)
        assert done.returncode == 0, done.stderr
    left = {"forecasts": {"issued_at", "run_id"}}
    assert here.tables(leave=left)["forecasts"] == there.tables(leave=left)["forecasts"]
    assert _weights(here) == _weights(there) != b""


def _weights(place: Place) -> bytes:
    (model,) = place.root.rglob("model.keras")
    with zipfile.ZipFile(model) as archive:
        return archive.read("model.weights.h5")
