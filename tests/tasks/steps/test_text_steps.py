"""The steps of a run that continues text: every one twice, files that come, change and go, and nothing of later."""

import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from daycast.storage.config.pipeline_file import load_pipelines
from daycast.tasks.handover.documents_job import TextJob
from daycast.tasks.handover.results import Course
from daycast.tasks.handover.text_parts import texts_of
from daycast.tasks.steps.forecast_text import forecast_text
from daycast.tasks.steps.ingest_documents import ingest_documents
from daycast.tasks.steps.judge_text import judge_text
from daycast.tasks.steps.plan import plan
from daycast.tasks.steps.prepare_text import prepare_text
from daycast.tasks.steps.report_text import publish_text
from daycast.tasks.steps.runs import begin
from daycast.tasks.steps.train import train
from daycast.tasks.steps.write_text import write_text
from tests.places import Place
from tests.stories import AS_OF, FIRST, LATER, pages, story_job, story_place, write_pages


def _text(job: TextJob) -> str:
    return "".join(texts_of(job))


def _whole(count: int = 41) -> str:
    return "".join(list(pages().values())[:count])


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return story_place(tmp_path / "place")


@pytest.mark.slow
@pytest.mark.usefixtures("prefect_server")
# The tasks are called as plain functions here; in a flow, Prefect knows which run an artifact belongs to.
@pytest.mark.filterwarnings("ignore:Artifact creation outside of a flow:FutureWarning")
def test_every_task_run_twice_leaves_what_it_left_once(tmp_path: Path, database_url: str) -> None:
    from daycast.tasks.apart.text_training import fit_text

    place = story_place(tmp_path / "place", database_url)
    first, second = story_job(place), story_job(place, now=LATER)

    def run(task: Any, *, leave: Any = None, **arguments: Any) -> Any:
        result = task.fn(first, **arguments)
        before = place.tables(leave=leave), place.files()
        task.fn(second, **arguments)
        assert (place.tables(leave=leave), place.files()) == before
        return result

    run(begin, leave={"runs": {"started_at"}})
    ingested = run(ingest_documents)
    assert ingested.new == 60
    prepared = run(prepare_text)
    assert prepared.written
    assert not prepare_text.fn(second).written
    assert (prepared.documents, sum(prepared.tokens.values())) == (41, len(_whole()))
    planned = run(plan, prepared=prepared, requested="auto", broken={})
    trained = run(train, prepared=prepared, plan=planned, fit=fit_text)
    assert trained.epochs == 6
    assert train.fn(second, prepared=prepared, plan=planned, fit=fit_text).epochs == 0
    run(write_text, prepared=prepared, versions=planned.versions)
    evaluated = run(judge_text, prepared=prepared, plan=planned)
    assert evaluated.promoted
    course = Course(ingested=ingested, prepared=prepared, plan=planned, trained=trained, evaluated=evaluated)
    assert run(forecast_text, course=course, at=AS_OF).rows == 2
    run(publish_text, prepared=prepared)


def test_a_run_reads_what_was_there_in_its_order(place: Place) -> None:
    job = story_job(place)
    ingest_documents.fn(job)
    assert _text(job) == _whole()
    assert _text(story_job(place, as_of=FIRST)) == _whole(1)
    assert _text(story_job(place, as_of=LATER)) == _whole(46)


def _touched(folder: Path) -> str:
    for file in folder.iterdir():
        os.utime(file, (LATER.timestamp(), LATER.timestamp()))
    return _whole(60)


def _renamed(folder: Path) -> str:
    for file in sorted(folder.iterdir()):
        shutil.move(file, folder / file.name.replace("page", "part"))
    return _whole(60)


def _changed(folder: Path) -> str:
    (folder / "page-003.txt").write_text("Another §\n")
    os.utime(folder / "page-003.txt", (LATER.timestamp(), LATER.timestamp()))
    parts = list(pages().values())
    return "".join([*parts[:3], "Another §\n", *parts[4:]])


def _removed(folder: Path) -> str:
    (folder / "page-003.txt").unlink()
    parts = list(pages().values())
    return "".join([*parts[:3], *parts[4:]])


def _garbled(folder: Path) -> str:
    (folder / "page-003.txt").write_bytes(b"\xff\xfe\xfa")
    return _whole(60)


@pytest.mark.parametrize("how", [_touched, _renamed, _changed, _removed, _garbled])
def test_what_becomes_of_a_file_counts_from_the_run_that_saw_it(place: Place, how: Callable[[Path], str]) -> None:
    ingest_documents.fn(story_job(place))
    wanted = how(place.root / "pages")
    after = FIRST + timedelta(days=70)
    seen = ingest_documents.fn(story_job(place, as_of=after))
    assert seen.new == (60 if how is _renamed else 0)
    assert _text(story_job(place, as_of=after)) == wanted
    assert _text(story_job(place, as_of=AS_OF)) == _whole(), "an earlier run sees what was there then"
    files = len(list((place.root / "data" / "lake" / "documents" / "mine").iterdir()))
    again = ingest_documents.fn(story_job(place, as_of=after + timedelta(days=1)))
    assert (again.new, again.revised) == (0, 0)
    assert len(list((place.root / "data" / "lake" / "documents" / "mine").iterdir())) == files
    assert _text(story_job(place, as_of=AS_OF)) == _whole()


def test_what_is_done_for_an_earlier_instant_does_not_see_what_changed_since(place: Place) -> None:
    ingest_documents.fn(story_job(place))
    write_pages(place.root / "pages", {**pages(), "page-003": "Something else §"})
    late = story_job(place, now=LATER)
    ingest_documents.fn(late)
    assert _text(late) == _whole()


def test_rows_of_a_table_are_lines_in_the_order_of_their_times(tmp_path: Path) -> None:
    rows = "document_id,text,published_at\nb,two,2024-01-02\na,one,2024-01-01\nc,three,2024-12-01\n"
    (tmp_path / "texts.csv").write_text(rows)
    place = Place(root=tmp_path, database_url=f"sqlite:///{tmp_path / 'd.sqlite'}")
    place.define("mine", base={"predicts": "text", "feed": "files"}, path=str(tmp_path / "texts.csv"))
    assert load_pipelines(place.settings.pipelines)["mine"].predicts == "text"
    job = story_job(place)
    ingest_documents.fn(job)
    assert _text(job) == "one\ntwo\n"
