"""Who may ask the Prefect server that daycast starts: by host, by origin, by password, in a real browser too."""

import http.client
import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

import pytest

from daycast.flows.server.gate import Gate
from daycast.flows.server.password import make_password
from tests.loopback import free_port
from tests.places import browser, prefect_headers

FOREIGN = ["evil.example", "evil.example:4200", "", "localhost.evil.example", "[", "127.0.0.1.nip.io"]
ATTACK = """<!doctype html><title>A page of somebody else's</title><script>
async function attack(api) {
  const body = JSON.stringify({name: "stranger"});
  const read = await fetch(`${api}/flows/filter`, {method: "POST", headers: {"content-type": "application/json"}, body})
    .then(answer => answer.status, () => "refused");
  // No content type: browsers send it without asking, and Prefect reads it as JSON.
  await fetch(`${api}/flows/`, {method: "POST", mode: "no-cors", body: new Blob([body])}).catch(() => null);
  const socket = new WebSocket(api.replace("http", "ws") + "/events/in");
  const opened = await new Promise(done => {socket.onopen = () => done(true); socket.onerror = () => done(false)});
  const frame = document.body.appendChild(document.createElement("iframe"));
  frame.src = api.replace("/api", "/docs");
  await new Promise(done => {frame.onload = done; setTimeout(done, 3000)});
  return {read, opened};
}
</script><body>"""


@pytest.fixture(scope="module")
def open_server() -> Iterator[str]:
    """The address of a server as ``daycast up`` starts it, that asks for no password."""
    from daycast.flows.server.binding import Binding
    from daycast.flows.server.local_server import Server

    binding = Binding(host="127.0.0.1", port=free_port())
    environment = {"PREFECT__SERVER_EPHEMERAL": "1", "PREFECT_SERVER_UI_ENABLED": "false"}
    server = Server.with_ui(binding, environment=environment, password=None)
    try:
        server.wait()
        yield binding.address
    finally:
        server.stop()


def ask(address: str, path: str = "/api/health", *, method: str = "GET", body: str | None = None, **headers: str):
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
    connection.putrequest(method, path, skip_host="Host" in headers)
    for name, value in {**headers, **({"content-length": str(len(body))} if body else {})}.items():
        connection.putheader(name, value)
    connection.endheaders(body.encode() if body else None)
    answer = connection.getresponse()
    return answer.status, answer.read().decode(), answer


@pytest.mark.parametrize("host", FOREIGN)
def test_a_foreign_host_is_refused(open_server, host):
    status, said, _ = ask(open_server, Host=host)
    assert status == 400
    assert "required as Host. Received: " in said


@pytest.mark.parametrize("host", ["localhost:4200", "127.0.0.1", "[::1]:4200", "10.1.2.3:80", socket.gethostname()])
def test_addresses_and_names_of_the_server_are_not(open_server, host):
    status, said, answer = ask(open_server, Host=host)
    assert (status, said) == (200, "true")
    assert answer.headers["content-security-policy"] == "frame-ancestors 'self'"


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "https://localhost", ""])
def test_a_page_of_another_origin_is_refused_whatever_it_asks(open_server, origin):
    for method in ("GET", "POST", "OPTIONS"):
        status, said, answer = ask(
            open_server, "/api/flows/", method=method, body='{"name": "stranger"}', Origin=origin
        )
        assert status == 403
        assert "A page of this server is required." in said
        assert "access-control-allow-origin" not in answer.headers
    assert _flows(open_server) == []


def test_a_page_of_the_servers_own_is_answered(open_server):
    status, _, _ = ask(open_server, "/api/flows/filter", method="POST", body="{}", Origin=open_server)
    assert status == 200


@pytest.mark.slow
def test_a_page_in_a_real_browser_neither_reads_nor_writes_nor_opens_a_socket_nor_frames(open_server, tmp_path):
    (tmp_path / "page.html").write_text(ATTACK)
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    pages = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=pages.serve_forever, daemon=True).start()
    port = urlsplit(open_server).port
    # What DNS rebinding comes to: a foreign name that leads to this machine.
    rules = f"--host-resolver-rules=MAP evil.example 127.0.0.1, MAP rebound.example:{port} 127.0.0.1:{port}"
    with browser(rules) as context:
        page = context.new_page()
        page.goto(f"http://evil.example:{pages.server_port}/page.html")
        told = page.evaluate("api => attack(api)", f"{open_server}/api")
        (frame,) = (each for each in page.frames if each != page.main_frame)
        frame.wait_for_url("chrome-error://chromewebdata/")
        framed = [frame.url]
        rebound = page.goto(f"http://rebound.example:{port}/docs")
    pages.shutdown()
    pages.server_close()
    assert told == {"read": "refused", "opened": False}
    assert _flows(open_server) == []
    assert framed == ["chrome-error://chromewebdata/"]
    assert rebound is not None
    assert rebound.status == 400


def test_origins_that_the_operator_allows_may_ask():
    assert _answered(origins={"https://dashboard.example"}, origin="https://dashboard.example") == 200
    assert _answered(origins={"https://dashboard.example"}, origin="https://evil.example") == 403
    assert _answered(origins={"*"}, origin="https://evil.example") == 200


@pytest.mark.usefixtures("prefect_server")
def test_the_server_of_one_command_asks_everybody_for_a_password():
    address = os.environ["PREFECT_API_URL"].removesuffix("/api")
    assert ask(address, "/api/flows/filter", method="POST", body="{}")[0] == 401
    assert ask(address, "/api/flows/filter", method="POST", body="{}", **prefect_headers())[0] == 200


@pytest.mark.skipif(os.getuid() != 0, reason="needs root, to become another user")
@pytest.mark.usefixtures("prefect_server")
def test_another_user_of_the_machine_does_not_find_the_password():
    """It stands in the environment of processes and nowhere else: neither on a command line nor in a file."""
    stranger = pwd.getpwnam("nobody")
    secret = os.environ["PREFECT_API_AUTH_STRING"].partition(":")[2]
    look = (
        "import pathlib, sys\n"
        "for each in pathlib.Path('/proc').glob('[0-9]*'):\n"
        "    for name in ('cmdline', 'environ'):\n"
        "        try: sys.stdout.write((each / name).read_text(errors='replace'))\n"
        "        except OSError: pass\n"
    )
    python = shutil.which("python3", path="/usr/local/bin:/usr/bin:/bin")
    if python is None:
        pytest.skip("needs a Python that another user may run")
    mine = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout
    theirs = subprocess.run(
        [python, "-c", look], capture_output=True, text=True, check=True,
        user=stranger.pw_uid, group=stranger.pw_gid, extra_groups=[], env={}, cwd="/",
    ).stdout  # fmt: skip
    assert secret in mine, "the look can find it"
    assert "python" in theirs
    assert secret not in theirs


@pytest.mark.slow
def test_the_servers_own_files_are_nobody_elses_to_read(tmp_path, monkeypatch):
    from daycast.flows.server.local_server import Server

    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "home"))
    server = Server.for_one_command(password=make_password())
    try:
        server.wait()
        made = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
        assert "prefect.db" in {path.name for path in made}
        assert [path.name for path in made if path.stat().st_mode & 0o077] == []
    finally:
        server.stop()


def _flows(address: str) -> list[object]:
    question = json.dumps({"flows": {"name": {"any_": ["stranger"]}}})
    found: list[object] = json.loads(ask(address, "/api/flows/filter", method="POST", body=question)[1])
    return found


def _answered(*, origins: set[str], origin: str) -> int:
    import asyncio

    sent: list[dict] = []

    async def app(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 200})

    async def keep(message):
        sent.append(message)

    gate = Gate(app, names=frozenset(), origins=frozenset(origins))
    headers = [(b"host", b"127.0.0.1:4200"), (b"origin", origin.encode())]
    asyncio.run(gate({"type": "http", "headers": headers}, None, keep))
    return sent[0]["status"]
