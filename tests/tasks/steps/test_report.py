"""What a run publishes: its pages and artifacts hold what SQL, the registry and the lake say, and nothing else."""

import json
import re
import urllib.request
from datetime import timedelta

import pytest
from sqlalchemy import update

from daycast.storage.sql.database import Database
from daycast.storage.sql.tables import Run
from daycast.storage.terms.errors import ConfigError
from daycast.tasks.answers.pages import write_pages
from daycast.tasks.steps.report import publish
from tests.places import AS_OF, Place, make_place, prefect_headers

pytestmark = [
    # The task is called as a plain function here; in a flow, Prefect knows which run an artifact belongs to.
    pytest.mark.filterwarnings("ignore:Artifact creation outside of a flow:FutureWarning"),
]

EARLIER = AS_OF - timedelta(days=8)
LATER = AS_OF + timedelta(days=1)
NAME = "told"


@pytest.fixture(scope="module")
def told(prefect_server, tmp_path_factory) -> Place:  # noqa: ARG001 — the flow needs the server
    """A place after two good runs, with rows that were set aside."""
    place = make_place(tmp_path_factory.mktemp("report") / "place")
    lines = (place.root / "A.csv").read_text().splitlines()
    lines[20] = lines[20].split(",")[0] + ",-3.5"
    lines[30] = lines[30].split(",")[0] + ","
    (place.root / "A.csv").write_text("\n".join(lines) + "\n")
    place.define(NAME, unit="EUR")
    place.run(NAME, as_of=EARLIER)
    place.run(NAME)
    return place


def _page(place, name=f"{NAME}.html"):
    return (place.root / "data" / "reports" / name).read_text()


def _artifact(server, key):
    request = urllib.request.Request(  # noqa: S310 — http on loopback
        f"{server}/artifacts/latest/filter", data=b"{}", headers=prefect_headers()
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        return next(found for found in json.load(answer) if found["key"] == key)


def test_every_run_leaves_its_own_page_and_the_newest_is_the_pipelines(told):
    reports = told.root / "data" / "reports"
    own = sorted(path.name for path in (reports / NAME).iterdir())
    assert own == ["20240531T000000Z.html", "20240608T000000Z.html"]
    assert "as of 2024-06-08 00:00" in _page(told)
    assert "as of 2024-05-31 00:00" in _page(told, f"{NAME}/{own[0]}")
    assert f'<a href="{NAME}/{own[0]}">' in _page(told)
    assert f'<a href="{NAME}.html">' in _page(told, "index.html")


def test_the_page_says_what_sql_and_the_registry_say(told):
    page = _page(told)
    version = max(told.table("runs"), key=lambda run: run["as_of"])["version"]
    manifest = told.job(NAME).registry().manifest(NAME, version)
    scores = [
        row
        for row in told.table("evaluations")
        if row["version"] in {version, "*"} and (row["split"], row["series_id"], row["lead"]) == ("test", "*", 0)
    ]
    assert {row["forecaster"] for row in scores} == {"network", "ridge", "blend", "naive", "seasonal_naive", "drift"}
    for row in scores:
        if row["metric"] in {"mae", "rmse", "crps"}:
            assert f"<td>{row['value']:,.4g}</td>" in page, row
        if row["metric"].startswith("coverage"):
            assert f"<td>{row['value']:.1%}</td>" in page, row
    assert version in page
    assert f"{len(manifest.history['loss'])} epochs, {manifest.metrics['training_seconds']:.1f} s" in page
    assert "close is not positive" in page
    assert "close is missing" in page
    for row in told.table("forecasts"):
        if row["as_of"] == AS_OF:
            assert f"<td>{row['mean']:,.4g}</td>" in page


def test_forecasts_whose_values_came_are_judged(told):
    page = _page(told)
    assert re.search(r"<td>last 30 days</td><td>4</td>", page), "two series, two leads, from the earlier run"
    assert "No forecast of the last" in _page(told, f"{NAME}/20240531T000000Z.html")


def test_the_pictures_are_of_every_kind(told):
    told_of = re.findall(r'<img src="data:image/svg\+xml;base64,[^"]+" alt="([^"]+)"', _page(told))
    kinds = [re.sub(r"(told/[AB]: )\w+", r"\1…", words).split(":")[0] for words in told_of]
    assert kinds[:2] == ["Forecast of told/A", "Forecast of told/B"]
    assert [words.split(": from")[0] for words in told_of[2:4]] == [f"told/{symbol}: what moved it" for symbol in "AB"]
    assert kinds[4].startswith("Loss of 2024")
    assert [re.sub(r": predicted.*", "", words) for words in told_of[5:]] == [
        f"told/{symbol}: network, {part} part" for symbol in "AB" for part in ("training", "test")
    ]


def test_the_artifact_is_keyed_holds_the_same_and_keeps_to_its_size(told, prefect_server):
    publish.fn(told.job(NAME), prepared=_prepared(told))
    artifact = _artifact(prefect_server, f"{NAME}-report")
    text = artifact["data"]
    assert artifact["description"] == f"{NAME}@2024-06-08T00:00:00Z: succeeded"
    assert len(text.encode()) < 300 * 1024
    assert text.startswith(f"# {NAME} as of 2024-06-08 00:00 UTC: succeeded\n")
    assert text.count("](data:image/svg+xml;base64,") == 9
    assert "close is not positive" in text
    assert f"{told.root}/data/reports/{NAME}/20240608T000000Z.html".replace("_", "\\_") in text
    rows = json.loads(_artifact(prefect_server, f"{NAME}-forecasts")["data"])
    assert [(row["series_id"], row["lead"]) for row in rows] == [(f"{NAME}/{s}", n) for s in "AB" for n in (1, 2)]


def _prepared(place):
    from daycast.tasks.steps.prepare import prepare

    return prepare.fn(place.job(NAME))


def test_pages_written_again_are_the_same(told):
    before = told.files()
    assert [path.rsplit("/", 1)[-1] for path in write_pages(told.settings, pipeline=None)] == [
        f"{NAME}.html",
        "index.html",
    ]
    assert told.files() == before


def test_a_pipeline_that_never_ran_has_no_page_and_one_that_is_none_is_not_to_be_run(told, tmp_path):
    with pytest.raises(ConfigError, match=r"A known pipeline is required: told\. Received: 'nobody'\.$"):
        write_pages(told.settings, pipeline="nobody")
    place = make_place(tmp_path)
    place.define()
    with pytest.raises(ConfigError, match=r"none has yet\. Received: 'mine'\. Run it with: daycast run mine"):
        write_pages(place.settings, pipeline="mine")
    assert write_pages(place.settings, pipeline=None) == []


def test_a_run_of_the_past_has_its_own_page_and_leaves_the_newest_alone(told):
    before = _page(told)
    told.run(NAME, as_of=EARLIER + timedelta(days=1), training="reuse")
    assert _page(told) == before
    assert "as of 2024-06-01 00:00" in _page(told, f"{NAME}/20240601T000000Z.html")
    assert "as of 2024-06-01" not in _page(told, "index.html")
    assert "2024-06-08 00:00" in _page(told, "index.html")


def test_a_run_that_failed_is_told_with_the_forecasts_there_are(told, prefect_server):
    """Last of all: the place has a failed run from here on, with a message that would be a script."""
    (told.root / "B.csv").rename(told.root / "gone.csv")
    hostile = "<script>alert(1)</script> | *bold*"
    failed = told.run(NAME, as_of=LATER, training="reuse")
    assert failed.status in {"failed", "degraded"}
    with Database.open(told.database_url) as db, db.transaction() as connection:
        row = update(Run).where(Run.as_of == LATER).values(status="failed", message=hostile, version=None)
        connection.execute(row)
    publish.fn(told.job(NAME, as_of=LATER))
    page = _page(told)
    assert "as of 2024-06-09" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; | *bold*" in page
    assert "<script" not in page
    assert "Forecast of told/A" in page
    text = _artifact(prefect_server, f"{NAME}-report")["data"]
    assert r"- &lt;script&gt;alert(1)&lt;/script&gt; \| \*bold\*" in text
    assert f"`daycast run {NAME}`" in text
    assert "succeeded" not in _page(told, "index.html").split("<tbody>")[1]


def test_a_lost_version_is_named_and_the_report_is_there_all_the_same(told):
    job = told.job(NAME)
    for version in job.registry().versions(NAME):
        job.registry().remove(NAME, version)
    write_pages(told.settings, pipeline=NAME)
    assert "The version&#39;s files cannot be read" in _page(told) or "files cannot be read" in _page(told)
    assert "daycast models list" in _page(told)
