"""A hostile neighbour through a whole run: what stands in the database, the folder, the pages, the log, the answers."""

import pytest
from sqlalchemy import select

from daycast.storage.sql.database import Database
from daycast.storage.sql.tables import Base
from tests.loopback import Answer, served
from tests.places import AS_OF, FIRST, make_place, walk

pytestmark = pytest.mark.usefixtures("prefect_server")

SECRET = "s3cret"  # noqa: S105 — what must be found nowhere
SCRIPT = "<script>alert(1)</script>"
IMAGE = "<img src=x onerror=alert(1)>"
UNIT = f"'); DROP TABLE forecasts; --{SCRIPT}|[x](javascript:alert(1))"


@pytest.fixture
def mirror():
    """An address with a password and a token in it, that gives hours of ETTh1's kind, one of them hostile."""
    lines = [f"{FIRST:%Y-%m}-{1 + step // 24:02d} {step % 24:02d}:00:00" for step in range(300)]
    values = walk(1, 300)
    rows = [f"{at},1,1,1,1,1,1,{value!r}" for at, value in zip(lines, values.tolist(), strict=True)]
    rows[7] = f"{lines[7]},1,1,1,1,1,1,{IMAGE}{SCRIPT}"
    body = "\n".join(["date,HUFL,HULL,MUFL,MULL,LUFL,LULL,OT", *rows, ""]).encode()
    with served() as server:
        server.say("/ETTh1.csv", Answer(body, headers={"ETag": '"one"'}))
        yield f"{server.url.replace('//', f'//user:{SECRET}@')}/ETTh1.csv?apikey={SECRET}"
    assert server.asked
    told = [str(headers.get("Authorization")) + path for path, headers, _ in server.asked]
    assert all(SECRET in line for line in told), "the password and the token are used"


@pytest.mark.slow
def test_a_hostile_pipeline_leaves_data_and_tells_no_secret(tmp_path, command, mirror):
    place = make_place(tmp_path / "place")
    keys = {"symbols": ["OT"], "target": "OT", "features": ["OT"], "calendar": "1h", "difference": "none"}
    place.define(feed="ett", url=mirror, path=None, unit=UNIT, season=7, stale_after_days=36500, **keys)
    alerts = {"DAYCAST_ALERTS": f"json://user:{SECRET}@127.0.0.1:9/{SECRET}"}
    done = command(place, "run", "--as-of", AS_OF.isoformat(), **alerts)
    assert done.code == 0, done.out + done.err

    with Database.open(place.database_url) as db:
        assert db.query(select(Base.metadata.tables["series"].c.unit)) == [{"unit": UNIT}]
        assert db.query("SELECT COUNT(*) AS n FROM forecasts")[0]["n"] > 0
        message = db.query("SELECT message FROM runs")[0]["message"]
    assert IMAGE in message, "the hostile row is named in the run's message"

    said = [done.out + done.err]
    for arguments in (["status"], ["forecasts"], ["forecasts", "--format", "json"], ["report"]):
        asked = command(place, *arguments, **alerts)
        assert asked.code == 0, asked.out + asked.err
        said.append(asked.out + asked.err)
    pages = [path.read_text() for path in place.root.rglob("*.html")]
    assert len(pages) >= 2
    assert any("&lt;script&gt;alert(1)" in page for page in pages), "the hostile words are shown as words"
    artifacts, logs = _in_prefect()
    assert artifacts
    assert logs
    for text in (*pages, *artifacts):
        assert SCRIPT not in text
        assert "<img src=x" not in text
    for text in (*said, *pages, *artifacts, *logs):
        assert SECRET not in text
    for path in (place.root / "data").rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes(), path
    assert not [path for path in tmp_path.rglob("*") if "owned" in path.name]
    assert {path.name for path in place.root.iterdir()} == {"A.csv", "B.csv", "data", "pipelines.toml"}


@pytest.fixture
def hasty(monkeypatch):
    """No pauses between the tries of a task, and none between those of a request."""
    from daycast.flows.running import retrying
    from daycast.storage.feeds.wire.limits import Limits

    monkeypatch.setattr(retrying, "_PAUSES", [])
    monkeypatch.setattr(Limits, "pauses", lambda _: iter([]))


@pytest.mark.usefixtures("hasty")
def test_a_feed_that_fails_tells_no_secret_anywhere(tmp_path, command):
    place = make_place(tmp_path / "place")
    keys = {"symbols": ["OT"], "target": "OT", "features": ["OT"], "calendar": "1h"}
    place.define(feed="ett", url=f"http://user:{SECRET}@127.0.0.1:9/a.csv?apikey={SECRET}", path=None, **keys)
    done = command(place, "run", "--as-of", AS_OF.isoformat())
    assert done.code == 1
    assert "127.0.0.1:9/a.csv" in done.out
    artifacts, logs = _in_prefect()
    status = command(place, "status")
    for text in (done.out, done.err, status.out, status.err, *artifacts, *logs):
        assert SECRET not in text
    for path in (place.root / "data").rglob("*"):
        if path.is_file():
            assert SECRET.encode() not in path.read_bytes(), path


def _in_prefect() -> tuple[list[str], list[str]]:
    """Every artifact and every line of log that the server has, as text."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        artifacts = client.request("POST", "/artifacts/filter", json={"limit": 200}).json()
        logs = client.request("POST", "/logs/filter", json={"limit": 200, "sort": "TIMESTAMP_DESC"}).json()
        runs = client.request("POST", "/flow_runs/filter", json={"limit": 200}).json()
        tasks = client.request("POST", "/task_runs/filter", json={"limit": 200}).json()
    told = [str(log["message"]) for log in logs]
    shown = [f"{artifact['data']} {artifact['description']}" for artifact in artifacts]
    return shown, [*told, str(runs), str(tasks)]
