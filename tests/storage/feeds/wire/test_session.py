"""Every answer that is no whole answer is a named error, and retries end."""

import contextlib
import socket
import threading
import time

import pytest

from daycast.storage.feeds.wire.limits import Limits
from daycast.storage.feeds.wire.session import Session
from daycast.storage.terms.errors import FeedError, FeedRefused, FeedUnavailable


@pytest.fixture
def fetch(limits):
    def get(url, **options):
        with Session("ett", symbol="OT", limits=options.pop("limits", limits)) as session:
            return session.get(url, **options)

    return get


def test_a_whole_answer_is_read_to_its_end(server, fetch, zipped, answer):
    assert fetch(server.say("/a", "hello")).content == b"hello"
    packed = answer(body=zipped(b"hello"), headers={"Content-Encoding": "gzip"})
    assert fetch(server.say("/b", packed)).content == b"hello"


def test_a_transient_status_is_tried_again(server, fetch, answer):
    url = server.say("/a", answer(status=503), answer(status=429), "hello")
    assert fetch(url).content == b"hello"
    assert server.count("/a") == 3


def test_retry_after_is_kept_to_but_not_beyond_the_longest_pause(server, fetch, answer):
    url = server.say("/a", answer(status=429, headers={"Retry-After": "3600"}), "hello")
    began = time.monotonic()
    assert fetch(url).content == b"hello"
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_tries_end(server, fetch, answer, status):
    url = server.say("/a", answer(status=status))
    with pytest.raises(FeedUnavailable, match=f"HTTP {status}"):
        fetch(url)
    assert server.count("/a") == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_lasting_status_is_refused_at_once(server, fetch, answer, status):
    url = server.say("/a", answer(status=status))
    with pytest.raises(FeedRefused, match=f"HTTP {status}"):
        fetch(url)
    assert server.count("/a") == 1


def test_a_cut_answer(server, fetch, answer):
    with pytest.raises(FeedUnavailable, match="broke off"):
        fetch(server.say("/a", answer(body="hello", length=500)))


def test_a_server_that_is_not_there(fetch):
    with pytest.raises(FeedUnavailable, match="no connection"):
        fetch("http://127.0.0.1:9/a")


def test_a_silent_server(server, fetch, answer):
    once = Limits(tries=1, read=0.2, connect=1.0)
    with pytest.raises(FeedUnavailable, match="no answer within 0.2 s"):
        fetch(server.say("/a", answer(body="late", delay=0.6)), limits=once)


def test_a_server_that_drips(server, fetch, answer):
    once = Limits(tries=1, read=1.0, whole=0.3)
    with pytest.raises(FeedUnavailable, match="took more than 0.3 s"):
        fetch(server.say("/a", answer(body="x" * 40, drip=0.02)), limits=once)


def test_a_body_beyond_the_limit(server, fetch):
    with pytest.raises(FeedRefused, match="more than 10 bytes"):
        fetch(server.say("/a", "x" * 11), limits=Limits(max_bytes=10))


def test_a_gzip_bomb(server, fetch, zipped, answer):
    bomb = answer(body=zipped(b"0" * 50_000_000), headers={"Content-Encoding": "gzip"})
    with pytest.raises(FeedRefused, match="more than 2,000,000 bytes"):
        fetch(server.say("/a", bomb))


def test_damaged_compression(server, fetch, answer):
    with pytest.raises(FeedError, match="compression is damaged"):
        fetch(server.say("/a", answer(body=b"\x1f\x8bno gzip", headers={"Content-Encoding": "gzip"})))


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/a", "https://127.0.0.1/a"])
def test_a_redirect_to_another_scheme(server, fetch, answer, target):
    with pytest.raises(FeedRefused, match="redirect from http to"):
        fetch(server.say("/a", answer(status=302, headers={"Location": target})))


def test_a_redirect_within_the_scheme_is_followed(server, fetch, answer):
    server.say("/b", "hello")
    assert fetch(server.say("/a", answer(status=302, headers={"Location": "/b"}))).content == b"hello"


def test_redirects_in_a_circle_end(server, fetch, answer):
    with pytest.raises(FeedRefused, match="more than 5 redirects"):
        fetch(server.say("/a", answer(status=302, headers={"Location": "/a"})))


def test_no_error_shows_a_password_or_a_token(server, fetch, answer):
    server.say("/a", answer(status=404))
    secret = server.url.replace("http://", "http://user:hunter2@") + "/a?token=hunter2"
    for url in (secret, "http://user:hunter2@127.0.0.1:9/a?token=hunter2"):
        with pytest.raises(FeedError) as caught:
            fetch(url)
        assert "hunter2" not in str(caught.value)


def test_a_mirror_takes_the_place_of_the_host(server, limits):
    server.say("/m/data", "hello")
    with Session("ett", symbol="OT", limits=limits, mirror=server.url + "/m") as session:
        assert session.get("https://example.org/data?id=1").content == b"hello"
    assert server.asked[0][0] == "/m/data?id=1"


def test_pauses_grow_with_jitter_up_to_the_longest():
    plain = list(Limits(tries=6, pause=1.0, jitter=0.0, longest=5.0).pauses())
    assert plain == [1.0, 2.0, 4.0, 5.0, 5.0]
    shaken = [next(Limits(tries=2, pause=1.0, jitter=1.0).pauses()) for _ in range(20)]
    assert len(set(shaken)) > 1
    assert all(1.0 <= pause <= 2.0 for pause in shaken)


def test_a_password_does_not_follow_a_redirect_to_another_server(server, other_server, fetch, answer):
    elsewhere = other_server.say("/b", "hello")
    server.say("/a", answer(status=302, headers={"Location": elsewhere}))
    assert fetch(server.url.replace("http://", "http://user:s3cret@") + "/a").content == b"hello"
    assert "Authorization" in server.asked[0][1]
    assert "Authorization" not in other_server.asked[0][1]


def test_a_head_that_drips_ends_in_time():
    """One byte of the head a tenth of a second: no read ever takes too long, and the whole would take minutes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_drip, args=(listener,), daemon=True)
        thread.start()
        began = time.monotonic()
        once = Limits(tries=2, pause=0.01, jitter=0.0, read=1.0, whole=0.5)
        with (
            Session("ett", symbol="OT", limits=once) as session,
            pytest.raises(FeedUnavailable, match="broke off|no connection|no answer"),
        ):
            session.get(f"http://127.0.0.1:{listener.getsockname()[1]}/a")
        assert time.monotonic() - began < 5
        thread.join(timeout=5)


def _drip(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection, contextlib.suppress(OSError):
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        for _ in range(600):
            connection.sendall(b"x")
            time.sleep(0.1)


def test_a_status_that_lasts_is_not_read_to_its_end(server, fetch, answer):
    """What a server says beside a status of no use may be endless."""

    def endless():
        while True:
            yield b"x" * 65536

    for status in (404, 503):
        url = server.say("/a", answer(status=status, body=endless))
        with pytest.raises(FeedError, match=f"HTTP {status}"):
            fetch(url)
    assert server.sent < 100_000_000
